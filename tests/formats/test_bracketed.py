"""Text with brackets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.errors import FormatError
from tests.helpers.formats import COLUMNS, documents, sentences


@pytest.mark.parametrize(
    ("line", "text", "spans"),
    [
        ("[John](PER) works", "John works", [(0, 4, "PER")]),
        ("see [1] and [Ann](PER)", "see [1] and Ann", [(12, 15, "PER")]),
        (r"see \[a\](b) [Ann](A\)B)", "see [a](b) Ann", [(11, 14, "A)B")]),
        (r"C:\new \\server [x\\](Y)", "C:\\new \\\\server x\\", [(16, 18, "Y")]),
        ("[[x](Y)]", "[x]", [(1, 2, "Y")]),
        ("", "", []),
    ],
)
def test_brackets(write, line, text, spans):
    path = write("a.txt", line + "\n")
    (document,) = documents(path, "text")
    assert document.text == text
    assert [span[:3] for span in document.chars] == spans


@pytest.mark.parametrize("line", ["b](X)", "[](X)"])
def test_bad_brackets(write, line):
    path = write("a.txt", f"[a](X)\n{line}\n")
    with pytest.raises(FormatError) as caught:
        documents(path, "text")
    assert (caught.value.path, caught.value.line) == (str(path), 2)
    assert r"\[ and \]" in caught.value.hint


def test_line_ends_within_a_text_become_spaces_and_are_counted(run_convert, write):
    path = write("a.jsonl", '{"text": "a\\r\\nb", "label": [[3,4,"X"]]}')
    result = run_convert(path, "o.txt", "--to", "text")
    assert Path("o.txt").read_text() == "a  [b](X)\n"
    assert "a.jsonl:1: line end within a text (2 times, written as a space)" in result.out


def test_columns_become_a_sentence_a_line(run_convert, write):
    path = write("a.conll", "-DOCSTART- O\n\n" + COLUMNS.replace("\t", " "))
    assert run_convert(path, "o.txt", "--to", "text").code == 0
    assert Path("o.txt").read_text() == (
        "[John](PER) works at [Apple](ORG).\nHe left [New York](LOC) for [Berlin](LOC)!\n"
    )


def test_columns_with_brackets_are_columns_still(write):
    content = "[a](b)\tO\nc\tB-X\n\n" * 3
    assert len(sentences(write("train.txt", content))) == 3
