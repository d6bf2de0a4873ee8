"""The results of a comparison: its rows, the p-values of their differences, their speed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from tagger.config import EncoderConfig
from tagger.corpus import Corpus
from tagger.errors import UsageError
from tagger.insight.compare.significance import holm, paired_test
from tagger.insight.compare.trials import SEVERAL, Counts, Outcome, Trial, total
from tagger.model.meta import META
from tagger.runtime.loading import load
from tagger.tables import mean_sd

N_ROUNDS = 5
N_TIMED = 20_000
"""At least this many tokens are tagged to measure speed."""

LENGTHS = {5: "1–5", 10: "6–10", 20: "11–20", 40: "21–40", 80: "41–80", 10**9: "81 or more"}
"""Bins of sentence lengths, by their highest length."""


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table."""

    name: str
    cell: str
    direction: str
    n_parameters: int
    """Of the encoder."""
    output_dim: int
    model_mb: float
    scores: tuple[float, ...]
    """F1 or accuracy of each seed."""
    train_speed: float
    """Tokens/s."""
    tag_speed: float
    """Tokens/s from tokens to tags on one thread, the median of rounds that alternate with the
    other rows; 0 if the model of the first seed is missing."""
    p_first: float | None
    """The p-value of the difference from the first row, corrected for the number of rows; None for
    the first row."""
    p_best: float | None
    """The same for the best row."""
    n_rising: int
    """Seeds whose best epoch is their last one: more epochs might give higher scores."""
    curve: tuple[float, ...]
    """The dev score after each epoch, the mean of the seeds; one that stopped early stays at its
    last."""
    losses: tuple[float, ...] = ()
    """The training loss of each epoch, likewise; empty for trials of earlier versions."""
    by_length: dict[str, float]
    by_span: dict[str, float]
    by_position: tuple[float | None, ...]
    """None where no token has a gold tag."""
    failed: tuple[str, ...]
    """Why seeds failed."""

    @property
    def is_rising(self) -> bool:
        """Whether at least half of the seeds were best in their last epoch."""
        return 0 < len(self.scores) <= 2 * self.n_rising

    @property
    def mean(self) -> float:
        """The mean over the seeds that did not fail; 0 if all did."""
        return statistics.mean(self.scores) if self.scores else 0.0

    @property
    def sd(self) -> float:
        """The standard deviation over the seeds; 0 for a single one."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else 0.0

    @property
    def score(self) -> str:
        """Mean and standard deviation in percent."""
        return mean_sd([100 * score for score in self.scores]) if self.scores else "failed"

    def __repr__(self) -> str:
        return f"RowResult({self.name}: {self.score})"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The rows on one corpus."""

    corpus: str
    head: str
    measure: str
    """``F1`` or ``accuracy``."""
    split: str
    n_seeds: int
    rows: tuple[RowResult, ...]

    @property
    def best(self) -> RowResult:
        """The row with the highest mean score."""
        return max((row for row in self.rows if row.scores), key=lambda row: row.mean)

    @property
    def title(self) -> str:
        """The corpus, the split and the kind of score."""
        n = self.n_seeds
        seeds = f"mean ± sd of {n} seeds" if n > 1 else "one seed"
        return f"{self.corpus} {self.split}, {self.head} {self.measure}, {seeds}"

    def __repr__(self) -> str:
        rows = ", ".join(f"{row.name} {row.score}" for row in self.rows[:3])
        more = f", … {len(self.rows)} rows" if len(self.rows) > 3 else ""
        return f"Comparison({self.title}: {rows}{more})"

    def _repr_html_(self) -> str:
        from tagger.insight.compare.report import html

        return html([self], layout="snippet")


def put_together(
    corpus: Corpus, runs: Sequence[tuple[Trial, Outcome]], *, folder: Path, split: str
) -> Comparison:
    """Summarize the finished trials on a corpus.

    Args:
        corpus: The corpus.
        runs: Its trials and their outcomes.
        folder: Holds the models of the first seeds, whose speed is measured.
        split: The split that they were scored on.

    Raises:
        UsageError: All trainings failed.
    """
    by_row: dict[str, list[tuple[Trial, Outcome]]] = {}
    for trial, outcome in runs:
        by_row.setdefault(trial.row, []).append((trial, outcome))
    fine = {
        name: [outcome for _, outcome in of_row if not outcome.failed]
        for name, of_row in by_row.items()
    }
    if not any(fine.values()):
        why = next(outcome.failed for _, outcome in runs)
        raise UsageError(f"{corpus.name}: all trainings failed ({why})")
    speeds = tag_speeds(
        {
            name: folder / of_row[0][0].key
            for name, of_row in by_row.items()
            if (folder / of_row[0][0].key / META).is_file()
        },
        corpus,
    )
    first = next(name for name, outcomes in fine.items() if outcomes)
    best = max(
        (name for name in fine if fine[name]),
        key=lambda name: statistics.mean(outcome.score for outcome in fine[name]),
    )
    p_first, p_best = _corrected(fine, first), _corrected(fine, best)
    (head,) = {outcome.head for outcomes in fine.values() for outcome in outcomes}
    kinds = {outcome.kind for outcomes in fine.values() for outcome in outcomes}
    has_spans = any(outcome.by_span for outcomes in fine.values() for outcome in outcomes)
    return Comparison(
        corpus=runs[0][0].source,
        head=head,
        measure="F1" if kinds & {"span", SEVERAL} or has_spans else "accuracy",
        split=split,
        n_seeds=len({trial.seed for trial, _ in runs}),
        rows=tuple(
            _row(
                name,
                outcomes,
                encoder=by_row[name][0][0].config.encoder,
                tag_speed=speeds.get(name, 0.0),
                p_first=p_first.get(name),
                p_best=p_best.get(name),
                failed=tuple(o.failed for _, o in by_row[name] if o.failed),
            )
            for name, outcomes in fine.items()
        ),
    )


