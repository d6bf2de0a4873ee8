"""One trial of a comparison: a configuration trained with a seed, and scored in detail."""

from __future__ import annotations

import hashlib
import math
import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from tagger.config import Config
from tagger.corpus import Corpus
from tagger.errors import TrainingError
from tagger.evaluation.scores import without
from tagger.evaluation.selection import not_annotated
from tagger.evaluation.split import Tagged, tag_split
from tagger.files import existing_directory, write_file
from tagger.formats.text_labels import listed
from tagger.lines import NOT_JSON
from tagger.model.directory import read_model
from tagger.model.heads import HeadSpec
from tagger.model.meta import META, model_size
from tagger.model.shapes import output_dim
from tagger.runtime.labelling import label_names
from tagger.runtime.loading import load
from tagger.schemes import Scheme, spans
from tagger.training.output import LAST, LOG, read_log
from tagger.training.preparation import Prepared, prepare
from tagger.training.reporting import Reporter
from tagger.training.run import train

N_BINS = 20
"""Parts of a sentence by which tags are scored."""
LONGEST = 4
"""Entities of at least this many tokens are counted together."""

OLD_NAMES = {"baseline": "as it is"}
"""Earlier names of rows, whose trials are still read."""


class Counts(msgspec.Struct, frozen=True, array_like=True):
    """The counts of F1; for single tokens ``gold`` and ``predicted`` are the annotated ones."""

    right: int
    gold: int
    predicted: int

    @property
    def score(self) -> float:
        """F1 of spans, accuracy of tokens, between 0 and 1."""
        return 2 * self.right / max(self.gold + self.predicted, 1)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration to be trained with a seed."""

    row: str
    source: str
    config: Config
    seed: int
    split: str
    """The split that it is scored on."""
    fingerprint: str
    """Of the corpus, vectors and base."""
    base: str = ""
    """The model that it starts from."""

    @property
    def key(self) -> str:
        """The name of its files, different for each configuration."""
        digest = hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:8]
        name = re.sub(r"[^\w.-]+", "-", self.row)[:80]
        return f"{name}-{self.seed}-{digest}"


SEVERAL = "several labels"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a trial."""

    row: str
    seed: int
    failed: str = ""
    """Why the training failed, without other results; empty if it did not."""
    head: str = ""
    kind: str = ""
    """Of the head: ``span``, ``token`` or ``text``; `SEVERAL` where a text may have several
    labels."""
    n_parameters: int = 0
    """Of the encoder."""
    output_dim: int = 0
    model_bytes: int = 0
    train_speed: float = 0.0
    """Tokens/s of an epoch's training, the median."""
    seconds: float = 0.0
    """Wall time of the training."""
    curve: tuple[float, ...] = ()
    """The dev score after each epoch."""
    losses: tuple[float, ...] = ()
    """The mean loss of each epoch's batches; empty for trials of earlier versions."""
    lengths: tuple[int, ...] = ()
    """Tokens of each sentence that was scored."""
    sentences: tuple[Counts, ...] = ()
    by_span: dict[int, Counts] = {}
    """By length of a span in tokens, `LONGEST` for all longer ones; empty for token heads."""
    by_position: tuple[Counts, ...] = ()
    """Tags of tokens by position in their sentence, in `N_BINS` parts of equal size."""

    @property
    def score(self) -> float:
        """F1 or accuracy over all sentences."""
        return total(self.sentences).score


def total(counts: Iterable[Counts]) -> Counts:
    """Add counts."""
    found = list(counts)
    return Counts(
        sum(c.right for c in found), sum(c.gold for c in found), sum(c.predicted for c in found)
    )


def kept_outcome(trial: Trial, folder: Path) -> Outcome | None:
    """Read the outcome of a finished trial; None if it is missing or damaged."""
    _rename_old(trial, folder)
    kept = folder / f"{trial.key}.json"
    if kept.is_file():
        with suppress(*NOT_JSON):  # a damaged one is made again
            return msgspec.json.decode(kept.read_bytes(), type=Outcome)
    return None


def run_trial(
    trial: Trial, folder: Path, reporter: Reporter, data_dir: Path | None = None
) -> Outcome:
    """Train and score; a finished trial is read, an interrupted one resumed.

    Args:
        trial: The trial.
        folder: Keeps the outcome, and the model of the first seed.
        reporter: Receives the progress of the training.
        data_dir: Where to look for named corpora first.

    Raises:
        Interrupted: Ctrl-C; the training resumes the next time.
    """
    if (earlier := kept_outcome(trial, folder)) is not None:
        return earlier
    directory = folder / trial.key
    config = msgspec.structs.replace(
        trial.config, training=msgspec.structs.replace(trial.config.training, seed=trial.seed)
    )
    try:
        if not (directory / META).is_file():
            train(
                [trial.source],
                directory,
                config,
                data_dir=data_dir,
                resume=existing_directory(directory / LAST) is not None,
                force=True,
                base=Path(trial.base) if trial.base else None,
                reporter=reporter,
            )
        outcome = _outcome(trial, directory, prepare([trial.source], config, data_dir=data_dir))
    except TrainingError as error:
        outcome = Outcome(row=trial.row, seed=trial.seed, failed=str(error))
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / f"{trial.key}.json", msgspec.json.encode(outcome))
    if trial.seed > 1:  # the model of the first seed is timed
        shutil.rmtree(directory, ignore_errors=True)
    return outcome


