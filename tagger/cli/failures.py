"""What goes wrong, said in one line: for the command line and the scripts beside it."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from tagger.errors import Interrupted, TaggerError


@contextmanager
def said_in_one_line() -> Iterator[None]:
    """End the program with a line and an exit code where a user can mend what went wrong.

    Raises:
        SystemExit: A `TaggerError`, an error of the operating system, wrong options, or Ctrl-C.
    """
    try:
        yield
    except TaggerError as error:
        said = "" if isinstance(error, Interrupted) else "error: "
        _fail(f"{said}{error}", error.exit_code)
    except OSError as error:
        if error.errno == errno.EPIPE:  # whoever reads our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"error: {where}{(error.strerror or str(error)).lower()}", 1)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", 130)
    except Exception as error:
        # Wrong options: an exception of Click's, which Typer may bring along under its own name.
        if not hasattr(error, "format_message"):
            raise
        _fail(f"error: {error.format_message()} (see --help)", 2)


def _fail(message: str, code: int) -> None:
    print(" ".join(message.splitlines()), file=sys.stderr)  # noqa: T201
    sys.exit(code)