def _row(
    name: str,
    outcomes: Sequence[Outcome],
    *,
    encoder: EncoderConfig,
    tag_speed: float,
    p_first: float | None,
    p_best: float | None,
    failed: tuple[str, ...],
) -> RowResult:
    lengths: dict[str, list[Counts]] = {}
    for outcome in outcomes:
        for n, counts in zip(outcome.lengths, outcome.sentences, strict=True):
            lengths.setdefault(length_bin(n), []).append(counts)
    by_span: dict[int, list[Counts]] = {}
    for outcome in outcomes:
        for n, counts in outcome.by_span.items():
            by_span.setdefault(n, []).append(counts)
    most = max(by_span, default=0)
    return RowResult(
        name=name,
        cell=encoder.cell,
        direction=encoder.direction,
        n_parameters=outcomes[0].n_parameters if outcomes else 0,
        output_dim=outcomes[0].output_dim if outcomes else 0,
        model_mb=outcomes[0].model_bytes / 1e6 if outcomes else 0.0,
        scores=tuple(outcome.score for outcome in outcomes),
        train_speed=statistics.median(o.train_speed for o in outcomes) if outcomes else 0.0,
        tag_speed=tag_speed,
        p_first=p_first,
        p_best=p_best,
        n_rising=sum(o.curve.index(max(o.curve)) == len(o.curve) - 1 for o in outcomes),
        curve=_mean_curve([outcome.curve for outcome in outcomes]),
        losses=_mean_curve([outcome.losses for outcome in outcomes if outcome.losses]),
        by_length={
            name: total(lengths[name]).score
            for name in LENGTHS.values()
            if name in lengths and total(lengths[name]).gold
        },
        by_span={
            f"{n} or more" if n == most and n > 3 else str(n): total(by_span[n]).score
            for n in sorted(by_span)
        },
        by_position=tuple(
            total(parts).score if total(parts).gold else None
            for parts in zip(*(outcome.by_position for outcome in outcomes), strict=True)
        ),
        failed=failed,
    )


def _mean_curve(curves: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Average curves; one that ends early stays at its last value."""
    longest = max(map(len, curves), default=0)
    return tuple(
        statistics.mean(curve[min(i, len(curve) - 1)] for curve in curves) for i in range(longest)
    )


def length_bin(n_tokens: int) -> str:
    """Return the name of the bin of a sentence length."""
    return next(name for most, name in LENGTHS.items() if n_tokens <= most)


def _corrected(by_row: Mapping[str, Sequence[Outcome]], reference: str) -> dict[str, float]:
    """Return the p-value of each row's difference from ``reference``, corrected for all."""
    found = {
        name: _p(outcomes, by_row[reference])
        for name, outcomes in by_row.items()
        if name != reference
    }
    tested = {name: p for name, p in found.items() if p is not None}
    return dict(zip(tested, holm(list(tested.values())), strict=True))


def _p(one: Sequence[Outcome], other: Sequence[Outcome]) -> float | None:
    """Return the p-value over the seeds that both have; None without any."""
    pairs = [(a, b) for a in one for b in other if a.seed == b.seed]
    if not pairs:
        return None
    return paired_test(_by_sentence([a for a, _ in pairs]), _by_sentence([b for _, b in pairs]))


def _by_sentence(outcomes: Sequence[Outcome]) -> list[Counts]:
    """Sum the counts of each sentence over seeds, whose results depend on each other.

    If each seed has its own dev split, cut from train, the sentences differ and are not summed.
    """
    if len({outcome.lengths for outcome in outcomes}) > 1:
        return [counts for outcome in outcomes for counts in outcome.sentences]
    return [total(counts) for counts in zip(*(o.sentences for o in outcomes), strict=True)]


def tag_speeds(
    models: Mapping[str, Path],
    corpus: Corpus,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Measure tagging, the models in turn, so that a busy machine slows all of them.

    Returns:
        By name tokens/s on one thread from tokens to tags, the median of `N_ROUNDS`.
    """
    split = corpus.splits["dev" if "dev" in corpus.splits else "train"]
    sentences: list[list[str]] = []
    n_tokens = 0
    for row in split.select_columns(["tokens"]):
        sentences.append(row["tokens"])
        n_tokens += len(row["tokens"])
        if n_tokens >= N_TIMED:
            break
    taggers = {name: load(path, threads=1) for name, path in models.items()}
    for tagger in taggers.values():
        tagger.tag(sentences)  # every form is cached from now on
    times: dict[str, list[float]] = {name: [] for name in taggers}
    for _ in range(N_ROUNDS):
        for name, tagger in taggers.items():
            started = clock()
            tagger.tag(sentences)
            times[name].append(clock() - started)
    return {name: n_tokens / statistics.median(of_model) for name, of_model in times.items()}
