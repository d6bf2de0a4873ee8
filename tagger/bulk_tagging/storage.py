"""Files on this machine and elsewhere, by path or by any URL that fsspec opens."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from tagger.errors import CorpusError, TaggerError, UsageError, first_line
from tagger.extras import install_hint
from tagger.files import named_errors, write_file
from tagger.lines import unreadable

TEMPORARY = "_tmp"
"""The folder of files that are being written."""
OBJECT_STORES = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss"))
"""Where there are no folders: fsspec would create a bucket instead, perhaps of a misspelt name."""


def file_system(address: str) -> tuple[Any, str]:
    """Return the file system of a path or URL, and the path in it.

    Raises:
        UsageError: There is no such kind of URL.
        TaggerError: A library that it needs is not installed, or nobody answers there.
    """
    try:
        import fsspec
        from fsspec.implementations.local import LocalFileSystem
    except ImportError:  # an installation that only predicts
        raise TaggerError("this needs fsspec", hint=install_hint()) from None
    if "://" not in address:
        return LocalFileSystem(), str(Path(address).absolute())
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(address)
    except ImportError as error:  # its message names the package to install
        raise TaggerError(first_line(error), path=address) from None
    except ValueError as error:
        raise UsageError(first_line(error), path=address) from None
    except OSError as error:  # some file systems connect at once
        raise TaggerError(f"cannot be reached ({first_line(error)})", path=address) from None
    return found


def is_local(fs: Any) -> bool:
    """Return whether a file system is that of this machine."""
    return bool("file" in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,)))


@contextmanager
def reading(address: str) -> Iterator[None]:
    """Word the errors of reading a file, wherever it lies.

    Raises:
        CorpusError: It cannot be read.
    """
    try:
        yield
    except TaggerError:
        raise
    except OSError as error:
        raise (
            unreadable(Path(address), error)
            if "://" not in address
            else CorpusError(
                "no such file or folder"
                if isinstance(error, FileNotFoundError)
                else f"cannot be read ({first_line(error)})",
                path=address,
            )
        ) from None
    except Exception as error:
        if "://" not in address:
            raise
        # Clients of object stores have exceptions of their own, as for missing credentials.
        raise CorpusError(f"cannot be read ({first_line(error)})", path=address) from None


class Folder:
    """The output folder: its files are complete or absent, whenever a process is killed.

    Args:
        address: A path or URL; it need not exist.

    Raises:
        UsageError: Nothing is ever written there, or there is no such kind of URL.
        TaggerError: A library that it needs is not installed.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.fs, self._root = file_system(address)
        self.is_local = is_local(self.fs)
        if "http" in self.fs.protocol:  # its methods do nothing, or fail one by one
            raise UsageError(
                "HTTP is only read from",
                path=self.address,
                hint="name a folder or an object store with {output}",
            )

    def path_of(self, name: str) -> str:
        """Return the path of a file in the file system."""
        return f"{self._root.rstrip('/')}/{name}"

    def shown(self, name: str) -> str:
        """Return the path or URL of a file as the user wrote that of the folder."""
        return f"{self.address.rstrip('/')}/{name}"

    def make(self) -> None:
        """Create the folder.

        Raises:
            OSError: No permission.
            TaggerError: A client of an object store refuses it.
        """
        with self._writing():
            self._make(self._root)

    def _make(self, path: str) -> None:
        protocols = (self.fs.protocol,) if isinstance(self.fs.protocol, str) else self.fs.protocol
        if OBJECT_STORES.isdisjoint(protocols):
            self.fs.makedirs(path, exist_ok=True)

    def sizes(self) -> dict[str, int]:
        """Return the size of each file below the folder, by its name relative to it.

        Raises:
            UsageError: It is a file.
        """
        self.fs.invalidate_cache()
        if not self.fs.exists(self._root):
            return {}
        if not self.fs.isdir(self._root):
            raise UsageError("is a file", path=self.address, hint="name a folder with {output}")
        start = len(self._root.rstrip("/")) + 1
        found = self.fs.find(self._root, detail=True)
        return {path[start:]: int(info["size"]) for path, info in found.items()}

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if there is none."""
        try:
            content: bytes = self.fs.cat_file(self.path_of(name))
        except FileNotFoundError:
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file at once.

        Raises:
            OSError: No space, no permission.
            TaggerError: A client of an object store refuses it.
        """
        path = self.path_of(name)
        with self._writing():
            self._make(self.fs._parent(path))
            if self.is_local:
                write_file(Path(path), content)
            else:
                self.fs.pipe_file(path, content)  # object stores show an object when it is whole

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to write, which appears when it is complete; nothing is left on an error.

        Raises:
            OSError: No space, no permission.
            TaggerError: A client of an object store refuses it.
        """
        # Two processes may write the same file: either is whole, and they are equal.
        unique = f"{socket.gethostname()}-{os.getpid()}"
        temporary = self.path_of(f"{TEMPORARY}/{name.replace('/', '+')}.{unique}")
        path = self.path_of(name)
        with self._writing():
            for one in (temporary, path):
                self._make(self.fs._parent(one))
        if self.is_local:
            with named_errors(Path(path)):
                try:
                    with Path(temporary).open("wb") as file:
                        yield file
                        file.flush()
                        os.fsync(file.fileno())
                    Path(temporary).replace(path)
                finally:
                    Path(temporary).unlink(missing_ok=True)
            return
        try:
            with self.fs.open(temporary, "wb") as file:
                yield file
            with self._writing():
                self.fs.mv(temporary, path)
        except BaseException:
            self.remove([temporary])
            raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Word the exceptions of other file systems, which may name no file or have own classes."""
        try:
            yield
        except TaggerError:
            raise
        except Exception as error:
            if self.is_local:
                raise
            raise TaggerError(
                f"cannot be written to ({first_line(error)})", path=self.address
            ) from None

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files by their paths in the file system, where they exist."""
        for path in paths:
            with suppress(FileNotFoundError):
                self.fs.rm(path)

    def remove_temporaries(self) -> None:
        """Remove what processes that were killed left half-written."""
        with suppress(FileNotFoundError):
            self.fs.rm(self.path_of(TEMPORARY), recursive=True)
