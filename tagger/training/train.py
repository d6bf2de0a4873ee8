"""`tagger.train`: corpora in, a model directory out, with one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.arguments import as_mapping, as_names, as_sequence, described
from tagger.config import Config, nested
from tagger.config_reference import check_names
from tagger.errors import UsageError
from tagger.formats.records import Columns
from tagger.training.settings import Settings
from tagger.training.settings import settings as combine

if TYPE_CHECKING:
    from tagger.evaluation.split import Evaluation
    from tagger.model.meta import Meta
    from tagger.runtime.tagger import Tagger
    from tagger.training.group import Group
    from tagger.training.reporting import Reporter

__all__ = ["Trained", "train"]


@dataclass(frozen=True, repr=False)
class Trained:
    """A training that has ended."""

    path: Path
    """The model directory."""
    meta: Meta
    """The directory's record of the model: corpora, sizes, scores, time."""
    test: dict[str, Evaluation]
    """The scores on test, by corpus; a corpus without a test split is left out."""
    example: str
    """A sentence of the dev set to try the model on."""
    leads: bool = field(default=True, kw_only=True)
    """Whether this process has written the model; of those of ``torchrun`` one has."""

    @property
    def dev(self) -> dict[str, float]:
        """By head the score on dev: F1 or accuracy, the mean over corpora."""
        return dict(self.meta.dev_scores)

    def load(self, **options: Any) -> Tagger:
        """Load the model; see `tagger.load` for the options."""
        from tagger import load

        return load(self.path, **options)

    def __repr__(self) -> str:
        dev = "".join(f", dev {head} {100 * score:.2f}" for head, score in self.dev.items())
        return f"Trained({str(self.path)!r}{dev})"


def train(
    corpora: str | Path | Sequence[str | Path],
    output: str | Path | None = None,
    *,
    heads: Sequence[str] | None = None,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    base: str | Path | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    allow_empty: bool = False,
    seed: int | None = None,
    threads: int | None = None,
    device: str = "auto",
    workers: int | None = None,
    resume: bool = False,
    force: bool = False,
    strict: bool = False,
    data_dir: str | Path | None = None,
    tensorboard: bool = False,
    reporter: Reporter | None = None,
) -> Trained:
    """Train a model on one corpus or several and write it to a directory.

    Args:
        corpora: Names, folders, files or ``hub:owner/name``.
        output: The model directory; None for one named after the corpora under ``models/``.
        heads: The heads to train; None for the main heads of each corpus, ``["all"]`` for all.
        columns: The columns of the corpora's files, as in ``token,pos,chunk,ner``, or a
            `tagger.Columns`.
        read_predictions: Read the predictions in exports of Label Studio where a task is not
            annotated.
        base: A model to start from, whose sizes and recipe hold unless others are given.
        config: A configuration or a TOML file.
        settings: Single settings, which override ``config``: ``{"encoder.cell": "gru"}``.
        allow_empty: Train on corpora without any entity; short for ``training.allow_empty``.
        seed: Seeds everything that is random; short for the setting ``training.seed``.
        threads: Threads on a CPU; short for the setting ``training.threads``.
        device: ``cpu``, ``cuda``, ``cuda:1``; ``auto`` for a GPU where there is one.
        workers: The number of processes that share each batch, with one thread each unless
            ``threads`` says otherwise; None for one, or for those that ``torchrun`` has started.
        resume: Resume a training that was stopped in ``output``.
        force: Replace a model in ``output``.
        strict: Stop at a tag outside its scheme.
        data_dir: Where to look for named corpora first.
        tensorboard: Also log for TensorBoard, to ``tensorboard/`` in ``output``.
        reporter: Receives the progress; None for none.

    Raises:
        UsageError: An unknown name, or ``output`` holds something else.
        ConfigError: An unknown setting or a value out of its range.
        CorpusError: A corpus is not found, cannot be read, or has no entity to learn from.
        TrainingError: The loss became NaN or infinite, or a worker died; the latter can be resumed.
        Interrupted: Ctrl-C or SIGTERM; the training can be resumed.

    >>> settings = {"training.epochs": 1, "training.epoch_steps": 1, "encoder.hidden_dim": 32}
    >>> trained = train("sample", "models/small", heads=["ner"], settings=settings, seed=7)
    >>> sorted(trained.dev), trained.meta.seed
    (['ner'], 7)
    >>> trained.load()
    Tagger(ner (4 labels))
    """
    from tagger.runtime.loading import pick_device
    from tagger.training.launching import processes
    from tagger.training.reporting import Reporters, TensorBoard

    short = {
        "training.allow_empty": allow_empty or None,
        "training.seed": seed,
        "training.threads": threads,
    }
    given = {**short, **as_mapping("settings", settings)}
    check_names(given)
    if heads is not None:
        heads = as_sequence("heads", heads, "a list of heads", f"pass [{heads!r}]")
    if not isinstance(config, Config | str | Path | None):
        raise UsageError(
            f"config is {described(config)}",
            expected=["a Config", "the path of a TOML file"],
            hint="pass single values as {settings}",
        )
    chosen = combine(
        as_names("corpora", corpora),
        output=None if output is None else Path(output),
        resume=resume,
        config=config,
        heads=heads,
        columns=columns,
        read_predictions=read_predictions,
        overrides=nested({name: value for name, value in given.items() if value is not None}),
        base=None if base is None else str(base),
        data_dir=None if data_dir is None else Path(data_dir),
        strict=strict,
    )
    where = pick_device(device)
    with processes(workers, where, follow) as group:
        order = group.shared(lambda: Order(chosen, where, force, resume), Order)
        if not group.leads:
            return _trained(order, group)
        reporters: list[Reporter] = [] if reporter is None else [reporter]
        if tensorboard:
            reporters.append(TensorBoard(chosen.output / "tensorboard"))
        return _trained(order, group, Reporters(reporters))


@dataclass(frozen=True)
class Order:
    """What the first process of a training tells the others."""

    settings: Settings
    device: str
    force: bool
    resume: bool


def follow(group: Group) -> None:
    """Train as the first process says."""
    _trained(group.shared(None, Order), group)


def _trained(order: Order, group: Group, reporter: Reporter | None = None) -> Trained:
    from tagger.training.launching import device_of
    from tagger.training.run import train as run

    chosen = order.settings
    meta, tests, example = run(
        chosen.sources,
        chosen.output,
        chosen.config,
        data_dir=chosen.data_dir,
        device=device_of(order.device, group),
        strict=chosen.strict,
        force=order.force,
        resume=order.resume,
        base=chosen.base,
        reporter=reporter,
        group=group,
    )
    return Trained(chosen.output, meta, tests, example, leads=group.leads)
