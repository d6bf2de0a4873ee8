"""``tagger convert`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.formats.table import FORMATS
from tests.helpers.commands import assert_one_line
from tests.helpers.formats import COLUMNS, PRODIGY, SPANS, char_spans


def test_offsets_to_columns(run_convert, write):
    path = write("my.jsonl", PRODIGY)
    result = run_convert(path, "out.conll")
    assert result.code == 0, result.err
    assert Path("out.conll").read_text() == "-DOCSTART-\tO\n\n" + COLUMNS
    assert result.out == (
        f"{path} (prodigy) -> out.conll (conll)\ndocuments 1, sentences 2, tokens 12, spans 4\n"
    )


def test_iob1_begins_anew_with_each_sentence(run_convert, write):
    path = write("a.conll", "a\tB-X\nb\tB-X\n\nc\tB-X\n\n" * 2)
    assert run_convert(path, "out.conll", "--scheme", "IOB1").code == 0
    assert Path("out.conll").read_text() == "a\tI-X\nb\tB-X\n\nc\tI-X\n\n" * 2


def test_heads_beside_entities(run_convert, write):
    content = "a\tNOUN\tB-NP\tB-X\nb\tVERB\tB-VP\tO\n\n"
    path = write("a.conll", content)
    assert run_convert(path, "o.conll").code == 0
    assert Path("o.conll").read_text() == content
    result = run_convert(path, "o.conllu")
    assert "1\ta\t_\tNOUN\t_\t_\t_\t_\t_\tNER=B-X\n" in Path("o.conllu").read_text()
    assert "chunk span that the format cannot hold (2 times, dropped)" in result.out
    result = run_convert(path, "o.jsonl", "--to", "prodigy")
    assert "upos tag that the format cannot hold (2 times, dropped)" in result.out
    assert run_convert(path, "o2.jsonl", "--to", "jsonl").code == 0
    assert json.loads(Path("o2.jsonl").read_text()) == {
        "tokens": ["a", "b"], "upos": ["NOUN", "VERB"], "chunk": ["B-NP", "B-VP"],
        "ner": ["B-X", "O"],
    }  # fmt: skip


def test_tags_outside_their_scheme_are_counted(run_convert, write):
    path = write("a.conll", "a\tB-X\nb\tI-X\nc\tO\n\nd\tO\ne\tI-X\nf\tB-X\n\n" * 3)
    result = run_convert(path, "o.conll")
    assert f"{path}:6: ner tag outside its scheme: I-X after O (3 times, " in result.out


def test_columns_by_name(run_convert, write):
    path = write("a.tsv", "x\ta\tB-X\ny\tb\tO\n")
    assert run_convert(path, "o.conll", "--columns", "-,token,ner").code == 0
    assert Path("o.conll").read_text() == "a\tB-X\nb\tO\n\n"
    result = run_convert(write("a.jsonl", PRODIGY), "p.conll", "--columns", "token,ner")
    assert_one_line(result, 2, "is prodigy", "columns")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["o.conll", "--from", "prodgy"], ["unknown format 'prodgy'", "'prodigy'", "labelstudio"]),
        (["o.conll", "--to", "iob"], ["unknown format 'iob'", "conll, ", "conllu, jsonl"]),
        (["o.jsonl"], [".jsonl leaves the format open", "jsonl, prodigy, doccano"]),
        (["o.ndjson"], [".ndjson leaves the format open", "jsonl, prodigy, doccano"]),
        (["o.txt"], ["text, conll"]),
        (["o.ann"], ["name a folder"]),
        (["o.xyz"], ["no known suffix", "--to", "conll, ", "conllu", "text"]),
        (["o.conll", "--scheme", "BIOS"], ["unknown scheme 'BIOS'"]),
        (
            ["o.spacy", "--scheme", "BIO"],
            ["spacy has no tags", "--scheme is for conll, ", "jsonl"],
        ),
        (["o.conll", "--misaligned", "expnd"], ["--misaligned", "'expand'"]),
        (["o.conll", "--overlapping", "x"], ["--overlapping", "'drop'"]),
        (["no/o.conll"], ["there is no folder no"]),
        ([".", "--to", "conll"], ["is a folder"]),
    ],
)
def test_mistakes(run_convert, write, arguments, parts):
    assert_one_line(run_convert(write("my.jsonl", PRODIGY), *arguments), 2, *parts)
    assert list(Path.cwd().iterdir()) == []


def test_what_is_there_is_replaced_with_force_alone(run_convert, write):
    path = write("my.jsonl", PRODIGY)
    Path("o.conll").write_text("mine")
    assert_one_line(run_convert(path, "o.conll"), 2, "o.conll: exists", "--force")
    assert Path("o.conll").read_text() == "mine"
    assert run_convert(path, "o.conll", "--force").code == 0
    assert run_convert(path, path, "--to", "doccano", "--force").code == 0
    assert char_spans(path, "doccano") == [SPANS]


def test_files_that_cannot_be_read_or_written(run_convert, write, monkeypatch):
    path = write("my.jsonl", PRODIGY)
    assert_one_line(run_convert("none.jsonl", "o.conll"), 1, "none.jsonl: no such file")

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)
        assert_one_line(run_convert(path, "o.conll"), 1, "no permission to read it")
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", refuse)
        assert_one_line(run_convert(path, "o.conll"), 1, "o.conll: permission denied")
    assert list(Path.cwd().iterdir()) == []


def test_a_token_that_columns_take_for_a_mark(run_convert, write):
    path = write("a.jsonl", '{"tokens": ["-DOCSTART-"], "ner": ["O"]}')
    assert_one_line(
        run_convert(path, "o.conll"),
        1,
        "a.jsonl:1: document 1:",
        "contains '-DOCSTART-'",
        "cannot hold",
    )


PARTIAL = '{"tokens": ["a", "b", "c"], "chunk": ["B-NP", null, "O"], "ner": [null, "B-X", "O"]}\n'


def test_unknown_tags_of_every_head_are_kept(run_convert, write, tmp_path):
    path = write("a.jsonl", PARTIAL)
    for target, form in (("o.conll", "conll"), ("o.txt", "wikiner"), ("o.parquet", "parquet")):
        assert run_convert(path, target, "--to", form).code == 0
        result = run_convert(target, "back.jsonl", "--to", "jsonl", "--force")
        assert result.code == 0
        found = list(json.loads(Path("back.jsonl").read_text()).values())
        assert ["B-NP", None, "O"] in found
        assert [None, "B-X", "O"] in found
    result = run_convert(path, "o.conllu")
    assert "chunk unknown tag that the format cannot hold" in result.out
    assert "NER=?" in Path("o.conllu").read_text()


def test_unknown_tags_are_missing_in_spacy(run_convert, write, tmp_path):
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    path = write("a.jsonl", PARTIAL)
    assert run_convert(path, tmp_path / "a.spacy").code == 0
    (doc,) = DocBin().from_disk(tmp_path / "a.spacy").get_docs(Vocab())
    assert [token.ent_iob_ for token in doc] == ["", "B", "O"]
    assert run_convert(tmp_path / "a.spacy", "back.jsonl", "--to", "jsonl").code == 0
    assert json.loads(Path("back.jsonl").read_text())["ner"] == [None, "B-X", "O"]


@pytest.mark.parametrize(
    ("name", "form"),
    [(row.name, row) for row in FORMATS.values() if row.is_written and not row.has_unknown],
)
def test_formats_without_unknown_tags_say_so(run_convert, write, tmp_path, name, form):
    path = write("a.tsv", "a\tB-X\nb\t?\nc\t?\nd\tO\n")
    result = run_convert(path, tmp_path / "out", "--to", name)
    assert result.code == 0
    assert "ner token whose tag is not known (2 times, written as outside of spans" in result.out


def test_a_folder_or_a_pattern_is_one_source(run_convert, write):
    for number, name in enumerate(["a.conll", "b.conll", "c.conll"]):
        write(f"docs/{name}", f"Kim{number}\tB-PER\nleft\tO\n")
    write("docs/README.md", "About these files.\n")
    docs = write("docs/README", "About these files.\n").parent
    for source in (docs, docs / "*.conll", f"train={docs}"):
        result = run_convert(source, "o.jsonl", "--to", "jsonl", "--force")
        assert result.code == 0, result.err
        records = [json.loads(line) for line in Path("o.jsonl").read_text().splitlines()]
        assert [record["tokens"][0] for record in records] == ["Kim0", "Kim1", "Kim2"]
    assert "documents 3, sentences 3, tokens 6, spans 3" in result.out


def test_a_folder_of_documents_is_one_source(run_convert, write):
    for name in ("a", "b"):
        docs = write(f"docs/{name}.jsonl", PRODIGY).parent
    assert run_convert(docs, "o.conll").code == 0
    assert Path("o.conll").read_text().count(COLUMNS) == 2
    for name in ("x", "y"):
        texts = write(f"texts/{name}.txt", "Kim left\nfor Oslo.\n").parent
    assert run_convert(texts, "o.jsonl", "--to", "prodigy", "--document").code == 0
    records = [json.loads(line) for line in Path("o.jsonl").read_text().splitlines()]
    assert [record["meta"]["id"] for record in records] == ["x", "y"]


def test_folders_that_are_not_one_split(run_convert, write, tmp_path):
    write("c/train.conll", COLUMNS)
    folder = write("c/dev.conll", COLUMNS).parent
    assert_one_line(
        run_convert(folder, "o.conll"), 2, "several splits (train, dev)", "c/train.conll"
    )
    write("d/a.jsonl", PRODIGY)
    folder = write("d/b.jsonl", '{"tokens": ["a"], "ner": ["O"]}\n').parent
    assert_one_line(
        run_convert(folder, "o.conll"), 2, "b.jsonl: is JSON lines by tokens", "Prodigy"
    )
    assert_one_line(run_convert("e*", "o.conll"), 1, "e*: no file matches")
    (tmp_path / "f").mkdir()
    assert_one_line(run_convert(tmp_path / "f", "o.conll"), 1, "no file in it has a known format")
    folder = write("g/train.conll", COLUMNS).parent
    assert run_convert(folder, "o.conll").code == 0
