"""Files and hubs to sentences with gold tags.

`load_corpus` takes a name, a path or an address and gives a `Corpus`, whose sentences lie in Arrow
files in a cache. Column files, CoNLL-U and JSON lines are read; tag schemes are in
`tagger.corpus.schemes`.
"""

from __future__ import annotations

from tagger.corpus.load import load_corpus
from tagger.corpus.records import SPLITS, Corpus, HeadColumn, Layout, Repairs
from tagger.corpus.registry import CorpusEntry
from tagger.corpus.resolve import list_corpora
from tagger.corpus.schemes import Scheme, Span

__all__ = [
    "SPLITS",
    "Corpus",
    "CorpusEntry",
    "HeadColumn",
    "Layout",
    "Repairs",
    "Scheme",
    "Span",
    "list_corpora",
    "load_corpus",
]
