"""Which keys of a corpus hold labels of whole texts, and which texts lack them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tagger.corpus.tally import BadTagError, Place
from tagger.errors import FormatError, UsageError, unknown_name
from tagger.findings import Finding
from tagger.formats.documents import Document
from tagger.formats.records import TextLabel, can_name_head
from tagger.formats.text_labels import KNOWN, as_label, as_list, head_of

__all__ = ["NO_LABEL", "LabelTally", "TextHead", "find_labels", "keep_labels"]

NO_LABEL = "label that is missing"

_LEAST = 0.1
"""The share of texts that must have a key which is not named."""
_FEW = 20
"""Distinct labels that any corpus may have; a larger one has half as many as texts."""
_MAX_VALUES, _MAX_LENGTH = 10_000, 200
"""From more or longer values on, a key that is not named holds no labels."""


@dataclass(slots=True)
class TextHead:
    """A head of labels of texts.

    Attributes:
        name: Its name.
        multi_label: Whether a text may have several labels.
        n_missing: The number of texts without a label.
        first_missing: The place of the first of them.
    """

    name: str
    multi_label: bool
    n_missing: int
    first_missing: Place | None

    def missing(self, files: Sequence[str]) -> Finding | None:
        """Report how many texts have no label; None if all have one.

        Args:
            files: The names of the files.
        """
        if self.first_missing is None:
            return None
        return Finding(
            kind=NO_LABEL,
            path=files[self.first_missing.file],
            line=self.first_missing.line or None,
            head=self.name,
            count=self.n_missing,
            action="the text is left out of its loss and its scores",
        )


@dataclass(slots=True)
class _Key:
    """The values of a key.

    Attributes:
        n: Texts that have the key, whether it holds a label or not.
        n_labelled: Texts that have a label, or a list of labels among lists of several.
        n_empty: Texts with an empty list.
        values: Its labels, up to a number that is too large for labels.
        is_several: Whether some texts have several.
        first_missing: The first text without a label.
        first_empty: The first text with an empty list.
        bad: The first label that no model can have.
    """

    n: int = 0
    n_labelled: int = 0
    n_empty: int = 0
    values: set[str] = field(default_factory=set)
    is_several: bool = False
    first_missing: Place | None = None
    first_empty: Place | None = None
    bad: tuple[Place, str] | None = None

    def add(self, label: TextLabel, place: Place) -> None:
        """Count the value of a text."""
        self.n += 1
        labels = as_list(label)
        if not labels and label is not None:
            self.n_empty += 1
            self.first_empty = self.first_empty or place
        elif labels:
            self.n_labelled += 1
        else:
            self.first_missing = self.first_missing or place
        self.is_several = self.is_several or len(labels) > 1
        for one in labels:
            if len(one) > _MAX_LENGTH or any(mark in one for mark in "\t\r\n"):
                self.bad = self.bad or (place, one)
            if len(self.values) <= _MAX_VALUES:
                self.values.add(one[: _MAX_LENGTH + 1])


class LabelTally:
    """Counts of what may be labels of texts, from which follows where they are.

    Args:
        stated: The heads that the user names; empty to find them.
        is_certain: Whether all that is counted are labels, as where a format has a place for them.
    """

    def __init__(self, stated: Sequence[str] = (), *, is_certain: bool = False) -> None:
        self._stated = tuple(dict.fromkeys(map(head_of, stated)))
        self._is_certain = is_certain
        self._keys: dict[str, _Key] = {}
        self._n = 0
        self._first: Place | None = None

    def add(self, labels: Mapping[str, TextLabel], place: Place) -> None:
        """Count what may be the labels of a text."""
        self._n += 1
        self._first = self._first or place
        for name, label in labels.items():
            key = self._keys.get(name)
            if key is None:
                key = self._keys[name] = _Key(first_missing=self._first if self._n > 1 else None)
            key.add(label, place)
        if len(labels) < len(self._keys):
            for name, key in self._keys.items():
                if name not in labels:
                    key.first_missing = key.first_missing or place

    @property
    def keys(self) -> list[str]:
        """The keys that may hold labels."""
        return [name for name in self._keys if can_name_head(name)]

    def heads(self, taken: Collection[str] = ()) -> list[TextHead]:
        """Return the heads, in the order in which they occur.

        Args:
            taken: The names of other heads.

        Raises:
            UsageError: A stated head occurs nowhere, or cannot be one.
            BadTagError: A label cannot be one.
        """
        if self._stated:
            for name in self._stated:
                self._check_stated(name, taken)
            names = list(self._stated)
        else:
            names = [
                name
                for name, key in self._keys.items()
                if name not in taken and can_name_head(name) and self._holds_labels(name, key)
            ]
        return [self._head(name) for name in names]

    def _check_stated(self, name: str, taken: Collection[str]) -> None:
        if name in taken:
            raise UsageError(f"{name!r} is a head of tags already", hint="leave out {text_labels}")
        if not can_name_head(name):
            raise UsageError(f"{name!r} cannot name a head", hint="rename it in the file")
        if name not in self._keys:
            found = [key for key in self.keys if key not in taken]
            hint = None if found else f"write a string, a number or a list, or # {name} = LABEL"
            raise UsageError(unknown_name("text label", name, found), expected=found, hint=hint)

    def _holds_labels(self, name: str, key: _Key) -> bool:
        if not key.n_labelled:
            return False
        if self._is_certain:
            return True
        return (
            name.casefold() in KNOWN
            and (key.bad is None or len(key.bad[1]) <= _MAX_LENGTH)  # else it is text
            and key.n >= _LEAST * self._n
            and len(key.values) <= max(_FEW, self._n // 2)
        )

    def _head(self, name: str) -> TextHead:
        key = self._keys[name]
        if key.bad is not None:
            place, label = key.bad
            long = f"is longer than {_MAX_LENGTH} characters"
            what = long if len(label) > _MAX_LENGTH else "contains a tab or a line end"
            raise BadTagError(place, f"{name} label {label!r:.40} {what}", "is it a label?")
        n_missing, first = self._n - key.n_labelled, key.first_missing
        if key.is_several:  # an empty list says that none applies
            n_missing -= key.n_empty
        else:
            first = min(filter(None, (first, key.first_empty)), default=None)
        return TextHead(name, key.is_several, n_missing, first if n_missing else None)


def find_labels(
    files: Iterable[tuple[Path, Iterable[Document]]],
    stated: Sequence[str] = (),
    *,
    is_certain: bool = False,
) -> dict[str, bool]:
    """Return the heads of labels of texts in files of documents, and whether each has several.

    Args:
        files: The path and the documents of each file, which are only read.
        stated: The heads that the user names; empty to find them.
        is_certain: As `LabelTally`.

    Raises:
        UsageError: A stated head occurs nowhere, or cannot be one.
        FormatError: A label cannot be one.
    """
    tally = LabelTally(stated, is_certain=is_certain)
    paths: list[Path] = []
    for path, documents in files:
        for document in documents:
            labels = {head: found[0] for head, found in document.labels.items()}
            tally.add(labels, Place(len(paths), document.line or 0))
        paths.append(path)
    return {head.name: head.multi_label for head in text_heads(tally, (), paths)}


def keep_labels(document: Document, heads: Mapping[str, bool]) -> None:
    """Keep the labels of the heads that `find_labels` found; with any, the document is one text."""
    document.labels = {
        head: [as_label(document.labels.get(head, [None])[0], multi_label=is_several)]
        for head, is_several in heads.items()
    }
    document.is_whole = bool(heads)
    if heads and document.text is None:
        document.ends = [len(document.tokens)] * bool(document.tokens)


def text_heads(labels: LabelTally, taken: Collection[str], paths: Sequence[Path]) -> list[TextHead]:
    """Return the heads of labels of texts, or an error that names the file.

    Args:
        labels: The counts.
        taken: The names of other heads.
        paths: The files, by their numbers in the counts.

    Raises:
        FormatError: A label cannot be one.
        UsageError: The user names a head that no text has.
    """
    try:
        return labels.heads(taken)
    except BadTagError as error:
        path, line = paths[error.place.file], error.place.line
        raise FormatError(path, line or None, str(error), hint=error.hint) from None
    except UsageError as error:
        raise UsageError(
            error.message, path=paths[0], expected=error.expected, hint=error.hint
        ) from None
