"""Everything that `tagger` raises on purpose.

::

    TaggerError                what a user can mend; printed in one line, exit code 1
    ├── UsageError             an unknown name, an impossible combination; exit code 2
    │   └── ConfigError        a configuration with an unknown key or a value out of its range
    ├── CorpusError            a corpus that is not found or cannot be read
    │   └── FormatError        a file whose content is wrong, with its path and line
    ├── ModelError             a model directory that is incomplete, damaged or too new
    ├── TrainingError          a training that has gone wrong
    ├── Interrupted            work that was stopped and saved; exit code 130
    └── VectorsError           a file of word vectors that cannot be read

Every message says what is wrong, where, and what to do about it, in one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

__all__ = [
    "ConfigError",
    "CorpusError",
    "FormatError",
    "Interrupted",
    "ModelError",
    "TaggerError",
    "TrainingError",
    "UsageError",
    "VectorsError",
    "first_line",
    "unknown_name",
]


class TaggerError(Exception):
    """The root of the tree: something that a user can mend."""

    exit_code = 1


class UsageError(TaggerError):
    """An unknown name or an impossible combination of arguments."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration with an unknown key or a value out of its range."""


class CorpusError(TaggerError):
    """A corpus that is not found or cannot be read."""


class FormatError(CorpusError):
    """A file whose content is wrong; the message begins with ``path:line``."""

    def __init__(self, path: str | Path, line: int | None, message: str) -> None:
        where = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{where}: {message}")


class ModelError(TaggerError):
    """A model directory that is incomplete, damaged or too new."""


class TrainingError(TaggerError):
    """A training that has gone wrong, as when the loss is no number any more."""


class Interrupted(TaggerError):  # noqa: N818 - it is no mistake
    """Work that the user stopped; all that was done is saved."""

    exit_code = 130


class VectorsError(TaggerError):
    """A file of word vectors that cannot be read."""


def first_line(error: Exception) -> str:
    r"""What an error of another library says first, or else its class, to be put into one of ours.

    >>> first_line(RuntimeError("out of memory\ntried to allocate")), first_line(KeyError())
    ('out of memory', 'KeyError')
    """
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def unknown_name(kind: str, name: str, valid: Iterable[str]) -> str:
    """Word the error for a ``name`` that is not one of ``valid``, the nearest one first.

    >>> unknown_name("cell", "ltsm", ["rnn", "gru", "lstm"])
    "unknown cell 'ltsm': did you mean 'lstm'? (valid: rnn, gru, lstm)"
    """
    names = list(valid)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {name!r}:{hint} (valid: {', '.join(names)})"
