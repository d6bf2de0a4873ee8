"""Tokens that are in no span, whatever the network says: addresses, titles before names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from tagger.config import OutsideKind
from tagger.model.heads import FORBIDDEN, HeadSpec
from tagger.runtime.decoding import Floats

PATTERNS: dict[OutsideKind, str] = {
    "addresses": r"\S+@\S+|@\w+|(?:https?|ftp)://\S+|www\.\S+",
    "titles": r"(?:mr|mrs|ms|dr|prof)\.?",
}
FIRST = frozenset("@hHfFwWmMdDpP")
"""How a token of `PATTERNS` begins, if it has no ``@``."""


class Outside:
    """Holds tokens of some kinds outside of a head's spans.

    Args:
        head: A span head.
    """

    def __init__(self, head: HeadSpec) -> None:
        kinds: Collection[OutsideKind] = head.outside
        self._matches = re.compile("|".join(PATTERNS[k] for k in kinds), re.IGNORECASE).fullmatch
        self._scores = np.array([0.0 if tag == "O" else FORBIDDEN for tag in head.tags], np.float32)

    def apply(self, forms: Sequence[str], emissions: Floats) -> None:
        """Change the emissions (tokens, tags) of tokens that are in no span, in place."""
        matches = self._matches
        found = [
            i
            for i, form in enumerate(forms)
            if (form[:1] in FIRST or "@" in form) and matches(form)
        ]
        if found:
            emissions[found] = self._scores
