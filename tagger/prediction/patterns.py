"""What identifies people besides names, by patterns: mail addresses, phone numbers, IBANs, URLs.

All repetitions are bounded, so that the time is linear in the text, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

PATTERNS: dict[str, str] = {
    # A local part, then a domain of at least two parts.
    "mail": r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@])",
    # Seven to fifteen digits, as ITU-T E.164 allows, grouped by single separators.
    "phone": r"(?<![\w.,/+-])(?:\+|\(0?)?\d(?:[ ./()-]{0,2}\d){6,17}(?!\w)",
    # ISO 13616: country, two check digits, up to 30 letters and digits in groups of four.
    "iban": r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)",
    "url": r"(?<![\w@])(?:https?://|www\.)[^\s<>\"]{1,2000}",
}
"""By the name that ``--also`` takes."""

_DATE = re.compile(
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})"
    r"|(?:1[5-9]|20)\d\d ?[-/] ?(?:1[5-9]|20)\d\d"
)
_END = ".,;:!?'"


def find_patterns(text: str, names: Collection[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the start, the end and the label (``MAIL``) of each match.

    >>> text = "Write to t.baker@example.org or call 0113 496 0000."
    >>> list(find_patterns(text, ["mail", "phone"]))
    [(9, 28, 'MAIL'), (37, 50, 'PHONE')]
    """
    for name in names:
        for match in re.finditer(PATTERNS[name], text):
            start, end = match.span()
            if name == "url":
                end = start + len(match[0].rstrip(_END))
                while text[end - 1] == ")" and "(" not in text[start:end]:
                    end -= 1
            if _CHECKS.get(name, _is_any)(text[start:end]):
                yield start, end, name.upper()


def _is_any(found: str) -> bool:
    return True


def _is_phone(found: str) -> bool:
    n_digits = sum(map(str.isdigit, found))
    return 7 <= n_digits <= 15 and not _DATE.fullmatch(found)


def _is_iban(found: str) -> bool:
    """Return whether the check digits are right (ISO 7064, MOD 97-10)."""
    plain = found.replace(" ", "")
    digits = "".join(str(int(char, 36)) for char in plain[4:] + plain[:4])
    return 15 <= len(plain) <= 34 and int(digits) % 97 == 1


_CHECKS: dict[str, Callable[[str], bool]] = {"phone": _is_phone, "iban": _is_iban}
