"""Files of tokens with gold and predicted tags, as conlleval reads them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tagger.errors import FormatError
from tagger.evaluation.scores import score_spans, score_tokens
from tagger.evaluation.split import Evaluation, Tagged
from tagger.evaluation.texts import TextScores, score_texts
from tagger.files import write_file
from tagger.formats.records import TOKEN_HEADS, TextLabel
from tagger.formats.spelling import Spelling, find_spelling
from tagger.formats.text_labels import as_list
from tagger.lines import read_lines
from tagger.runtime.labelling import label_names
from tagger.schemes import Scheme, convert_partial
from tagger.tables import counted

_SPAN = re.compile(r"O$|[BIESLU]-.")
_LABELS = re.compile(r"# (\S+) = ([^\t]+)\t([^\t]+)")
"""The gold and the predicted label of a sentence; several have ``|`` between them."""

MISSING = "_"
"""Stands where a token has no gold tag."""
HEADS, NOT_ANNOTATED = "# heads = ", "# not annotated = "


def write_predictions(
    path: Path,
    tagged: Sequence[Tagged],
    heads: Sequence[str],
    not_annotated: Mapping[str, Set[str]] | None = None,
    *,
    force: bool = True,
) -> None:
    """Write a token a line: the token, then for each head its gold and its predicted tag.

    Gold and predicted labels of the sentence as a whole stand before it in a comment. With one head
    and no such labels conlleval can read the file. Columns are separated by tabs, each sentence is
    followed by an empty line, and several heads are named in a first line ``# heads = ner,pos``.
    conlleval cannot leave out predicted spans that do not count: where there are any, even a
    single head is named, and the labels follow in a line ``# not annotated =``, as ``ner:MISC``.

    Raises:
        OSError: The file cannot be written; nothing is left of it.
        UsageError: It exists, and ``force`` does not allow to replace it.
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
        for head, gold in sentence.gold_labels.items():
            found = label_names(sentence.labels[head])
            lines.append(f"# {head} = {_joined(gold)}\t{_joined(found)}")
        for i, token in enumerate(sentence.tokens):
            pairs = (
                f"{sentence.gold[head][i] or MISSING}\t{sentence.predicted[head][i]}"
                for head in heads
            )
            lines.append("\t".join([token, *pairs]))
        lines.append("")
    write_file(path, ("\n".join(lines) + "\n").encode(), force=force)


def _joined(label: TextLabel) -> str:
    return " ".join(("|".join(as_list(label)) or MISSING).split())


def _predicted(tagged: Sequence[Tagged], head: str) -> set[str]:
    return {tag[2:] for sentence in tagged for tag in sentence.predicted[head] if tag != "O"}


def score_file(path: Path) -> Evaluation:
    """Score a file of tokens with gold and predicted tags, without a model.

    The last two columns are gold and predicted, unless a line ``# heads = …`` names several
    pairs. Columns are separated by tabs, or else by spaces; an empty line ends a sentence. Labels
    of sentences as wholes stand before them as `write_predictions` writes them.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: The file is not text, or a line has too few columns.
    """
    heads, sentences, left_out, labels = _read(path)
    spans, tokens = {}, {}
    for i, head in enumerate(heads):
        gold = [[row[2 * i] for row in sentence] for sentence in sentences]
        predicted = [[row[2 * i + 1] for row in sentence] for sentence in sentences]
        counts = Counter(tag for tags in [*gold, *predicted] for tag in tags)
        spelling = None if head in TOKEN_HEADS else find_spelling(counts)
        shares = (_share_of_spans(gold), _share_of_spans(predicted))
        if spelling is not None:
            spans[head] = score_spans(
                _in_bio(path, gold, spelling),
                [[tag or "O" for tag in tags] for tags in _in_bio(path, predicted, spelling)],
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
        texts={head: _score_labels(pairs) for head, pairs in labels.items()},
        n_sentences=len(sentences),
        n_tokens=sum(map(len, sentences)),
        seconds=0.0,
    )


