"""What a teacher is: texts cut into tokens in, probabilities of each token's tags out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import HeadKind
from tagger.runtime.cutting import CutTexts
from tagger.text import TokenizerRules

Probs = NDArray[np.float32]
Known = NDArray[np.bool_]


class TeacherHead(NamedTuple):
    """A task that a teacher can do."""

    name: str
    kind: HeadKind
    tags: tuple[str, ...]
    """The tags of its answers, spans in BIO; labels of a text head."""
    multi_label: bool = False
    """Whether a text may have several labels, each with its own probability."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types of a span head, the tags of any other."""
        if self.kind != "span":
            return self.tags
        return tuple(dict.fromkeys(tag[2:] for tag in self.tags if tag != "O"))


class Opinion(NamedTuple):
    """The answer of one teacher for one head."""

    probs: Probs
    """(tokens, tags), of a text head (sentences, labels); a row sums to 1, unless a text may have
    several labels."""
    known: Known
    """(tokens,) or (sentences,), whether there is an answer: not where tokens do not match."""


@runtime_checkable
class Teacher(Protocol):
    """Tags texts with probabilities."""

    @property
    def name(self) -> str:
        """Its name, as it was given."""
        ...

    @property
    def heads(self) -> tuple[TeacherHead, ...]:
        """The tasks that it can do."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides its answers."""
        ...

    @property
    def n_bytes(self) -> int:
        """Its size on disk; 0 where it has none."""
        ...

    @property
    def rules(self) -> TokenizerRules | None:
        """How it tokenizes text, if it tells and the student may do the same."""
        ...

    @property
    def is_model(self) -> bool:
        """Whether it can tag any text, so that it can be scored."""
        ...

    def answer(self, cut: CutTexts, heads: Sequence[str]) -> Mapping[str, Opinion]:
        """Tag texts.

        Args:
            cut: The texts and their tokens.
            heads: The names of the heads that are asked for.

        Returns:
            By head the answers for all tokens, or for all sentences, text after text.
        """
        ...
