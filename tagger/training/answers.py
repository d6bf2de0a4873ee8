"""Sentences that teachers have tagged, with the probabilities of tags as the target.

The loss is the cross-entropy between the teachers' and the student's marginal probabilities of each
token's tag (Wang et al. 2021, "Structural knowledge distillation", section 3.2). Tags are compared
in BIO, in which teachers of any scheme can answer: of a student in BIOES the probabilities of ``B``
and ``S``, and of ``I`` and ``E``, are summed. A label that the teachers do not have counts as
``O``, as their ``O`` may be one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tagger.corpus import Corpus
from tagger.features.forms import Ids
from tagger.features.vocabulary import normalize
from tagger.model.crf import token_marginals
from tagger.model.heads import HeadSpec
from tagger.model.losses import SummedLoss
from tagger.model.network import Head
from tagger.schemes import split_tag
from tagger.text import TokenizerRules
from tagger.training.encoding import Batch, FormTable, ListColumn, SoftTags, batch_of_forms

if TYPE_CHECKING:
    import datasets

TINY = 1e-100
"""No probability counts for less, so that its logarithm and their gradient are finite."""

COUNTS, TAGS, PROBS = "counts", "tags", "probs"


def column(head: str, part: str) -> str:
    """Return the name of a column of answers; no head has a dot in its name."""
    return f"{head}.{part}"


@dataclass(frozen=True)
class Answers:
    """Sentences with the answers of teachers.

    Attributes:
        corpus: The sentences. Those of ``train`` have for each head the columns ``HEAD.counts``
            (the number of stored tags of each token, 0 where nothing is known), ``HEAD.tags`` and
            ``HEAD.probs`` (these tags and their probabilities, token after token); those of
            ``dev`` the best tags. A head of labels of texts has ``HEAD.probs`` alone, a
            probability for each label, -1 where it is not known.
        tags: By head the tags of the answers, spans in BIO; labels of text heads.
        rules: How the text was tokenized.
    """

    corpus: Corpus
    tags: dict[str, tuple[str, ...]]
    rules: TokenizerRules

    def count_forms(self) -> Counter[str]:
        """Count the forms of the sentences to learn from."""
        import pyarrow.compute as pc

        counts: Counter[str] = Counter()
        for chunk in self.corpus.splits["train"].data.column("tokens").chunks:
            found = pc.value_counts(chunk.flatten())
            values, numbers = found.field("values"), found.field("counts")
            counts.update(dict(zip(values.to_pylist(), numbers.to_pylist(), strict=True)))
        return counts


def frequent_forms(forms: Counter[str], n_words: int) -> Counter[str]:
    """Return the forms of the ``n_words`` most frequent words."""
    words: Counter[str] = Counter()
    for form, n in forms.items():
        words[normalize(form)] += n
    kept = {word for word, _ in words.most_common(n_words)}
    return Counter({form: n for form, n in forms.items() if normalize(form) in kept})


class AnsweredSentences:
    """Answered sentences as ids, with probabilities as they are in Arrow.

    Args:
        answers: The sentences.
        table: The ids of their forms.
        heads: The heads to learn.
        recase_prob: The probability that a sentence is read in another case.
    """

    def __init__(
        self, answers: Answers, table: FormTable, heads: Sequence[HeadSpec], *, recase_prob: float
    ) -> None:
        split = answers.corpus.splits["train"]
        self.table = table
        self.recase_prob = recase_prob
        self._ids, self._ends = _form_ids(split, table)
        self.lengths = np.diff(self._ends, prepend=0).astype(np.int32)
        self._labels = {
            head.name: ListColumn(split, column(head.name, PROBS))
            for head in heads
            if head.kind == "text"
        }
        self._columns = {
            head.name: [
                ListColumn(split, column(head.name, part)) for part in (COUNTS, TAGS, PROBS)
            ]
            for head in heads
            if head.kind != "text"
        }
        self._answer_of = {head.name: answers_of(head, answers.tags[head.name]) for head in heads}
        self._n_answers = {head.name: len(answers.tags[head.name]) for head in heads}

    def batch(self, sentences: Ids) -> Batch:
        """Collect sentences into a batch."""
        numbers = sentences.tolist()
        rows = [self._ids[self._ends[i] - self.lengths[i] : self._ends[i]] for i in numbers]
        forms = batch_of_forms(self.table, rows, recase_prob=self.recase_prob)
        soft = {name: self._soft(name, numbers, forms.lengths) for name in self._columns}
        labels = {name: self._targets(name, numbers) for name in self._labels}
        return Batch(*forms, {}, {}, soft, soft_labels=labels)

    def _targets(self, head: str, numbers: Sequence[int]) -> NDArray[np.float32]:
        """Return the probability of each of the student's labels; 0 of those without an answer."""
        answers = np.stack([self._labels[head][i] for i in numbers]).astype(np.float32)
        answer_of = self._answer_of[head]
        targets = np.where(answer_of >= 0, answers[:, answer_of], 0)
        targets[answers[:, 0] < 0] = -1
        return targets.astype(np.float32)

    def _soft(self, head: str, numbers: Sequence[int], lengths: Ids) -> SoftTags:
        counts, tags, probs = (
            np.concatenate([column[i] for i in numbers]) for column in self._columns[head]
        )
        shape = (len(numbers), int(lengths.max()))
        places = np.flatnonzero(np.arange(shape[1]) < lengths[:, None])  # of tokens in the batch
        dense = np.zeros((shape[0] * shape[1], self._n_answers[head]), dtype=np.float32)
        dense[np.repeat(places, counts), tags] = probs
        dense /= np.maximum(dense.sum(axis=1, keepdims=True), 1e-6)
        return SoftTags(dense.reshape(*shape, -1), self._answer_of[head])


