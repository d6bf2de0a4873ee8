"""Tag schemes as tables: how a sequence of tags spells labelled spans, and back.

========  ===========================================================================
BIO       every span begins with ``B-`` and continues with ``I-`` (also called IOB2)
IOB1      ``I-`` throughout; ``B-`` only where a span follows one of the same label
BIOES     BIO with the last token of a span ``E-`` and a span of one token ``S-``
BILOU     BIOES with the letters ``L-`` and ``U-``
========  ===========================================================================

Reading is lenient in the way of conlleval (Tjong Kim Sang & Buchholz 2000): a tag that the scheme
does not allow where it stands begins a span. Writing always gives well-formed tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, Self

from tagger.errors import UsageError, unknown_name

__all__ = [
    "Scheme",
    "Span",
    "convert",
    "convert_partial",
    "detect",
    "is_allowed",
    "is_tag",
    "spans",
    "split_tag",
    "tag_inventory",
    "tags_of",
]

OUTSIDE = "O"


class Scheme(StrEnum):
    """A way to spell spans as tags; the usual other names work too, as in ``Scheme("iob2")``.

    Raises:
        UsageError: The name is not that of a scheme.
    """

    BIO = "BIO"
    IOB1 = "IOB1"
    BIOES = "BIOES"
    BILOU = "BILOU"

    @classmethod
    def _missing_(cls, value: object) -> Self:
        name = str(value).upper()
        name = {"IOB2": "BIO", "BIO2": "BIO", "IOBES": "BIOES", "BILUO": "BILOU"}.get(name, name)
        if name in cls.__members__:
            return cls[name]
        raise UsageError(
            unknown_name("scheme", str(value), cls.__members__), expected=cls.__members__
        )


class Span(NamedTuple):
    """A labelled stretch of tokens; ``end`` is exclusive."""

    start: int
    end: int
    label: str


# Letters that begin and letters that end a span wherever they stand.
_BEGINS = frozenset("BSU")
_ENDS = frozenset("ESLU")

# For each scheme: the letters of a span of one token, its first, its inner and its last token.
_LETTERS = {
    Scheme.BIO: "BBII",
    Scheme.IOB1: "IIII",
    Scheme.BIOES: "SBIE",
    Scheme.BILOU: "UBIL",
}

# For each scheme and letter: the letters that may follow with any label, and those that may follow
# with the same label only. What stands before and after a sentence counts as outside.
_FOLLOW: Mapping[Scheme, Mapping[str, tuple[str, str]]] = {
    Scheme.BIO: {"O": ("OB", ""), "B": ("OB", "I"), "I": ("OB", "I")},
    Scheme.IOB1: {"O": ("OI", ""), "B": ("OI", "B"), "I": ("OI", "B")},
    Scheme.BIOES: {
        "O": ("OBS", ""),
        "B": ("", "IE"),
        "I": ("", "IE"),
        "E": ("OBS", ""),
        "S": ("OBS", ""),
    },
    Scheme.BILOU: {
        "O": ("OBU", ""),
        "B": ("", "IL"),
        "I": ("", "IL"),
        "L": ("OBU", ""),
        "U": ("OBU", ""),
    },
}

_TAG = re.compile(r"O|([BIESLU])-(.+)", re.DOTALL)


def is_tag(tag: str) -> bool:
    """Return whether ``tag`` has the shape of a span tag in some scheme: ``O`` or ``B-LABEL``."""
    return _TAG.fullmatch(tag) is not None


@lru_cache(maxsize=8192)
def split_tag(tag: str) -> tuple[str, str]:
    """Split a tag into its letter and its label, which is empty for ``O``.

    >>> split_tag("B-PER-NAME")
    ('B', 'PER-NAME')

    Raises:
        ValueError: The string is not a span tag.
    """
    match = _TAG.fullmatch(tag)
    if match is None:
        raise ValueError(f"{tag!r} is not a span tag: O or a letter of BIESLU, a dash and a label")
    return match[1] or OUTSIDE, match[2] or ""


def spans(tags: Sequence[str], scheme: Scheme) -> list[Span]:
    """Read the spans that ``tags`` spell, in order, as conlleval reads them.

    A tag that the scheme does not allow where it stands begins a span, and a change of label
    always does, so that neighbours stay apart.

    Raises:
        ValueError: A string is not a span tag of the scheme; never for the order of tags.
    """
    letters = _FOLLOW[scheme]
    found: list[Span] = []
    start, open_label = -1, ""
    for i, tag in enumerate(tags):
        letter, label = split_tag(tag)
        if letter not in letters:
            raise ValueError(f"tag {tag!r} is not of the scheme {scheme}")
        if start >= 0 and (letter == OUTSIDE or letter in _BEGINS or label != open_label):
            found.append(Span(start, i, open_label))
            start = -1
        if letter == OUTSIDE:
            continue
        if start < 0:
            start, open_label = i, label
        if letter in _ENDS:
            found.append(Span(start, i + 1, label))
            start = -1
    if start >= 0:
        found.append(Span(start, len(tags), open_label))
    return found


def tags_of(spans: Iterable[Span], n_tokens: int, scheme: Scheme) -> list[str]:
    """Spell ``spans``, in any order, as the tags of a sentence of ``n_tokens`` tokens.

    Raises:
        ValueError: Spans are empty, overlap or lie outside the sentence.
    """
    single, first, inner, last = tuple(_LETTERS[scheme])
    written = [OUTSIDE] * n_tokens
    previous = Span(0, 0, "")
    for span in sorted(spans):
        start, end, label = span
        if not (0 <= start < end <= n_tokens) or not label:
            raise ValueError(f"{span} is not a span of a sentence of {n_tokens} tokens")
        if start < previous.end:
            raise ValueError(f"{previous} and {span} overlap")
        if end - start == 1:
            written[start] = f"{single}-{label}"
        else:
            written[start:end] = [
                f"{first}-{label}",
                *[f"{inner}-{label}"] * (end - start - 2),
                f"{last}-{label}",
            ]
        if scheme is Scheme.IOB1 and previous.end == start and previous.label == label:
            written[start] = f"B-{label}"
        previous = span
    return written


def convert(tags: Sequence[str], source: Scheme, target: Scheme) -> list[str]:
    """Spell the spans of ``tags`` in another scheme; ``target=source`` makes them well-formed.

    Raises:
        ValueError: A string is not a span tag of ``source``.
    """
    return tags_of(spans(tags, source), len(tags), target)


def convert_partial(tags: Sequence[str | None], source: Scheme) -> list[str | None]:
    """Spell tags, None for a token whose tag is not known, in BIO.

    After such a token a span may continue, unless its first tag begins one; in IOB1, where that
    cannot be seen, it begins.

    >>> convert_partial(["B-PER", None, "E-PER"], Scheme.BIOES)
    ['B-PER', None, 'I-PER']

    Raises:
        ValueError: A string is not a span tag of ``source``.
    """
    converted: list[str | None] = []
    for is_known, group in groupby(tags, lambda tag: tag is not None):
        if not is_known:
            converted += group
            continue
        run = [tag for tag in group if tag is not None]
        new: list[str | None] = [*convert(run, source, Scheme.BIO)]
        letter, label = split_tag(run[0])
        if converted and source is not Scheme.IOB1 and letter not in (OUTSIDE, *_BEGINS):
            new[0] = f"I-{label}"
        converted += new
    return converted


def is_allowed(scheme: Scheme, previous: str | None, tag: str | None) -> bool:
    """Return whether ``tag`` may follow ``previous``; None is the start or the end of the sentence.

    >>> is_allowed(Scheme.BIO, "B-PER", "I-PER"), is_allowed(Scheme.BIO, None, "I-PER")
    (True, False)

    Raises:
        ValueError: The string is not a span tag.
    """
    letter, label = split_tag(tag or OUTSIDE)
    previous_letter, previous_label = split_tag(previous or OUTSIDE)
    with_any, with_same = _FOLLOW[scheme].get(previous_letter, ("", ""))
    return letter in with_any or (letter in with_same and label == previous_label)


def detect(pairs: Mapping[tuple[str | None, str | None], int]) -> Scheme:
    """Find the scheme that fewest tags violate; the first one, as BIO, among equals.

    Args:
        pairs: The counts of neighbouring tags, None at either end of a sentence.

    Raises:
        ValueError: A string is not a span tag, or no scheme has all of the letters.
    """
    letters = {split_tag(tag)[0] for pair in pairs for tag in pair if tag is not None}
    candidates = [scheme for scheme, follow in _FOLLOW.items() if letters <= follow.keys()]
    if not candidates:
        raise ValueError(f"no scheme has tags that begin with {', '.join(sorted(letters))}")
    if letters & {"B", "I"} == letters - {OUTSIDE}:
        # Without E, S, L and U, schemes that need them are excluded.
        candidates = [Scheme.BIO, Scheme.IOB1]

    def n_violations(scheme: Scheme) -> int:
        return sum(n for (left, right), n in pairs.items() if not is_allowed(scheme, left, right))

    return min(candidates, key=n_violations)


def tag_inventory(labels: Iterable[str], scheme: Scheme) -> list[str]:
    """List all the tags of ``labels``: ``O`` first, then by label in alphabetic order.

    >>> tag_inventory(["PER", "LOC"], Scheme.BIO)
    ['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER']
    """
    letters = [letter for letter in _FOLLOW[scheme] if letter != OUTSIDE]
    return [OUTSIDE] + [f"{letter}-{label}" for label in sorted(set(labels)) for letter in letters]
