"""Spellings of span tags, read as those of `tagger.schemes`: ``O``, or a letter, a dash, a label.

=========================  ==============================================================
``B_PER``, ``b-PER``       another separator, or letters in lower case
``PER-B``                  the letter after the label
``B``, ``I``               no label: untyped spans
``PER``                    no letter (IO): neighbouring tags of one label are one span
``M-PER``, ``W-PER``       other letters for ``I-`` (BMES) and ``S-``
``Begin-PER``              words for the letters
=========================  ==============================================================

A column has one spelling. Tokens whose tag is not known have ``?``, or ``_`` or ``-`` where others
have ``O``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tagger.schemes import OUTSIDE, Scheme, is_tag

__all__ = ["UNTYPED", "Spelling", "find_spelling", "looks_like_spans"]

UNTYPED = "ENTITY"
"""The label of spans that have none."""

_NOT_KNOWN = ("?", "_", "-", "")
_SAYS_NOTHING = ("_", "-", "")
"""Marks that may stand for ``O`` as well, where no tag is ``O``."""
_OUTSIDE = ("O", "o", "0")
_OUTSIDE_WORDS = frozenset({"OTHER", "OUT", "OUTSIDE", "NONE"})
_LETTERS = "BIESLUMW"
_LETTER = {"M": "I", "W": "S"}
_WORDS = {
    **dict.fromkeys(("begin", "beginning", "start"), "B"),
    **dict.fromkeys(("inside", "in", "middle", "intermediate", "continue", "cont"), "I"),
    **dict.fromkeys(("end", "last"), "E"),
    **dict.fromkeys(("single", "unit", "unique"), "S"),
}
_MARK = r"[-_:/.|#~+= ]"
_FORMS = (
    ("", re.compile(rf"(?P<letter>[{_LETTERS}])(?P<mark>-)(?P<label>.+)", re.DOTALL)),
    ("B", re.compile(rf"(?P<letter>[{_LETTERS}])(?P<mark>{_MARK})(?P<label>.+)")),
    ("B", re.compile(rf"(?P<letter>[{_LETTERS.lower()}])(?P<mark>{_MARK})(?P<label>.+)")),
    ("B", re.compile(rf"(?P<label>.+)(?P<mark>{_MARK})(?P<letter>[{_LETTERS}])")),
    ("B", re.compile(rf"(?P<label>.+)(?P<mark>{_MARK})(?P<letter>[{_LETTERS.lower()}])")),
    (
        "B",
        re.compile(rf"(?P<letter>{'|'.join(_WORDS)})(?P<mark>{_MARK})(?P<label>.+)", re.IGNORECASE),
    ),
    ("BI", re.compile(r"(?P<letter>[BI])(?P<mark>)(?P<label>.+)")),
)
"""How a letter and a label are combined, and the letters that some tags must have."""

_IO_SHARE, _IO_LABELS = 0.25, 500
_ENTITIES = frozenset(
    {
        *("per", "pers", "person", "people", "loc", "location", "place", "org", "organization"),
        *(
            "organisation",
            "company",
            "gpe",
            "geo",
            "misc",
            "miscellaneous",
            "date",
            "time",
            "money",
        ),
        *("percent", "product", "event", "disease", "chemical", "drug", "gene", "protein"),
    }
)
"""Labels that show that tags without letters are those of spans."""


class Spelling(NamedTuple):
    """A spelling of span tags.

    Attributes:
        example: A tag in it; empty for the usual spelling.
        tags: For each tag that occurs the usual one, None where it is not known.
    """

    example: str
    tags: dict[str, str | None]

    def title(self, scheme: Scheme) -> str:
        """Name the scheme as it is spelled.

        >>> find_spelling({"O": 3, "B_PER": 1}).title(Scheme.BIO)
        'BIO, spelled B_PER'
        """
        if not self.example:
            return "BMES" if any(tag[:2] in ("M-", "W-") for tag in self.tags) else scheme.value
        if self.example in self.tags and f"I-{self.example}" == self.tags[self.example]:
            return "IO"
        if len(self.example) == 1:
            return f"{scheme}, untyped"
        return f"{scheme}, spelled {self.example}"


def looks_like_spans(counts: Mapping[str, int]) -> bool:
    """Return whether tags are those of spans: in a known spelling, nearly so, or half ``O``.

    The last two are for tags that are refused later with their place, and must not be taken for
    parts of speech.
    """
    if find_spelling(counts) is not None:
        return True
    total = sum(counts.values())
    n_shaped = sum(n for tag, n in counts.items() if is_tag(tag))
    n_outside = counts.get("O", 0) + counts.get("o", 0)
    return total > 0 and (n_shaped >= 0.9 * total or n_outside >= 0.5 * total)


def find_spelling(counts: Mapping[str, int]) -> Spelling | None:
    """Find the one spelling that all tags of a column have; None where there is none.

    >>> find_spelling({"O": 3, "PER-B": 1, "?": 1}).tags
    {'O': 'O', 'PER-B': 'B-PER', '?': None}
    """
    known = {tag: n for tag, n in counts.items() if tag not in _NOT_KNOWN}
    if not known:
        return None
    outside = _outside(known)
    if outside is None and any(mark in counts for mark in _SAYS_NOTHING):
        return None
    tags = [tag for tag in known if tag != outside]
    found = _spelled(tags, known, outside)
    if found is None:
        return None
    example, usual = found
    if outside is not None:
        usual[outside] = OUTSIDE
    return Spelling(example, {tag: usual.get(tag) for tag in counts})


def _outside(known: Mapping[str, int]) -> str | None:
    for mark in _OUTSIDE:
        if mark in known:
            return mark
    most = max(known, key=lambda tag: known[tag])
    return most if most in _OUTSIDE_WORDS else None


def _spelled(
    tags: list[str], known: Mapping[str, int], outside: str | None
) -> tuple[str, dict[str, str | None]] | None:
    """Return an example, empty for the usual spelling, and the usual tags."""
    if not tags:
        return ("" if outside == OUTSIDE else outside or "", {}) if outside else None
    if untyped := _untyped(tags):
        return untyped
    for needed, form in _FORMS:
        matches = [form.fullmatch(tag) for tag in tags]
        if all(matches):
            found = [match for match in matches if match is not None]
            letters = {_letter(match) for match in found}
            if not needed and (outside in (OUTSIDE, None)):
                return "", dict(_usual(found))
            marks = {match["mark"] for match in found}
            if letters >= set(needed) and len(marks) == 1 and (marks != {""} or _in_pairs(found)):
                begins = next((one for one in found if _letter(one) == "B"), found[0])
                return begins[0], dict(_usual(found))
    n = sum(known.values())
    share = known[outside] / n if outside else 0.0
    is_usual = share >= 0.5 or (share >= _IO_SHARE and share == max(known.values()) / n)
    is_named = any(re.split(r"[-_/. ]", tag.casefold())[0] in _ENTITIES for tag in tags)
    if not outside or not (is_usual or is_named) or len(tags) > _IO_LABELS:
        return None
    if any(is_tag(tag) for tag in tags) or all(tag.isdigit() for tag in tags):
        return None
    if any(tag in _OUTSIDE for tag in tags):  # both o and O
        return None
    return tags[0], {tag: f"I-{tag}" for tag in tags}


def _untyped(tags: list[str]) -> tuple[str, dict[str, str | None]] | None:
    for letters in (_LETTERS, _LETTERS.lower()):
        if set(tags) <= set(letters) and {"B", "I"} & {tag.upper() for tag in tags}:
            example = next((tag for tag in tags if tag.upper() == "B"), tags[0])
            upper = {tag: tag.upper() for tag in tags}
            return example, {tag: f"{_LETTER.get(x, x)}-{UNTYPED}" for tag, x in upper.items()}
    return None


def _usual(found: list[re.Match[str]]) -> Iterator[tuple[str, str | None]]:
    for match in found:
        yield match[0], f"{_letter(match)}-{match['label']}"


def _letter(match: re.Match[str]) -> str:
    letter = match["letter"]
    if len(letter) > 1:
        return _WORDS[letter.lower()]
    return _LETTER.get(letter.upper(), letter.upper())


def _in_pairs(found: list[re.Match[str]]) -> bool:
    """Return whether letters without a mark are letters: both occur with one label."""
    begin, inside = ({one["label"] for one in found if one["letter"] == x} for x in "BI")
    return bool(begin & inside)
