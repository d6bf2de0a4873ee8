"""Labels of whole texts where files hold them: under a key, in a column, in a comment.

Readers collect what may be a label (`Sentence.labels`, `Document.labels`); which of the keys hold
labels is decided for a corpus as a whole (`tagger.corpus.text_labels`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from tagger.findings import Findings
from tagger.formats.records import RESERVED, TextLabel

__all__ = [
    "KNOWN",
    "LABEL",
    "MISSING",
    "NOT_LABEL",
    "NO_TOKENS",
    "add_label",
    "are_choices",
    "as_label",
    "as_list",
    "count_others",
    "head_of",
    "is_missing",
    "label_of",
    "labels_in",
    "listed",
    "of_comment",
    "written",
]

LABEL = "label"
"""The head of labels that stand under no name of their own, as in fastText."""

KNOWN = frozenset(
    {
        *("intent", "intents", LABEL, "labels", "class", "category", "categories", "cats"),
        *("sentiment", "topic", "topics", "emotion", "emotions"),
    }
)
"""Keys that hold labels of texts without being named, in lower case."""

NO_TOKENS = "text without tokens"
"""The kind of the finding for a text with labels that has no tokens."""

NOT_LABEL = "value that is not a label"
"""The kind of the finding for what stands where labels do, and is neither a label nor missing."""

MISSING = "_"
"""A missing label in a comment, as a missing tag in a column."""
_LEAST_PROB = 0.5
"""The probability from which on a label under ``cats`` counts."""
_CHOICES = "choices"
"""The only key of an object in which Label Studio's tables and JSON_MIN have several labels."""


def head_of(key: str) -> str:
    """Return the head under a key: a name without white space.

    >>> head_of("Intent label")
    'Intent_label'
    """
    return "_".join(key.split())


def of_comment(line: str, prefix: str | None = None) -> tuple[str, str] | None:
    """Return the key and the value of a comment; None where it has none.

    Args:
        line: The comment.
        prefix: How it begins; None for ``#``.

    >>> of_comment("# intent = book a flight"), of_comment("# a remark")
    (('intent', 'book a flight'), None)
    """
    key, equals, value = line.removeprefix(prefix or "#").partition("=")
    is_key = equals and key.strip() and not key.lstrip().startswith("#")
    return (head_of(key), value.strip()) if is_key else None


def add_label(labels: dict[str, TextLabel], head: str, value: str) -> None:
    """Add the label of a comment; several of a head become a list."""
    known = labels.get(head)
    if value in ("", MISSING):
        labels.setdefault(head, None)
    elif known is None:
        labels[head] = value
    elif value not in as_list(known):
        labels[head] = [*(known if isinstance(known, list) else [known]), value]


def labels_in(
    record: Mapping[str, Any],
    *,
    without: Collection[str] = (),
    names: Mapping[str, Mapping[int, str]] | None = None,
) -> dict[str, TextLabel]:
    """Return what may be labels of a JSON object or a row, by head.

    Args:
        record: The values by key.
        without: Keys that hold something else.
        names: By key the names of labels that are numbers.
    """
    found: dict[str, TextLabel] = {}
    for key, value in record.items():
        head = head_of(key)
        if not head or head in RESERVED or "." in head or key in without:
            continue
        if (label := label_of(value, (names or {}).get(key))) is not None:
            found[head] = label
        elif is_missing(value):
            found[head] = None
    return found


def is_missing(value: object) -> bool:
    """Return whether a value stands for a missing label, as NaN does in a table.

    >>> is_missing(None), is_missing(" "), is_missing(float("nan")), is_missing({})
    (True, True, True, False)
    """
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and math.isnan(value))


def label_of(value: object, names: Mapping[int, str] | None = None) -> TextLabel:
    """Return the label, or the list of labels, that a value stands for; None for other values.

    Args:
        value: A string, a number or a truth value; a list of these; or an object with the
            probability of each label (``cats``). A whole number is the same label whether it is
            stored as an integer or, as in a column that lacks values, as a float.
        names: The names of labels that are numbers, of which negative ones are missing labels.

    >>> label_of(" x "), label_of([1, 0], {0: "no", 1: "yes"}), label_of({"a": 0.9, "b": 0})
    ('x', ['yes', 'no'], ['a'])
    >>> label_of(1.0), label_of(4.5), label_of({"choices": ["a", "b"]})
    ('1', '4.5', ['a', 'b'])
    """
    if are_choices(value):
        value = value[_CHOICES]
    if isinstance(value, list):
        labels = [_one(one, names) for one in value]
        found = [label for label in dict.fromkeys(labels) if label is not None]
        return found if len(found) == len(set(labels)) else None
    if isinstance(value, dict):
        if not value or not all(isinstance(prob, bool | int | float) for prob in value.values()):
            return None
        return [str(label) for label, prob in value.items() if prob >= _LEAST_PROB]
    return _one(value, names)


def are_choices(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a value is the object in which Label Studio writes several labels."""
    return (
        isinstance(value, dict)
        and list(value) == [_CHOICES]
        and isinstance(value[_CHOICES], str | list)
    )


def count_others(
    record: Mapping[str, Any],
    without: Collection[str],
    path: Path,
    line: int | None,
    findings: Findings,
) -> None:
    """Count the values under keys of labels that cannot be labels.

    Args:
        record: The values by key.
        without: Keys that hold something else.
        path: The file.
        line: Its line.
        findings: Collects them.
    """
    for key, value in record.items():
        if key.casefold() not in KNOWN or key in without or is_missing(value):
            continue
        if label_of(value) is None:
            example = f"{value!r:.40}"
            findings.count(
                NOT_LABEL, path, line, head=head_of(key), example=example, action="ignored"
            )


def _one(value: object, names: Mapping[int, str] | None) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        value = int(value) if value.is_integer() else str(value)
    if isinstance(value, int):
        return names.get(value) if names else str(value)
    return value.strip() or None if isinstance(value, str) else None


def listed(label: TextLabel) -> list[str] | None:
    """Return the labels of a text as a list, whether there may be several or not.

    >>> listed("greet"), listed(["greet", "order"]), listed(None)
    (['greet'], ['greet', 'order'], None)
    """
    return [label] if isinstance(label, str) else label


def as_list(label: TextLabel) -> list[str]:
    """Return the labels of a text as a list, empty where it has none.

    >>> as_list("x"), as_list(["x", "y"]), as_list(None)
    (['x'], ['x', 'y'], [])
    """
    return listed(label) or []


def as_label(label: TextLabel, *, multi_label: bool) -> TextLabel:
    """Return a label as a corpus has it: a list only where texts may have several.

    >>> as_label(["x"], multi_label=False), as_label("x", multi_label=True)
    ('x', ['x'])
    """
    labels = as_list(label)
    if multi_label:
        return None if label is None else labels
    return labels[0] if labels else None


def written(labels: Mapping[str, Sequence[TextLabel]], number: int = 0) -> dict[str, TextLabel]:
    """Return the labels of a sentence, or of a text, as JSON has them."""
    return {head: found[number] for head, found in labels.items()}
