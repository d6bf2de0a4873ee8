"""Parquet with a list of tokens and lists of tags in each row, as on the Hugging Face hub.

Tags are strings, or numbers whose names are in the file's own description of its columns
(``ClassLabel``) or beside the file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import CorpusError, FormatError
from tagger.extras import install_hint
from tagger.findings import Findings
from tagger.formats import jsonl
from tagger.formats.bounded_parquet import batches
from tagger.formats.documents import Document
from tagger.formats.records import Columns, Layout, Sentence
from tagger.formats.sample import Sample
from tagger.lines import unreadable
from tagger.schemes import Scheme

__all__ = ["detect_layout", "read", "rows", "sniff", "write"]

_ROWS = 1000
"""Rows that are read together."""


def sniff(sample: Sample) -> bool:
    """Return whether the file begins as Parquet does."""
    return sample.start.startswith(b"PAR1")


def detect_layout(paths: Sequence[Path], names: str | Columns | None = None) -> Layout:
    """Find the heads from the first row of the first file.

    Raises:
        FormatError: The file is damaged, has no rows, or its first row is not a sentence.
    """
    layout = jsonl.layout_of(paths[0], rows(paths[0]))
    return msgspec.structs.replace(layout, format="parquet", title="Parquet")


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file; their lines are the numbers of rows.

    Raises:
        FormatError: The file is damaged, or a row is not a sentence, or lacks a head.
        CorpusError: The file cannot be read.
    """
    return jsonl.sentences_of(path, rows(path), layout, findings)


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens, a sentence a row."""
    import pyarrow as pa
    from pyarrow import parquet

    lines = jsonl.write(documents, scheme, findings).splitlines()
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([json.loads(line) for line in lines]), buffer)
    return buffer.getvalue()


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a file with their numbers, and with the names of its tags in each.

    Raises:
        FormatError: The file is damaged, or would take gigabytes.
        CorpusError: The file cannot be read.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:  # an installation that only predicts
        raise CorpusError("Parquet needs pyarrow", path=path, hint=install_hint()) from None
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            described = json.loads((file.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
        features = described.get("info", {}).get("features") or {}
        for batch in batches(path, str(path), size=path.stat().st_size, rows=_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield number, {"features": features, **row}
    except (pa.ArrowException, ValueError, AttributeError, RecursionError) as error:
        said = " ".join(str(error).split())[:80]
        raise FormatError(path, None, f"not Parquet, or damaged ({said})") from None
    except OSError as error:
        if error.errno is None:  # of Parquet itself
            raise FormatError(path, None, f"damaged Parquet ({str(error)[:80]})") from None
        raise unreadable(path, error) from None
