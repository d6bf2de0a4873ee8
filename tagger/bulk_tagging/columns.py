"""Texts to columns of Arrow: entities, and on request tokens with their tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tagger.features.forms import Ids
from tagger.model.heads import HeadSpec
from tagger.runtime.cutting import CutTexts, cut_texts
from tagger.runtime.documents import labels_of_texts
from tagger.runtime.marginals import Probs
from tagger.runtime.tagger import WINDOW, Tagger
from tagger.runtime.thresholds import thresholds_of

if TYPE_CHECKING:
    import pyarrow as pa

CHARS = 2**20
"""Characters of texts that are tagged together, unless one text has more."""
ERROR = "error"


class Tagged(NamedTuple):
    """The columns of some texts."""

    columns: list[pa.Array]
    """As `result_fields` lists them."""
    n_words: int
    """Stretches between white space."""
    n_entities: dict[str, int]
    """By label, of the main head."""


class Results:
    """Makes columns of results.

    Args:
        tagger: The model.
        heads: The heads to show; None for all.
        confidence: Whether entities have their probability.
        tokens: Whether there are columns of tokens and sentences.
    """

    def __init__(
        self, tagger: Tagger, heads: Sequence[str] | None, *, confidence: bool, tokens: bool
    ) -> None:
        self.heads = tagger.predictor.choose(heads)
        self._tagger = tagger
        self._confidence = confidence
        self._tokens = tokens
        self._thresholds = thresholds_of(tagger.threshold, tagger.predictor.heads)
        spans = [head for head in self.heads if head.kind == "span"]
        # As in a `Document`: the head `ner`, else the first, has the entities.
        self._main = next((head for head in spans if head.name == "ner"), next(iter(spans), None))
        self._others = [head for head in spans if head is not self._main]
        self._tagging = [head for head in self.heads if head.kind != "text"]
        self._labelling = [head for head in self.heads if head.kind == "text"]

    @property
    def names(self) -> list[str]:
        """The names of the columns of results, that of errors last."""
        return [field.name for field in self.fields()]

    def fields(self) -> list[Any]:
        """Return the fields of the columns of results."""
        import pyarrow as pa

        span = pa.struct(
            [
                ("start", pa.int32()),
                ("end", pa.int32()),
                ("label", pa.string()),
                ("text", pa.string()),
                ("confidence", pa.float32()),
            ]
        )
        fields = []
        if self._main is not None:
            fields.append(pa.field("entities", pa.list_(span)))
        if self._others:
            others = pa.struct([(head.name, pa.list_(span)) for head in self._others])
            fields.append(pa.field("spans", others))
        if self._labelling:
            labels = pa.struct([(head.name, _label_type(head)) for head in self._labelling])
            fields.append(pa.field("labels", labels))
        if self._tokens:
            tags = [(head.name, pa.string()) for head in self._tagging]
            token = pa.struct(
                [("text", pa.string()), ("start", pa.int32()), ("end", pa.int32()), *tags]
            )
            fields.append(pa.field("tokens", pa.list_(token)))
            sentence = pa.struct([("start", pa.int32()), ("end", pa.int32())])
            fields.append(pa.field("sentences", pa.list_(sentence)))
        return [*fields, pa.field(ERROR, pa.string())]

    def tag(self, texts: Sequence[str | None], problems: Mapping[int, str]) -> Tagged:
        """Tag texts that are tagged together.

        Args:
            texts: The texts; those with a problem are not tagged.
            problems: By index what is wrong with a text.
        """
        import pyarrow as pa

        given = ["" if i in problems else text or "" for i, text in enumerate(texts)]
        cut = cut_texts(given, self._tagger.splitter)
        tag_ids, probs, label_probs = self._tagger.predictor.predict(
            cut.forms,
            cut.lengths,
            self.heads,
            confidence=self._confidence,
            thresholds=self._thresholds,
        )
        layout = _Layout(cut, pa.array([i in problems for i in range(len(given))]))
        columns = []
        counts: dict[str, int] = {}
        if self._main is not None:
            entities, counts = self._spans(layout, self._main, tag_ids, probs)
            columns.append(entities)
        if self._others:
            found = [self._spans(layout, head, tag_ids, probs)[0] for head in self._others]
            names = [head.name for head in self._others]
            columns.append(pa.StructArray.from_arrays(found, names, mask=layout.missing))
        if self._labelling:
            columns.append(self._labels(layout, label_probs))
        if self._tokens:
            columns += [self._token_lists(layout, tag_ids), layout.sentence_lists()]
        columns.append(pa.array([problems.get(i) for i in range(len(given))], pa.string()))
        n_words = sum(len(text.split()) for text in given)
        return Tagged(columns, n_words, counts)

    def _spans(
        self,
        layout: _Layout,
        head: HeadSpec,
        tag_ids: Mapping[str, Ids],
        probs: Mapping[str, Probs],
    ) -> tuple[pa.Array, dict[str, int]]:
        """Return the spans of a head in each text, and count them by label."""
        import pyarrow as pa

        ids, table = tag_ids[head.name], self._tagger.predictor.tables[head.name]
        first, last = table.bounds(ids)
        labels = table.label_ids[ids[first]]
        starts, ends = layout.offsets[first, 0], layout.offsets[last, 1]
        text_of = np.searchsorted(layout.token_bounds, first, side="right") - 1
        forms = [
            layout.cut.texts[i][start:end]
            for i, start, end in zip(text_of.tolist(), starts.tolist(), ends.tolist(), strict=True)
        ]
        sure = probs.get(head.name)
        values = {
            "start": pa.array(starts),
            "end": pa.array(ends),
            "label": pa.array(head.labels, pa.string()).take(pa.array(labels)),
            "text": pa.array(forms, pa.string()),
            "confidence": pa.nulls(len(first), pa.float32())
            if sure is None
            else pa.array(sure[first].astype(np.float32)),
        }
        n_of_text = np.bincount(text_of, minlength=len(layout.cut.texts))
        n_of_label = np.bincount(labels, minlength=len(head.labels)).tolist()
        counts = {label: n for label, n in zip(head.labels, n_of_label, strict=True) if n}
        return layout.lists(n_of_text, values), counts

    def _labels(self, layout: _Layout, probs: Mapping[str, Probs]) -> pa.Array:
        """Return the labels of each text as a whole."""
        import pyarrow as pa

        of_texts = labels_of_texts(layout.cut, self._labelling, probs)
        columns = [
            pa.array(
                [msgspec.to_builtins(by_head[head.name]) for by_head in of_texts], _label_type(head)
            )
            for head in self._labelling
        ]
        names = [head.name for head in self._labelling]
        return pa.StructArray.from_arrays(columns, names, mask=layout.missing)

    def _token_lists(self, layout: _Layout, tag_ids: Mapping[str, Ids]) -> pa.Array:
        import pyarrow as pa

        values = {
            "text": pa.array(layout.cut.forms, pa.string()),
            "start": pa.array(layout.offsets[:, 0]),
            "end": pa.array(layout.offsets[:, 1]),
        }
        for head in self._tagging:
            shown = self._tagger.predictor.tables[head.name].strings(np.arange(len(head.tags)))
            values[head.name] = pa.array(shown, pa.string()).take(pa.array(tag_ids[head.name]))
        return layout.lists(np.diff(layout.token_bounds), values)


def _label_type(head: HeadSpec) -> pa.DataType:
    import pyarrow as pa

    label = pa.struct([("label", pa.string()), ("prob", pa.float32())])
    return pa.list_(label) if head.decoder == "sigmoid" else label


class _Layout:
    """Where the tokens of texts lie, and lists of what is in each text.

    Args:
        cut: The texts.
        missing: (texts,) bool, those without results.
    """

    def __init__(self, cut: CutTexts, missing: pa.Array) -> None:
        self.cut, self.missing = cut, missing
        flat = chain.from_iterable(chain.from_iterable(cut.offsets))
        offsets = np.fromiter(flat, np.int32, 2 * len(cut.forms))
        self.offsets: NDArray[np.int32] = offsets.reshape(-1, 2)  # (tokens, 2)
        self.token_bounds = np.cumsum([0, *map(len, cut.offsets)])  # (texts + 1,)

    def lists(self, counts: Ids, values: Mapping[str, pa.Array]) -> pa.Array:
        """Return the structs of each text, given how many it has and all their fields."""
        import pyarrow as pa

        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        structs = pa.StructArray.from_arrays(list(values.values()), list(values))
        return pa.ListArray.from_arrays(pa.array(offsets), structs, mask=self.missing)

    def sentence_lists(self) -> pa.Array:
        """Return each text's sentences as ranges of its tokens, ends exclusive."""
        import pyarrow as pa

        counts = np.array([len(of_text) for of_text in self.cut.sentences], dtype=np.int64)
        past = np.cumsum(self.cut.lengths)
        base = np.repeat(self.token_bounds[:-1], counts)
        values = {
            "start": pa.array((past - self.cut.lengths - base).astype(np.int32)),
            "end": pa.array((past - base).astype(np.int32)),
        }
        return self.lists(counts, values)


def slices(texts: Sequence[str | None]) -> Iterator[slice]:
    """Cut texts into runs that are tagged together, by their content alone."""
    first = n_chars = 0
    for i, text in enumerate(texts):
        n = len(text or "")
        if i > first and (n_chars + n > CHARS or i - first >= WINDOW):
            yield slice(first, i)
            first, n_chars = i, 0
        n_chars += n
    if first < len(texts):
        yield slice(first, len(texts))
