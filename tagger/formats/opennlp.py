"""Training data of OpenNLP: ``<START:person> Kim Berg <END> sings .``, a sentence a line.

Spaces separate tokens, an empty line begins a document. ``<START>`` alone has the type ``default``,
as in OpenNLP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import ENTITIES, Document, main_layer
from tagger.formats.records import Columns, Layout, Sentence
from tagger.formats.sample import Sample
from tagger.formats.writing import count_unwritten, encode_lines, refuse
from tagger.lines import read_rows
from tagger.schemes import Scheme, Span, tags_of

__all__ = ["detect_layout", "read", "sniff", "write"]

_MARK = re.compile(r"<START(?::([^\s<>]+))?>|<END>")
_DEFAULT = "default"


def sniff(sample: Sample) -> bool:
    """Return whether a line has a marked name."""
    return any("<START" in line and "<END>" in line for line in sample.lines) and any(
        mark[0] != "<END>" for line in sample.lines for mark in _MARK.finditer(line)
    )


def detect_layout(paths: Sequence[Path], names: str | Columns | None = None) -> Layout:
    """Return the layout, which is the same for all files."""
    return Layout(format="opennlp", title="OpenNLP", columns={1: "token", 2: ENTITIES})


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Raises:
        FormatError: A mark has no counterpart on its line, or a name is empty.
        CorpusError: The file cannot be read.
    """
    document, is_new = -1, True
    for number, line in read_rows(path):
        if not line.strip():
            is_new = True
            continue
        document += is_new
        is_new = False
        tokens: list[str] = []
        spans: list[Span] = []
        opened: tuple[int, str] | None = None
        position = 0
        for mark in _MARK.finditer(line):
            tokens += line[position : mark.start()].split()
            position = mark.end()
            if mark[0] != "<END>":
                if opened is not None:
                    raise FormatError(path, number, f"{mark[0]} before the <END> of another name")
                opened = len(tokens), mark[1] or _DEFAULT
                continue
            if opened is None or opened[0] == len(tokens):
                what = "<END> without <START> before it" if opened is None else "an empty name"
                raise FormatError(path, number, what, hint=_HINT)
            spans.append(Span(opened[0], len(tokens), opened[1]))
            opened = None
        if opened is not None:
            raise FormatError(path, number, "<START> without <END> after it", hint=_HINT)
        tokens += line[position:].split()
        if tokens:
            tags: list[str | None] = [*tags_of(spans, len(tokens), Scheme.BIO)]
            yield Sentence(tokens, {ENTITIES: tags}, [number] * len(tokens), document)


_HINT = "write names as in <START:person> Kim Berg <END>, on one line"


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens, an empty line between documents.

    Raises:
        FormatError: A token or label contains white space, or looks like a mark.
    """
    return encode_lines(documents, _lines(documents, findings))


def _lines(documents: Sequence[Document], findings: Findings) -> Iterator[str]:
    for number, document in enumerate(documents):
        if number and not (document.is_part and documents[number - 1].is_part):
            yield ""
        count_unwritten(document, findings)
        for token in document.tokens:
            if token.split() != [token] or _MARK.search(token):
                refuse(document, [token], token)
        spans = document.sentence_spans(main_layer(document))
        for (first, past), within in zip(document.bounds(), spans, strict=True):
            words = document.tokens[first:past]
            for start, end, label in within:
                refuse(document, "<> \t\r\n", label)
                if label.split() != [label]:
                    refuse(document, [label], label)
                words[start] = f"<START:{label}> {words[start]}"
                words[end - 1] += " <END>"
            yield " ".join(words)
