"""A warning where texts are in a language that the model has not learned."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from tagger.features.language import common_words, is_foreign
from tagger.features.vocabulary import normalize
from tagger.prediction.input import Text
from tagger.runtime.engines.form_engine import FormEngine
from tagger.runtime.tagger import Tagger

_log = logging.getLogger(__name__)

ENOUGH = 100
"""Words after which it is decided; at the end of shorter input it is decided then."""


def warn_if_foreign(blocks: Iterable[Sequence[Text]], tagger: Tagger) -> Iterable[Sequence[Text]]:
    """Pass on blocks of texts; warn once if their first words are of another language."""
    engine = tagger.engine
    is_common = common_words(engine.vocabulary.word_ids) if isinstance(engine, FormEngine) else None
    return blocks if is_common is None else _watched(blocks, is_common)


def _watched(
    blocks: Iterable[Sequence[Text]], is_common: Callable[[str], bool]
) -> Iterator[Sequence[Text]]:
    n, n_common = 0, 0
    for block in blocks:
        if n < ENOUGH:
            for word in _words(block, ENOUGH - n):
                n += 1
                n_common += is_common(word)
            if n >= ENOUGH:
                _decide(n, n_common)
        yield block
    if n < ENOUGH:
        _decide(n, n_common)


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


def _decide(n: int, n_common: int) -> None:
    if is_foreign(n, n_common):
        _log.warning(
            "only %s of the first words are common in the text that the model learned from; "
            "is the text in another language?",
            f"{n_common / n:.0%}",
        )
