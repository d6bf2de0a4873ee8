"""The exceptions that `tagger` raises on purpose.

::

    TaggerError                what a user can fix; printed in one line, exit code 1
    ├── UsageError             an unknown name, an impossible combination; exit code 2
    │   └── ConfigError        a configuration with an unknown key or a value out of its range
    ├── CorpusError            a corpus or text that is not found or cannot be read
    │   └── FormatError        a file whose content is wrong, with its path and line
    ├── ModelError             a model directory that is incomplete, damaged or too new
    ├── TrainingError          a training that failed
    ├── Interrupted            work that was stopped and saved; exit code 130
    └── VectorsError           a file of word vectors that cannot be read

Every message says what is wrong, where, and what to do about it, in one line. The same parts are
attributes: ``path``, ``line``, ``message``, ``expected``, ``hint``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from tagger.printable import one_line

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
    "spelled_hint",
    "unknown_name",
]


_ARGUMENT = re.compile(r"\{(\w+)(?:=([^{}]*))?\}")


def python_argument(name: str, value: str | None) -> str:
    """Spell an argument as a Python caller writes it; a value that is no literal is a string.

    >>> python_argument("force", "True"), python_argument("heads", None)
    ('`force=True`', '`heads`')
    >>> python_argument("precision", "fp32")
    '`precision="fp32"`'
    """
    if value is None:
        return f"`{name}`"
    is_literal = value in ("True", "False", "None") or value.isdecimal()
    return f"`{name}={value}`" if is_literal else f'`{name}="{value}"`'


def spelled_hint(hint: str, argument: Callable[[str, str | None], str] = python_argument) -> str:
    """Spell the arguments in braces of a hint.

    >>> spelled_hint("replace it with {force=True}")
    'replace it with `force=True`'
    """
    return _ARGUMENT.sub(lambda found: argument(found[1], found[2]), hint)


class TaggerError(Exception):
    """The root of the tree: something that a user can fix.

    Args:
        message: What is wrong.
        path: The file or folder that it is about.
        line: The line in it, from 1.
        expected: The values that would have been right.
        hint: What to do about it. Arguments stand in braces with their values, as in
            ``"replace it with {force=True}"``: Python callers read ```force=True```, users of the
            command line ``--force``. Other braces are kept.

    >>> error = TaggerError("exists", path="a.txt", hint="replace it with {force=True}")
    >>> str(error), error.path, error.hint
    ('a.txt: exists; replace it with `force=True`', 'a.txt', 'replace it with {force=True}')
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        expected: Iterable[object] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else str(path)
        self.line = line
        self.expected = tuple(expected)
        self.hint = hint

    def __str__(self) -> str:
        return self.spelled(python_argument)

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes send their errors: rebuilt without __init__, whose arguments differ.
        return _rebuild, (type(self), self.message), self.__dict__

    def spelled(self, argument: Callable[[str, str | None], str]) -> str:
        """Word the error in one line; whatever files and texts it quotes cannot act on a terminal.

        Args:
            argument: Spells an argument, given its name and its value in Python, if any.
        """
        text = self.message
        if self.path is not None:
            where = self.path if self.line is None else f"{self.path}:{self.line}"
            text = f"{where}: {text}"
        if self.hint is not None:
            text = f"{text}; {spelled_hint(self.hint, argument)}"
        return one_line(text)


def _rebuild(cls: type[TaggerError], message: str) -> TaggerError:
    return cls.__new__(cls, message)


class UsageError(TaggerError):
    """An unknown name or an impossible combination of arguments."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration with an unknown key or a value out of its range."""


class CorpusError(TaggerError):
    """A corpus or text that is not found or cannot be read."""


class FormatError(CorpusError):
    """A file whose content is wrong; the message begins with ``path:line``."""

    def __init__(
        self,
        path: str | Path,
        line: int | None,
        message: str,
        *,
        expected: Iterable[object] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, path=path, line=line, expected=expected, hint=hint)


class ModelError(TaggerError):
    """A model directory that is incomplete, damaged or too new."""


class TrainingError(TaggerError):
    """A training that failed, for example because the loss became NaN or infinite."""


class Interrupted(TaggerError):  # noqa: N818 - not an error
    """Work that the user stopped; all that was done is saved."""

    exit_code = 130


class VectorsError(TaggerError):
    """A file of word vectors that cannot be read."""


def first_line(error: Exception) -> str:
    r"""Return the first line of an error of another library, or its class where it has no text.

    >>> first_line(RuntimeError("out of memory\ntried to allocate")), first_line(KeyError())
    ('out of memory', 'KeyError')
    """
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def unknown_name(kind: str, name: str, valid: Iterable[str]) -> str:
    """Word the message for a ``name`` that is not one of ``valid``, the nearest one first.

    >>> unknown_name("cell", "ltsm", ["rnn", "gru", "lstm"])
    "unknown cell 'ltsm': did you mean 'lstm'? (valid: rnn, gru, lstm)"
    >>> unknown_name("cell", "x", ["rnn", "gru", "lstm"])
    "unknown cell 'x' (valid: rnn, gru, lstm)"
    >>> unknown_name("head", "x", [])
    "unknown head 'x': there is none"
    """
    names = list(valid)
    if not names:
        return f"unknown {kind} {name!r}: there is none"
    near = difflib.get_close_matches(name, names, n=1)
    hint = f": did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {name!r}{hint} (valid: {', '.join(names)})"
