"""Limits of a training, so that it fits into the memory of an ordinary machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tagger.corpus.records import Corpus
from tagger.corpus.store import mapped
from tagger.errors import CorpusError
from tagger.model.heads import HeadSpec
from tagger.tables import counted

__all__ = ["MAX_SENTENCE", "MAX_TAGS", "MAX_TOKEN", "bounded_sentences", "check_heads"]

MAX_SENTENCE = 10_000
"""Tokens of a sentence: all its states are kept for the gradients, 300 MB in the usual network."""
MAX_TOKEN = 1_000
"""Characters of a token: longer ones are no words, and the vocabulary would store them."""
MAX_TAGS: Mapping[str, int] = {"crf": 2_000, "softmax": 20_000, "sigmoid": 20_000}
"""Tags of a head: a CRF has a score for each pair of tags, for each sentence of a batch."""


def bounded_sentences(corpus: Corpus) -> tuple[Corpus, list[str]]:
    """Return the corpus with training sentences of a bounded length, and notes on what was cut.

    Raises:
        CorpusError: A token is too long to be a word.
    """
    train = corpus.splits["train"]
    has_lines = "line" in train.column_names
    n_long, longest, first_line = 0, 0, None
    for rows in train.select_columns(["tokens", *(["line"] if has_lines else [])]).iter(1000):
        lines = rows.get("line", [None] * len(rows["tokens"]))
        for tokens, line in zip(rows["tokens"], lines, strict=True):
            if (n_chars := max(map(len, tokens), default=0)) > MAX_TOKEN:
                raise CorpusError(
                    f"a token of {n_chars:,} characters; a training takes at most {MAX_TOKEN:,}",
                    path=_path(corpus),
                    line=line,
                    hint="are the columns the right ones, and quotes closed?",
                )
            if len(tokens) > MAX_SENTENCE:
                n_long, longest = n_long + 1, max(longest, len(tokens))
                first_line = first_line or line
    if not n_long:
        return corpus, []
    heads = [head.name for head in corpus.heads if head.kind != "text"]
    columns = ["tokens", *heads, *(["space_after"] if "space_after" in train.column_names else [])]

    def cut(rows: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {name: [] for name in rows}
        for row in (
            dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)
        ):
            for start, end in _pieces(len(row["tokens"]), [row[head] for head in heads]):
                for name, value in row.items():
                    whole = name not in columns or value is None
                    found[name].append(value if whole else value[start:end])
        return found

    content = f"cut {train._fingerprint} {MAX_SENTENCE} {columns}"
    fingerprint = hashlib.blake2b(content.encode(), digest_size=8).hexdigest()
    cut_train = mapped(train, cut, fingerprint=fingerprint, features=train.features)
    splits = {**corpus.splits, "train": cut_train}
    place = f"{_path(corpus)}:{first_line}" if first_line else _path(corpus)
    note = (
        f"warning: {place}: cut {counted(n_long, 'sentence')} of up to {longest:,} tokens into "
        f"pieces of at most {MAX_SENTENCE:,}; does an empty line end each sentence?"
    )
    return replace(corpus, splits=splits), [note]


def _pieces(n_tokens: int, columns: Sequence[Sequence[str | None]]) -> Iterable[tuple[int, int]]:
    """Yield the start and end of each piece; none begins within a span, if that can be avoided."""
    start = 0
    while n_tokens - start > MAX_SENTENCE:
        end = start + MAX_SENTENCE
        while end > start and any((tags[end] or "O").startswith("I-") for tags in columns):
            end -= 1
        end = end if end > start else start + MAX_SENTENCE
        yield start, end
        start = end
    yield start, n_tokens


def check_heads(heads: Iterable[HeadSpec], corpus: Corpus) -> None:
    """Check the numbers of tags.

    Raises:
        CorpusError: A head has too many.
    """
    for head in heads:
        limit = MAX_TAGS[head.decoder]
        if len(head.tags) > limit:
            what = f"{len(head.labels):,} labels"
            if head.kind != "text":
                what = f"{what}, which are {len(head.tags):,} tags"
            without = ", or {settings=head.decoder=softmax}" if head.decoder == "crf" else ""
            raise CorpusError(
                f"{head.name} has {what}; a {head.decoder} takes at most {limit:,}",
                path=_path(corpus),
                hint=f"is it the right column? Choose other {{heads}}{without}",
            )


def _path(corpus: Corpus) -> str:
    return corpus.files.get("train", corpus.name)