def _rename_old(trial: Trial, folder: Path) -> None:
    """Rename the files of a trial whose row had another name in version 0.1."""
    if trial.row not in OLD_NAMES:
        return
    old = msgspec.structs.replace(trial, row=OLD_NAMES[trial.row]).key
    for suffix in ("", ".json"):
        path, new = folder / f"{old}{suffix}", folder / f"{trial.key}{suffix}"
        if path.exists() and not new.exists():
            path.rename(new)


def _outcome(trial: Trial, directory: Path, prepared: Prepared) -> Outcome:
    (corpus,) = prepared.corpora
    head = deciding_head(prepared, corpus)
    tagger = load(directory, threads=1)
    pieces = tag_split(tagger, corpus.splits[trial.split], [head])
    left_out = not_annotated(corpus.splits.values(), tagger.predictor.choose([head.name]))
    tagged = [sentence for piece in pieces for sentence in piece]
    if labels := left_out.get(head.name):
        tagged = [
            msgspec.structs.replace(
                s, predicted={head.name: without(s.predicted[head.name], labels)}
            )
            for s in tagged
        ]
    log = read_log(directory / LOG)
    speeds = sorted(record.tokens_per_second for record in log)
    return Outcome(
        row=trial.row,
        seed=trial.seed,
        head=head.name,
        kind=SEVERAL if head.decoder == "sigmoid" else head.kind,
        n_parameters=n_encoder_weights(directory),
        output_dim=output_dim(trial.config.encoder),
        model_bytes=model_size(directory),
        train_speed=speeds[len(speeds) // 2],
        seconds=sum(record.seconds for record in log),
        curve=tuple(record.scores[head.name] for record in log),
        losses=tuple(record.loss for record in log),
        lengths=tuple(len(sentence.tokens) for sentence in tagged),
        sentences=tuple(_counts(sentence, head) for sentence in tagged),
        by_span=_by_span(tagged, head),
        by_position=() if head.kind == "text" else _by_position(tagged, head.name),
    )


def n_encoder_weights(directory: Path) -> int:
    """Count the parameters of a model's encoder."""
    weights = read_model(directory).weights
    return sum(math.prod(weights.shape(n)) for n in weights if n.startswith("encoder."))


def deciding_head(prepared: Prepared, corpus: Corpus) -> HeadSpec:
    """Return the head that is compared: the first of the main ones."""
    name = prepared.main_heads[0]
    return next(head for head in prepared.heads_of(corpus) if head.name == name)


def _counts(sentence: Tagged, head: HeadSpec) -> Counts:
    if head.kind == "text":
        labels, given = (
            listed(sentence.gold_labels[head.name]),
            listed(label_names(sentence.labels[head.name])),
        )
        if labels is None:
            return Counts(0, 0, 0)
        n_given = len(given or ()) if head.decoder == "sigmoid" else 1
        return Counts(len(set(labels) & set(given or ())), len(labels), n_given)
    gold, predicted = sentence.gold[head.name], sentence.predicted[head.name]
    if head.kind == "token":
        n = sum(tag is not None for tag in gold)
        return Counts(sum(a == b for a, b in zip(gold, predicted, strict=True)), n, n)
    right, found = set(_spans(gold)), set(_spans(predicted))
    return Counts(len(right & found), len(right), len(found))


def _spans(tags: Sequence[Any]) -> list[Any]:
    return list(spans([tag or "O" for tag in tags], Scheme.BIO))


def _by_span(tagged: Sequence[Tagged], head: HeadSpec) -> dict[int, Counts]:
    if head.kind != "span":
        return {}
    found: dict[int, list[Counts]] = {}
    for sentence in tagged:
        gold = set(_spans(sentence.gold[head.name]))
        predicted = set(_spans(sentence.predicted[head.name]))
        for span in gold | predicted:
            counts = Counts(span in gold & predicted, span in gold, span in predicted)
            found.setdefault(min(span.end - span.start, LONGEST), []).append(counts)
    return {n: total(found[n]) for n in sorted(found)}


def _by_position(tagged: Sequence[Tagged], head: str) -> tuple[Counts, ...]:
    right, annotated = [0] * N_BINS, [0] * N_BINS
    for sentence in tagged:
        gold, predicted = sentence.gold[head], sentence.predicted[head]
        for i, (tag, other) in enumerate(zip(gold, predicted, strict=True)):
            if tag is not None:
                place = i * N_BINS // len(gold)
                annotated[place] += 1
                right[place] += tag == other
    return tuple(Counts(r, n, n) for r, n in zip(right, annotated, strict=True))
