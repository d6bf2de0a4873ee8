"""Errors in one line, for the command line and scripts."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from tagger.errors import Interrupted, TaggerError, spelled_hint
from tagger.extras import LEFT_OUT, install_hint
from tagger.printable import one_line

_OPTIONS = {
    "base": "from",
    "corpora": "corpus",
    "files": "file",
    "from_base": "from",
    "from_format": "from",
    "n_seeds": "seeds",
    "output_format": "format",
    "settings": "set",
    "source_format": "from",
    "target_format": "to",
    "teachers": "teacher",
    "text_labels": "text-label",
    "to_format": "to",
}
"""Options whose names are not those of the functions' arguments."""


_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "raise the limit of `ulimit -f`",
}
"""What to do about errors of the operating system."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the program with one line and an exit code for an error that a user can fix.

    Raises:
        SystemExit: A `TaggerError`, an error of the operating system, no memory, wrong options, or
            Ctrl-C.
    """
    try:
        yield
    except TaggerError as error:
        start = "" if isinstance(error, Interrupted) else "error: "
        _fail(f"{start}{error.spelled(command_option)}", error.exit_code)
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader of our output closed it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        name = error.filename or _stream(error)
        where = f"{name}: " if name else ""
        _fail(f"error: {where}{(error.strerror or str(error)).lower()}{_remedy(error)}", 1)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in LEFT_OUT:
            raise
        _fail(f"error: this needs {library}, which is not installed; {install_hint()}", 1)
    except MemoryError:
        _fail("error: out of memory; split the input, or use a machine with more", 1)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", 130)
    except Exception as error:
        # Wrong options: an exception of Click's, which Typer may bring along under its own name.
        if not hasattr(error, "format_message"):
            raise
        message = error.format_message().replace("Value error, ", "")
        _fail(f"error: {message} (see --help)", 2)


def _remedy(error: OSError) -> str:
    """Word what to do about an error of the operating system, where we know."""
    steps = [_REMEDIES[error.errno]] if error.errno in _REMEDIES else []
    steps += [spelled_hint(note, command_option) for note in getattr(error, "__notes__", ())]
    return f"; {', then '.join(steps)}" if steps else ""


def _stream(error: OSError) -> str:
    """Return the name of standard output where an error comes from what prints to it."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    printing = ("rich", "typer", "click", "cli")
    parts = Path(at.tb_frame.f_code.co_filename).parts if at else ()
    return "standard output" if any(name in parts for name in printing) else ""


def command_option(name: str, value: str | None) -> str:
    """Spell an argument of a function as the option of a command.

    >>> command_option("force", "True"), command_option("base", "models/en-base")
    ('--force', '--from models/en-base')
    """
    if value == "False":
        return f"--no-{name.replace('_', '-')}"
    option = "--" + _OPTIONS.get(name, name).replace("_", "-")
    return option if value in (None, "True") else f"{option} {value}"


def _fail(message: str, code: int) -> None:
    print(one_line(message), file=sys.stderr)  # noqa: T201
    sys.exit(code)
