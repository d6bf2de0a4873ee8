"""`compare`: a grid of configurations, trained over several seeds and measured side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from tagger.config import Config, CorpusConfig, check_sources, corpus_settings, merged, read_config
from tagger.corpus import Corpus
from tagger.corpus.renaming import load_configured
from tagger.corpus.synthetic import parse_task
from tagger.errors import Interrupted, UsageError, unknown_name
from tagger.insight.grid import Row, rows
from tagger.insight.significance import holm, paired_test
from tagger.insight.trials import Counts, Outcome, Trial, run_trial, total
from tagger.model.directory import META, WEIGHTS, read_config_of
from tagger.runtime.loading import load
from tagger.training.reporting import Reporter
from tagger.training.settings import settings
from tagger.training.warm_start import check_base

RUNS = "runs"
N_ROUNDS = 5
N_TIMED = 20_000
"""Tokens that are tagged to measure speed."""

SYNTHETIC: dict[str, dict[str, object]] = {
    "embedder": {
        "word_dim": 16,
        "word_dropout": 0.0,
        "char_encoder": "none",
        "affix_dim": 0,
        "shape_dim": 0,
        "case_dim": 0,
    },
    "encoder": {"hidden_dim": 32, "input_dropout": 0.0, "output_dropout": 0.0},
    "training": {"patience": 0},
}
"""A corpus that is made up has no spelling to look at, and nothing that dropout would guard
against; a few units are enough, and waiting is worth it: such tasks are learned all at once."""


@dataclass(frozen=True)
class Plan:
    """What is to be compared."""

    corpora: tuple[str, ...]
    vary: Mapping[str, Sequence[str]]
    n_seeds: int
    output: Path
    config_file: Path | None = None
    overrides: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    heads: Sequence[str] | None = None
    columns: str | None = None
    base: str | None = None
    split: str = "dev"
    match_params: bool = False
    one_at_a_time: bool = False
    data_dir: Path | None = None

    def runs_of(self, source: str) -> Path:
        """Where the outcomes on a corpus are kept."""
        return self.output / RUNS / source.replace("/", "_")


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table."""

    name: str
    n_parameters: int
    """Of the encoder."""
    output_dim: int
    model_mb: float
    scores: tuple[float, ...]
    """F1 or accuracy of each seed."""
    train_speed: float
    """Tokens/s."""
    tag_speed: float
    """Tokens/s from tokens to tags on one thread, the median of rounds in turn with the others; 0
    where the first seed's model is not there."""
    p_first: float | None
    """Of a difference from the first row by chance, corrected for the number of rows; None for the
    first row."""
    p_best: float | None
    """The same of the best row."""
    curve: tuple[float, ...]
    """The dev score after each epoch, the mean of the seeds; one that stopped early stays at its
    last."""
    by_length: dict[str, float]
    by_span: dict[str, float]
    by_position: tuple[float | None, ...]
    """None where no token has a gold tag."""
    failed: tuple[str, ...]
    """Why seeds failed."""

    @property
    def mean(self) -> float:
        """Over the seeds that did not fail; 0 where all did."""
        return statistics.mean(self.scores) if self.scores else 0.0

    @property
    def sd(self) -> float:
        """Over the seeds; 0 of a single one."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else 0.0


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
        """The row with the highest score; there is one that has any."""
        return max((row for row in self.rows if row.scores), key=lambda row: row.mean)


class ComparisonReporter(Reporter):
    """Hears of a comparison's progress, and of each training's, and says nothing."""

    def trial(self, number: int, n_trials: int, trial: Trial) -> None:
        """Hear that a run begins, the ``number``-th of all."""

    def outcome(self, outcome: Outcome) -> None:
        """Hear what it came to."""

    def timing(self) -> None:
        """Hear that all runs are done and speed is measured."""


def compare(plan: Plan, reporter: ComparisonReporter) -> list[Comparison]:
    """Run what is missing and put the results together, corpus by corpus.

    Raises:
        UsageError: An unknown corpus, key, head or split.
        Interrupted: Ctrl-C; finished runs are kept, and the one that was stopped goes on.
    """
    if plan.n_seeds < 1:
        raise UsageError("--seeds is 0; compare needs a seed at least")
    if plan.config_file is not None:
        check_sources(read_config(plan.config_file), plan.corpora)
    check_sources(Config(), plan.corpora)
    by_corpus = {source: _planned(plan, source) for source in plan.corpora}
    n_trials = sum(len(planned.trials) for planned in by_corpus.values())
    done: dict[str, list[tuple[Trial, Outcome]]] = {source: [] for source in plan.corpora}
    number = 0
    try:
        # Seed after seed: a comparison that is stopped early has all rows.
        for source, planned in by_corpus.items():
            for trial in sorted(planned.trials, key=lambda trial: trial.seed):
                number += 1
                reporter.trial(number, n_trials, trial)
                with _named(trial.row):
                    outcome = run_trial(trial, plan.runs_of(source), reporter, plan.data_dir)
                reporter.outcome(outcome)
                done[source].append((trial, outcome))
        reporter.timing()
        return [
            _put_together(plan, source, planned.corpus, done[source])
            for source, planned in by_corpus.items()
        ]
    except (Interrupted, KeyboardInterrupt):
        raise Interrupted(
            f"stopped and saved; the same command goes on (run {number} of {n_trials}; what is "
            f"finished is in {plan.output / RUNS})"
        ) from None


@contextmanager
def _named(row: str) -> Iterator[None]:
    """Say of what is wrong which row it is of."""
    try:
        yield
    except UsageError as error:
        raise type(error)(f"{row}: {error}") from None


class Planned(NamedTuple):
    """What is run on a corpus."""

    corpus: Corpus
    trials: list[Trial]


def _planned(plan: Plan, source: str) -> Planned:
    overrides = plan.overrides
    if parse_task(source) is not None and plan.config_file is None:
        overrides = merged(SYNTHETIC, overrides)
    chosen = settings(
        [source],
        output=plan.output,
        config_file=plan.config_file,
        heads=plan.heads,
        columns=plan.columns,
        overrides=overrides,
        base=plan.base,
        data_dir=plan.data_dir,
    )
    entry = corpus_settings(chosen.config, source)
    own = {} if entry == CorpusConfig() else {source: entry}
    config = msgspec.structs.replace(chosen.config, corpora=own)
    corpus = load_configured(source, entry, data_dir=plan.data_dir, strict=False)
    _check(plan, corpus, config)
    found = _rows(plan, config)
    if chosen.base:
        stored = read_config_of(chosen.base)
        for row in found:
            with _named(row.name):
                check_base(row.config, stored, chosen.base)
    trials = [
        Trial(
            row=row.name,
            source=source,
            config=row.config,
            seed=seed,
            split=plan.split,
            fingerprint=f"{corpus.fingerprint}{_fingerprint(row.config, chosen.base)}",
            base=str(chosen.base or ""),
        )
        for row in found
        for seed in range(1, plan.n_seeds + 1)
    ]
    return Planned(corpus, trials)


def _fingerprint(config: Config, base: Path | None) -> str:
    """Of what else a training reads: vectors and a base, by size and time."""
    paths = [Path(config.embedder.vectors)] if config.embedder.vectors else []
    paths += [base / WEIGHTS] if base else []
    found = [path.stat() for path in paths if path.is_file()]
    return "".join(f":{stat.st_size}:{stat.st_mtime_ns}" for stat in found)


def _rows(plan: Plan, config: Config) -> list[Row]:
    found = rows(
        config, plan.vary, match_params=plan.match_params, one_at_a_time=plan.one_at_a_time
    )
    if len(found) < 2:
        raise UsageError("there is one configuration, nothing to compare; give --vary more values")
    return found


def _check(plan: Plan, corpus: Corpus, config: Config) -> None:
    """See that what will be needed at the end of the first run is there."""
    if plan.split not in {"dev", *corpus.splits}:
        have = dict.fromkeys(["dev", *corpus.splits])
        raise UsageError(f"{corpus.name}: {unknown_name('split', plan.split, have)}")
    columns = [head.name for head in corpus.heads]
    for name in config.heads:
        if name not in (*columns, "all"):
            raise UsageError(f"{corpus.name}: {unknown_name('head', name, columns)}")


def _put_together(
    plan: Plan, source: str, corpus: Corpus, done: Sequence[tuple[Trial, Outcome]]
) -> Comparison:
    folder = plan.runs_of(source)
    by_row: dict[str, list[tuple[Trial, Outcome]]] = {}
    for trial, outcome in done:
        by_row.setdefault(trial.row, []).append((trial, outcome))
    fine = {
        name: [outcome for _, outcome in runs if not outcome.failed]
        for name, runs in by_row.items()
    }
    if not any(fine.values()):
        why = next(outcome.failed for _, outcome in done)
        raise UsageError(f"{source}: no training went well ({why})")
    speeds = tag_speeds(
        {
            name: folder / runs[0][0].key
            for name, runs in by_row.items()
            if (folder / runs[0][0].key / META).is_file()
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
        corpus=source,
        head=head,
        measure="F1" if "span" in kinds or has_spans else "accuracy",
        split=plan.split,
        n_seeds=plan.n_seeds,
        rows=tuple(
            _row(
                name,
                outcomes,
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
    tag_speed: float,
    p_first: float | None,
    p_best: float | None,
    failed: tuple[str, ...],
) -> RowResult:
    longest = max((len(outcome.curve) for outcome in outcomes), default=0)
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
        n_parameters=outcomes[0].n_parameters if outcomes else 0,
        output_dim=outcomes[0].output_dim if outcomes else 0,
        model_mb=outcomes[0].model_bytes / 1e6 if outcomes else 0.0,
        scores=tuple(outcome.score for outcome in outcomes),
        train_speed=statistics.median(o.train_speed for o in outcomes) if outcomes else 0.0,
        tag_speed=tag_speed,
        p_first=p_first,
        p_best=p_best,
        curve=tuple(
            statistics.mean(o.curve[min(i, len(o.curve) - 1)] for o in outcomes)
            for i in range(longest)
        ),
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


LENGTHS = {5: "1–5", 10: "6–10", 20: "11–20", 40: "21–40", 80: "41–80", 10**9: "81 or more"}
"""Sentence lengths that are told apart, by the most tokens."""


def length_bin(n_tokens: int) -> str:
    """The name of a sentence's length."""
    return next(name for most, name in LENGTHS.items() if n_tokens <= most)


