"""Raw texts to sentences of tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np

from tagger.errors import UsageError
from tagger.features.forms import Ids

Offsets = list[tuple[int, int]]


class Splitter(Protocol):
    """Cuts a text into sentences of tokens; `tagger.text.Tokenizer` is one."""

    def sentences(self, text: str) -> list[Offsets]:
        """Return the offsets of each sentence's tokens."""
        ...


class GivenTokens:
    """Takes each text as one sentence with tokens separated by tabs, or else by spaces."""

    def sentences(self, text: str) -> list[Offsets]:
        """Return the offsets of the tokens, in one sentence; nothing for an empty text.

        Raises:
            UsageError: An empty token, two tabs side by side.
        """
        if "\t\t" in text:
            raise UsageError(f"an empty token, two tabs side by side, in {text[:60]!r}")
        # Not \s: a no-break space may be part of a token.
        pattern = r"[^\t\r\n]+" if "\t" in text else r"[^ \r\n]+"
        offsets = [match.span() for match in re.finditer(pattern, text)]
        return [offsets] if offsets else []


class CutTexts(NamedTuple):
    """Texts, cut into sentences of tokens."""

    texts: Sequence[str]
    sentences: list[list[Offsets]]
    """The offsets of each text's sentences."""
    offsets: list[Offsets]
    """The offsets of each text's tokens."""
    forms: list[str]
    """All tokens, text after text."""
    lengths: Ids
    """(sentences,), the tokens of each."""


def cut_texts(texts: Sequence[str], splitter: Splitter) -> CutTexts:
    """Cut texts into sentences of tokens."""
    sentences = [splitter.sentences(text) for text in texts]
    offsets = [list(chain.from_iterable(of_text)) for of_text in sentences]
    forms = [
        text[start:end]
        for text, of_text in zip(texts, offsets, strict=True)
        for start, end in of_text
    ]
    lengths = [len(sentence) for of_text in sentences for sentence in of_text]
    return CutTexts(texts, sentences, offsets, forms, np.array(lengths, dtype=np.int64))
