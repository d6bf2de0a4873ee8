"""Files and hubs to sentences with gold tags.

`load_corpus` takes a name, a path or an address and gives a `Corpus`, whose sentences lie in Arrow
files in a cache. Column files, CoNLL-U and JSON lines are read, and the exports of annotators
(`tagger.formats`); tag schemes are in `tagger.schemes`. Tagging needs only the
schemes: the rest is imported when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagger.corpus.catalogue import CorpusEntry
    from tagger.corpus.load import load_corpus
    from tagger.corpus.resolve import list_corpora
    from tagger.formats.records import SPLITS, Corpus, HeadColumn, Layout, Repairs
    from tagger.schemes import Scheme, Span

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

_HOMES = {
    "SPLITS": "tagger.formats.records",
    "Corpus": "tagger.formats.records",
    "CorpusEntry": "tagger.corpus.catalogue",
    "HeadColumn": "tagger.formats.records",
    "Layout": "tagger.formats.records",
    "Repairs": "tagger.formats.records",
    "Scheme": "tagger.schemes",
    "Span": "tagger.schemes",
    "list_corpora": "tagger.corpus.resolve",
    "load_corpus": "tagger.corpus.load",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tagger.corpus' has no attribute {name!r}")
