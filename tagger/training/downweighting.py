"""Weights of sentences whose annotation a model doubts, as CrossWeigh gives them.

Wang et al. (2019, section 3.2) train several times on parts of the data and give a sentence whose
entities were predicted otherwise ``c`` of ``t = 3`` times the weight ``0.7 ** c``. Here a model
gives the exact probability ``p`` of what is annotated, so that ``c`` is expected to be
``t * (1 - p)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagger.errors import ConfigError
from tagger.lines import NOT_JSON

if TYPE_CHECKING:
    import datasets

__all__ = ["SuspectWeights", "count_weights", "read_weights", "sentence_key"]

_PIECE = 1000  # sentences
_FACTOR, _TIMES = 0.7, 3

SuspectWeights = dict[str, dict[str, float]]
"""By head the weights of sentences, whose tokens have spaces between them."""


class _Suspect(msgspec.Struct):
    head: str | None = None
    sentence: str | None = None
    probability: float = 1.0


class _Report(msgspec.Struct):
    findings: list[_Suspect]


def read_weights(path: Path) -> SuspectWeights:
    """Read the suspects that ``tagger lint --format json`` prints.

    Raises:
        ConfigError: The file cannot be read, or has no suspects.
    """
    hint = "write it with `tagger lint CORPUS --folds 5 --format json`"
    try:
        report = msgspec.json.decode(path.read_bytes(), type=_Report)
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", path=path, hint=hint) from None
    except NOT_JSON:
        raise ConfigError("not what tagger lint prints as JSON", path=path, hint=hint) from None
    least: SuspectWeights = {}
    for one in report.findings:
        if one.head is not None and one.sentence is not None:
            prob = min(max(one.probability, 0.0), 1.0)
            weight = _FACTOR ** (_TIMES * (1 - prob))
            of_head = least.setdefault(one.head, {})
            of_head[one.sentence] = min(weight, of_head.get(one.sentence, 1.0))
    if not least:
        raise ConfigError("no suspects in it", path=path, hint=hint)
    return least


def count_weights(suspects: SuspectWeights, splits: Iterable[datasets.Dataset], path: Path) -> int:
    """Count the sentences of splits that have a weight.

    Raises:
        ConfigError: There are none: the file is of another corpus.
    """
    named = set().union(*suspects.values())
    n = sum(
        sentence_key(tokens) in named
        for split in splits
        for rows in split.select_columns(["tokens"]).iter(_PIECE)
        for tokens in rows["tokens"]
    )
    if not n:
        hint = "it should be of the corpus that is trained on"
        raise ConfigError("none of its suspects is a training sentence", path=path, hint=hint)
    return n


def sentence_key(tokens: Sequence[str]) -> str:
    """Return the key of a sentence in `SuspectWeights`."""
    return " ".join(tokens)
