"""Inputs that once cost the square of their size: the operations are counted, not timed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagger.corpus.alignment import Aligner
from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats import brat, columns, inline, token_spans, units
from tagger.formats.documents import CharSpan, Document
from tagger.formats.text_labels import of_comment
from tests.helpers.operations import Counted, n_operations

N = 60


def assert_linear(work: Callable[[int], object]) -> None:
    work(10)  # imports and caches
    assert n_operations(lambda: work(4 * N)) < 3 * n_operations(lambda: work(2 * N))


@pytest.mark.parametrize("line", ["<!--", "<!-- a -->", "a<!--b", "<!-->", "<X>a</X><!--"])
def test_comments_that_do_not_end(line: str) -> None:
    text = Counted(line * 1000)
    inline._parse(Path("a.xml"), 1, text)
    assert text.n_read < 10 * len(text)


@pytest.mark.parametrize(
    "line", ["a<!--b-->c", "a<!--b", "a<!--b>c", "<!-->-->x", "<!---->x", "<!-- <X> -->y<!-- >z"]
)
def test_comments_are_left_out_as_before(line: str) -> None:
    expected = re.sub(r"<!--.*?-->|<[?!][^<>]*>", "", line)
    assert inline._parse(Path("a.xml"), 1, line) == (expected, [])


@pytest.mark.parametrize("misaligned", ["keep", "expand", "drop"])
@pytest.mark.parametrize("overlapping", ["keep", "drop"])
def test_spans_within_each_other(misaligned: Any, overlapping: Any) -> None:
    def align(n: int) -> None:
        text = "Word " * n
        chars = [CharSpan(5 * (i // 2), 5 * n - 1 - 5 * (i // 2), f"X{i}") for i in range(n)]
        document = Document("1", Path("a"), 1, text=text, chars=chars)
        document.unknown_chars = [(char.start, char.end) for char in chars]
        offsets = [(5 * i, 5 * i + 4) for i in range(n)]
        document = replace(document, offsets=offsets)
        Aligner(misaligned=misaligned, overlapping=overlapping).align(document)

    assert_linear(align)


def test_sentences_are_joined_where_a_span_crosses_their_ends() -> None:
    text = "Kim left. Berg came. Oslo is far. Rain fell."
    chars = [CharSpan(0, 14, "A"), CharSpan(10, 14, "B"), CharSpan(15, 20, "C")]
    document = Document("1", Path("a"), 1, text=text, chars=chars)
    Aligner(misaligned="expand", overlapping="keep").align(document)
    assert [document.tokens[end - 1] for end in document.ends] == [".", ".", "."]
    assert document.tokens[: document.ends[0]][-3:] == ["Berg", "came", "."]


def test_too_many_columns_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("B-X;" * 5_000 + "\n")
    with pytest.raises(FormatError) as raised:
        columns.detect_layout([path], None)
    assert "1,000" in raised.value.message
    assert "delimiter" in str(raised.value.hint)


def test_spans_of_tokens_within_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def read(n: int) -> None:
        record = {"tokenized_text": ["a"] * n, "ner": [[0, i, "X"] for i in range(n)]}
        path.write_text(json.dumps([record]))
        layout = token_spans.detect_layout([path])
        (sentence,) = token_spans.read(path, layout, Findings())
        assert sentence.heads["ner"][:2] == ["B-X", "I-X"]

    assert_linear(read)


def test_long_spans_with_a_short_text(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    bare = units._bare
    monkeypatch.setattr(units, "_bare", lambda text: (seen.append(len(text)), bare(text))[1])
    assert not units.same("a b" * 10_000, "x")
    assert sum(seen) < 200
    assert units.same("a" + " " * 1000 + "b", "ab")
    assert not units.same("a", "a" * 1000)


def test_the_text_of_a_span_is_not_copied_where_none_is_given() -> None:
    text = Counted("a" * 10_000)
    assert brat._fits(text, [(0, 10_000)], None)
    assert text.n_read == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("# a = b", ("a", "b")),
        ("#a b=c = d ", ("a_b", "c = d")),
        ("# = b", None),
        ("## a = b", None),
        ("# # a = b", None),
        ("# a" + " " * 100_000, None),
        ("# a" + " " * 100_000 + "=", ("a", "")),
    ],
)
def test_comments_of_many_spaces(line: str, expected: tuple[str, str] | None) -> None:
    assert of_comment(line) == expected