def _corrected(by_row: Mapping[str, Sequence[Outcome]], reference: str) -> dict[str, float]:
    """Of each row's difference from ``reference``, where there is something to test."""
    found = {
        name: _p(outcomes, by_row[reference])
        for name, outcomes in by_row.items()
        if name != reference
    }
    tested = {name: p for name, p in found.items() if p is not None}
    return dict(zip(tested, holm(list(tested.values())), strict=True))


def _p(one: Sequence[Outcome], other: Sequence[Outcome]) -> float | None:
    """Of the seeds that both have; None where there is none."""
    pairs = [(a, b) for a in one for b in other if a.seed == b.seed]
    if not pairs:
        return None
    return paired_test(_by_sentence([a for a, _ in pairs]), _by_sentence([b for _, b in pairs]))


def _by_sentence(outcomes: Sequence[Outcome]) -> list[Counts]:
    """The counts of each sentence, summed over seeds, whose answers depend on each other.

    Where a dev split was cut for each seed, the sentences are others.
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
    """Measure tagging, the models in turn, so that a busy machine is unfair to none.

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
        tagger.tag(sentences)  # every form is known from here on
    times: dict[str, list[float]] = {name: [] for name in taggers}
    for _ in range(N_ROUNDS):
        for name, tagger in taggers.items():
            started = clock()
            tagger.tag(sentences)
            times[name].append(clock() - started)
    return {name: n_tokens / statistics.median(of_model) for name, of_model in times.items()}
