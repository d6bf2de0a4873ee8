"""Files and directories that are complete or absent, whenever a process is killed."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import BinaryIO

from tagger.errors import UsageError
from tagger.lines import unreadable


def check_names(*names: object) -> None:
    """Check that the names of files can be stored as text, as in a configuration.

    Raises:
        UsageError: One is not UTF-8.
    """
    for name in names:
        try:
            str(name or "").encode()
        except UnicodeEncodeError:
            raise UsageError(
                f"{str(name)!a}: this name is not UTF-8", hint="rename the file"
            ) from None


def check_new(
    paths: Sequence[Path | None], *, force: bool, hint: str = "replace it with {force=True}"
) -> None:
    """Check that nothing is lost where files will be written.

    Args:
        paths: The files; None is ignored.
        force: They may be replaced.
        hint: What to do if one exists.

    Raises:
        UsageError: One exists and ``force`` does not allow it, or two are the same.
    """
    given = [path for path in paths if path is not None]
    for i, path in enumerate(given):
        if path.resolve() in [other.resolve() for other in given[:i]]:
            raise UsageError("two outputs would be written there", path=path, hint="name two files")
        if path.is_file() and not force:
            raise UsageError("exists", path=path, hint=hint)


def check_not_read(written: Iterable[Path | None], read: Iterable[Path | str]) -> None:
    """Check that no file is written that is also read, by whatever name or link.

    Raises:
        UsageError: One is.
    """
    for path, source in product(filter(None, written), read):
        with suppress(OSError):  # one that does not exist: its reader raises the error
            if path.samefile(source):
                raise UsageError("is also read", path=path, hint="name another file to write to")


def write_file(path: Path, content: bytes, *, force: bool = True) -> None:
    """Write a file at once: a reader sees the old content or the new, never a part.

    Args:
        path: The file; see `new_file`.
        content: Its bytes.
        force: It may be replaced.

    Raises:
        OSError: No space, no permission; the old content stays.
        UsageError: It exists, and ``force`` does not allow it.
    """
    with named_errors(path), new_file(path, wait=True, force=force) as file:
        file.write(content)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Make errors of the operating system name a path, whichever step failed.

    Raises:
        OSError: The same error, for ``path``.
    """
    try:
        yield
    except OSError as error:
        raise _renamed(error, path) from error


def _renamed(error: OSError, path: Path) -> OSError:
    renamed = OSError(error.errno, error.strerror, str(path))
    for note in getattr(error, "__notes__", ()):
        renamed.add_note(note)
    return renamed


@contextmanager
def hinted_errors(hint: str | None) -> Iterator[None]:
    """Add to errors of the operating system, such as a full disk, what to do after them.

    Args:
        hint: As that of a `TaggerError`; None to add nothing.

    Raises:
        OSError: The same error.
    """
    try:
        yield
    except OSError as error:
        if hint is not None:
            add_hint(error, hint)
        raise


def add_hint(error: OSError, hint: str) -> None:
    """Add a note on what to do to an error, once."""
    if hint not in getattr(error, "__notes__", ()):
        error.add_note(hint)


def is_part(name: str) -> bool:
    """Return whether a file is what a process left that was killed while it wrote a file."""
    return name.startswith(".") and name.endswith(".part")


@contextmanager
def new_file(
    path: Path,
    *,
    private: bool = False,
    keep: bool = False,
    wait: bool = False,
    force: bool = True,
) -> Iterator[BinaryIO]:
    """Yield a file to write, which replaces ``path`` at the end.

    Until then it is ``.<name>.part`` beside it. If the process is killed, it stays there until
    ``path`` is written again. A link is followed; anything but a regular file (``/dev/stdout``, a
    pipe) is written into.

    Args:
        path: The file.
        private: Only its owner may read it.
        keep: It replaces ``path`` also if anything is raised.
        wait: Wait for another process that is writing the file.
        force: ``path`` may be replaced. Otherwise it must not exist, neither now nor at the end:
            whoever checked it earlier may have been overtaken by another process.

    Raises:
        OSError: No space, no permission.
        UsageError: Another process is writing the file, or it exists.
    """
    if path.exists() and not path.is_file():
        special = path.open("wb")
        try:
            yield special
        finally:
            with named_errors(path):  # closing writes what is left
                special.close()
        return
    target = path.resolve()
    part = target.with_name(f".{target.name}.part")
    is_complete = is_replaced = False
    with _taken(part, path, private=private, wait=wait) as file:
        try:
            check_new([path], force=force)
            try:
                yield file
                is_complete = True
            finally:
                if is_complete or keep:
                    with named_errors(path):
                        file.flush()
                        os.fsync(file.fileno())
                        check_new([path], force=force)
                        part.replace(target)
                    is_replaced = True
        finally:
            if not is_replaced:  # otherwise the name may be another process's already
                part.unlink(missing_ok=True)


