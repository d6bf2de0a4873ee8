"""Files of tokens with gold and predicted tags, as conlleval reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import NamedTuple

from tagger.errors import FormatError
from tagger.evaluation.scores import score_spans, score_tokens
from tagger.evaluation.split import Evaluation, Tagged
from tagger.files import write_file
from tagger.lines import read_lines
from tagger.schemes import Scheme, convert, split_tag

_SPAN = re.compile(r"O$|[BIESLU]-.")

MISSING = "_"
"""Stands where a token has no gold tag."""
HEADS, NOT_ANNOTATED = "# heads = ", "# not annotated = "


def write_predictions(
    path: Path,
    tagged: Sequence[Tagged],
    heads: Sequence[str],
    not_annotated: Mapping[str, Set[str]] | None = None,
) -> None:
    """Write a token a line: the token, then for each head its gold and its predicted tag.

    With one head conlleval can read the file. Columns are separated by tabs, each sentence is
    followed by an empty line, and several heads are named in a first line ``# heads = ner,pos``.
    conlleval cannot leave out predicted spans that do not count: where there are any, even a
    single head is named, and the labels follow in a line ``# not annotated =``, as ``ner:MISC``.

    Raises:
        OSError: The file cannot be written; nothing is left of it.
    """
    left_out = [
        f"{head}:{label}"
        for head, labels in (not_annotated or {}).items()
        for label in sorted(labels & _predicted(tagged, head))
    ]
    lines = [f"{HEADS}{','.join(heads)}"] if len(heads) > 1 or left_out else []
    if left_out:
        lines.append(NOT_ANNOTATED + "\t".join(left_out))
    for sentence in tagged:
        for i, token in enumerate(sentence.tokens):
            pairs = (
                f"{sentence.gold[head][i] or MISSING}\t{sentence.predicted[head][i]}"
                for head in heads
            )
            lines.append("\t".join([token, *pairs]))
        lines.append("")
    write_file(path, ("\n".join(lines) + "\n").encode())


def _predicted(tagged: Sequence[Tagged], head: str) -> set[str]:
    return {tag[2:] for sentence in tagged for tag in sentence.predicted[head] if tag != "O"}


def score_file(path: Path) -> Evaluation:
    """Score a file of tokens with gold and predicted tags, without a model.

    The last two columns are gold and predicted, unless a line ``# heads = …`` names several
    pairs. Columns are separated by tabs, or else by spaces; an empty line ends a sentence.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: The file is not text, or a line has too few columns.
    """
    heads, sentences, left_out = _read(path)
    spans, tokens = {}, {}
    for i, head in enumerate(heads):
        gold = [[row[2 * i] for row in sentence] for sentence in sentences]
        predicted = [[row[2 * i + 1] for row in sentence] for sentence in sentences]
        shares = (_share_of_spans(gold), _share_of_spans(predicted))
        if min(shares) == 1.0:
            spans[head] = score_spans(
                _readable(path, gold),
                _readable(path, predicted),
                left_out=left_out.get(head, frozenset()),
            )
        elif max(shares) > 0.9:
            odd = next(tag for tags in [*gold, *predicted] for tag in tags if not _SPAN.match(tag))
            raise FormatError(
                path, None, f"{odd!r} is neither O nor a tag of a span, as the others are"
            )
        else:
            known = [[None if tag == MISSING else tag for tag in tags] for tags in gold]
            tokens[head] = score_tokens(known, predicted)
    return Evaluation(
        spans=spans,
        tokens=tokens,
        n_sentences=len(sentences),
        n_tokens=sum(map(len, sentences)),
        seconds=0.0,
    )


class _File(NamedTuple):
    heads: list[str]
    sentences: list[list[list[str]]]
    left_out: dict[str, set[str]]


def _read(path: Path) -> _File:
    lines = list(read_lines(path))  # before anything else: it may not be text
    heads, width = ["tags"], 0
    left_out: dict[str, set[str]] = {}
    sentences: list[list[list[str]]] = [[]]
    for number, line in lines:
        if number == 1 and line.startswith(HEADS):
            heads = line.removeprefix(HEADS).split(",")
            continue
        if number == 2 and line.startswith(NOT_ANNOTATED):
            for pair in line.removeprefix(NOT_ANNOTATED).split("\t"):
                head, _, label = pair.partition(":")
                left_out.setdefault(head, set()).add(label)
            continue
        if not line.strip():
            sentences.append([])
            continue
        # Not str.split(): a no-break space may be part of a token.
        columns = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
        width = width or max(len(columns), 2 * len(heads) + 1)
        if len(columns) != width:
            raise FormatError(
                path,
                number,
                f"{len(columns)} columns where {width} are expected: "
                "a token, its gold and its predicted tag",
                expected=[width],
            )
        sentences[-1].append(columns[-2 * len(heads) :])
    sentences = [sentence for sentence in sentences if sentence]
    if not sentences:
        raise FormatError(
            path, None, "empty", hint="it should hold a token, its gold and predicted tag a line"
        )
    return _File(heads, sentences, left_out)


def _share_of_spans(sentences: Sequence[Sequence[str]]) -> float:
    tags = [tag for sentence in sentences for tag in sentence]
    return sum(_SPAN.match(tag) is not None for tag in tags) / len(tags)


def _readable(path: Path, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Convert BILOU, the one scheme that conlleval cannot read, to BIO."""
    if any(split_tag(tag)[0] in ("L", "U") for tags in sentences for tag in tags):
        try:
            return [convert(tags, Scheme.BILOU, Scheme.BIO) for tags in sentences]
        except ValueError as error:
            raise FormatError(path, None, str(error)) from None
    return [list(tags) for tags in sentences]
