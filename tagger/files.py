"""Files and directories that are whole or not there, whenever a process is killed."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from tagger.errors import UsageError


def check_new(paths: Sequence[Path | None], *, force: bool) -> None:
    """See that nothing is lost where files will be written.

    Raises:
        UsageError: One exists and ``force`` does not allow it, or two are the same.
    """
    given = [path for path in paths if path is not None]
    for i, path in enumerate(given):
        if path.resolve() in [other.resolve() for other in given[:i]]:
            raise UsageError(f"{path}: two things would be written there; name two files")
        if path.is_file() and not force:
            raise UsageError(f"{path}: exists; replace it with --force")


def write_file(path: Path, content: bytes) -> None:
    """Write a file at once: a reader sees the old content or the new, never a part.

    A link is followed; what is no regular file (``/dev/stdout``, a pipe) is written into.

    Raises:
        OSError: No space, no permission; the old content stays.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _replace_file(path.resolve(), content)
    except OSError as error:
        # Named by the file that was asked for, whichever step failed.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _replace_file(path: Path, content: bytes) -> None:
    # Not `tempfile`: its files are readable by their owner alone, and stay so when renamed.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_directory(new: Path, target: Path) -> None:
    """Put a complete directory in the place of another.

    Killed between the two renames, the old one is left as ``<target>.old``; `existing_directory`
    finds it there.
    """
    old = target.with_name(f"{target.name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def existing_directory(target: Path) -> Path | None:
    """Find a directory that `replace_directory` wrote, whenever it was killed."""
    old = target.with_name(f"{target.name}.old")
    return next((path for path in (target, old) if path.is_dir()), None)
