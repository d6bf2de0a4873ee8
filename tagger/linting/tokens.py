"""Checks of tokens: white space, and tokens that look like several."""

from __future__ import annotations

import re
from collections import Counter

from tagger.linting.records import Collector, GoldCorpus, quoted

__all__ = ["check_tokens"]

_SPACE = re.compile(r"\s")
_ODD_SPACE = re.compile(r"[^\S ]")
_SPACED = 0.0005
"""The share of tokens with a space from which on words have spaces, as in Vietnamese."""

# Marks of users, addresses, emoticons and numbers are one token in every convention.
_WHOLE = re.compile(r"[@#/\\_=<>*]|\d|www\.|[:;=]-?[()DPp]|^[^\w]+$|^(?:[^\W\d_]\.)+")

_PAIRED = re.compile(r"\".*\"|“.*”|«.*»|\(.*\)|\[.*\]|\{.*\}")
"""A mark that opens and closes within a token belongs to it, as in ``"Jump"-number``."""

_ATTACHED = (
    re.compile(r"[^\W\d_]{2,}(?P<mark>[,;:!?)\]}\"”»])$"),
    re.compile(r"^(?P<mark>[(\[{\"“«])[^\W\d_]{2,}"),
    re.compile(r"[^\W\d_]*[a-z]{2,}(?P<mark>[.!?,;:])[A-Z][a-z]+"),
    re.compile(r"^[^\W\d_A-Z]{4,}(?P<mark>\.)$"),
    re.compile(r"[^\W\d_]{2,}(?P<mark>['’]s)$"),
)
"""How a mark looks that is attached to a word."""

_MIN_SEPARATE = 20
_BARE = 10
"""How often a word without its full stop must occur for one with it."""

_RARE = 0.01
"""Attached marks are exceptions below this share of the separate ones."""


def check_tokens(corpus: GoldCorpus, found: Collector) -> None:
    """Check all tokens; each form is looked at once."""
    forms = Counter(token for sentence in corpus.sentences() for token in sentence.tokens)
    n_spaced = sum(n for form, n in forms.items() if " " in form.strip())
    has_spaces = n_spaced > _SPACED * forms.total()
    odd: dict[str, tuple[str, str]] = {}
    attached: dict[str, list[str]] = {}
    for form in forms:
        if not form.strip():
            odd[form] = ("S402", repr(form))
        elif _SPACE.search(form):
            if not has_spaces or _ODD_SPACE.search(form):
                odd[form] = ("S401", quoted([form]))
        elif len(form) > 3 and not form.isalnum() and not _WHOLE.search(form):
            for pattern in _ATTACHED:
                match = pattern.search(form)
                if match and not _may_be_short(form, forms) and not _PAIRED.search(form):
                    attached.setdefault(match["mark"], []).append(form)
                    break
    for mark, several in attached.items():
        n_separate, n = forms[mark], sum(forms[form] for form in several)
        if n_separate >= _MIN_SEPARATE and n <= _RARE * n_separate:
            what = f"{mark!r} is a token {n_separate:,} times, attached {n:,}"
            odd.update((form, ("S403", f"{quoted([form])}: {what}")) for form in several)
    if odd:
        for sentence in corpus.sentences():
            for i, token in enumerate(sentence.tokens):
                if token in odd:
                    code, what = odd[token]
                    found.at(code, sentence, i, what)


def _may_be_short(form: str, forms: Counter[str]) -> bool:
    """Return whether a full stop may be that of an abbreviation: the bare word is rare."""
    return form[-1] == "." and forms[form[:-1]] < _BARE * forms[form]
