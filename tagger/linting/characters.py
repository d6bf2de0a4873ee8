"""Checks of characters: encodings, and what nobody sees in a token."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tagger.lines import MAGIC, read_bytes
from tagger.linting.records import LINE_ENDS, Collector, Edit, GoldCorpus, quoted

__all__ = ["check_bytes", "check_characters", "is_packed"]

_TEXT_MAGIC = (b"\xff\xfe", b"\xfe\xff")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ZERO_WIDTH = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
# The joiners and marks of direction have a meaning in these scripts, and in emoji.
_JOINED = re.compile(
    "[\u0590-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\U0001f000-\U0001faff\u2190-\u2bff]"
)
_JOINERS = "\u200c\u200d\u200e\u200f"

_CYRILLIC = "АВЕЅІЈКМНОРСТХасеоріјѕхуԁԛԝһ"
_GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοιν"
_LATIN = set("ABEIJKMNOPSTXacdehijopqsuvwxyHYZ")
_LOOK_ALIKE = {
    "CYRILLIC": frozenset(_CYRILLIC),
    "GREEK": frozenset(_GREEK),
    "LATIN": frozenset(_LATIN),
}
"""Letters of a script that look like those of another (Unicode TR 39, the common ones)."""

_RUN = re.compile(r"[^\W\d_]{2,}")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LATIN_1 = re.compile("[\u0080-\u00ff\u0152-\u0178\u02c6\u02dc\u2013-\u2122]")


class _Oddity(NamedTuple):
    """What is odd about a form."""

    code: str
    what: str
    repair: Callable[[str], str] | None


def check_bytes(path: Path, found: Collector, *, has_rows: bool) -> None:
    """Check the encoding and the line ends of a file.

    Args:
        path: The file.
        found: Collects the findings.
        has_rows: Whether its line ends can be repaired.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: It is compressed, and damaged or unpacks to much more.
    """
    data = read_bytes(path)
    if data.startswith(tuple(magic for magic in MAGIC if magic not in _TEXT_MAGIC)):
        return
    if b"\0" in data[:1000] and not data.startswith(_TEXT_MAGIC):
        return  # a binary format
    _check_line_ends(path, data, found, has_rows=has_rows)
    try:
        data.decode()
    except UnicodeDecodeError:
        for number, line in enumerate(data.split(b"\n"), start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                odd = line[error.start : error.start + 1].hex()
                example = f"byte {odd} at column {error.start + 1}"
                found.add("S101", str(path), number, example)


def is_packed(path: Path) -> bool:
    """Return whether a file is compressed or no text."""
    with path.open("rb") as file:
        return file.read(8).startswith(tuple(MAGIC))


def _check_line_ends(path: Path, data: bytes, found: Collector, *, has_rows: bool) -> None:
    n_windows = data.count(b"\r\n")
    n_unix = data.count(b"\n") - n_windows
    if n_windows and n_unix:
        rare, n = (b"\r\n", n_windows) if n_windows <= n_unix else (b"\n", n_unix)
        lines = data.split(b"\n")[:-1]
        first = next(
            i for i, line in enumerate(lines, 1) if line.endswith(b"\r") == (rare == b"\r\n")
        )
        names = ("\\r\\n", "\\n") if rare == b"\r\n" else ("\\n", "\\r\\n")
        example = f"{names[0]} where other lines have {names[1]}"
        edit = Edit(str(path), first, LINE_ENDS) if has_rows else None
        found.add("S102", str(path), first, example, count=n, edit=edit)


def check_characters(corpus: GoldCorpus, found: Collector) -> None:
    """Check the characters of all tokens; each form is looked at once."""
    checks: list[tuple[str, Callable[[str], str | None], Callable[[str], str] | None]] = [
        ("S103", _control, None),
        ("S104", _zero_width, _without_zero_width),
        ("S105", _look_alike, None),
        ("S106", _mojibake, _repaired),
        ("S107", _replacement, None),
        ("S108", _decomposed, _composed),
    ]
    forms = Counter(token for sentence in corpus.sentences() for token in sentence.tokens)
    odd: dict[str, list[_Oddity]] = {}
    for form in forms:
        if form.isascii() and form.isprintable():
            continue
        for code, check, repair in checks:
            what = check(form)
            if what is not None:
                odd.setdefault(form, []).append(_Oddity(code, what, repair))
    if not odd:
        return
    _leave_out_what_is_usual(odd, forms)
    for file in corpus.files:
        for sentence in file.sentences:
            for i, token in enumerate(sentence.tokens):
                for code, what, repair in odd.get(token, ()):
                    edit = None
                    if repair is not None and file.has_rows and repair(token).strip():
                        edit = Edit(file.path, sentence.lines[i], "token", repair)
                    found.at(code, sentence, i, f"{quoted([token])}{what}", edit=edit)


def _leave_out_what_is_usual(odd: dict[str, list[_Oddity]], forms: Counter[str]) -> None:
    """Leave out decomposed letters where the corpus has no composed ones to differ from."""
    decomposed = {form for form, found in odd.items() if "S108" in {one.code for one in found}}
    n_composed = sum(n for form, n in forms.items() if not form.isascii()) - sum(
        forms[form] for form in decomposed
    )
    if sum(forms[form] for form in decomposed) > n_composed:
        for form in decomposed:
            odd[form] = [one for one in odd[form] if one.code != "S108"]


def _control(form: str) -> str | None:
    return "" if _CONTROL.search(form) else None


def _zero_width(form: str) -> str | None:
    return "" if _without_zero_width(form) != form else None


def _without_zero_width(form: str) -> str:
    if not _ZERO_WIDTH.search(form):
        return form
    keeps = _JOINERS if _JOINED.search(form) else ""
    return _ZERO_WIDTH.sub(lambda match: match[0] if match[0] in keeps else "", form)


def _look_alike(form: str) -> str | None:
    if form.isascii():
        return None
    for run in _RUN.findall(form):
        scripts = Counter(_script(letter) for letter in run)
        if len(scripts) != 2 or not scripts.keys() <= _LOOK_ALIKE.keys():
            continue
        (_, _), (rare, _) = scripts.most_common()
        foreign = [letter for letter in run if _script(letter) == rare]
        if all(letter in _LOOK_ALIKE[rare] for letter in foreign):
            name = unicodedata.name(foreign[0], "?")
            return f" has {foreign[0]!r}, {name.lower()}"
    return None


def _script(letter: str) -> str:
    if letter.isascii():
        return "LATIN"
    return unicodedata.name(letter, "?").partition(" ")[0]


def _mojibake(form: str) -> str | None:
    repaired = _repaired(form)
    return f" reads like {repaired!r}" if repaired != form else None


def _repaired(form: str) -> str:
    """Return UTF-8 that was read as Windows-1252 or Latin-1, as it was meant."""
    if len(_LATIN_1.findall(form)) < 2:
        return form
    for encoding in ("cp1252", "latin-1"):
        try:
            return form.encode(encoding).decode()
        except UnicodeError:
            continue
    return form


def _replacement(form: str) -> str | None:
    return "" if _REPLACEMENT in form else None


def _decomposed(form: str) -> str | None:
    composed = _composed(form)
    return f" is {composed!r} in NFC" if composed != form else None


def _composed(form: str) -> str:
    return unicodedata.normalize("NFC", form)
