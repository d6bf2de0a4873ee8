"""Checks of the arguments that callers pass; cheap where all is right."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tagger.errors import UsageError

T = TypeVar("T")


def as_sequence(name: str, items: Iterable[T], expected: str, hint: str) -> Sequence[T]:
    """Return items as a sequence.

    Args:
        name: The argument, for errors.
        items: Anything that can be iterated over, but for a single string or a mapping.
        expected: What it should be.
        hint: What to do with a single string.

    Raises:
        UsageError: It is something else.
    """
    if isinstance(items, list | tuple):
        return items
    if isinstance(items, str | bytes):
        raise UsageError(f"{name} is a string; expected {expected}", expected=[expected], hint=hint)
    if not isinstance(items, Iterable) or isinstance(items, Mapping):
        raise UsageError(f"{name} is {described(items)}; expected {expected}", expected=[expected])
    return list(items)


def as_name(argument: str, value: object, expected: str = "a name or a path") -> str:
    """Return a name or path as a string.

    Args:
        argument: The argument, for errors.
        value: A string or a path.
        expected: What it should be.

    Raises:
        UsageError: It is something else.
    """
    if not isinstance(value, str | Path):
        raise UsageError(
            f"{argument} is {described(value)}; expected {expected}", expected=[expected]
        )
    return str(value)


def as_names(argument: str, values: object) -> list[str]:
    """Return one or several names or paths as strings.

    Raises:
        UsageError: One is something else.
    """
    if isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping):
        return [as_name(f"{argument}[{i}]", value) for i, value in enumerate(values)]
    return [as_name(argument, values)]


def as_mapping(argument: str, values: Mapping[str, T] | None) -> Mapping[str, T]:
    """Return values by name; none for None.

    Raises:
        UsageError: They are something else.
    """
    if not isinstance(values, Mapping | None):
        raise UsageError(
            f"{argument} is {described(values)}; expected a dictionary", expected=["a dictionary"]
        )
    return values or {}


def check_texts(texts: Sequence[object], first: int | None = 0) -> None:
    """Check that all texts are strings that UTF-8 can hold.

    Args:
        texts: Some texts.
        first: The index of the first of them, for errors; None where there is only one text.

    Raises:
        UsageError: One is not.
    """
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            problem = f"{described(text)}; expected a string"
        elif text.isascii():
            continue
        else:
            try:
                text.encode()
                continue
            except UnicodeEncodeError as error:
                char = text[error.start]
                problem = f"not UTF-8: {char!a} at {error.start} is half a surrogate pair"
        name = "the text" if first is None else f"texts[{first + i}]"
        raise UsageError(f"{name} is {problem}")


def check_sentences(sentences: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Check that all sentences are sequences of strings, and return them.

    Raises:
        UsageError: One is not.
    """
    checked = []
    for i, sentence in enumerate(sentences):
        tokens = as_sequence(
            f"sentences[{i}]", sentence, "a list of tokens", "`batch` takes raw texts"
        )
        if not set(map(type, tokens)) <= {str}:  # or of subclasses
            for j in [j for j, token in enumerate(tokens) if not isinstance(token, str)]:
                place = f"sentences[{i}][{j}]"
                raise UsageError(f"{place} is {described(tokens[j])}; expected a token")
        checked.append(tokens)
    return checked


def described(value: object) -> str:
    """Describe a value of a wrong type in a few words.

    >>> described(None), described(1.5), described(3)
    ('None', 'a float (1.5)', 'an int (3)')
    """
    if value is None:
        return "None"
    if isinstance(value, bytes):
        return "bytes"
    shown = reprlib.repr(value)
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} ({shown})"
