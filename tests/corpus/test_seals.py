"""Damage to the cache of corpora: noticed, reported, and repaired by reading again."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tagger.seals import SUFFIX

ROWS = "".join(f"word{i}\tO\nother\tB-X\n\n" for i in range(200))


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGES: list[Callable[[bytes], bytes]] = [cut, flipped, lambda _: b"", lambda _: b"{}"]


def cached(name: str) -> Path:
    (path,) = Path(os.environ["TAGGER_CACHE"]).rglob(name)
    return path


@pytest.fixture
def corpus_path(write) -> str:
    return str(write("train.tsv", ROWS))


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["*.arrow", "dataset_info.json", "scan.json"])
def test_damaged_files_are_read_again(corpus_path, name, damage, caplog):
    before = list(load_corpus(corpus_path).splits["train"])
    path = cached(name)
    path.write_bytes(damage(path.read_bytes()))
    assert list(load_corpus(corpus_path).splits["train"]) == before
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == (name != "scan.json")  # a scan takes no time worth a line
    caplog.clear()
    assert list(load_corpus(corpus_path).splits["train"]) == before
    assert not caplog.records


@pytest.mark.parametrize("pattern", ["*.arrow", "dataset_info.json", f"*{SUFFIX}"])
def test_missing_files_are_written_again(corpus_path, pattern, caplog):
    before = list(load_corpus(corpus_path).splits["train"])
    for path in Path(os.environ["TAGGER_CACHE"]).rglob(pattern):
        path.unlink()
    assert list(load_corpus(corpus_path).splits["train"]) == before
    assert not caplog.records


def test_a_seal_that_is_damaged(corpus_path):
    before = list(load_corpus(corpus_path).splits["train"])
    for path in Path(os.environ["TAGGER_CACHE"]).rglob(f"*{SUFFIX}"):
        path.write_bytes(b"\xff")
    assert list(load_corpus(corpus_path).splits["train"]) == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_computed_columns(corpus_path, damage):
    from tagger.corpus.renaming import rename

    def renamed():
        return list(rename(load_corpus(corpus_path), labels={"X": "Y"}, heads={}).splits["train"])

    before = renamed()
    path = cached("cache-*.arrow")
    path.write_bytes(damage(path.read_bytes()))
    assert renamed() == before


def test_findings_of_documents(write):
    path = write("train.jsonl", '{"text": "John works", "entities": [[0, 3, "PER"]]}\n')
    before = load_corpus(str(path)).findings
    kept = cached("findings-*.json")
    kept.write_bytes(kept.read_bytes().replace(b"expanded", b"vanished"))
    assert load_corpus(str(path)).findings == before
