"""The answers of teachers to texts, stored in Arrow block by block.

Each block of texts becomes two sealed files: the sentences to learn from and the sentences held
out. Work that was killed at any moment resumes after the last block; at the end the blocks
become one file each.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tagger.config import DistillationConfig
from tagger.distillation.labels import Columns, Plan
from tagger.distillation.teachers.protocol import Known, Opinion, Probs, Teacher
from tagger.distillation.texts import place_of
from tagger.errors import CorpusError, ModelError, UsageError
from tagger.features.forms import Ids
from tagger.files import named_errors, new_file, write_file
from tagger.interrupt import deferred_interrupt
from tagger.lines import NOT_JSON
from tagger.model.heads import HeadSpec
from tagger.runtime.batching import batched
from tagger.runtime.cutting import CutTexts, Splitter, cut_texts
from tagger.runtime.decoding import Viterbi, constrained
from tagger.runtime.labelling import best_labels, label_names
from tagger.runtime.results import Labels
from tagger.seals import SUFFIX, inspect, seal, write_sealed
from tagger.training.answers import COUNTS, PROBS, TAGS, column

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 500
"""Texts that are answered and stored together."""
MAX_TOKENS = 150
"""Longer sentences are left out: most are tables and lists, and they make batches wide."""

logger = logging.getLogger(__name__)
TRAIN, HELD_OUT, JOB, DONE = "train.arrow", "held-out.arrow", "job.json", "answers.json"
PART = "part-{:06}-{}"  # block, TRAIN or HELD_OUT
VERSION = 1
"""Of the files; another one begins anew."""


class TeacherRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A teacher of a job."""

    name: str
    fingerprint: str


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides the answers."""

    version: int = VERSION
    texts: str
    """The hash of the texts."""
    n_texts: int
    teachers: tuple[TeacherRecord, ...]
    tags: dict[str, tuple[str, ...]]
    columns: tuple[dict[str, tuple[int, ...]], ...]
    """For each teacher by head the column of each of its tags."""
    rules: str
    """How the texts are tokenized."""
    top_tags: int
    min_prob: float
    held_out: float
    """Texts up to this `place_of` are held out."""


class Tally(msgspec.Struct, kw_only=True):
    """The amount of text and work, of a block or of all."""

    n_texts: int = 0
    n_train: int = 0
    """Sentences to learn from."""
    n_held_out: int = 0
    n_tokens: int = 0
    n_too_long: int = 0
    """Sentences that were left out for their length."""
    n_unknown: int = 0
    """Tokens without an answer for some head, times heads."""
    seconds: list[float] = []
    """Processor time of each teacher."""

    def add(self, other: Tally) -> None:
        """Add the numbers of a block."""
        for name in ("n_texts", "n_train", "n_held_out", "n_tokens", "n_too_long", "n_unknown"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        old = self.seconds or [0.0] * len(other.seconds)
        self.seconds = [a + b for a, b in zip(old, other.seconds, strict=True)]


@dataclass(frozen=True)
class Consensus:
    """The answers of all teachers for one head."""

    probs: Probs
    """(tokens, tags) or (sentences, labels), the mean over the teachers that know an answer."""
    known: Known
    """(tokens,) or (sentences,)"""


class Panel:
    """Several teachers who answer as one, with the mean of their probabilities.

    Args:
        teachers: The teachers.
        plan: What they are asked, and what becomes of their answers.
    """

    def __init__(self, teachers: Sequence[Teacher], plan: Plan) -> None:
        self.teachers = tuple(teachers)
        self.plan = plan
        self._decoders = {
            name: Viterbi(constrained(_spec(name, tags).allowed()))
            for name, tags in plan.tags.items()
            if plan.kinds[name] == "span"
        }

    def answer(self, cut: CutTexts) -> tuple[dict[str, Consensus], list[float]]:
        """Tag texts.

        Returns:
            The answers by head, and the processor time of each teacher.
        """
        seconds: list[float] = []
        opinions: dict[str, list[Opinion]] = {name: [] for name in self.plan.tags}
        for teacher, columns in zip(self.teachers, self.plan.columns, strict=True):
            started = time.process_time()
            found = teacher.answer(cut, list(columns))
            seconds.append(time.process_time() - started)
            for name, as_columns in columns.items():
                opinions[name].append(as_columns(found[name]))
        return {name: _mean(of_head) for name, of_head in opinions.items()}, seconds

    def labels(self, head: str, answers: Consensus) -> list[Labels]:
        """Return the best labels of sentences for a text head; None where nothing is known."""
        spec = HeadSpec(
            name=head,
            kind="text",
            decoder="sigmoid" if head in self.plan.multi_label else "softmax",
            tags=self.plan.tags[head],
            pooling="mean",  # no matter which
        )
        found = best_labels(spec, answers.probs.astype(np.float64))
        return [of if known else None for of, known in zip(found, answers.known, strict=True)]

    def best(self, head: str, answers: Consensus, lengths: Ids) -> list[str | None]:
        """Return the best tags, a valid sequence in each sentence; None where nothing is known."""
        if head in self._decoders:
            scores = np.log(np.where(answers.known[:, None], answers.probs, 1.0) + 1e-9)
            ids = self._decoders[head](scores.astype(np.float32), lengths)
        else:
            ids = answers.probs.argmax(axis=1)
        tags = self.plan.tags[head]
        return [
            tags[i] if known else None
            for i, known in zip(ids.tolist(), answers.known.tolist(), strict=True)
        ]


def answer_texts(
    texts: Iterator[str],
    panel: Panel,
    splitter: Splitter,
    job: Job,
    folder: Path,
    settings: DistillationConfig,
    *,
    force: bool,
    report: Callable[[Tally], None],
) -> Tally:
    """Let teachers tag texts into a folder, or take what is there already.

    Args:
        texts: The texts.
        panel: The teachers.
        splitter: Cuts the texts into tokens.
        job: All that decides the answers.
        folder: Where to store them; it exists.
        settings: How much is stored and held out.
        force: Replace answers to another job.
        report: Receives the numbers until now.

    Raises:
        UsageError: There are answers to another job in the folder.
        CorpusError: There is nothing to learn from.
        KeyboardInterrupt: Ctrl-C or SIGTERM; all complete blocks are stored.
    """
    _begin(folder, job, force=force)
    if (folder / DONE).is_file():
        files = [folder / TRAIN, folder / HELD_OUT]
        # An older version wrote no seals.
        if inspect(files) != "damaged" and all(path.is_file() for path in files):
            _remove_parts(folder)
            return read_tally(folder)
        logger.warning("%s: damaged since it was written; the teachers answer again", folder)
        _remove(folder)
    total = Tally(seconds=[0.0] * len(panel.teachers))
    with deferred_interrupt() as interrupt:
        for number, block in enumerate(batched(texts, BLOCK)):
            parts = [folder / PART.format(number, name) for name in (TRAIN, HELD_OUT)]
            found = inspect(parts)
            if found == "damaged":
                logger.warning("%s: damaged since it was written; answered again", parts[0])
            if found != "intact":
                tally, tables = _answer_block(block, number, panel, splitter, job, settings)
                for path, table in zip(parts, tables, strict=True):
                    write_sealed(path, _stream(table, tally))
            total.add(_tally_of(parts[0]))
            report(total)
            if interrupt.requested:
                raise KeyboardInterrupt
    if not total.n_train or not total.n_held_out:
        _remove(folder)
        (folder / JOB).unlink()
        raise _too_little(total)
    for name in (TRAIN, HELD_OUT):
        _join(folder, name)
        seal(folder / name)
    write_file(folder / DONE, msgspec.json.encode(total))
    _remove_parts(folder)
    return total


def _too_little(total: Tally) -> CorpusError:
    """Return the error for answers that nothing can be learned from, or compared with."""
    if total.n_train + total.n_held_out:
        part = "to learn from" if total.n_held_out else "to compare teachers and student with"
        return CorpusError(
            f"the teachers' answers leave no sentence {part}",
            hint="give more text, or raise [distillation] held_out",
        )
    if total.n_tokens:
        return CorpusError(
            "the teachers know nothing about this text",
            hint="is it in their language, and are file: answers those of the text?",
        )
    if total.n_too_long:
        return CorpusError(
            f"every sentence is longer than {MAX_TOKENS} tokens",
            hint="give running text, one paragraph per line",
        )
    return CorpusError("no sentence in the text", hint="give raw text, one paragraph per line")


def has_answers(folder: Path) -> bool:
    """Return whether there are answers in a folder, of a part of the texts or of all."""
    return (folder / DONE).is_file() or any(folder.glob("part-*.arrow"))


def read_tally(folder: Path) -> Tally:
    """Read the numbers of complete answers.

    Raises:
        ModelError: They are damaged.
    """
    try:
        return msgspec.json.decode((folder / DONE).read_bytes(), type=Tally)
    except (OSError, *NOT_JSON):
        raise ModelError("damaged", path=folder / DONE, hint="remove the folder") from None


def _begin(folder: Path, job: Job, *, force: bool) -> None:
    """Check that the folder holds answers to this job, or begin it there."""
    path = folder / JOB
    if path.is_file():
        try:
            stored = msgspec.json.decode(path.read_bytes(), type=Job)
        except NOT_JSON:
            stored = None
        if stored == job:
            return
        if not force:
            differs = "the files" if stored is None else _difference(stored, job)
            raise UsageError(
                f"answers to another job: {differs} changed",
                path=folder,
                hint="give the same inputs, start again with {force=True}, or name another folder "
                "with {answers}",
            )
    _remove(folder)
    write_file(path, msgspec.json.encode(job))


def _difference(stored: Job, job: Job) -> str:
    names = {"n_texts": "texts", "columns": "labels", "tags": "labels", "rules": "tokenization"}
    first = next(
        (name for name in job.__struct_fields__ if getattr(stored, name) != getattr(job, name)),
        "version",
    )
    return f"the {names.get(first, first)}"


def _remove(folder: Path) -> None:
    for name in (DONE, TRAIN, HELD_OUT):
        (folder / name).unlink(missing_ok=True)
        (folder / f"{name}{SUFFIX}").unlink(missing_ok=True)
    _remove_parts(folder)


def _remove_parts(folder: Path) -> None:
    # The last are of a process that was killed.
    for pattern in ("part-*.arrow", f"part-*.arrow{SUFFIX}", ".*.part"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _answer_block(
    texts: Sequence[str],
    number: int,
    panel: Panel,
    splitter: Splitter,
    job: Job,
    settings: DistillationConfig,
) -> tuple[Tally, tuple[pa.Table, pa.Table]]:
    cut, n_too_long = _without_long(cut_texts(texts, splitter))
    tally = Tally(
        n_texts=len(texts),
        n_tokens=len(cut.forms),
        n_too_long=n_too_long,
        seconds=[0.0] * len(panel.teachers),
    )
    answers: dict[str, Consensus] = {}
    if cut.forms:
        answers, tally.seconds = panel.answer(cut)
    else:
        answers = {
            name: Consensus(np.zeros((0, len(tags)), np.float32), np.zeros(0, np.bool_))
            for name, tags in panel.plan.tags.items()
        }
    kinds = panel.plan.kinds
    tally.n_unknown = sum(
        int((~found.known).sum()) for name, found in answers.items() if kinds[name] != "text"
    )
    is_held_out = [place_of(text) <= job.held_out for text in texts]
    held_out = np.repeat(is_held_out, list(map(len, cut.sentences))).astype(np.bool_)
    # A sentence of which nothing is known teaches nothing.
    useful = np.zeros(len(cut.lengths), dtype=np.bool_)
    sentence_of = np.repeat(np.arange(len(cut.lengths)), cut.lengths)
    for name, found in answers.items():
        useful[found.known if kinds[name] == "text" else sentence_of[found.known]] = True
    train, other = useful & ~held_out, useful & held_out
    tally.n_train, tally.n_held_out = int(train.sum()), int(other.sum())
    return tally, (
        _soft_table(cut, answers, train, settings, panel.plan),
        _hard_table(cut, answers, other, panel),
    )


def _without_long(cut: CutTexts) -> tuple[CutTexts, int]:
    """Leave out long sentences, and count them."""
    if not (cut.lengths > MAX_TOKENS).any():
        return cut, 0
    sentences = [
        [sentence for sentence in of_text if len(sentence) <= MAX_TOKENS]
        for of_text in cut.sentences
    ]
    offsets = [list(chain.from_iterable(of_text)) for of_text in sentences]
    forms = [
        text[start:end]
        for text, of_text in zip(cut.texts, offsets, strict=True)
        for start, end in of_text
    ]
    lengths = cut.lengths[cut.lengths <= MAX_TOKENS]
    return CutTexts(cut.texts, sentences, offsets, forms, lengths), int(
        (cut.lengths > MAX_TOKENS).sum()
    )


def _soft_table(
    cut: CutTexts,
    answers: Mapping[str, Consensus],
    chosen: Known,
    settings: DistillationConfig,
    plan: Plan,
) -> pa.Table:
    """Lay out sentences with the probable tags of each token, and all labels of each text."""
    import pyarrow as pa

    of_token = np.repeat(chosen, cut.lengths)
    lengths = cut.lengths[chosen]
    columns: dict[str, Any] = {"tokens": _lists(_forms(cut, of_token), lengths)}
    for name, found in answers.items():
        if plan.kinds[name] == "text":
            labels = np.where(found.known[:, None], found.probs, -1)[chosen].astype(np.float16)
            sizes = np.full(len(labels), labels.shape[1], dtype=np.int64)
            columns[column(name, PROBS)] = _lists(pa.array(labels.reshape(-1)), sizes)
            continue
        probs, known = found.probs[of_token], found.known[of_token]
        n_kept = min(settings.top_tags, probs.shape[1])
        order = np.argsort(-probs, axis=1, kind="stable")[:, :n_kept]
        ranked = np.take_along_axis(probs, order, axis=1)
        kept = (ranked >= settings.min_prob) & known[:, None]
        kept[:, 0] = known
        counts = kept.sum(axis=1)
        sentence_of = np.repeat(np.arange(len(lengths)), lengths)
        n_entries = np.bincount(sentence_of, weights=counts, minlength=len(lengths))
        for part, values, sizes in (
            (COUNTS, counts.astype(np.uint8), lengths),
            (TAGS, order[kept].astype(np.uint16), n_entries.astype(np.int64)),
            (PROBS, ranked[kept].astype(np.float16), n_entries.astype(np.int64)),
        ):
            columns[column(name, part)] = _lists(pa.array(values), sizes)
    return pa.table(columns)


def _hard_table(
    cut: CutTexts, answers: Mapping[str, Consensus], chosen: Known, panel: Panel
) -> pa.Table:
    """Lay out sentences with the best tag of each token."""
    import pyarrow as pa

    of_token = np.repeat(chosen, cut.lengths)
    lengths = cut.lengths[chosen]
    columns: dict[str, Any] = {"tokens": _lists(_forms(cut, of_token), lengths)}
    for name, found in answers.items():
        if panel.plan.kinds[name] == "text":
            best = panel.labels(name, Consensus(found.probs[chosen], found.known[chosen]))
            kind = pa.list_(pa.string()) if name in panel.plan.multi_label else pa.string()
            columns[name] = pa.array(map(label_names, best), kind)
            continue
        some = Consensus(found.probs[of_token], found.known[of_token])
        tags = panel.best(name, some, lengths) if len(lengths) else []
        columns[name] = _lists(pa.array(tags, pa.string()), lengths)
    return pa.table(columns)


def _forms(cut: CutTexts, of_token: Known) -> pa.Array:
    import pyarrow as pa

    forms = [
        form for form, is_chosen in zip(cut.forms, of_token.tolist(), strict=True) if is_chosen
    ]
    return pa.array(forms, pa.string())


def _lists(values: pa.Array, lengths: Ids) -> pa.Array:
    import pyarrow as pa

    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _stream(table: pa.Table, tally: Tally) -> bytes:
    """Return a table as an Arrow stream, with the numbers of its block."""
    import pyarrow as pa

    table = table.combine_chunks().replace_schema_metadata({"tally": msgspec.json.encode(tally)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _tally_of(path: Path) -> Tally:
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        metadata = pa.ipc.open_stream(source).schema.metadata
    return msgspec.json.decode(metadata[b"tally"], type=Tally)


def _join(folder: Path, name: str) -> None:
    """Write the parts of all blocks into one file."""
    import pyarrow as pa

    parts = sorted(folder.glob(f"part-*-{name}"))
    with named_errors(folder / name), new_file(folder / name) as sink:
        writer = None
        for part in parts:
            with pa.memory_map(str(part)) as source:
                table = pa.ipc.open_stream(source).read_all().replace_schema_metadata(None)
                writer = writer or pa.ipc.new_stream(sink, table.schema)
                if len(table):
                    writer.write_table(table)
        if writer is not None:
            writer.close()


def _mean(opinions: Sequence[Opinion]) -> Consensus:
    """Return the mean of several opinions, of those that are known."""
    total = np.zeros_like(opinions[0].probs)
    n_known = np.zeros(len(total), dtype=np.float32)
    for opinion in opinions:
        total += np.where(opinion.known[:, None], opinion.probs, 0.0)
        n_known += opinion.known
    total /= np.maximum(n_known, 1.0)[:, None]
    return Consensus(total, n_known > 0)


def _spec(name: str, tags: Sequence[str]) -> HeadSpec:
    return HeadSpec(name=name, kind="span", decoder="crf", tags=tuple(tags), scheme="BIO")


def columns_of(columns: Mapping[str, Columns]) -> dict[str, tuple[int, ...]]:
    """Return the columns of a teacher's tags as a `Job` has them."""
    return {name: tuple(of_head.column_of.tolist()) for name, of_head in columns.items()}
