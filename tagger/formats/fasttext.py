"""fastText's labelled texts: ``__label__positive __label__short What a film!``, a text a line.

Labels may stand anywhere in a line, as for fastText.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import Document
from tagger.formats.records import TextLabel
from tagger.formats.sample import Sample
from tagger.formats.text_labels import LABEL, as_list
from tagger.formats.writing import count_labels, count_spans, encode_lines, one_line, refuse
from tagger.lines import read_lines
from tagger.schemes import Scheme

__all__ = ["read", "sniff", "write"]

_MARK = "__label__"
_LABEL = re.compile(rf"(?<!\S){_MARK}(\S+)\s*")
"""A label, wherever it stands in a line."""
_AT_AN_END = re.compile(rf"\s*{_MARK}\S|.*\s{_MARK}[^\s\"',}}\]]+\s*$")
"""A line that begins or ends with a label, and does not end as JSON does."""
_SHARE = 0.5
"""The share of the first lines that must begin or end with a label."""


def sniff(sample: Sample) -> bool:
    """Return whether most lines begin or end with a label; the first may be without one."""
    try:
        lines = sample.lines
    except FormatError:  # not text, as Parquet, which is asked for by its first bytes
        return False
    labelled = sum(_AT_AN_END.match(line) is not None for line in lines)
    return 0 < labelled >= _SHARE * len(lines)


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the texts of a file; one without labels is a text whose labels are missing.

    Raises:
        CorpusError: The file cannot be read.
    """
    number = 0
    for line, text in read_lines(path):
        if not text.strip():
            continue
        number += 1
        labels = _LABEL.findall(text)
        label: TextLabel = labels if len(labels) > 1 else labels[0] if labels else None
        words = _LABEL.sub("", text).strip()
        yield Document(str(number), path, line, text=words, labels={LABEL: [label]})


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of text, with the labels of their first head.

    Raises:
        FormatError: A label contains white space, or a word of a text looks like a label.
    """
    head = next((name for document in documents for name in document.labels), "")
    lines = []
    for document in documents:
        count_labels(document, findings, kept=[head])
        count_spans(document, findings)
        labels = as_list(document.labels[head][0]) if head in document.labels else []
        for label in labels:
            if len(label.split()) != 1:
                raise FormatError(
                    document.path,
                    document.line,
                    f"document {document.name}: the label {label!r:.42} contains white space",
                    hint="rename it, or choose another format with {target_format}",
                )
        text = one_line(document, findings).strip()
        if _LABEL.search(text):
            refuse(document, [_MARK], text)
        lines.append(" ".join([*(f"{_MARK}{label}" for label in labels), text]))
    return encode_lines(documents, lines)
