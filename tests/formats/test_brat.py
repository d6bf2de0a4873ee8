"""brat's standoff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tagger.errors import FormatError
from tests.helpers.commands import assert_one_line
from tests.helpers.formats import PRODIGY, documents


@pytest.fixture
def brat(write) -> Path:
    write("brat/a.txt", "John and\r\nMary Lee sang.\n")
    write("brat/a.ann", "T1\tPER 0 4\tJohn\r\nR1\tknows Arg1:T1 Arg2:T2\nT2\tPER 10 18\tMary Lee\n")
    write("brat/b.txt", "left and right arm")
    write("brat/b.ann", "T1\tORGAN 0 4;15 18\tleft arm\n#1\tAnnotatorNotes T1\tx\n")
    return write("brat/c.txt", "alone").parent


def test_brat_folder(run_convert, brat):
    result = run_convert(brat, "out.conll")
    assert_one_line(result, 1, "b.ann:1: span with gaps", "document b")
    result = run_convert(brat, "out.conll", "--misaligned", "expand")
    assert (
        "left\tB-ORGAN\nand\tI-ORGAN\nright\tI-ORGAN\narm\tI-ORGAN\n"
        in Path("out.conll").read_text()
    )
    assert "b.ann:1: span with gaps: 'left and right arm' 0–18 ORGAN" in result.out
    assert "(expanded)" in result.out
    for kind in ("relation of brat", "note of brat", "text without a file of annotations"):
        assert kind in result.out
    assert "(dropped)" in run_convert(brat, "x.conll", "--misaligned", "drop").out
    # No other format has gaps, and they are not closed unless asked.
    assert_one_line(run_convert(brat, "x.json"), 1, "with gaps")


@pytest.mark.parametrize("end", [".txt", ".ann"])
def test_brat_pair(run_convert, brat, end):
    assert run_convert(brat / f"a{end}", "out.conll").code == 0
    assert "Mary\tB-PER\nLee\tI-PER\n" in Path("out.conll").read_text()


def test_brat_offsets_of_a_text_that_got_windows_newlines(run_convert, write):
    write("a.txt", "John\r\nMary\r\n")
    path = write("a.ann", "T1\tPER 0 4\tJohn\nT2\tPER 5 9\tMary\n")
    assert run_convert(path, "out.conll").code == 0
    assert Path("out.conll").read_text().count("B-PER") == 2


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("T1\tPER 0 4\tJohn\nT2\tPER 0 4\tMary\n", 2, "'John' is at 0–4 in the text"),
        ("T1\tPER 0 99\tx\n", 1, "the span 0–99 (PER) ends after the text"),
        ("T1\tPER 4 4\tx\n", 1, "the span 4–4 (PER) ends before it begins"),
        ("T1 PER 0 4 John\n", 1, "not an annotation"),
        ("T1\tPER 0\tJ\n", 1, "not an annotation"),
        ("\0\n", 1, "NUL"),
    ],
)
def test_bad_annotations(write, content, line, what):
    write("a.txt", "John sang")
    path = write("a.ann", content)
    with pytest.raises(FormatError) as caught:
        documents(path, "brat")
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert what in caught.value.message


@pytest.mark.parametrize(
    ("content", "line"), [("John\ncaf\xe9".encode("latin1"), 2), ("John".encode("utf-16"), None)]
)
def test_bad_texts(write, content, line):
    path = write("a.txt", content)
    with pytest.raises(FormatError) as caught:
        documents(write("a.ann", "T1\tPER 0 4\tJohn\n"), "brat")
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_brat_without_its_text_or_annotations(run_convert, write, tmp_path):
    assert_one_line(run_convert(write("x/a.ann", ""), "o.conll"), 1, "a.txt: no such file")
    (tmp_path / "empty").mkdir()
    assert_one_line(
        run_convert(tmp_path / "empty", "o.conll"), 1, "no file in it has a known format"
    )


def test_brat_folders_are_whole_and_nothing_else_is_lost(run_convert, write, tmp_path):
    path = write("my.jsonl", PRODIGY * 11)
    out = tmp_path / "out"
    assert run_convert(path, out, "--to", "brat").code == 0
    assert (out / "01.ann").read_text().startswith("T1\tPER 0 4\tJohn\n")
    assert "[entities]\nLOC\nORG\nPER\n" in (out / "annotation.conf").read_text()
    assert_one_line(run_convert(path, out, "--to", "brat"), 2, "exists", "--force")
    (out / "mine.py").write_text("")
    assert_one_line(
        run_convert(path, out, "--to", "brat", "--force"), 2, "mine.py", "another folder"
    )
    (out / "mine.py").unlink()
    # Its own source is a text without annotations, or lies in the folder as something else.
    for name in ("mine.txt", "mine.ann"):
        source = out / name
        source.write_text("John B-PER\n")
        options = ("--from", "conll", "--to", "brat", "--force")
        assert_one_line(run_convert(source, out, *options), 2, "another")
        assert source.read_text() == "John B-PER\n"
        source.unlink()
    assert run_convert(write("one.jsonl", PRODIGY), out, "--to", "brat", "--force").code == 0
    assert sorted(path.name for path in out.iterdir()) == ["1.ann", "1.txt", "annotation.conf"]
    assert_one_line(run_convert(path, "a.ann", "--to", "brat"), 2, "to a folder")
    label = write("l.jsonl", PRODIGY.replace("PER", "my label"))
    assert_one_line(
        run_convert(label, tmp_path / "x", "--to", "brat"), 1, "'my label'", "cannot hold"
    )
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".", "x"))] == []


def test_ids_become_file_names(run_convert, write, tmp_path):
    lines = [
        {"id": name, "text": "a", "label": []} for name in ("../x", "../x", "A", "a", "é" * 99)
    ]
    path = write("a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    assert run_convert(path, tmp_path / "out", "--to", "brat").code == 0
    names = {path.stem for path in (tmp_path / "out").glob("*.txt")}
    assert names == {"_x", "_x-2", "A", "a-2", "é" * 50}


def test_a_changed_folder_is_read_again(brat):
    assert len(load_corpus(str(brat)).splits["train"]) == 2
    (brat / "c.ann").write_text("")
    assert len(load_corpus(str(brat)).splits["train"]) == 3
