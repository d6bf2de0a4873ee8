"""What a training refuses because its memory would grow beyond that of an ordinary machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tagger.corpus.records import Corpus
from tagger.errors import CorpusError
from tagger.model.heads import HeadSpec

__all__ = ["MAX_SENTENCE", "MAX_TAGS", "MAX_TOKEN", "check_heads", "check_sentences"]

MAX_SENTENCE = 10_000
"""Tokens of a sentence: all its states are kept for the gradients, 300 MB in the usual network."""
MAX_TOKEN = 1_000
"""Characters of a token: longer ones are no words, and the vocabulary would store them."""
MAX_TAGS: Mapping[str, int] = {"crf": 2_000, "softmax": 20_000, "sigmoid": 20_000}
"""Tags of a head: a CRF has a score for each pair of tags, for each sentence of a batch."""


def check_sentences(corpus: Corpus) -> None:
    """Check the lengths of the training sentences and of their tokens.

    Raises:
        CorpusError: One is too long to learn from.
    """
    has_lines = "line" in corpus.splits["train"].column_names
    columns = ["tokens", *(["line"] if has_lines else [])]
    for rows in corpus.splits["train"].select_columns(columns).iter(1000):
        lines = rows.get("line", [None] * len(rows["tokens"]))
        for tokens, line in zip(rows["tokens"], lines, strict=True):
            longest = max(map(len, tokens), default=0)
            if len(tokens) > MAX_SENTENCE:
                raise CorpusError(
                    f"a sentence of {len(tokens):,} tokens; a training takes at most "
                    f"{MAX_SENTENCE:,}",
                    path=_path(corpus),
                    line=line,
                    hint="does an empty line end each sentence? Otherwise cut it",
                )
            if longest > MAX_TOKEN:
                raise CorpusError(
                    f"a token of {longest:,} characters; a training takes at most {MAX_TOKEN:,}",
                    path=_path(corpus),
                    line=line,
                    hint="are the columns the right ones, and quotes closed?",
                )


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