@contextmanager
def _taken(part: Path, path: Path, *, private: bool, wait: bool) -> Iterator[BinaryIO]:
    """Open a file that no other process writes, empty."""
    while True:
        with named_errors(path):
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT, 0o600 if private else 0o666)
        with os.fdopen(descriptor, "wb") as file:
            lock(descriptor, path, wait=wait)
            if _is_same(descriptor, part):
                if private:
                    os.fchmod(descriptor, 0o600)  # it may be a public one of before
                file.truncate()
                yield file
                return
        # Whoever had the lock gave the file its name or removed it in the meantime.


def lock(descriptor: int, path: Path, *, wait: bool = False) -> None:
    """Lock an open file; the lock ends with the process, however it ends.

    Raises:
        UsageError: Another process has it, and ``wait`` is not set.
    """
    try:
        import fcntl
    except ImportError:  # another system
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            "another process is writing there", path=path, hint="name another, or wait for it"
        ) from None
    except OSError:  # a file system without locks
        pass


def _is_same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def new_directory(target: Path) -> Iterator[Path]:
    """Yield an empty directory to fill, which replaces ``target`` at the end.

    If anything is raised, the old one stays; if the process is killed between the two renames, at
    ``.<target>.old``, where `existing_directory` finds it.

    Raises:
        OSError: No space, no permission.
        UsageError: Another process is writing the directory.
    """
    new, old = _beside(target)
    with _named_within(new, target), _taken_directory(new, target):
        is_replaced = False
        try:
            yield new
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
                target.rename(old)
            new.rename(target)
            is_replaced = True
        finally:
            if not is_replaced:  # otherwise the name may be another process's already
                shutil.rmtree(new, ignore_errors=True)
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            elif old.exists():
                old.rename(target)


@contextmanager
def _named_within(new: Path, target: Path) -> Iterator[None]:
    """Make errors about files of the new directory name those that they would become."""
    try:
        yield
    except OSError as error:
        name = Path(str(error.filename))
        if not name.is_relative_to(new):
            raise
        raise _renamed(error, target / name.relative_to(new)) from error


@contextmanager
def _taken_directory(new: Path, target: Path) -> Iterator[None]:
    """Make a directory that no other process writes, empty."""
    with ExitStack() as locks:
        while True:
            with suppress(FileExistsError):  # whatever it is, opening it tells
                new.mkdir(parents=True)
            with suppress(FileNotFoundError):  # its name went to ``target`` in the meantime
                descriptor = locks.enter_context(_locked(new, target, wait=False))
                if descriptor is None or _is_same(descriptor, new):
                    break
        for path in new.iterdir():  # of a process that was killed
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        yield


@contextmanager
def locked_directory(directory: Path) -> Iterator[None]:
    """Wait for other processes that are changing the files of a directory, and keep them out."""
    with _locked(directory, directory, wait=True):
        yield


@contextmanager
def _locked(directory: Path, target: Path, *, wait: bool) -> Iterator[int | None]:
    if not hasattr(os, "O_DIRECTORY"):  # another system, which has no such locks
        yield None
        return
    # A link would lead to files of something else.
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        lock(descriptor, target, wait=wait)
        yield descriptor
    finally:
        os.close(descriptor)


def existing_directory(target: Path) -> Path | None:
    """Find a directory that `new_directory` wrote, whenever it was killed."""
    _, old = _beside(target)
    return next((path for path in (target, old) if path.is_dir()), None)


def remove_directory(target: Path) -> None:
    """Remove a directory that `new_directory` wrote, whenever it was killed."""
    for path in (target, *_beside(target)):
        shutil.rmtree(path, ignore_errors=True)


def _beside(target: Path) -> tuple[Path, Path]:
    """Return the places of the new and the old directory while one replaces the other."""
    return target.with_name(f".{target.name}.tmp"), target.with_name(f".{target.name}.old")


def content_hash(path: Path) -> str:
    """Hash the bytes of a file, a piece at a time.

    Raises:
        CorpusError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None
