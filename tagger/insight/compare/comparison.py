"""`compare`: a grid of configurations, trained over several seeds and measured side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from tagger.insight.compare.grid import Row, rows
from tagger.insight.compare.results import Comparison, put_together
from tagger.insight.compare.trials import Outcome, Trial, run_trial
from tagger.model.directory import read_config_of
from tagger.model.meta import WEIGHTS
from tagger.training.reporting import Reporter
from tagger.training.settings import settings
from tagger.training.warm_start import check_base

RUNS = "runs"
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
            put_together(
                planned.corpus, done[source], folder=plan.runs_of(source), split=plan.split
            )
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
        config=plan.config_file,
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
