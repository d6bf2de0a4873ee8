"""Texts of strangers in lines for people: no character of them acts on a terminal."""

from __future__ import annotations

import re

__all__ = ["one_line", "printable"]

# Controls of ASCII and Latin-1 (escape sequences), line separators, half surrogate pairs, and marks
# that change the direction of what follows, so that a text looks as if it had another order.
_ACTING = re.compile(
    "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_NOT_LINES = re.compile(_ACTING.pattern.replace("\0-\x1f", "\0-\x08\x0b-\x1f"))
_SPACES = re.compile(r"\s*[\t\n\r\f\v\x85\u2028\u2029]\s*")


def printable(text: str) -> str:
    r"""Escape all characters that act on a terminal, except tabs and line ends.

    >>> printable("\x1b[31mred\n")
    '\\u001b[31mred\n'
    """
    return text if text.isprintable() else _NOT_LINES.sub(_escaped, text)


def one_line(text: str) -> str:
    r"""Put a text on one line, and escape all characters that act on a terminal.

    >>> one_line("a\n  b\x1b[31m")
    'a b\\u001b[31m'
    """
    return text if text.isprintable() else _ACTING.sub(_escaped, _SPACES.sub(" ", text).strip())


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"  # also within JSON
