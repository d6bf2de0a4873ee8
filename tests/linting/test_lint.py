"""`tagger lint`: places in every format, output, repairs, and bad input."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import tagger
from tagger.errors import CorpusError, UsageError
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import TOKENS, write_corpus, write_files

Patch = pytest.MonkeyPatch

BAD = "Kim\tB-PER\nleft\tO\n\nMary\tI-PER\nJones\tI-PER \nstayed\tO\n"
"""A span that begins with I, and white space after a tag."""


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: Patch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.conll").write_text(BAD)
    return Path("bad.conll")


def test_one_finding_is_one_line(run, bad: Path) -> None:
    result = run("lint", bad)
    assert result.code == 1
    assert "bad.conll:4: S301 ner tag outside its scheme: I-PER" in result.out
    assert "bad.conll:5: S203 " in result.out
    assert "2 findings in 2 sentences with 5 tokens" in result.out


def test_a_clean_corpus_exits_with_0(run, tmp_path: Path) -> None:
    result = run("lint", write_corpus(tmp_path / "tiny"), "--ignore", "D")
    assert (result.code, result.err) == (0, "")
    assert "nothing found" in result.out


def test_one_sentence_without_a_suspect(run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.conll"
    path.write_text("Kim\tB-PER\nleft\tO\n")
    found = run("lint", path, "--model", model, "--select", "M")
    assert "1 sentence with 2 tokens" in found.out
    assert "reviewing" not in found.out


def test_exit_zero(run, bad: Path) -> None:
    assert run("lint", bad, "--exit-zero").code == 0


def test_select_and_ignore_take_beginnings(run, bad: Path) -> None:
    assert "S203" not in run("lint", bad, "--select", "S3,C").out
    assert "S301" not in run("lint", bad, "--ignore", "S3").out
    assert_one_line(run("lint", bad, "--select", "s301"), 2, "s301", "S301")


def test_the_text_shows_a_few_of_a_code(run, tmp_path: Path) -> None:
    path = tmp_path / "many.conll"
    path.write_text("Kim\tB-PER\nLee\tI-PER\n\n" * 90 + "Kim\tI-PER\nleft\tO\n\n" * 30)
    shown = run("lint", path, "--select", "S301", "--limit", "3").out
    assert shown.count(": S301") == 3
    assert "27 more S301" in shown
    assert run("lint", path, "--select", "S301", "--limit", "0").out.count(": S301") == 30


def test_json(run, bad: Path) -> None:
    found = json.loads(run("lint", bad, "--format", "json").out)
    assert found["counts"] == {"S203": 1, "S301": 1}
    assert {"path": "bad.conll", "line": 4, "code": "S301"}.items() <= found["findings"][1].items()


def test_github(run, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("50%.conll").write_text(BAD)
    out = run("lint", "50%.conll", "--format", "github").out
    assert "::error file=50%25.conll,line=4,title=S301::" in out


def test_sarif(run, bad: Path) -> None:
    found = json.loads(run("lint", bad, "--format", "sarif").out)
    assert found["version"] == "2.1.0"
    (one,) = found["runs"]
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    assert rules == ["S203", "S301"]
    location = one["results"][1]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "bad.conll"
    assert location["region"] == {"startLine": 4}


def test_the_address_in_sarif_is_a_uri(run, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my 50% corpus.conll").write_text(BAD)
    found = json.loads(run("lint", "my 50% corpus.conll", "--format", "sarif").out)
    location = found["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "my%2050%25%20corpus.conll"


def test_what_to_do_is_said_once(run, tmp_path: Path) -> None:
    path = tmp_path / "three.conll"
    path.write_text("Kim\tO\nleft\tO\n")
    out = run("lint", path, "--columns", "token,pos,ner").out
    assert out.count(": S201 ") == 2
    assert out.count("--columns") == 1
    found = json.loads(run("lint", path, "--columns", "token,pos,ner", "--format", "json").out)
    assert all("--columns" in one["hint"] for one in found["findings"])


def test_all_codes_left_out(run, bad: Path) -> None:
    assert_one_line(run("lint", bad, "--select", "S", "--ignore", "S"), 2, "--ignore")


def test_another_place_in_the_file_is_a_line(run, tmp_path: Path) -> None:
    path = tmp_path / "twice.conll"
    sentence = "The old ferry to Oslo leaves every morning at nine ".replace(" ", "\tO\n")
    path.write_text(f"{sentence}\n{sentence}")
    assert "is also at line 1\n" in run("lint", path, "--select", "D101").out


def test_explain_needs_no_corpus(run) -> None:
    result = run("lint", "--explain", "S301")
    assert result.code == 0
    assert "conlleval" in result.out
    assert "\ntrain.txt:9: S301 " in result.out
    assert_one_line(run("lint", "--explain", "S999"), 2, "S999")


def test_no_corpus(run) -> None:
    assert_one_line(run("lint"), 2, "corpus")


# -- Repairs


def test_the_diff_is_shown_and_nothing_is_written(run, bad: Path) -> None:
    out = run("lint", bad, "--diff", "--select", "S301").out
    assert "-Mary\tI-PER\n+Mary\tB-PER\n" in out
    assert bad.read_text() == BAD


def test_a_diff_stays_out_of_json(run, bad: Path) -> None:
    result = run("lint", bad, "--diff", "--select", "S301", "--format", "json")
    assert json.loads(result.out)["counts"] == {"S301": 1}
    assert "+Mary\tB-PER\n" in result.err


def test_fix_repairs_and_reports_the_rest(run, bad: Path) -> None:
    bad.chmod(0o640)
    bad.write_text(BAD + "odd line with words\n")
    result = run("lint", bad, "--fix")
    assert result.code == 1
    assert "2 fixed in 1 file" in result.err
    assert "S201" in result.out
    assert "S301" not in result.out
    fixed = BAD.replace("Mary\tI", "Mary\tB").replace("PER ", "PER")
    assert bad.read_text() == fixed + "odd line with words\n"
    assert bad.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("mark", [" ", "  ", "\t", ","])
def test_only_the_field_changes(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "my.conll"
    rows = [
        "Kim{}X{}B-PER",
        "left{}Y{}O",
        "",
        "Mary{}X{}I-PER",
        "saw{}Y{}O",
        "Os\u200blo{}X{}B-LOC",
    ]
    old = "\r\n".join(row.format(mark, mark) for row in rows).encode()
    path.write_bytes(old)
    tagger.lint(path, select=["S104", "S301"], columns="token,pos,ner").fix()
    assert path.read_bytes() == old.replace("\u200b".encode(), b"").replace(b"I-PER", b"B-PER")


def test_other_spellings_are_reported_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "my.bmes"
    old = "a\tB-X\nb\tM-X\nc\tE-X\n\n" * 9 + "a\tM-X\nb\tE-X\n\nc\tW-X\n"
    path.write_text(old)
    found = tagger.lint(path, select=["S301"])
    assert found.report.counts == {"S301": 1}
    assert found.patches == ()


def test_a_token_of_zero_width_stays(tmp_path: Path) -> None:
    path = tmp_path / "my.conll"
    path.write_text("\u200b\tO\nKim\tB-PER\n")
    found = tagger.lint(path, select=["S104"])
    assert (found.findings[0].action, found.patches) == ("", ())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_loses_nothing(run, bad: Path) -> None:
    bad.chmod(0o400)
    assert_one_line(run("lint", bad, "--fix"), 1, "bad.conll", "permission")
    assert bad.read_text() == BAD


def test_none_is_written_where_one_may_not_be(bad: Path, monkeypatch: Patch) -> None:
    Path("other.conll").write_text(BAD)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "other.conll")
    with pytest.raises(CorpusError) as error:
        tagger.lint([bad, "other.conll"]).fix()
    assert error.value.path == "other.conll"
    assert bad.read_text() == BAD


def test_a_failed_write_leaves_the_old_content(bad: Path, monkeypatch: Patch) -> None:
    found = tagger.lint(bad)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space") as error:
        found.fix()
    assert error.value.filename == str(bad)
    assert bad.read_text() == BAD


def test_a_file_that_has_changed_is_not_written(bad: Path) -> None:
    found = tagger.lint(bad)
    bad.write_text(BAD + "\n")
    with pytest.raises(CorpusError):
        found.fix()
    assert bad.read_text() == BAD + "\n"


def test_a_compressed_file_is_read_and_not_fixed(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "bad.conll.gz"
    path.write_bytes(gzip.compress(BAD.encode()))
    found = tagger.lint(path)
    assert found.report.counts == {"S203": 1, "S301": 1}
    assert found.patches == ()


# -- Places


SPAN = '{"start": 0, "end": 4, "label": "PER"}'
FILES = {
    "my.conll": "Kim\tO\n\nLee\tI-PER\nx\tO\nKim\tB-PER\nKim\tI-PER\n",
    "my.jsonl": '{"tokens": ["Kim"], "ner": ["O"]}\n\n{"tokens": ["Lee"], "ner": ["I-PER"]}\n'
    '{"tokens": ["Kim", "Lee"], "ner": ["B-PER", "I-PER"]}\n',
    "spans.jsonl": '{"text": "Hm.", "spans": []}\n\n'
    f'{{"text": "Johnny left.", "spans": [{SPAN}]}}\n',
    "my.conllu": "1\tKim\t_\tX\t_\t_\t_\t_\t_\tNER=O\n\n"
    "1\tLee\t_\tX\t_\t_\t_\t_\t_\tNER=I-PER\n\n1\tA\t_\tX\t_\t_\t_\t_\t_\tNER=B-PER\n"
    "2\tB\t_\tX\t_\t_\t_\t_\t_\tNER=I-PER\n",
}


@pytest.mark.parametrize("name", FILES)
def test_the_line_of_a_finding(name: str, tmp_path: Path) -> None:
    write_files(tmp_path, {name: FILES[name]})
    (first, *_) = tagger.lint(tmp_path / name, select=["S3", "S6"]).findings
    assert (Path(first.path).name, first.line) == (name, 3)


def test_a_file_without_lines_names_the_document(tmp_path: Path) -> None:
    from tagger.corpus.conversion import convert

    text = "He left . She stayed . They met again . We saw it ."
    rows = "\n".join(f"{word}\tO" for word in text.split(" "))
    (tmp_path / "my.conll").write_text(f"Kim\tB-PER\nLee\tI-PER\n\n{rows}\n")
    convert(tmp_path / "my.conll", tmp_path / "my.spacy")
    (one,) = tagger.lint(tmp_path / "my.spacy", select=["S505"]).findings
    assert one.line is None
    assert "in document" in one.example


def test_lines_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    path.write_text(
        '{"tokens": ["a"], "ner": ["O"]}\n{"tokens": [1]}\n{"tokens": ["b"], "ner": []}\n'
    )
    found = tagger.lint(path, select=["S2"])
    assert [finding.line for finding in found.findings] == [2, 3]
    assert found.report.n_sentences == 1


def test_a_file_that_is_not_of_its_format_is_one_finding(run, tmp_path: Path) -> None:
    for name, content in (("a.json", "{"), ("a.jsonl", '{"x": 1}\n'), ("a.conll", "")):
        (tmp_path / name).write_text(content)
        result = run("lint", tmp_path / name)
        assert result.code == 1
        assert f"{name}" in result.out
        assert "S201" in result.out
        assert_one_line(run("lint", tmp_path / name, "--select", "C"), 1, name)


def test_a_corpus_that_is_not_there(run, tmp_path: Path) -> None:
    assert_one_line(run("lint", tmp_path / "none.conll"), 1, "none.conll")
    with pytest.raises(UsageError):
        tagger.lint("sample", select="S")  # type: ignore[arg-type]


# -- What is usual is not reported


def test_words_with_spaces_may_be_usual(tmp_path: Path) -> None:
    path = tmp_path / "my.conll"
    path.write_text("chủ tịch\tO\nđến\tO\nHà Nội\tB-LOC\n\n" * 20)
    assert not tagger.lint(path, select=["S4"]).findings


def test_one_class_and_no_entity(tmp_path: Path) -> None:
    path = tmp_path / "my.conll"
    path.write_text("Kim\tO\nleft\tO\n\n" * 3)
    assert not tagger.lint(path).findings


def test_a_long_sentence(tmp_path: Path) -> None:
    path = tmp_path / "my.conll"
    path.write_text("\n".join(f"w{i}\tO" for i in range(10_000)) + "\n\nKim\tB-PER\n")
    found = tagger.lint(path)
    assert found.report.counts == {"S502": 1}
    assert not tagger.lint(path, max_tokens=10_000).findings


def test_the_sample_of_the_tests_is_small_but_clean(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "tiny", TOKENS)
    assert not [one for one in tagger.lint(folder).findings if one.code[0] == "S"]
