"""Teachers and student compared: scores on gold corpora, agreement, speed and size."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tagger.corpus import Corpus
from tagger.distillation.answering import Panel, Tally
from tagger.evaluation.selection import not_annotated
from tagger.evaluation.split import evaluate_split
from tagger.model.heads import HeadSpec
from tagger.model.meta import model_size
from tagger.runtime.batching import batched
from tagger.runtime.cutting import CutTexts
from tagger.runtime.loading import load
from tagger.runtime.tagger import WINDOW, Tagger, TagsWithConfidence
from tagger.tables import plain_table

if TYPE_CHECKING:
    import datasets
    from rich.table import Table


SPEED_SENTENCES, SPEED_SECONDS = 2000, 0.5


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of the teachers and of the student."""

    name: str
    """``conll2003 test ner``, ``agreement ner``, ``words/s``, ``MB``."""
    teacher: float | None
    """That of the teachers together; None where there is none."""
    student: float | None


class PanelTagger:
    """Teachers as something that tags sentences of tokens.

    Args:
        panel: The teachers.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def tag(
        self, sentences: Iterable[Sequence[str]], heads: Sequence[str]
    ) -> list[dict[str, list[str]]]:
        """Return the best tags of sentences by head; ``O`` where the teachers know nothing."""
        return [one.tags for one in self.annotate(sentences, heads)]

    def annotate(
        self, sentences: Iterable[Sequence[str]], heads: Sequence[str], *, confidence: bool = False
    ) -> list[TagsWithConfidence]:
        """Return the best tags of sentences, and their best labels, by head."""
        kinds = self._panel.plan.kinds
        of_texts = [head for head in heads if kinds[head] == "text"]
        of_tokens = [head for head in heads if kinds[head] != "text"]
        annotated: list[TagsWithConfidence] = []
        for window in batched(sentences, WINDOW):
            cut = _as_texts([tokens for tokens in window if len(tokens)])
            answers, _ = self._panel.answer(cut)
            tags = {name: self._panel.best(name, answers[name], cut.lengths) for name in of_tokens}
            labels = {name: iter(self._panel.labels(name, answers[name])) for name in of_texts}
            past = 0
            for tokens in window:
                start, past = past, past + len(tokens)
                best = {
                    name: [tag or "O" for tag in found[start:past]] for name, found in tags.items()
                }
                of_text = {
                    name: next(found) if len(tokens) else None for name, found in labels.items()
                }
                annotated.append(TagsWithConfidence(best, {}, of_text))
        return annotated


def compare(
    panel: Panel,
    tally: Tally,
    directory: Path,
    held_out: datasets.Dataset,
    corpora: Sequence[Corpus],
) -> list[Measure]:
    """Measure teachers and student.

    Args:
        panel: The teachers.
        tally: The numbers of their answers.
        directory: The student's model directory.
        held_out: Sentences with the teachers' best tags that the student did not learn from.
        corpora: Corpora with gold tags.
    """
    student = load(directory, threads=1)
    heads = {head.name: head for head in student.heads}
    measures = []
    for corpus in corpora:
        names = [head.name for head in corpus.heads if head.name in heads]
        for split in ("dev", "test"):
            if split in corpus.splits and names:
                measures += _on_gold(corpus, split, [heads[name] for name in names], panel, student)
    learned = [heads[name] for name in panel.plan.tags if name in heads]
    agreement, _ = evaluate_split(student, held_out, learned, _unknown(learned, panel))
    measures += [
        Measure(name=f"agreement {name}", teacher=None, student=score)
        for name, score in agreement.main.items()
    ]
    spent = sum(tally.seconds)
    measures.append(
        Measure(
            name="words/s",
            teacher=tally.n_tokens / spent if spent else None,
            student=_speed(student, held_out, learned),
        )
    )
    n_bytes = sum(teacher.n_bytes for teacher in panel.teachers)
    measures.append(
        Measure(
            name="MB",
            teacher=n_bytes / 1e6 if n_bytes else None,
            student=model_size(directory) / 1e6,
        )
    )
    return measures


def _speed(student: Tagger, data: datasets.Dataset, heads: Sequence[HeadSpec]) -> float:
    """Measure the words a second of processor time, after a warm-up."""
    sentences = data["tokens"][:SPEED_SENTENCES]
    forms = [form for tokens in sentences for form in tokens]
    lengths = np.array([len(tokens) for tokens in sentences], dtype=np.int64)
    student.predictor.predict(forms, lengths, heads)
    n_rounds, started = 0, time.process_time()
    while time.process_time() - started < SPEED_SECONDS:
        student.predictor.predict(forms, lengths, heads)
        n_rounds += 1
    return n_rounds * len(forms) / (time.process_time() - started)


def results_table(measures: Sequence[Measure], teachers: Sequence[str]) -> Table:
    """Lay the measures out for a terminal."""
    rows = []
    for measure in measures:
        rows.append(
            [measure.name, *(_cell(measure.name, v) for v in (measure.teacher, measure.student))]
        )
    return plain_table(["", " + ".join(teachers), "student"], rows)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name == "words/s":
        return f"{value:,.0f}"
    return f"{value:,.1f}" if name == "MB" else f"{100 * value:.2f}"


def _on_gold(
    corpus: Corpus, split: str, heads: Sequence[HeadSpec], panel: Panel, student: Tagger
) -> list[Measure]:
    data = corpus.splits[split]
    left_out = not_annotated(corpus.splits.values(), heads)
    of_student = evaluate_split(student, data, heads, left_out)[0].main
    taught = [head for head in heads if head.name in panel.plan.tags]
    of_teacher: Mapping[str, float] = {}
    if taught and all(teacher.is_model for teacher in panel.teachers):
        of_teacher = evaluate_split(PanelTagger(panel), data, taught, left_out)[0].main
    return [
        Measure(
            name=f"{corpus.name} {split} {head.name}",
            teacher=of_teacher.get(head.name),
            student=of_student[head.name],
        )
        for head in heads
    ]


def _unknown(heads: Sequence[HeadSpec], panel: Panel) -> dict[str, frozenset[str]]:
    """Return by span head the labels that the teachers do not have."""
    return {
        head.name: frozenset(head.labels) - {tag[2:] for tag in panel.plan.tags[head.name]}
        for head in heads
        if head.kind == "span"
    }


def _as_texts(sentences: Sequence[Sequence[str]]) -> CutTexts:
    """Write sentences as texts with a space after each token, which need not be cut."""
    offsets = []
    for tokens in sentences:
        position = 0
        of_text = []
        for token in tokens:
            of_text.append((position, position + len(token)))
            position += len(token) + 1
        offsets.append(of_text)
    return CutTexts(
        [" ".join(tokens) for tokens in sentences],
        [[of_text] for of_text in offsets],
        offsets,
        [token for tokens in sentences for token in tokens],
        np.array([len(tokens) for tokens in sentences], dtype=np.int64),
    )
