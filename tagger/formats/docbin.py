"""spaCy's DocBin (``.spacy``): what `spacy train` reads and many tools export.

The file is read as compressed MessagePack of numbers and strings, without spaCy's own reader:
nothing in it is run, and user data beside the annotations is not unpacked.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import msgspec

from tagger.errors import FormatError, UsageError
from tagger.findings import Findings
from tagger.formats.documents import (
    ENTITIES,
    Document,
    check_text,
    in_characters,
    main_layer,
)
from tagger.formats.records import TextLabel
from tagger.formats.sample import Sample
from tagger.formats.spacy_document import spacy_document, split_words
from tagger.formats.text_labels import as_list, label_of
from tagger.formats.writing import count_labels, count_unwritten
from tagger.lines import unreadable
from tagger.schemes import Scheme, Span

__all__ = ["read", "sniff", "write"]

# ENT_IOB: 0 is a token that is not annotated, 2 one outside of entities.
_MISSING, _INSIDE, _BEGINS = 0, 1, 3
_CATS = "cats"
"""The head of the labels of documents."""
_WRITTEN = ("ENT_IOB", "ENT_TYPE", "SENT_START", "TAG", "POS")


_MAX_RATIO = 200
_LEAST_LIMIT = 64_000_000
"""How much larger a file may be unpacked, and what any may be; those of texts are 5 to 20 times."""


class _Bin(msgspec.Struct):
    attrs: list[int]
    tokens: bytes
    spaces: bytes
    lengths: bytes
    strings: list[str]
    flags: list[dict[str, bool]] = []  # msgspec copies it
    cats: list[object] = []


def sniff(sample: Sample) -> bool:
    """Return False: only the suffix shows the format."""
    return False


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the documents of a file.

    Raises:
        FormatError: The file is damaged, or has no annotations that can be learned.
        CorpusError: The file cannot be read.
    """
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    try:
        unpacking = zlib.decompressobj()
        limit = max(_LEAST_LIMIT, _MAX_RATIO * len(packed))
        unpacked = unpacking.decompress(packed, limit)
        if unpacking.unconsumed_tail:
            raise FormatError(
                path,
                None,
                f"unpacks to more than {limit / 1e6:,.0f} MB, {_MAX_RATIO} times its size",
                hint="it is no DocBin of texts",
            )
        if not unpacking.eof:
            raise ValueError("it is cut off")
        content = msgspec.msgpack.decode(unpacked, type=_Bin)
        yield from _documents(path, content, findings)
    except (zlib.error, msgspec.DecodeError, ValueError, KeyError, RecursionError) as error:
        said = " ".join(str(error).split())[:80]
        raise FormatError(
            path, None, f"not a spaCy DocBin, or damaged ({said})", hint="write it again from spaCy"
        ) from None


def _documents(path: Path, content: _Bin, findings: Findings) -> Iterator[Document]:
    import numpy as np
    from spacy.attrs import IDS
    from spacy.parts_of_speech import NAMES
    from spacy.strings import StringStore

    strings = StringStore(content.strings)
    lengths = np.frombuffer(content.lengths, dtype=np.int32).tolist()
    spaces = np.frombuffer(content.spaces, dtype=bool).tolist()
    table = np.frombuffer(content.tokens, dtype=np.uint64).reshape(-1, len(content.attrs))
    if sum(lengths) != len(table) or len(spaces) != len(table) or min(lengths, default=0) < 0:
        raise ValueError("its numbers of tokens do not agree")
    columns = {
        name: table[:, content.attrs.index(number)].tolist()
        for name in ("ORTH", *_WRITTEN)
        if (number := IDS[name]) in content.attrs
    }
    is_annotated = set(columns.get("ENT_IOB", ())) - {_MISSING}
    heads = [name for name in ("TAG", "POS") if any(columns.get(name, ()))]
    labels = [_labels(path, one) for one in content.cats[: len(lengths)]]
    labels += [None] * (len(lengths) - len(labels))
    is_labelled = any(label is not None for label in labels)
    if not is_annotated and not heads and not is_labelled:
        raise FormatError(
            path,
            None,
            "a DocBin without entities, parts of speech or categories (span groups are not read)",
            hint="set doc.ents or doc.cats before it is written",
        )
    first = 0
    for number, length in enumerate(lengths):
        past = first + length
        part = {name: column[first:past] for name, column in columns.items()}
        forms = [strings[orth] for orth in part["ORTH"]]
        check_text(path, None, *forms)
        if not all(forms):
            raise ValueError("a token is empty")
        flags = content.flags[number] if number < len(content.flags) else {}
        known = None if flags.get("has_unknown_spaces") else spaces[first:past]
        document = _document(str(number + 1), path, forms, known, part.get("SENT_START", []))
        if is_labelled:
            document.labels = {_CATS: [labels[number]]}
        kept = list(accumulate((not form.isspace() for form in forms), initial=0))
        if is_annotated:
            types = [strings[label] for label in part["ENT_TYPE"]]
            check_text(path, None, *types)
            marks = zip(part["ENT_IOB"], forms, strict=True)
            known = [mark != _MISSING for mark, form in marks if not form.isspace()]
            missing = [(i, i + 1) for i, is_known in enumerate(known) if not is_known]
            document.unknown = {ENTITIES: missing} if missing else {}
            found = [
                Span(kept[start], kept[end], label)
                for start, end, label in _entities(part["ENT_IOB"], types)
                if kept[start] < kept[end]
            ]
            document.spans = {ENTITIES: found}
            if document.offsets is not None:
                document.chars = in_characters(found, document.offsets)
        for name in heads:
            values = [v for v, form in zip(part[name], forms, strict=True) if not form.isspace()]
            names = [NAMES[value] if name == "POS" else strings[value] for value in values]
            document.tags["upos" if name == "POS" else "xpos"] = [tag or None for tag in names]
        yield document
        first = past


