"""The specification of a head: its tags, and which may follow which."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from tagger.config import OutsideKind
from tagger.schemes import Scheme, is_allowed, split_tag, tag_inventory

FORBIDDEN = -1e4
"""The score of a transition that a tag scheme forbids: ``exp`` of it is exactly 0."""

LEAST = -500.0
"""In sums of exponentials no emission counts for less, against the best of its token: ``exp`` of it
is still above 0."""

PADDED = -1e9
"""The score of padding where states of a text compete: ``exp`` of it is exactly 0."""

RESERVED = frozenset({"text", "start", "end"})
"""Keys that stand beside the tags of a token in JSON; a head of that name would replace them."""


HeadKind: TypeAlias = Literal["span", "token", "text"]


class HeadSpec(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One tagging task of a model, as stored in its ``heads.json``."""

    name: str
    """``ner``, ``upos``, ``xpos``, ``pos``, ``chunk``, ``intent``, ..."""
    kind: HeadKind
    """Whether its tags mark spans in a scheme, stand for single tokens, or are labels of whole
    texts."""
    decoder: Literal["crf", "softmax", "sigmoid"]
    """``sigmoid`` for texts with any number of labels."""
    tags: tuple[str, ...]
    """The tags in the order of the emissions, spans in ``scheme``."""
    scheme: str = ""
    """The scheme that the tags are in; empty for tags of single tokens and labels of texts."""
    pooling: Literal["", "final", "mean", "max", "attention"] = ""
    """How the states of a text become one vector; empty for tags of tokens."""
    outside: tuple[OutsideKind, ...] = ()
    """The kinds of tokens that are in no span, whatever the network says."""

    def __post_init__(self) -> None:
        """Refuse values that no network can be built from, as in a damaged ``heads.json``."""
        if not self.name or "." in self.name or self.name in RESERVED:
            raise ValueError(f"{self.name!r} cannot name a head")
        if not self.tags or len(set(self.tags)) < len(self.tags):
            raise ValueError(f"head {self.name!r} has no tags, or one twice")
        if any(mark in tag for tag in self.tags for mark in "\t\r\n"):
            raise ValueError(f"a tag of head {self.name!r} contains a tab or a line end")
        if (self.kind == "text") != bool(self.pooling):
            raise ValueError(f"head {self.name!r}: a head of texts has a pooling, no other has one")
        if (self.decoder == "sigmoid" and self.kind != "text") or (
            self.decoder == "crf" and self.kind == "text"
        ):
            raise ValueError(f"head {self.name!r} of kind {self.kind} has decoder {self.decoder}")
        if self.outside and self.kind != "span":
            raise ValueError(f"head {self.name!r} has no spans that tokens can be outside of")
        if self.kind == "span":
            inventory = tag_inventory(self.labels, Scheme(self.scheme))
            if sorted(inventory) != sorted(self.tags):
                raise ValueError(f"the tags of head {self.name!r} are not those of {self.scheme}")

    def allowed(self) -> NDArray[np.bool_]:
        """Return which tag may follow which, (tags + 1, tags + 1); see `tagger.model.crf.CRF`."""
        n = len(self.tags)
        if self.kind != "span":
            return np.ones((n + 1, n + 1), dtype=np.bool_)
        scheme = Scheme(self.scheme)
        # The last state is the start as a row, the end as a column.
        letters, labels = zip(*map(split_tag, [*self.tags, "O"]), strict=True)
        kinds, letter = np.unique(letters, return_inverse=True)
        label = np.unique(labels, return_inverse=True)[1]

        def table(other: str) -> NDArray[np.bool_]:
            befores, afters = (
                [kind if kind == "O" else f"{kind}-{name}" for kind in kinds.tolist()]
                for name in ("same", other)
            )
            return np.array([[is_allowed(scheme, b, a) for a in afters] for b in befores])

        pairs = letter[:, None], letter[None, :]
        return np.where(label[:, None] == label, table("same")[pairs], table("other")[pairs])

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types of a span head, the tags of any other."""
        if self.kind != "span":
            return self.tags
        return tuple(dict.fromkeys(tag[2:] for tag in self.tags if tag != "O"))


def head_key(name: str) -> str:
    """Return the prefix of a head's weights: ``head_ner.linear.weight``."""
    return f"head_{name}"