def _score_labels(pairs: Sequence[tuple[str, str]]) -> TextScores:
    several = any("|" in label for pair in pairs for label in pair)
    gold, found = (
        [None if one == MISSING else one.split("|") if several else one for one in labels]
        for labels in zip(*pairs, strict=True)
    )
    known = {label for one in gold for label in as_list(one)}
    return score_texts(gold, found, known, multi_label=several)


class _File(NamedTuple):
    heads: list[str]
    sentences: list[list[list[str]]]
    left_out: dict[str, set[str]]
    labels: dict[str, list[tuple[str, str]]]


def _read(path: Path) -> _File:
    lines = list(read_lines(path))  # before anything else: it may not be text
    heads = ["tags"]
    left_out: dict[str, set[str]] = {}
    sentences: list[list[list[str]]] = [[]]
    rows: list[tuple[int, str, list[str]]] = []
    labels: dict[str, list[tuple[str, str]]] = {}
    for number, line in lines:
        if number == 1 and line.startswith(HEADS):
            heads = line.removeprefix(HEADS).split(",")
        elif number == 2 and line.startswith(NOT_ANNOTATED):
            for pair in line.removeprefix(NOT_ANNOTATED).split("\t"):
                head, _, label = pair.partition(":")
                left_out.setdefault(head, set()).add(label)
        elif found_labels := _LABELS.fullmatch(line):
            labels.setdefault(found_labels[1], []).append((found_labels[2], found_labels[3]))
        elif not line.strip():
            rows.append((number, line, []))
        else:
            # Not str.split(): a no-break space may be part of a token.
            columns = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
            rows.append((number, line, columns))
    if labels and not any("\t" in line for _, line, _ in rows):  # tokens without tags
        return _File([], _without_tags(rows), {}, labels)
    n_tags = 2 * len(heads)
    certain = [columns for _, line, columns in rows if columns and not line.startswith("#")]
    tags = {tag.strip() for columns in certain for tag in columns[-n_tags:]}
    width = max(len(certain[0]), n_tags + 1) if certain else 0
    for number, line, columns in rows:
        if not columns:
            sentences.append([])
            continue
        width = width or max(len(columns), n_tags + 1)
        found = [tag.strip() for tag in columns[-n_tags:]]
        has_tags = len(columns) == width and (not certain or all(map(tags.__contains__, found)))
        if re.match(r"#(\s|$)", line) and not has_tags:
            continue  # a comment, not a token
        if len(columns) != width:
            raise FormatError(
                path,
                number,
                f"{counted(len(columns), 'column')} where {width} are expected: "
                "a token, its gold and its predicted tag",
                expected=[width],
            )
        sentences[-1].append(found)
    sentences = [sentence for sentence in sentences if sentence]
    if not sentences:
        raise FormatError(
            path, None, "empty", hint="it should hold a token, its gold and predicted tag a line"
        )
    return _File(heads, sentences, left_out, labels)


def _without_tags(rows: Sequence[tuple[int, str, list[str]]]) -> list[list[list[str]]]:
    """Return the sentences of lines of tokens alone."""
    groups = groupby(rows, key=lambda row: bool(row[2]))
    return [[[] for _ in sentence] for is_sentence, sentence in groups if is_sentence]


def _share_of_spans(sentences: Sequence[Sequence[str]]) -> float:
    tags = [tag for sentence in sentences for tag in sentence]
    return sum(_SPAN.match(tag) is not None for tag in tags) / len(tags)


def _in_bio(
    path: Path, sentences: Sequence[Sequence[str]], spelling: Spelling
) -> list[list[str | None]]:
    """Return usual tags, None where a tag is not known; BILOU, which conlleval lacks, as BIO."""
    usual = [[spelling.tags[tag] for tag in tags] for tags in sentences]
    if not any(tag and tag[0] in "LU" for tags in usual for tag in tags):
        return usual
    try:
        return [convert_partial(tags, Scheme.BILOU) for tags in usual]
    except ValueError as error:
        raise FormatError(path, None, str(error)) from None
