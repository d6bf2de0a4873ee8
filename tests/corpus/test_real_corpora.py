"""Counts over real corpora, which are found through ``$TAGGER_DATA`` and are no part of this."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tagger.schemes import Scheme, convert

pytestmark = pytest.mark.slow

# name: sentences of each split, main heads, findings by head
CORPORA = {
    "conll2003": ({"train": 14041, "dev": 3250, "test": 3453}, ("ner",), {}),
    "conll2000": ({"train": 8936, "test": 2012}, ("chunk",), {}),
    "conll2002-es": ({"train": 8323, "dev": 1915, "test": 1517}, ("ner",), {"ner": 3}),
    "conll2002-nl": ({"train": 15806, "dev": 2895, "test": 5195}, ("ner",), {}),
    "wnut17": ({"train": 3394, "dev": 1009, "test": 1287}, ("ner",), {}),
    "bc5cdr": ({"train": 4560, "dev": 4581, "test": 4797}, ("ner",), {}),
    "ncbi_disease": ({"train": 5424, "dev": 923, "test": 940}, ("ner",), {}),
    "btc": ({"train": 6338, "dev": 1001, "test": 2001}, ("ner",), {"token": 5}),
    "mit_movie_trivia": ({"train": 7816, "test": 1953}, ("ner",), {}),
    "atis": ({"train": 4478, "dev": 500, "test": 893}, ("slots", "intent"), {}),
    "snips": ({"train": 13084, "dev": 700, "test": 700}, ("slots", "intent"), {}),
    "ud_en_ewt": ({"train": 12544, "dev": 2001, "test": 2077}, ("upos", "xpos"), {}),
    "ud_tr_imst": ({"train": 3435, "dev": 1100, "test": 1100}, ("upos", "xpos"), {}),
    "ud_vi_vtb": ({"train": 1400, "dev": 1123, "test": 800}, ("upos", "xpos"), {}),
    "uner_en_ewt": ({"dev": 2001}, ("ner",), {}),
    "uner_sv_talbanken": ({"train": 4303, "dev": 504, "test": 1219}, ("ner",), {}),
    "uner_da_ddt": ({"train": 4383, "dev": 564, "test": 565}, ("ner",), {"ner": 7}),
    "uner_zh_gsdsimp": ({"train": 3997, "dev": 500, "test": 500}, ("ner",), {}),
}


@pytest.fixture
def real_data() -> Path:
    folder = os.environ.get("TAGGER_DATA")
    if not folder:
        pytest.skip("TAGGER_DATA is not set to a folder of corpora")
    return Path(folder)


def need(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


@pytest.mark.parametrize("name", CORPORA)
def test_counts(name, real_data):
    sentences, main_heads, findings = CORPORA[name]
    need(real_data / name.removesuffix("-es").removesuffix("-nl"))
    corpus = load_corpus(name)
    assert {split: len(data) for split, data in corpus.splits.items()} == sentences
    assert corpus.main_heads == main_heads
    assert {finding.head or "token": finding.count for finding in corpus.findings} == findings
    for head in corpus.heads:
        for data in corpus.splits.values():
            for row in data:
                if head.kind == "text":
                    assert row[head.name]
                    continue
                assert len(row[head.name]) == len(row["tokens"])
                if head.kind == "span":
                    tags = row[head.name]
                    assert convert(tags, Scheme.BIO, Scheme.BIO) == tags


def test_both_spellings_of_conll2003_have_the_same_entities(real_data):
    need(real_data / "conll2003" / "iob1")
    bio = load_corpus("conll2003")
    iob1 = load_corpus(str(real_data / "conll2003" / "iob1"))
    assert [head.scheme for head in iob1.heads] == [None, "IOB1", "IOB1"]
    for column in ("tokens", "ner"):
        assert bio.splits["dev"][column][:] == iob1.splits["dev"][column][:]


def test_detected_columns_of_conll2003_are_those_of_the_registry(real_data):
    path = need(real_data / "conll2003") / "valid.txt"
    detected, known = load_corpus(str(path)).layout, load_corpus("conll2003").layout
    assert detected.describe() == known.describe()
