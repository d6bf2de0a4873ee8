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
from tagger.files import existing_directory, is_part, remove_directory
from tagger.lines import NOT_JSON
from tagger.model.meta import FILES, GRAPHS, META
from tagger.training.state import EpochRecord

T = TypeVar("T")

DISTILLATION = "distill.json"
"""The file with the inputs of an unfinished distillation, in the directory of its student."""

LAST, BEST, LOG, RUN, LOCK = "last", "best", "log.csv", "run.json", ".lock"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of a training, kept until it ends, so that it can be resumed."""

    config: Config
    sources: tuple[str, ...]
    fingerprints: tuple[str, ...]
    """Of the corpora's content."""
    base: str = ""
    """The model that it started from."""
    base_checksums: dict[str, str] = {}
    """Of that model's files; none where it is an older one."""
    data_dir: str = ""
    """Where named corpora were looked for first."""
    strict: bool = False
    """Whether a tag outside its scheme stops the reading."""


def check_output(output: Path, *, force: bool, resume: bool, distilling: bool = False) -> None:
    """Check that nothing is overwritten by accident.

    Args:
        output: The directory of the model.
        force: Replace a model that is there.
        resume: Resume a training that was stopped there.
        distilling: It is the training of a student; any other one keeps out of an unfinished
            distillation, which it could neither resume nor end.

    Raises:
        UsageError: There is a model already, an unfinished distillation, or a folder of something
            else. Of the latter ``force`` replaces nothing.
    """
    if not distilling and (output / DISTILLATION).is_file():
        raise UsageError(
            "an unfinished distillation",
            path=output,
            hint="resume it with `tagger distill`, or name another folder with {output}",
        )
    if resume:
        if existing_directory(output / LAST) is None:
            what = "its training has ended" if (output / META).is_file() else "no training there"
            raise UsageError(
                f"{what}, nothing to resume",
                path=output,
                hint="start from a trained model with {base}",
            )
        return
    if output.exists() and not output.is_dir():
        raise UsageError("is a file", path=output, hint="name a folder with {output}")
    if not output.is_dir() or not any(output.iterdir()):
        return
    is_model = (output / META).is_file()
    is_begun = existing_directory(output / LAST) is not None
    if force and (is_model or is_begun):
        return
    if is_model:
        raise UsageError(
            "there is a model already", path=output, hint="replace it with {force=True}"
        )
    if is_begun:
        raise UsageError(
            "an unfinished training",
            path=output,
            hint="resume it with {resume=True} or start again with {force=True}",
        )
    # Leftovers of a training that was killed before it had learned anything may be replaced.
    foreign = {path.name for path in output.iterdir() if not is_part(path.name)}
    foreign -= {RUN, LOCK, f".{LAST}.tmp"}
    if force:  # other files may stay, unless they have the names of a model's files
        foreign &= {*FILES, LOG, BEST}
    if foreign:
        raise UsageError(
            f"holds no model, but {min(foreign)}",
            path=output,
            hint="name another folder with {output}",
        )


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Make a model directory and keep other trainings out of it meanwhile.

    Raises:
        UsageError: Another training is running there.
    """
    output.mkdir(parents=True, exist_ok=True)
    path = output / LOCK
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError("another training is running there", path=output) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):
            output.rmdir()  # if it is empty


def stored_run(output: Path) -> Run:
    """Read the inputs of the training in a directory; see `read_run`."""
    return read_run(output, Run, "a training", other="a pretraining", command="tagger pretrain")


def read_run(output: Path, kind: type[T], what: str, *, other: str, command: str) -> T:
    """Read the inputs of the training or pretraining in a directory.

    Args:
        output: The directory.
        kind: The type of the inputs.
        what: The name of the kind of run.
        other: The name of the other kind.
        command: The command that resumes the other kind.

    Raises:
        ModelError: They are missing, damaged, or of the other kind of run.
    """
    path = output / RUN
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", path=path) from None
    except msgspec.ValidationError as error:
        raise ModelError(
            f"not of {what} ({error})", path=path, hint=f"if it is {other}, resume with `{command}`"
        ) from None
    except NOT_JSON as error:
        raise ModelError(
            f"damaged ({error})", path=path, hint="start again with {force=True}"
        ) from None


def check_same_run(output: Path, run: Run) -> None:
    """Check that a training is resumed with the inputs that it was started with.

    Raises:
        UsageError: Something changed; says what.
        ModelError: The inputs cannot be read.
    """
    stored = stored_run(output)
    check_same_config(output, stored.config, run.config)
    for field in ("sources", "fingerprints", "base"):
        if getattr(stored, field) != getattr(run, field):
            what = {"fingerprints": "the corpora or how they are read"}.get(field, f"the {field}")
            raise changed(output, what)
    if stored.base_checksums not in ({}, run.base_checksums):
        raise changed(output, f"the base {run.base}")


def check_same_config(output: Path, stored: Config, config: Config) -> None:
    """Check that a configuration is the one that a training was started with.

    Raises:
        UsageError: Something changed; says what.
    """
    # Threads may change: they decide how fast it is, and no more than the last digits.
    training = msgspec.structs.replace(stored.training, threads=config.training.threads)
    if msgspec.structs.replace(stored, training=training) != config:
        raise changed(output, _difference(stored, config))


def changed(output: Path, what: str) -> UsageError:
    """Return the error of a training that cannot be resumed because something changed."""
    return UsageError(
        f"{what} changed since the start",
        path=output,
        hint="resume with the same inputs, or start again with {force=True}",
    )


def _difference(old: Config, new: Config) -> str:
    """Return the first setting that differs: ``[training] epochs``."""
    for name in old.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            fields = getattr(before, "__struct_fields__", ())
            others = (f for f in fields if getattr(before, f) != getattr(after, f))
            return f"[{name}] {next(others)}" if fields else name
    return "the configuration"


def clear_model(output: Path) -> None:
    """Remove a model's own files."""
    for name in (*FILES, *GRAPHS.values(), LOG):
        (output / name).unlink(missing_ok=True)


def clear_run(output: Path) -> None:
    """Remove the state of an unfinished training: ``run.json``, ``last/`` and ``best/``."""
    for name in (LAST, BEST):
        remove_directory(output / name)
    (output / RUN).unlink(missing_ok=True)


def render_log(history: Sequence[EpochRecord]) -> bytes:
    """Return the epochs as CSV."""
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
    """Read the epochs that `render_log` wrote.

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
            "missing or damaged", path=path, hint=f"remove {path.parent} and train again"
        ) from None
