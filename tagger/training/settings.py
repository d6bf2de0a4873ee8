"""The settings of a training, from a configuration file, arguments and files on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tagger.config import Config, CorpusConfig, is_meant, merge_overrides, read_config
from tagger.errors import UsageError
from tagger.files import check_names, existing_directory
from tagger.formats.records import Columns
from tagger.model.directory import read_config_of
from tagger.model.meta import read_meta
from tagger.sharing.finding import MODELS, find_model
from tagger.training.joining import join_files
from tagger.training.output import LAST, stored_run

FINE_TUNING_RATE = 5e-4
"""The highest learning rate from a model that has heads already: higher ones forget what it knows
(`benchmarks/new_label.py`)."""


@dataclass(frozen=True)
class Settings:
    """The arguments of `tagger.training.run.train` that flags and files decide."""

    sources: tuple[str, ...]
    output: Path
    config: Config
    base: Path | None
    data_dir: Path | None
    strict: bool


def settings(
    sources: Sequence[str],
    *,
    output: Path | None = None,
    resume: bool = False,
    config: Config | str | Path | None = None,
    heads: Sequence[str] | None = None,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    base: str | None = None,
    data_dir: Path | None = None,
    strict: bool = False,
    may_lack_sources: bool = False,
    defaults: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Combine file and flags; flags win. A resumed training has what it was started with.

    Args:
        sources: Names, paths or hub ids of corpora.
        output: The model directory; None for one named by the corpora under ``models/``.
        resume: Take what is not given from the training that was stopped there.
        config: A complete configuration, or a TOML file with the settings that differ.
        heads: The heads to train; None for what the file says, or all main ones.
        columns: The columns of the files of all corpora.
        read_predictions: Read predictions of Label Studio in all corpora.
        overrides: By section of the configuration what wins; None leaves a setting unchanged.
        base: The name or directory of a model to start from, whose recipe and sizes hold where
            nothing else is said.
        data_dir: Where to look for named corpora first.
        strict: Stop at a tag outside its scheme.
        may_lack_sources: There need be no corpus: the configuration alone is asked for.
        defaults: By section of the configuration what holds where neither a base, nor a file, nor
            ``overrides`` says otherwise.

    Raises:
        UsageError: No corpus.
        ConfigError: An unknown key or a bad value.
    """
    sources = [source.rstrip("/") or source for source in sources]
    overrides = overrides or {}
    check_names(*sources, output, base, overrides.get("embedder", {}).get("vectors"))
    check_names(overrides.get("training", {}).get("downweight_suspects"))
    if "" in sources:
        raise UsageError("the name of a corpus is empty", hint="`tagger corpora` lists them")
    if not sources and not (resume and output) and not may_lack_sources:
        raise UsageError(
            "name a corpus, as in `tagger train sample`", hint="`tagger corpora` lists them"
        )
    place = output or MODELS / "+".join(short_name(source) for source in sources)
    start = merge_overrides(Config(), defaults or {})
    base_path = find_model(base) if base is not None else None
    if resume and existing_directory(place / LAST):
        run = stored_run(place)
        start = run.config
        sources = sources or run.sources
        base_path = base_path or (Path(run.base) if run.base else None)
        data_dir = data_dir or (Path(run.data_dir) if run.data_dir else None)
        strict = strict or run.strict
    elif base_path is not None:
        is_trained = bool(read_meta(base_path).dev_scores)
        start = from_base(start, read_config_of(base_path))
        if is_trained:
            rate = FINE_TUNING_RATE
            if start.training.optimizer == "adamw":
                rate = min(start.training.learning_rate, rate)
            recipe = {"optimizer": "adamw", "learning_rate": rate}
            start = merge_overrides(start, {"training": recipe})
    if config is None:
        config = start
    elif not isinstance(config, Config):
        config = read_config(Path(config), start)
    config = merge_overrides(config, overrides)
    if heads is not None:
        config = msgspec.structs.replace(config, heads=tuple(heads))
    sources = join_files(sources, config, columns=columns)
    if columns is not None or read_predictions:
        corpora = dict(config.corpora)
        for source in sources:
            key = next((key for key in corpora if is_meant(key, source)), source)
            entry = corpora.get(key, CorpusConfig())
            corpora[key] = msgspec.structs.replace(
                entry,
                **({} if columns is None else _stated(columns)),
                predictions=entry.predictions or read_predictions,
            )
        config = msgspec.structs.replace(config, corpora=corpora)
    return Settings(tuple(sources), place, config, base_path, data_dir, strict)


def _stated(columns: str | Columns) -> dict[str, Any]:
    """Return what a user states about columns as settings of a corpus."""
    stated = Columns.of(columns)
    labels = {"text_labels": stated.text_labels} if stated.text_labels else {}
    if stated.without_labels() is None:
        return labels
    return {
        **labels,
        "columns": stated.names,
        "header": {None: "auto", True: "yes", False: "no"}[stated.header],
        "delimiter": stated.delimiter,
        "comment_prefix": "auto" if stated.comment_prefix is None else stated.comment_prefix,
    }


def from_base(start: Config, base: Config) -> Config:
    """The configuration that a base brings along: the recipe that suits it, and its sizes.

    Settings that belong to a single training are those of ``start``.
    """
    training = msgspec.structs.replace(
        base.training,
        seed=start.training.seed,
        threads=0,
        loss_weights={},
        downweight_suspects="",
        fraction=1.0,
        forget=False,
        allow_empty=False,
    )
    return msgspec.structs.replace(
        start, embedder=base.embedder, encoder=base.encoder, training=training
    )


def short_name(source: str) -> str:
    """Return the name of a corpus within the name of a folder."""
    name = source.removeprefix("hub:").split("@")[0].split(",")[0]
    path = Path(name).resolve()
    return path.stem if path.is_file() else path.name