def _labels(path: Path, cats: object) -> TextLabel:
    """Return the categories of a document whose probability is at least a half; None without any.

    Anything else that users may have stored there counts as none.
    """
    found = label_of(cats) if isinstance(cats, dict) else None
    check_text(path, None, *as_list(found))
    return found


def _document(
    name: str, path: Path, forms: list[str], spaces: list[bool] | None, starts: list[int]
) -> Document:
    """Return a document of the words that are not white space."""
    words = [i for i, form in enumerate(forms) if not form.isspace()]
    document = Document(name, path, tokens=[forms[i] for i in words])
    if any(starts[1:]) or spaces is None:  # the first of all begins one whether marked or not
        # A sentence may begin with white space: what begins there begins at the next word.
        begun = list(accumulate(start == 1 for start in starts)) or [False] * len(forms)
        pairs = enumerate(pairwise([begun[i] for i in words]), start=1)
        document.ends = [n for n, (left, right) in pairs if left != right]
        document.ends += [len(words)] * bool(words)
    if spaces is not None:
        pieces = [form + " " * space for form, space in zip(forms, spaces, strict=True)]
        at = list(accumulate(map(len, pieces), initial=0))
        document.text = "".join(pieces)
        document.offsets = [(at[i], at[i] + len(forms[i])) for i in words]
    return document


def _entities(marks: Sequence[int], labels: Sequence[str]) -> Iterator[Span]:
    start = -1
    for i, (mark, label) in enumerate(zip([*marks, 2], [*labels, ""], strict=True)):
        continues = mark == _INSIDE and start >= 0 and label == labels[start]
        if start >= 0 and not continues:
            yield Span(start, i, labels[start])
            start = -1
        if start < 0 and mark in (_INSIDE, _BEGINS) and label:
            start = i


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents; white space other than single spaces becomes tokens, as in spaCy.

    The labels of texts of the first head become categories, of which each document has all, as
    spaCy needs them; a document whose label is missing has none.

    Raises:
        FormatError: spaCy does not know a part of speech.
    """
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    packed = DocBin(attrs=_WRITTEN)
    vocab = Vocab()
    text_head = next((head for document in documents for head in document.labels), "")
    cats = sorted({cat for one in documents for cat in as_list(_label(one, text_head))})
    for document in documents:
        words, spaces, places = _words(document)
        head = main_layer(document)
        if blank := sum(map(str.isspace, document.tokens)):
            findings.count(
                "token of white space",
                document.path,
                document.line,
                count=blank,
                action="no token for spaCy",
            )
        try:
            doc = spacy_document(
                vocab,
                words,
                spaces,
                places,
                sentence_starts=[first for first, _ in document.bounds()],
                entities=document.spans.get(head, []) if document.spans else None,
                unknown=document.unknown_tokens(head),
                tags=document.tags,
            )
        except UsageError as error:
            raise FormatError(
                document.path, document.line, error.message, expected=error.expected
            ) from None
        count_unwritten(document, findings, tags=("upos", "xpos", "pos"))
        count_labels(document, findings, kept=[text_head])
        if (label := _label(document, text_head)) is not None:
            doc.cats = {cat: float(cat in as_list(label)) for cat in cats}
        packed.add(doc)
    return packed.to_bytes()


def _label(document: Document, head: str) -> TextLabel:
    return document.labels[head][0] if document.labels.get(head) else None


def _words(document: Document) -> tuple[list[str], list[bool] | None, list[int]]:
    """Return the words, whether a space follows each, and the word of each token."""
    if document.text is None or document.offsets is None:
        return document.tokens, document.space_after, list(range(len(document.tokens)))
    return split_words(document.text, document.offsets)
