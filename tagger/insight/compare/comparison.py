"""A grid of configurations, trained with several seeds and measured side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from tagger.arguments import as_mapping, as_names
from tagger.config import (
    Config,
    CorpusConfig,
    check_sources,
    corpus_settings,
    nested,
    read_config,
)
from tagger.corpus import Corpus
from tagger.corpus.renaming import load_configured
from tagger.corpus.synthetic import parse_task
from tagger.errors import Interrupted, UsageError, unknown_name
from tagger.executors.building import build_executor
from tagger.executors.protocol import Executor, ExecutorName
from tagger.formats.records import Columns
from tagger.insight.compare.grid import Row, full_keys, rows
from tagger.insight.compare.report import write_report
from tagger.insight.compare.results import Comparison, put_together
from tagger.insight.compare.running import ComparisonReporter, TrialTask, named, run_trials
from tagger.insight.compare.trials import Outcome, Trial
from tagger.interrupt import interrupted_by_sigterm
from tagger.model.directory import read_config_of
from tagger.model.meta import WEIGHTS
from tagger.plotting import find_matplotlib
from tagger.sharing.finding import MODELS
from tagger.training.settings import settings as combine
from tagger.training.settings import short_name
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
    "head": {"pooling": "final"},
    "training": {"patience": 0},
}
"""Synthetic corpora have no spelling to read and nothing to overfit; a few units are enough. Labels
of a sentence are read from its last states, which shows who remembers. No early stopping: such
tasks are learned all at once."""


@dataclass(frozen=True)
class Plan:
    """The arguments of `compare`, checked and completed."""

    corpora: tuple[str, ...]
    vary: Mapping[str, Sequence[object]]
    n_seeds: int
    output: Path
    config: Config | str | Path | None
    overrides: Mapping[str, Mapping[str, object]]
    heads: Sequence[str] | None
    columns: str | Columns | None
    read_predictions: bool
    base: str | None
    split: str
    match_params: bool
    one_at_a_time: bool
    data_dir: Path | None

    def runs_of(self, source: str) -> Path:
        """Return the folder of the outcomes on a corpus."""
        return self.output / RUNS / source.replace("/", "_")


def compare(
    corpora: str | Path | Sequence[str | Path],
    output: str | Path | None = None,
    *,
    vary: Mapping[str, Sequence[object]] | None = None,
    n_seeds: int = 3,
    one_at_a_time: bool = False,
    match_params: bool = False,
    split: Literal["train", "dev", "test"] = "dev",
    heads: Sequence[str] | None = None,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    base: str | Path | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    data_dir: str | Path | None = None,
    executor: ExecutorName = "local",
    workers: int | None = None,
    ray_address: str | None = None,
    command: str = "",
    reporter: ComparisonReporter | None = None,
) -> list[Comparison]:
    """Train a grid of configurations with several seeds, measure them and write a report.

    Finished trials are kept in ``output``: repeat the call to resume a comparison, or vary more to
    train only what is new.

    Args:
        corpora: Names, folders, files or ``hub:owner/name``.
        output: The folder of the report; None for one named after the corpora under
            ``models/compare/``.
        vary: The values of settings: ``{"cell": ["gru", "lstm"], "training.epochs": [5, 10]}``;
            None for all cells, directions and merges.
        n_seeds: The number of seeds, from 1 on.
        one_at_a_time: Compare each value alone with a baseline, instead of all combinations.
        match_params: Choose the hidden size of each row so that its encoder has as many parameters
            as that of the first row, as near as whole units allow.
        split: The split that is scored.
        heads: The heads to train; the first is compared.
        columns: The columns of the corpora's files, as in ``token,pos,chunk,ner``, or a
            `tagger.Columns`.
        read_predictions: Read the predictions in exports of Label Studio where a task is not
            annotated.
        base: A model that all trainings start from.
        config: A configuration or a TOML file, for all rows.
        settings: Single settings for all rows, which override ``config``.
        data_dir: Where to look for named corpora first.
        executor: Where trials run: ``local`` or ``ray``.
        workers: The number of trials that run at once, each with one thread unless the setting
            ``training.threads`` says otherwise; None for one here, or for all cores of a Ray
            cluster. Scores do not depend on it, measured speeds of trainings do.
        ray_address: The address of a Ray cluster; None for one on this machine.
        command: The command that the report shows.
        reporter: Receives the progress; None for none.

    Returns:
        The comparison on each corpus.

    Raises:
        UsageError: An unknown corpus, setting, head or split; or matplotlib is missing.
        ConfigError: A value out of its range.
        TaggerError: Ray is missing or does not answer, or workers keep dying.
        Interrupted: Ctrl-C; finished trials are kept, and the current ones resume.

    >>> vary = {"direction": ["forward", "backward"]}
    >>> settings = {"training.epochs": 1, "training.fraction": 0.2, "training.threads": 1}
    >>> [comparison] = compare("lookback-1-10", vary=vary, n_seeds=1, settings=settings)
    >>> comparison.best.name
    'forward'
    """
    find_matplotlib()
    if n_seeds < 1:
        raise UsageError("a comparison needs at least one seed", hint="set {n_seeds=3}")
    names = tuple(name.rstrip("/") or name for name in as_names("corpora", corpora))
    plan = Plan(
        corpora=names,
        vary=full_keys(as_mapping("vary", vary)),
        n_seeds=n_seeds,
        output=_default_output(names) if output is None else Path(output),
        config=config,
        overrides=nested(as_mapping("settings", settings)),
        heads=heads,
        columns=columns,
        read_predictions=read_predictions,
        base=None if base is None else str(base),
        split=split,
        match_params=match_params,
        one_at_a_time=one_at_a_time,
        data_dir=None if data_dir is None else Path(data_dir),
    )
    runner = build_executor(executor, workers, ray_address, default=1)
    at_once = None if executor == "local" and workers in (None, 1) else runner
    report = reporter or ComparisonReporter()
    comparisons = _run(plan, at_once, report)
    report.written(write_report(plan.output, comparisons, command))
    return comparisons


def _default_output(sources: Sequence[str]) -> Path:
    return MODELS / "compare" / "+".join(short_name(source) for source in sources)


def _run(plan: Plan, executor: Executor | None, reporter: ComparisonReporter) -> list[Comparison]:
    """Run the trials that are missing and put the results together."""
    if isinstance(plan.config, str | Path):
        check_sources(read_config(Path(plan.config)), plan.corpora)
    check_sources(Config(), plan.corpora)
    by_corpus = {source: _planned(plan, source) for source in plan.corpora}
    tasks = [
        TrialTask(
            trial=trial,
            folder=str(plan.runs_of(source)),
            data_dir=None if plan.data_dir is None else str(plan.data_dir),
        )
        for source, planned in by_corpus.items()
        # Seed after seed: a comparison that is stopped early has all rows.
        for trial in sorted(planned.trials, key=lambda trial: trial.seed)
    ]
    outcomes: dict[tuple[str, str], Outcome] = {}
    # A training handles the signal itself where it runs in this process.
    stopping = nullcontext() if executor is None else interrupted_by_sigterm()
    try:
        with stopping:
            for trial, outcome in run_trials(tasks, executor, reporter):
                outcomes[trial.source, trial.key] = outcome
        reporter.timing()
        done = [(task.trial, outcomes[task.trial.source, task.trial.key]) for task in tasks]
        return [
            put_together(
                planned.corpus,
                [(trial, outcome) for trial, outcome in done if trial.source == source],
                folder=plan.runs_of(source),
                split=plan.split,
            )
            for source, planned in by_corpus.items()
        ]
    except (Interrupted, KeyboardInterrupt):
        raise Interrupted(
            f"stopped and saved; {len(outcomes)} of {len(tasks)} trials are finished",
            path=plan.output / RUNS,
            hint="run it again to resume",
        ) from None


class Planned(NamedTuple):
    """The trials on a corpus."""

    corpus: Corpus
    trials: list[Trial]


def _planned(plan: Plan, source: str) -> Planned:
    chosen = combine(
        [source],
        output=plan.output,
        config=plan.config,
        heads=plan.heads,
        columns=plan.columns,
        read_predictions=plan.read_predictions,
        overrides=plan.overrides,
        base=plan.base,
        data_dir=plan.data_dir,
        defaults=None if parse_task(source) is None else SYNTHETIC,
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
            with named(row.name):
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
    """Return sizes and times of the other files that a training reads: vectors and a base."""
    paths = [Path(config.embedder.vectors)] if config.embedder.vectors else []
    paths += [base / WEIGHTS] if base else []
    found = [path.stat() for path in paths if path.is_file()]
    return "".join(f":{stat.st_size}:{stat.st_mtime_ns}" for stat in found)


def _rows(plan: Plan, config: Config) -> list[Row]:
    found = rows(
        config, plan.vary, match_params=plan.match_params, one_at_a_time=plan.one_at_a_time
    )
    if len(found) < 2:
        raise UsageError("a single configuration has nothing to compare", hint="{vary} more values")
    return found


def _check(plan: Plan, corpus: Corpus, config: Config) -> None:
    """Check that the split and the heads exist, before the first training."""
    splits = tuple(dict.fromkeys(["dev", *corpus.splits]))
    if plan.split not in splits:
        message = f"{corpus.name}: {unknown_name('split', plan.split, splits)}"
        raise UsageError(message, expected=splits)
    columns = [head.name for head in corpus.heads]
    for name in config.heads:
        if name not in (*columns, "all"):
            message = f"{corpus.name}: {unknown_name('head', name, columns)}"
            raise UsageError(message, expected=columns)
