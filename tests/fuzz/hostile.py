"""Changes to inputs that have broken readers before: digits, depth, control characters, cuts."""

from __future__ import annotations

import random
import re

TOKENS: tuple[bytes, ...] = (
    b"9" * 5000,
    b"-" + b"9" * 40,
    b"1e999",
    b"0.5",
    b"-1",
    b"18446744073709551616",
    b"\xc2\xb2",  # a digit for str.isdigit that int refuses
    b"\xd9\xa3",  # an Arabic digit
    b"[" * 3000,
    b'{"a":' * 3000,
    b"null",
    b"true",
    b'""',
    b"[]",
    b"{}",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\0",
    b" ",
    b"\\",
    b"\\" * 300,
    b"|",
    b"/",
    b"_",
    b"-",
    b"O",
    b"B-",
    b"I-X",
    b"B-B-X",
    b"E-X",
    b"L-X",
    b"#",
    b"# newdoc",
    b"-DOCSTART- O",
    b"\\ud800",
    b'"\\ud800"',
    b"\xed\xa0\x80",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x1b[31m",
    b"\x9b",
    b"\xc2\x9b",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xae",
    b"\xe2\x80\x8b",
    b"\xcc\x81",
    b"\xf0\x9f\x98\x80",
    b"<PER>",
    b"</PER>",
    b"<START:x>",
    b"<END>",
    b"[x](Y)",
    b"](",
    b"SpaceAfter=No",
    b"1-2",
    b"1.1",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"PAR1",
)
_NUMBER = re.compile(rb"[0-9]+")
_VALUE = re.compile(rb'"[^"\n]*"|[0-9]+|\[[^\[\]\n]*\]|\{[^{}\n]*\}')


def changed(content: bytes, source: random.Random, *, others: tuple[bytes, ...] = ()) -> bytes:
    """Return content with one to four changes.

    Args:
        content: An input, as a rule a right one.
        source: Decides about the changes.
        others: Inputs of which parts may be copied in.
    """
    for _ in range(source.choice((1, 1, 2, 4))):
        content = source.choice(_CHANGES)(content, source, others)
    return content[:200_000]


def _place(content: bytes, source: random.Random) -> int:
    return source.randint(0, len(content))


def _insert(content: bytes, source: random.Random, _: tuple[bytes, ...]) -> bytes:
    at = _place(content, source)
    return content[:at] + source.choice(TOKENS) + content[at:]


def _replace_value(content: bytes, source: random.Random, _: tuple[bytes, ...]) -> bytes:
    pattern = source.choice((_NUMBER, _VALUE))
    found = list(pattern.finditer(content))
    if not found:
        return content
    one = source.choice(found)
    return content[: one.start()] + source.choice(TOKENS) + content[one.end() :]


def _cut(content: bytes, source: random.Random, _: tuple[bytes, ...]) -> bytes:
    start, end = sorted((_place(content, source), _place(content, source)))
    return source.choice((content[:start], content[start:], content[:start] + content[end:]))


def _repeat(content: bytes, source: random.Random, _: tuple[bytes, ...]) -> bytes:
    start, end = sorted((_place(content, source), _place(content, source)))
    return content[:end] + content[start:end] * source.choice((1, 2, 30)) + content[end:]


def _flip(content: bytes, source: random.Random, _: tuple[bytes, ...]) -> bytes:
    if not content:
        return content
    at = source.randrange(len(content))
    return content[:at] + bytes([source.randrange(256)]) + content[at + 1 :]


def _lines(content: bytes, source: random.Random, _: tuple[bytes, ...]) -> bytes:
    lines = content.split(b"\n")
    one, other = source.randrange(len(lines)), source.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    if source.random() < 0.5:
        del lines[one]
    return b"\n".join(lines)


def _splice(content: bytes, source: random.Random, others: tuple[bytes, ...]) -> bytes:
    if not others:
        return content
    other = source.choice(others)
    start, end = sorted((_place(other, source), _place(other, source)))
    at = _place(content, source)
    return content[:at] + other[start:end] + content[at:]


_CHANGES = (_insert, _insert, _replace_value, _replace_value, _cut, _repeat, _flip, _lines, _splice)
