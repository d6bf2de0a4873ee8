"""Inputs whose cost once grew with the square of their size: twice the size takes twice as long."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import tagger
from tagger.errors import CorpusError, FormatError
from tagger.findings import Findings
from tagger.formats import bracketed as bracket_format
from tagger.formats import offsets, slashed
from tagger.formats.brackets import bracketed
from tagger.model.heads import HeadSpec
from tagger.schemes import Scheme, is_allowed, tag_inventory


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.parametrize("text", ["\\" * 200_000, "[" + "\\" * 200_000, "\\" * 200_000 + "]"])
def test_runs_of_backslashes(tmp_path: Path, text: str) -> None:
    text += "x"
    written = ""

    def there_and_back() -> None:
        nonlocal written
        written = bracketed(text, [])
        (tmp_path / "t.txt").write_text(written + "\n")
        (read,) = bracket_format.read(tmp_path / "t.txt", Findings())
        assert read.text == text

    assert seconds(there_and_back) < 2


@pytest.mark.parametrize("scheme", Scheme)
def test_what_may_follow_is_the_same_as_pair_by_pair(scheme: Scheme) -> None:
    tags = tuple(tag_inventory(["PER", "LOC", "a-b"], scheme))
    head = HeadSpec(name="ner", kind="span", decoder="crf", tags=tags, scheme=scheme.value)
    states = [*tags, None]
    expected = [[is_allowed(scheme, before, after) for after in states] for before in states]
    assert head.allowed().tolist() == expected


def test_a_thousand_labels_load_at_once() -> None:
    tags = tuple(tag_inventory([f"L{i}" for i in range(1000)], Scheme.BIOES))
    head = HeadSpec(name="ner", kind="span", decoder="crf", tags=tags, scheme="BIOES")
    assert seconds(head.allowed) < 1


def test_a_word_of_many_tags_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("Kim" + "|I-PER" * 30_000 + "\n")

    def detected() -> None:
        with pytest.raises(FormatError):
            slashed.detect_layout([path])

    assert seconds(detected) < 2


def test_covered_text_is_not_copied(tmp_path: Path) -> None:
    text = "a" * 100_000
    spans = [{"start": 0, "end": len(text), "label": "X"} for _ in range(2_000)]
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"text": text, "spans": spans}) + "\n")
    tracemalloc.start()
    with suppress(CorpusError):  # they overlap
        list(offsets.read(path, Findings()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_what_else_many_entities_may_be() -> None:
    model = tagger.load("en-fast")
    assert seconds(lambda: model.readings(["Paris , " * 6_000], 2)) < 5
