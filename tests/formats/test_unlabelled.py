"""Files of annotations that are given for raw text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.distillation.texts import find_texts
from tagger.errors import CorpusError, FormatError
from tagger.evaluation.raw import texts_of
from tagger.formats.unlabelled import check_is_text, is_annotated
from tests.helpers.commands import assert_one_line

COLUMNS = "Kim NNP B-PER\nleft VBD O\nOhio NNP B-LOC\n. . O\n\nMary NNP B-PER\nstayed VBD O\n"
CONLLU = "# text = Kim left\n" + "".join(
    f"{i}\t{form}\t{form}\tX\t_\t_\t0\troot\t_\t_\n" for i, form in enumerate(["Kim", "left"], 1)
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.conll", "Kim PROPN\nleft VERB\n"),
        ("a.conllu", CONLLU),
        ("a.txt", CONLLU),
        ("a.txt", COLUMNS),
        ("eng.train", COLUMNS),
        ("a.tsv", COLUMNS.replace(" ", "\t")),
        ("a", COLUMNS.replace("\n", "\r\n")),
    ],
)
def test_annotated(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode())
    assert is_annotated(path)
    with pytest.raises(FormatError, match="not text"):
        check_is_text(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "Kim left Ohio.\nvitamin O\n"),
        ("a.txt", ""),
        ("a.txt", "# Heading\n\nKim left.\n"),
        ("a.txt", "blood type O\n" * 9),
        ("a.txt", "two words\n" * 9),
        ("a.tsv", "1\tKim left\n" * 9),
        ("a.json", '{"tokens": ["a"]}'),
        ("a.log", "\xff"),
    ],
)
def test_text(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="latin-1")
    check_is_text(path)


def test_a_corpus_in_a_file_of_text_is_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(COLUMNS)
    assert list(find_texts([str(path)], None)) == ["Kim left Ohio.", "Mary stayed"]
    assert texts_of(str(path), None, 9) == ["Kim left Ohio.", "Mary stayed"]


def test_commands_refuse_columns(run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text(COLUMNS)
    for command in (
        ("predict", "-m", model, "-f", path),
        ("redact", "-m", model, "-f", path),
        ("bulk", path, "-m", model, "-o", tmp_path / "out"),
        ("pretrain", path, "-o", tmp_path / "base"),
    ):
        assert_one_line(run(*command), CorpusError.exit_code, "a.conll", "tagger convert")
