"""Loading a corpus by its name, path or address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tagger.corpus.catalogue import CorpusEntry
from tagger.corpus.resolve import Resolved, resolve
from tagger.corpus.scan import FileSource, FoundHead, Scan, Source
from tagger.corpus.store import Store
from tagger.errors import CorpusError, FormatError, UsageError
from tagger.formats.records import Corpus, Repairs

__all__ = ["load_corpus"]


def load_corpus(
    source: str,
    *,
    data_dir: Path | None = None,
    columns: str | None = None,
    strict: bool = False,
) -> Corpus:
    """Load a corpus, reading its files only where the cache does not have them.

    Args:
        source: the name of a corpus, ``hub:owner/name[@revision]``, the path of a folder or file,
            or several files with commas between them.
        data_dir: the folder of corpora to look in first, or the folder of the corpus.
        columns: what the columns of its files hold, as ``token,pos,-,ner``; found where not given.
        strict: refuse a tag outside its scheme, which is else read as conlleval does and counted.

    Raises:
        UsageError: for an unknown name, or impossible ``columns``.
        FormatError: for a file with wrong content, at its first wrong line.
        CorpusError: where the corpus is not found or cannot be read.
    """
    where = resolve(source, data_dir)
    found: Source
    if where.files:
        if columns is None and where.entry is not None:
            columns = where.entry.columns
        found = _files(where.files, columns)
    elif columns is not None:
        raise UsageError(f"{where.name}: columns can be given for files, not for the hub")
    else:
        found = _fetch(where)
    files = {split: str(path) for split, path in found.paths.items()}
    store = Store(found)
    scan = store.scan()
    layout = found.described(scan.layout, folder=store.folder, strict=strict)
    repairs = _repairs(scan, list(files.values()), strict)
    return Corpus(
        name=where.name,
        splits={split: store.split(split, scan) for split in files},
        heads=tuple(head.column() for head in scan.heads),
        main_heads=_main_heads(scan.heads, where.entry),
        layout=layout,
        repairs=repairs,
        files=files,
        licence=where.entry.licence if where.entry else "",
        citation=where.entry.citation if where.entry else "",
        fingerprint=store.fingerprint,
    )


def _files(files: Mapping[str, Path], columns: str | None) -> Source:
    """Give the source of files: of documents, which are cut into sentences, or of sentences."""
    from tagger.corpus.document_source import document_source
    from tagger.formats.detect import sentence_format

    documents = document_source(files)
    first = next(iter(files.values()))
    if documents is None:
        return FileSource(files, sentence_format(first), columns)
    if columns is not None:
        raise UsageError(
            f"{first}: columns cannot be given for documents, which hold spans and no tags"
        )
    return documents


def _fetch(where: Resolved) -> Source:
    from tagger.corpus.hub import fetch

    tried = list(where.tried)
    if where.hub:
        try:
            return fetch(where.hub)
        except CorpusError as error:
            tried.append(str(error))
    if where.entry is None:
        raise CorpusError(f"{'; '.join(tried)}; copy its files to this machine and give their path")
    name, source = where.entry.name, where.entry.source
    raise CorpusError(
        f"corpus {name} is not found: tried {'; '.join(tried)}; get its files from {source} and "
        f"put them into data/{where.entry.folders[0]}, or name the folder they are in with "
        "--data-dir or TAGGER_DATA"
    )


def _repairs(scan: Scan, paths: Sequence[str], strict: bool) -> tuple[Repairs, ...]:
    """Give what is read in another way than it stands there, or refuse it where ``strict``."""
    if strict and scan.repairs:
        first = min(scan.repairs, key=lambda repair: (repair.file, repair.line))
        scheme = scan.layout.schemes.get(first.head)
        outside = f" tag outside the scheme {scheme}" if scheme else ""
        raise FormatError(
            paths[first.file],
            first.line,
            f"{first.head}{outside}: {first.example} ({first.n} in all); mend it, or leave out "
            "--strict to have it read all the same",
        )
    return tuple(
        Repairs(found.head, found.n, f"{paths[found.file]}:{found.line}", found.example)
        for found in scan.repairs
    )


def _main_heads(heads: Sequence[FoundHead], entry: CorpusEntry | None) -> tuple[str, ...]:
    """Give the heads to train: what the registry says, or else entities before all."""
    names = [head.name for head in heads]
    for main in (entry.main_heads if entry else (), ("ner",), ("chunk",), ("upos", "xpos")):
        present = tuple(name for name in main if name in names)
        if present:
            return present
    spans = tuple(head.name for head in heads if head.kind == "span")
    return spans or tuple(names)
