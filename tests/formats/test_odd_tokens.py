"""Tokens and tags of any characters through every format of tokens: kept, refused or counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tagger.corpus.conversion import convert
from tagger.errors import TaggerError
from tagger.findings import Findings
from tagger.formats.table import FORMATS

Rows = list[tuple[list[str], list[str], list[str | None]]]

WRITTEN = (
    "conll",
    "conllu",
    "jsonl",
    "parquet",
    "gliner",
    "spacy",
    "wikiner",
    "webanno",
    "opennlp",
)
ODD = ["-", " ", "\u00a0", "\t", "\n", "|", "\\", "[", "(", "/", "#", "# x", '"', "<", "\x1c", "😀"]
STRINGS = st.lists(
    st.sampled_from([*ODD, "a", "B", "O", "\ufeff", "\x85", "\x1b", "é"]), min_size=1
)


@st.composite
def any_rows(draw: Callable) -> Rows:
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        tokens = ["".join(draw(STRINGS)) for _ in range(draw(st.integers(1, 4)))]
        tags: list[str] = []
        while len(tags) < len(tokens):
            if draw(st.booleans()):
                tags.append("O")
            else:
                label = "".join(draw(STRINGS))
                length = draw(st.integers(1, len(tokens) - len(tags)))
                tags += [f"B-{label}", *[f"I-{label}"] * (length - 1)]
        upos = draw(st.sampled_from(["X", "PER", " ", None]))
        rows.append((tokens, tags, [upos] * len(tokens)))
    return rows


def stored(path: Path) -> list[tuple[list[str], list[str]]]:
    found = [json.loads(line) for line in path.read_text().split("\n") if line]
    return [(row["tokens"], row.get("ner", ["O"] * len(row["tokens"]))) for row in found]


@pytest.mark.parametrize("name", WRITTEN)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=any_rows())
@example(rows=[(["a", "b"], ["O", "O"], [" ", None]), (["c"], ["O"], ["X"])])
@example(rows=[(["a"], ["B-x\u3000y"], ["X"])])
@example(rows=[(["|"], ["B-a-b"], ["X"])])
@example(rows=[(["# text = x"], ["O"], ["X"])])
@example(rows=[(["\x85", " "], ["O", "B-PER"], [None, None])])
@example(rows=[(["a", "\x1c"], ["O", "O"], [None, None])])
def test_nothing_changes_without_a_word(tmp_path_factory, name: str, rows: Rows):
    folder = tmp_path_factory.mktemp("x")
    source, out = folder / "in.jsonl", folder / "out"
    lines = [{"tokens": one, "ner": tags, "upos": upos} for one, tags, upos in rows]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    columns = "token,upos,ner" if name == "conll" else None
    try:
        first = convert(source, folder / "a.jsonl", source_format="jsonl", target_format="jsonl")
        written = convert(source, out, source_format="jsonl", target_format=name)
    except TaggerError:
        return
    if any(one.kind == "token of white space" for one in written.findings):
        return
    back = convert(
        out, folder / "b.jsonl", source_format=name, target_format="jsonl", columns=columns
    )
    if not [*first.findings, *written.findings, *back.findings]:
        before, after = stored(folder / "a.jsonl"), stored(folder / "b.jsonl")
        if FORMATS[name].reads == "documents":  # some know of no sentences
            before, after = [[t for row in rows for t in row[0]] for rows in (before, after)]
        assert before == after


def test_tags_that_would_break_lines_are_not_learned(tmp_path: Path, run: Callable):
    source = tmp_path / "train.jsonl"
    for tag in ("B-a\tb", "B-a\nb"):
        source.write_text(json.dumps({"tokens": ["a"], "ner": [tag]}) + "\n")
        result = run("train", source, "-o", tmp_path / "model")
        assert result.code == 1
        assert f"{source}:1" in result.err


@pytest.mark.parametrize("name", [name for name in WRITTEN if name != "opennlp"])
def test_a_corpus_without_annotation_can_be_read_again(tmp_path: Path, name: str):
    source = tmp_path / "bare.conllu"
    source.write_text("1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n2\tb\t_\t_\t_\t_\t_\t_\t_\t_\n\n")
    report = convert(source, tmp_path / "out", target_format=name)
    assert bool(report.findings) == (name != "conllu")
    assert convert(tmp_path / "out", tmp_path / "b.txt", source_format=name, target_format="text")


@pytest.mark.parametrize("space", ["\u2028", "\u00a0", "\u3000", "\x1c"])
def test_any_white_space_separates_words_with_tags(space: str, tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text(f"{space} Kim|N|I-PER left|V|O\n", "utf-8")
    reader = FORMATS["wikiner"].sentences
    assert reader is not None
    (sentence,) = reader.read(path, reader.detect_layout([path], None), Findings())
    assert sentence.tokens == ["Kim", "left"]