def _form_ids(split: datasets.Dataset, table: FormTable) -> tuple[NDArray[np.int32], Ids]:
    """Return the row of each token's form in the table, and where each sentence ends."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array(list(table.rows), pa.string())
    ids: list[NDArray[Any]] = []
    lengths: list[NDArray[Any]] = []
    for chunk in split.data.column("tokens").chunks:
        found = pc.index_in(chunk.flatten().cast(pa.string()), value_set=known)
        ids.append(found.to_numpy().astype(np.int32))
        lengths.append(np.diff(chunk.offsets.to_numpy()))
    return np.concatenate(ids), np.cumsum(np.concatenate(lengths), dtype=np.int64)


def answers_of(head: HeadSpec, answers: Sequence[str]) -> Ids:
    """Return for each tag of a head the answer that it counts as, -1 for none.

    Args:
        head: The head.
        answers: The tags of the answers, spans in BIO.
    """
    places = {tag: i for i, tag in enumerate(answers)}
    if head.kind != "span":
        return np.array([places.get(tag, -1) for tag in head.tags], dtype=np.int64)
    shown = {"E": "I", "S": "B"}
    found = []
    for tag in head.tags:
        letter, label = split_tag(tag)
        found.append(places.get(f"{shown.get(letter, letter)}-{label}", places["O"]))
    return np.array(found, dtype=np.int64)


def answers_loss(
    head: Head, emissions: Tensor, soft: SoftTags, lengths: Tensor, *, temperature: float
) -> SummedLoss:
    """Compute the Kullback-Leibler divergence of a head from the teachers on known tokens.

    At a temperature ``T`` it is multiplied by ``T²``, so that gradients keep their size
    (Hinton et al. 2015, section 2.1).

    Args:
        head: The student's head.
        emissions: (batch, tokens, tags), the student's.
        soft: The teachers' answers.
        lengths: (batch,) int64.
        temperature: What scores are divided by.
    """
    target = torch.from_numpy(soft.probs).to(emissions.device).double()  # (batch, tokens, answers)
    if temperature != 1.0:
        target = target ** (1 / temperature)
        target = target / target.sum(2, keepdim=True).clamp(min=TINY)
    if head.crf is None:
        probs = (emissions.double() / temperature).softmax(2)
    else:
        scores = (emissions, *head.crf.scores())
        tagged, *between = (part / temperature for part in scores)
        probs = token_marginals(tagged, lengths, *between)
    answer_of = torch.from_numpy(soft.answer_of).to(emissions.device)
    has_answer = (answer_of >= 0).nonzero().squeeze(1)
    summed = torch.zeros_like(target).index_add(
        2, answer_of[has_answer], probs.index_select(2, has_answer)
    )
    known = target.sum(2) > 0
    logs = target.clamp(min=TINY).log() - summed.clamp(min=TINY).log()
    total = (target * logs).sum() * temperature**2
    return SummedLoss(total, known.sum())
