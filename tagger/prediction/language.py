"""A warning where texts are in a language that the model has not learned."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from tagger.features.vocabulary import normalize
from tagger.prediction.input import Text
from tagger.runtime.engines.form_engine import FormEngine
from tagger.runtime.tagger import Tagger

_log = logging.getLogger(__name__)

ENOUGH = 100
"""Words after which it is decided; at the end of shorter input it is decided after `LEAST`."""
LEAST = 12
SHARE = 0.35
"""Of the words a tweet has at most 0.2 unknown ones, text in another European language 0.4 and
more (models/en, 100 words of each corpus)."""
MIN_VOCABULARY = 20_000
"""Smaller vocabularies lack many words of their own language."""
MAX_VOCABULARY = 40_000
"""Among rarer words are many of other languages."""


def warn_if_foreign(blocks: Iterable[Sequence[Text]], tagger: Tagger) -> Iterable[Sequence[Text]]:
    """Pass on blocks of texts; warn once if the model does not know their first words.

    Only words in lower case count, since many names are unknown in any language.
    """
    engine = tagger.engine
    if not isinstance(engine, FormEngine) or len(engine.vocabulary.words) < MIN_VOCABULARY:
        return blocks
    ids = engine.vocabulary.word_ids  # the most used words have the lowest
    return _watched(blocks, lambda word: 0 < ids.get(word, 0) <= MAX_VOCABULARY)


def _watched(
    blocks: Iterable[Sequence[Text]], is_known: Callable[[str], bool]
) -> Iterator[Sequence[Text]]:
    n, n_unknown = 0, 0
    for block in blocks:
        if n < ENOUGH:
            for word in _words(block, ENOUGH - n):
                n += 1
                n_unknown += not is_known(word)
            if n >= ENOUGH:
                _decide(n, n_unknown)
        yield block
    if n < ENOUGH:
        _decide(n, n_unknown)


def _words(block: Sequence[Text], limit: int) -> list[str]:
    """Return the first words in lower case, normalised.

    >>> _words([Text("Gestern fuhr Kim, weil es (endlich) ging.")], 5)
    ['fuhr', 'weil', 'es', 'endlich', 'ging']
    """
    found: list[str] = []
    for text, _ in block:
        # A long text is not cut into all of its words.
        for part in text[: 20 * limit].split():
            word = part.strip(".,;:!?…\"'“”„‘’()[]{}-–—/*")
            if word.isalpha() and word.islower():
                found.append(normalize(word))
                if len(found) == limit:
                    return found
    return found


def _decide(n: int, n_unknown: int) -> None:
    if n >= LEAST and n_unknown > SHARE * n:
        share = f"{1 - n_unknown / n:.0%}"
        _log.warning(
            "the model knows %s of the first words; is the text in another language?",
            share,
        )
