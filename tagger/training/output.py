"""The files of a training beside the model: what it was started with, checkpoints, a log."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock, Timeout

from tagger.config import Config
from tagger.errors import ModelError, UsageError
from tagger.files import existing_directory, remove_directory
from tagger.model.meta import FILES, GRAPHS, META
from tagger.training.state import EpochRecord

T = TypeVar("T")

LAST, BEST, LOG, RUN, LOCK = "last", "best", "log.csv", "run.json", ".lock"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What a training was started with, kept until it ends, so that it can be resumed."""

    config: Config
    sources: tuple[str, ...]
    fingerprints: tuple[str, ...]
    """Of the corpora's content."""
    base: str = ""
    """The model that it goes on from."""
    data_dir: str = ""
    """Where named corpora were looked for first."""
    strict: bool = False
    """Whether a tag outside its scheme stops the reading."""


def check_output(output: Path, *, force: bool, resume: bool) -> None:
    """See that nothing is overwritten that should not be.

    Raises:
        UsageError: There is a model already, or a folder of something else. Of the latter
            ``force`` replaces nothing.
    """
    if resume:
        if existing_directory(output / LAST) is None:
            what = "its training has ended" if (output / META).is_file() else "no training there"
            raise UsageError(
                f"{output}: {what}, nothing to resume; `tagger train --from` goes on from a model"
            )
        return
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; give a folder with -o")
    if not output.is_dir() or not any(output.iterdir()):
        return
    is_model = (output / META).is_file()
    is_begun = existing_directory(output / LAST) is not None
    if force and (is_model or is_begun):
        return
    if is_model:
        raise UsageError(f"{output}: there is a model already; replace it with --force")
    if is_begun:
        raise UsageError(
            f"{output}: an unfinished training; go on with --resume or start anew with --force"
        )
    # What a training left that was killed before it had learned anything is in nobody's way.
    foreign = {path.name for path in output.iterdir()} - {RUN, LOCK, f".{LAST}.tmp"}
    if force:  # beside a model's files others may lie, but in their place nothing else
        foreign &= {*FILES, LOG, BEST}
    if foreign:
        raise UsageError(
            f"{output}: holds no model, but {min(foreign)}; give another folder with -o"
        )


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Make a model directory and keep other trainings out of it for a while.

    Raises:
        UsageError: Another training is at work there.
    """
    output.mkdir(parents=True, exist_ok=True)
    path = output / LOCK
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(f"{output}: another training is at work there") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):
            output.rmdir()  # if nothing came of it


def stored_run(output: Path) -> Run:
    """What the training in a directory was started with; see `read_run`."""
    return read_run(output, Run, "a training", other="a pretraining", command="tagger pretrain")


def read_run(output: Path, kind: type[T], what: str, *, other: str, command: str) -> T:
    """What a training, or a pretraining, in a directory was started with.

    Args:
        output: The directory.
        kind: What is kept of it.
        what: What it is called.
        other: The one of the two that it is not.
        command: What goes on with that.

    Raises:
        ModelError: There is none, it is the other one's, or it is damaged.
    """
    path = output / RUN
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    except msgspec.ValidationError as error:
        raise ModelError(
            f"{path}: not of {what} ({error}); of {other}? then go on with `{command}`"
        ) from None
    except msgspec.DecodeError as error:
        raise ModelError(f"{path}: damaged ({error}); start anew with --force") from None


def check_same_run(output: Path, run: Run) -> None:
    """See that a training is resumed with what it was started with.

    Raises:
        UsageError: Something changed; says what.
        ModelError: What it was started with cannot be read.
    """
    stored = stored_run(output)
    check_same_config(output, stored.config, run.config)
    for field in ("sources", "fingerprints", "base"):
        if getattr(stored, field) != getattr(run, field):
            what = {"fingerprints": "the corpora or how they are read"}.get(field, f"the {field}")
            raise changed(output, what)


def check_same_config(output: Path, stored: Config, config: Config) -> None:
    """See that a configuration is what a training was started with.

    Raises:
        UsageError: Something changed; says what.
    """
    # Threads may change: they decide how fast it is, and no more than the last digits.
    training = msgspec.structs.replace(stored.training, threads=config.training.threads)
    if msgspec.structs.replace(stored, training=training) != config:
        raise changed(output, _difference(stored, config))


def changed(output: Path, what: str) -> UsageError:
    """The error of a training that cannot be resumed since something is not as it was."""
    return UsageError(
        f"{output / RUN}: {what} changed since it was begun; resume with what it was "
        "started with, or start anew with --force"
    )


def _difference(old: Config, new: Config) -> str:
    """The first setting that differs: ``[training] epochs``."""
    for name in old.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            fields = getattr(before, "__struct_fields__", ())
            others = (f for f in fields if getattr(before, f) != getattr(after, f))
            return f"[{name}] {next(others)}" if fields else name
    return "the configuration"


def clear_output(output: Path) -> None:
    """Remove a model or an unfinished training, and nothing else that may lie there."""
    clear_model(output)
    clear_run(output)


def clear_model(output: Path) -> None:
    """Remove a model's own files."""
    for name in (*FILES, *GRAPHS.values(), LOG):
        (output / name).unlink(missing_ok=True)


def clear_run(output: Path) -> None:
    """Remove what an unfinished training goes on from: ``run.json``, ``last/`` and ``best/``."""
    for name in (LAST, BEST):
        remove_directory(output / name)
    (output / RUN).unlink(missing_ok=True)


def render_log(history: Sequence[EpochRecord]) -> bytes:
    """The epochs as CSV."""
    text = io.StringIO()
    rows = [
        {
            "epoch": r.epoch,
            "loss": f"{r.loss:.6f}",
            "score": f"{r.score:.6f}",
            **{f"dev_{head}": f"{score:.6f}" for head, score in r.scores.items()},
            "learning_rate": f"{r.learning_rate:.3e}",
            "tokens_per_second": f"{r.tokens_per_second:.0f}",
            "seconds": f"{r.seconds:.1f}",
        }
        for r in history
    ]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def read_log(path: Path) -> list[EpochRecord]:
    """The epochs that `render_log` has written.

    Raises:
        ModelError: It is missing or damaged.
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        return [
            EpochRecord(
                epoch=int(row["epoch"]),
                loss=float(row["loss"]),
                scores={k[4:]: float(v) for k, v in row.items() if k.startswith("dev_")},
                score=float(row["score"]),
                learning_rate=float(row["learning_rate"]),
                tokens_per_second=float(row["tokens_per_second"]),
                seconds=float(row["seconds"]),
            )
            for row in rows
        ]
    except (OSError, KeyError, ValueError, TypeError):
        raise ModelError(
            f"{path}: missing or damaged; remove {path.parent} and do the same again"
        ) from None
