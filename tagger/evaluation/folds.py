"""The parts of a corpus for cross-validation."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from tagger.errors import UsageError
from tagger.tables import counted

T = TypeVar("T")

SEED = 1
"""Of the parts, which do not depend on the seed of a training."""


def divided(
    sentences: Iterable[T],
    n: int,
    *,
    key: Callable[[T], Hashable],
    size: Callable[[T], int],
    corpus: str,
    what: str,
) -> list[list[T]]:
    """Divide sentences at random, always alike, into ``n`` parts of about the same size.

    Args:
        sentences: The sentences.
        n: The number of parts.
        key: Those with the same key, as of a document, are in the same part.
        size: The number of tokens of a sentence.
        corpus: The name of the corpus, for the error.
        what: What a key stands for, there.

    Raises:
        UsageError: There are fewer keys than parts.
    """
    groups: dict[Hashable, list[T]] = {}
    for sentence in sentences:
        groups.setdefault(key(sentence), []).append(sentence)
    if len(groups) < n:
        raise UsageError(
            f"{counted(n, 'fold')} of {counted(len(groups), what)}",
            path=corpus,
            hint="use fewer {folds}",
        )
    shuffled = list(groups.values())
    random.Random(SEED).shuffle(shuffled)
    parts: list[list[T]] = [[] for _ in range(n)]
    sizes = [0] * n
    for group in shuffled:
        smallest = sizes.index(min(sizes))
        parts[smallest] += group
        sizes[smallest] += sum(map(size, group))
    return parts
