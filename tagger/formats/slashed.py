"""A sentence a line, a token with its tags between spaces: ``Kim|NNP|I-PER left|VBD|O``.

WikiNER is so, and with ``/`` or ``_`` the output of many taggers (``Kim/NNP``, ``Kim_PERSON``). An
empty line begins a document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import ENTITIES, Document
from tagger.formats.records import Columns, Layout, Sentence
from tagger.formats.sample import Sample
from tagger.formats.spelling import looks_like_spans
from tagger.formats.writing import encode_lines, heads_of, refuse, sentence_tags
from tagger.lines import read_rows
from tagger.schemes import Scheme, is_tag

__all__ = ["detect_layout", "read", "sniff", "write"]

_SEPARATORS = "|/_"
_N_LINES = 1000
_MAX_TAGS = 100
"""More different values are no tags of parts of speech."""
_MAX_COLUMNS = 1_000
"""Parts of a word; each is looked at by itself."""


class _Shape(NamedTuple):
    """The separator within a token, and the number of its parts."""

    separator: str
    width: int


def sniff(sample: Sample) -> bool:
    """Return whether all words have the same number of parts, and end with tags."""
    lines = [line for line in sample.lines if not line.startswith("# ")]
    if not lines or any("\t" in line or "</" in line for line in lines):
        return False
    shape = _shape(lines)
    if shape is None or all(len(line.split()) == 1 for line in lines):  # a token a line
        return False
    counts = _last_parts(lines, shape)
    if shape.separator == "|":
        return True
    return len(counts) <= _MAX_TAGS and all(
        is_tag(tag) or tag.isupper() or not any(map(str.isalnum, tag)) for tag in counts
    )


def detect_layout(paths: Sequence[Path], names: str | Columns | None = None) -> Layout:
    """Find the separator and the heads from the first lines of the first file.

    Raises:
        FormatError: The file has no sentences, or words of different numbers of parts.
    """
    path = paths[0]
    lines = [line for _, line in islice(read_rows(path), _N_LINES) if line.strip()]
    if not lines:
        raise FormatError(path, None, "the file has no sentences")
    shape = _shape(lines)
    if shape is None:
        raise FormatError(
            path, None, "its words have no tags, or different numbers of them", hint=_HINT
        )
    rows = [_parts(word, shape) for line in lines for word in line.split()]
    found: dict[str, list[int]] = {ENTITIES: [], "pos": []}
    for i in range(1, shape.width):
        values = Counter(row[i] for row in rows)
        is_span = looks_like_spans(values) or _are_types(values)
        found[ENTITIES if is_span else "pos"].append(i)
    columns = {1: "token"} | {i + 1: f"column{i + 1}" for i in range(1, shape.width)}
    columns |= {i + 1: ENTITIES for i in found[ENTITIES][-1:]}  # as the writer places them
    columns |= {i + 1: "pos" for i in found["pos"][:1]}
    return Layout(
        format="wikiner", title=f"words with tags after {shape.separator!r}", columns=columns
    )


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Raises:
        FormatError: A word has another number of parts, or an empty one.
        CorpusError: The file cannot be read.
    """
    shape = _Shape(layout.title[-2], layout.n_columns)
    heads = {name: number - 1 for number, name in layout.columns.items() if name != "token"}
    document, is_new = -1, False
    for number, line in read_rows(path):
        words = line.split()
        if not words:
            is_new = True
            continue
        rows = [_parts(word, shape) for word in words]
        for word, row in zip(words, rows, strict=True):
            if len(row) != shape.width or not all(row):
                raise FormatError(
                    path,
                    number,
                    f"{word!r:.40} is not a token with {shape.width - 1} tags after "
                    f"{shape.separator!r}",
                    hint=_HINT,
                )
        if is_new or document < 0:
            document += 1
            is_new = False
        tags: dict[str, list[str | None]] = {
            name: [None if row[i] == "_" else row[i] for row in rows] for name, i in heads.items()
        }
        yield Sentence([row[0] for row in rows], tags, [number] * len(rows), document)


_HINT = "write each word as in Kim|NNP|B-PER"


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens as in WikiNER, an empty line between documents.

    Raises:
        FormatError: A token or label contains a space, or a label contains ``|``.
    """
    return encode_lines(documents, _lines(documents, scheme))


def _lines(documents: Sequence[Document], scheme: Scheme) -> Iterator[str]:
    tag_heads, span_heads = heads_of(documents)
    tokens = [token for document in documents for token in document.tokens]
    if tokens and all("|" in token for token in tokens):  # a reader would see another column
        refuse(documents[0], "|", tokens[0])
    for number, document in enumerate(documents):
        if number and not (document.is_part and documents[number - 1].is_part):
            yield ""
        no_tags: list[str | None] = [None] * len(document.tokens)
        columns = [document.tags.get(head, no_tags) for head in tag_heads]
        for head in span_heads:
            columns.append([t for tags in sentence_tags(document, head, scheme) for t in tags])
        rows = [
            [token, *(column[i] or "_" for column in columns)]
            for i, token in enumerate(document.tokens)
        ]
        for row in rows:
            for value in row:
                if value.split() != [value]:
                    refuse(document, [mark for mark in value if mark.isspace()], value)
            refuse(document, "|", *row[1:])
        for first, past in document.bounds():
            yield " ".join("|".join(row) for row in rows[first:past])


def _shape(lines: Sequence[str]) -> _Shape | None:
    words = [word for line in lines for word in line.split()]
    for separator in _SEPARATORS:
        if all(separator in word for word in words):
            counts = Counter(word.count(separator) for word in words)
            # A token may contain the separator, so that most words count.
            n, _ = counts.most_common(1)[0]
            if min(counts) == n < _MAX_COLUMNS:
                return _Shape(separator, n + 1)
    return None


def _parts(word: str, shape: _Shape) -> list[str]:
    return word.rsplit(shape.separator, shape.width - 1)


def _last_parts(lines: Sequence[str], shape: _Shape) -> Counter[str]:
    return Counter(_parts(word, shape)[-1] for line in lines for word in line.split())


def _are_types(values: Counter[str]) -> bool:
    """Return whether values are types of entities without letters before them."""
    return values.get("O", 0) > 0
