"""Text with its spans as elements, ``<PER>Kim Berg</PER> sings``, a sentence a line.

The label is an attribute ``type``, ``label``, ``class`` or ``name`` (``<ENAMEX TYPE="PERSON">``),
or else the name of the element. Elements of structure (``<doc>``, ``<s>``, ``<p>``), declarations
and comments are left out. ``&lt;``, ``&amp;`` and the like stand for characters.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import CharSpan, Document
from tagger.formats.sample import Sample
from tagger.formats.writing import encode_lines, one_line, refuse
from tagger.lines import read_lines
from tagger.schemes import Scheme

__all__ = ["read", "sniff", "write"]

_NAME = r"[^\W\d][\w.:-]*"
_ATTRIBUTE = re.compile(rf"({_NAME})\s*=\s*(\"[^\"]*\"|'[^']*')")
_TAG = re.compile(
    rf"<!--|<[?!][^<>]*>|<(/?)({_NAME})((?:\s+{_NAME}\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>"
)
_DECLARATION = re.compile(r"<![^<>]*>")
_SPAN = re.compile(rf"<({_NAME})(?:\s[^<>]*)?>[^<>]+</\1\s*>")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|lt|gt|amp|quot|apos);")
_LABELS = ("type", "label", "class", "name", "category", "cat")
_STRUCTURE = frozenset(
    {
        *("xml", "root", "corpus", "corpora", "dataset", "data", "documents", "docs", "document"),
        *("doc", "text", "txt", "body", "title", "head", "headline", "section", "div", "article"),
        *("paragraph", "para", "p", "sentences", "sentence", "sent", "s", "seg", "line", "tei"),
        *("html", "br", "srcset", "refset", "docid", "dateline", "slug"),
    }
)
_HINT = "write names as in <PER>Kim Berg</PER>, on one line, and '<' of the text as &lt;"


def sniff(sample: Sample) -> bool:
    """Return whether a line has a span as an element."""
    return any(
        match[1].lower() not in _STRUCTURE
        for line in sample.lines
        for match in _SPAN.finditer(line)
    )


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the texts of a file; lines with only structural elements are skipped.

    Raises:
        FormatError: An element has no counterpart on its line, or is empty.
        CorpusError: The file cannot be read.
    """
    for number, line in read_lines(path):
        text, chars = _parse(path, number, line)
        if text.strip() or chars:
            # White space around the text is layout, but for that within spans.
            lead = min([len(text) - len(text.lstrip()), *(c.start for c in chars)])
            past = max([len(text.rstrip()), *(c.end for c in chars)])
            chars = [c._replace(start=c.start - lead, end=c.end - lead) for c in chars]
            yield Document(str(number), path, number, text=text[lead:past], chars=chars)


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents, a text a line; line ends within a text become spaces.

    A label that cannot name an element stands in an attribute.
    """
    lines = []
    for document in documents:
        text = one_line(document, findings)
        parts: list[str] = []
        position = 0
        for start, end, label, *_ in document.chars:
            refuse(document, "\r\n", label)
            is_name = re.fullmatch(_NAME, label) and label.lower() not in _STRUCTURE
            name = label if is_name else "NE"
            opening = name if is_name else f'NE type="{html.escape(label)}"'
            parts += [
                html.escape(text[position:start], quote=False),
                f"<{opening}>{html.escape(text[start:end], quote=False)}</{name}>",
            ]
            position = end
        lines.append("".join([*parts, html.escape(text[position:], quote=False)]))
    return encode_lines(documents, lines)


def _parse(path: Path, number: int, line: str) -> tuple[str, list[CharSpan]]:
    parts: list[str] = []
    chars: list[CharSpan] = []
    opened: list[tuple[str, int, str]] = []  # the element, where it begins, its label
    length = position = 0

    def take(piece: str) -> None:
        nonlocal length
        parts.append(_REFERENCE.sub(lambda found: html.unescape(found[0]), piece))
        length += len(parts[-1])

    for tag, end in _tags(line):
        take(line[position : tag.start()])
        position = end
        closes, name, attributes, is_empty = tag.groups()
        if name is None or is_empty or name.lower() in _STRUCTURE:
            continue
        if not closes:
            opened.append((name, length, _label(name, attributes)))
            continue
        if not opened or opened[-1][0] != name:
            what = f"</{name}> where </{opened[-1][0]}> is due" if opened else f"no <{name}> before"
            raise FormatError(path, number, f"{what} {tag[0]}" if not opened else what, hint=_HINT)
        _, start, label = opened.pop()
        if start == length:
            raise FormatError(path, number, f"an empty element <{name}>", hint=_HINT)
        chars.append(CharSpan(start, length, label))
    if opened:
        raise FormatError(path, number, f"<{opened[-1][0]}> is not closed on its line", hint=_HINT)
    take(line[position:])
    return "".join(parts), sorted(chars)


def _tags(line: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield each tag, declaration and comment, and its end."""
    position = 0
    may_close = True  # an end of a comment that is not found is not looked for again
    while tag := _TAG.search(line, position):
        position = tag.end()
        if tag[0] == "<!--":
            close = line.find("-->", position) if may_close else -1
            may_close = close >= 0
            if may_close:
                position = close + len("-->")
            elif declaration := _DECLARATION.match(line, tag.start()):
                position = declaration.end()
            else:
                continue
        yield tag, position


def _label(name: str, attributes: str) -> str:
    values = {
        key.lower(): html.unescape(value[1:-1]) for key, value in _ATTRIBUTE.findall(attributes)
    }
    return next((values[key] for key in _LABELS if values.get(key)), name)
