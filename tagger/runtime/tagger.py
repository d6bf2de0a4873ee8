"""`Tagger`: raw text or tokens in, tags and entities with offsets out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, overload

import numpy as np

from tagger.arguments import as_sequence, check_sentences, check_texts
from tagger.model.heads import HeadSpec
from tagger.runtime.batching import batched
from tagger.runtime.cutting import Splitter, cut_texts
from tagger.runtime.documents import build_documents
from tagger.runtime.engines.protocol import Engine
from tagger.runtime.labelling import best_labels
from tagger.runtime.marginals import Probs
from tagger.runtime.predictor import Predictor
from tagger.runtime.readings import Readings, head_of_readings, read_texts
from tagger.runtime.results import Document, Labels
from tagger.runtime.thresholds import Threshold, thresholds_of
from tagger.tables import counted

WINDOW = 1000
"""Number of texts or sentences tagged together: enough to sort by length, few to hold."""


class TagsWithConfidence(NamedTuple):
    """The tags and labels of a sentence and how probable they are."""

    tags: dict[str, list[str]]
    """By head."""
    confidence: dict[str, list[float]]
    """By head: the probability of the whole span for the tokens of a span, else of the tag."""
    labels: dict[str, Labels] = {}  # noqa: RUF012 - never changed
    """The labels of the sentence as a whole, by head."""
    label_probs: dict[str, Probs] = {}  # noqa: RUF012 - never changed
    """By head (labels,), the probabilities of all its labels; empty for an empty sentence."""


class Tagger:
    """A trained model, ready to tag; `tagger.load` makes one.

    Args:
        predictor: Tags sentences of tokens.
        splitter: Cuts raw text as the training corpora were cut.
        threshold: The least probability of a span, or one by label; None for the spans of the best
            tag sequence. Calls may have another.

    Raises:
        UsageError: The threshold is not above 0 and at most 1, or is of an unknown label.
    """

    def __init__(
        self, predictor: Predictor, splitter: Splitter, threshold: Threshold | None = None
    ) -> None:
        self.predictor = predictor
        self.splitter = splitter
        self.threshold = threshold
        self._thresholds = thresholds_of(threshold, predictor.heads)

    @property
    def heads(self) -> tuple[HeadSpec, ...]:
        """The model's heads."""
        return self.predictor.heads

    @property
    def engine(self) -> Engine:
        """The engine that runs the network."""
        return self.predictor.engine

    def with_splitter(self, splitter: Splitter) -> Tagger:
        """Return the same model for texts that are cut in another way."""
        return Tagger(self.predictor, splitter, self.threshold)

    def with_threshold(self, threshold: Threshold | None) -> Tagger:
        """Return the same model with another threshold.

        Raises:
            UsageError: It is not above 0 and at most 1, or is of an unknown label.
        """
        return Tagger(self.predictor, self.splitter, threshold)

    def __repr__(self) -> str:
        heads = ", ".join(
            f"{head.name} ({counted(len(head.labels), 'label')})" for head in self.heads
        )
        return f"Tagger({heads})"

    def __call__(self, text: str) -> Document:
        """Tag one text.

        Raises:
            UsageError: It is not a string, or not valid Unicode.
        """
        check_texts([text], None)
        return self._tag_texts([text], self.predictor.choose(None), False, self._thresholds)[0]

    def batch(
        self,
        texts: Iterable[str],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool = False,
        threshold: Threshold | None = None,
    ) -> list[Document]:
        """Tag several texts.

        Args:
            texts: Raw texts of any length.
            heads: The heads to show; None for all.
            confidence: Whether entities have their probability, which takes some more time.
            threshold: Show every span whose probability reaches it, the best where spans overlap;
                a number, or one by label, with that of all others under ``*``. None for that of
                the tagger.

        Raises:
            UsageError: The model has no such head or label, ``texts`` holds something else than
                texts, or a threshold is not above 0 and at most 1.
        """
        given = as_sequence("texts", texts, "a list of texts", "call the model itself with one")
        return list(self.stream(given, heads, confidence=confidence, threshold=threshold))

    def stream(
        self,
        texts: Iterable[str],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool = False,
        threshold: Threshold | None = None,
    ) -> Iterator[Document]:
        """Tag any number of texts in order, with bounded memory; see `batch`."""
        if isinstance(texts, str | bytes | Mapping) or not isinstance(texts, Iterable):
            as_sequence("texts", texts, "an iterable of texts", "call the model itself with one")
        chosen = self.predictor.choose(heads)
        thresholds = self._chosen_thresholds(threshold)

        def documents() -> Iterator[Document]:
            n_before = 0
            for window in batched(texts, WINDOW):
                check_texts(window, n_before)
                n_before += len(window)
                yield from self._tag_texts(window, chosen, confidence, thresholds)

        return documents()

    def readings(
        self,
        texts: Iterable[str],
        k: int = 5,
        *,
        head: str | None = None,
        threshold: Threshold | None = None,
    ) -> list[Readings]:
        """Find the most probable readings of texts: tag sequences, and what entities may be.

        Args:
            texts: Raw texts of any length.
            k: The number of readings of each sentence, from 1 to 100.
            head: A head with spans; None for that of the entities.
            threshold: As for `batch`, for the entities of the document.

        Raises:
            UsageError: The model has no such head or label, the head has no spans, ``texts`` holds
                something else than texts, or a number is out of its range.
        """
        given = as_sequence("texts", texts, "a list of texts", "pass a list with one")
        check_texts(given)
        chosen = head_of_readings(self.predictor, None if head is None else [head], k)
        thresholds = self._chosen_thresholds(threshold)
        return [
            found
            for window in batched(given, WINDOW)
            for found in read_texts(
                self.predictor, cut_texts(window, self.splitter), chosen, k, thresholds
            )
        ]

    @overload
    def tag(
        self,
        sentences: Iterable[Sequence[str]],
        heads: Sequence[str] | None = None,
        *,
        confidence: Literal[False] = False,
        threshold: Threshold | None = None,
    ) -> list[dict[str, list[str]]]: ...

    @overload
    def tag(
        self,
        sentences: Iterable[Sequence[str]],
        heads: Sequence[str] | None = None,
        *,
        confidence: Literal[True],
        threshold: Threshold | None = None,
    ) -> list[TagsWithConfidence]: ...

    @overload
    def tag(
        self,
        sentences: Iterable[Sequence[str]],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool,
        threshold: Threshold | None = None,
    ) -> list[dict[str, list[str]]] | list[TagsWithConfidence]: ...

    def tag(
        self,
        sentences: Iterable[Sequence[str]],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool = False,
        threshold: Threshold | None = None,
    ) -> list[dict[str, list[str]]] | list[TagsWithConfidence]:
        """Tag sentences that are tokenized already.

        Args:
            sentences: The tokens of each sentence; a sentence may be empty.
            heads: The heads to tag; None for all.
            confidence: Whether to return the probability of each tag, too.
            threshold: As for `batch`.

        Returns:
            For each sentence its tags by head, spans in BIO; with ``confidence`` as
            `TagsWithConfidence`, which has the labels of the sentence as a whole, too.

        Raises:
            UsageError: The model has no such head or label, ``sentences`` holds something else
                than lists of tokens, or a threshold is not above 0 and at most 1.
        """
        tagged = self.annotate(sentences, heads, confidence=confidence, threshold=threshold)
        return tagged if confidence else [one.tags for one in tagged]

    def annotate(
        self,
        sentences: Iterable[Sequence[str]],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool = False,
        threshold: Threshold | None = None,
    ) -> list[TagsWithConfidence]:
        """Tag sentences that are tokenized already, and label each as a whole.

        Args:
            sentences: As for `tag`, as are the errors.
            heads: As for `tag`.
            confidence: Whether to compute the probabilities of tags, which are empty otherwise.
            threshold: As for `batch`.
        """
        chosen = self.predictor.choose(heads)
        thresholds = self._chosen_thresholds(threshold)
        expected = "a list of sentences, each a list of tokens"
        given = check_sentences(
            as_sequence("sentences", sentences, expected, "`batch` takes raw texts")
        )
        return [
            sentence
            for window in batched(given, WINDOW)
            for sentence in self._tag_sentences(window, chosen, confidence, thresholds)
        ]

    def _chosen_thresholds(self, threshold: Threshold | None) -> Mapping[str, Probs]:
        return self._thresholds if threshold is None else thresholds_of(threshold, self.heads)

    def _tag_texts(
        self,
        texts: Sequence[str],
        heads: Sequence[HeadSpec],
        confidence: bool,
        thresholds: Mapping[str, Probs],
    ) -> list[Document]:
        cut = cut_texts(texts, self.splitter)
        tag_ids, probs, labels = self.predictor.predict(
            cut.forms, cut.lengths, heads, confidence=confidence, thresholds=thresholds
        )
        return build_documents(cut, tag_ids, heads, self.predictor.tables, probs, labels)

    def _tag_sentences(
        self,
        sentences: Sequence[Sequence[str]],
        heads: Sequence[HeadSpec],
        confidence: bool,
        thresholds: Mapping[str, Probs],
    ) -> Iterator[TagsWithConfidence]:
        lengths = [len(sentence) for sentence in sentences]
        forms = [form for sentence in sentences for form in sentence]
        filled = np.array([n for n in lengths if n], dtype=np.int64)
        tag_ids, probs, label_probs = self.predictor.predict(
            forms, filled, heads, confidence=confidence, thresholds=thresholds
        )
        tags = {name: self.predictor.tables[name].strings(ids) for name, ids in tag_ids.items()}
        labels = {
            head.name: best_labels(head, label_probs[head.name])
            for head in heads
            if head.name in label_probs
        }
        past = filled_before = 0
        for n in lengths:
            start, past = past, past + n
            i, filled_before = filled_before, filled_before + (n > 0)
            yield TagsWithConfidence(
                {name: of_head[start:past] for name, of_head in tags.items()},
                {name: of_head[start:past].tolist() for name, of_head in probs.items()},
                {name: of_head[i] if n else None for name, of_head in labels.items()},
                {name: of_head[i] for name, of_head in label_probs.items() if n},
            )
