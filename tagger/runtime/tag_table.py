"""The tags of a head as they are shown."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tagger.features.forms import Ids
from tagger.model.heads import HeadSpec


class TagTable:
    """The tags of a head as they are shown: spans in BIO, tag by tag, since BIOES only adds to it.

    Args:
        head: The head.
    """

    def __init__(self, head: HeadSpec) -> None:
        shown = list(head.tags)
        if head.kind == "span":
            to_bio = {"E": "I", "S": "B"}
            shown = [to_bio.get(tag[0], tag[0]) + tag[1:] for tag in shown]
        self._shown = np.array(shown, dtype=object)
        self._labels = [tag[2:] for tag in shown]
        self._begins = np.array([tag[0] == "B" for tag in shown])
        self._continues = np.array([tag[0] == "I" for tag in shown])

    @property
    def tags(self) -> list[str]:
        """The tags that are shown, each once."""
        shown: list[str] = self._shown.tolist()
        return list(dict.fromkeys(shown))

    def summed(self, probs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum what is shown alike: (tokens, shown tags) of the probabilities (tokens, tags)."""
        columns = self.tags
        result = np.zeros((len(probs), len(columns)))
        for i, tag in enumerate(self._shown.tolist()):
            result[:, columns.index(tag)] += probs[:, i]
        return result

    def strings(self, tag_ids: Ids) -> list[str]:
        """Return the tags of tag ids."""
        shown: list[str] = self._shown[tag_ids].tolist()
        return shown

    def spans(self, tag_ids: Ids) -> list[tuple[int, int, str]]:
        """Return the spans as (first token, last token, label), in order.

        Decoding is constrained: a span begins with ``B`` and no sentence with ``I``.
        """
        first, last = self.bounds(tag_ids)
        labels = [self._labels[i] for i in tag_ids[first].tolist()]
        return list(zip(first.tolist(), last.tolist(), labels, strict=True))

    def bounds(self, tag_ids: Ids) -> tuple[Ids, Ids]:
        """Find the first and the last token of each span, both (spans,)."""
        first = np.flatnonzero(self._begins[tag_ids])
        continues = np.append(self._continues[tag_ids], False)
        # A span ends where the next token does not continue it.
        last = np.flatnonzero((self._begins[tag_ids] | continues[:-1]) & ~continues[1:])
        return first, last

    @cached_property
    def label_ids(self) -> Ids:
        """(tags,), the place of each tag's label among those of the head; 0 for ``O``."""
        places = {label: i for i, label in enumerate(dict.fromkeys(filter(None, self._labels)))}
        return np.array([places.get(label, 0) for label in self._labels], dtype=np.int64)

    @cached_property
    def continues(self) -> NDArray[np.bool_]:
        """(tags, tags), whether a tag continues the span of the tag before."""
        labels = np.array(self._labels)
        continues: NDArray[np.bool_] = self._continues & (labels[:, None] == labels)
        return continues
