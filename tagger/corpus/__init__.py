"""Corpora: sentences with gold tags from files and hubs.

`load_corpus` takes a name, a path or an address and returns a `Corpus`, whose sentences lie in
Arrow files in a cache. `read` returns the sentences themselves. All of `tagger.formats` are read.
Modules are imported when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagger.corpus.catalogue import CorpusEntry
    from tagger.corpus.load import load_corpus
    from tagger.corpus.records import SPLITS, Corpus, HeadColumn
    from tagger.corpus.resolve import list_corpora
    from tagger.formats.records import Layout
    from tagger.schemes import Scheme, Span

__all__ = [
    "SPLITS",
    "Corpus",
    "CorpusEntry",
    "HeadColumn",
    "Layout",
    "Scheme",
    "Span",
    "list_corpora",
    "load_corpus",
]

_HOMES = {
    "SPLITS": "tagger.corpus.records",
    "Corpus": "tagger.corpus.records",
    "CorpusEntry": "tagger.corpus.catalogue",
    "HeadColumn": "tagger.corpus.records",
    "Layout": "tagger.formats.records",
    "Scheme": "tagger.schemes",
    "Span": "tagger.schemes",
    "list_corpora": "tagger.corpus.resolve",
    "load_corpus": "tagger.corpus.load",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tagger.corpus' has no attribute {name!r}")
