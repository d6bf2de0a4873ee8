"""Entities for text that has none, by the vote of several models; part of the way to `models/en`.

    python models/silver.py data/news-silver news.txt models/teacher-1 models/teacher-2 …
    python models/silver.py data/ewt-silver ud_en_ewt models/teacher-1 models/teacher-2 …

The source is a file of raw text, a paragraph a line, of which 20,000 sentences are taken, or a
corpus with UPOS. A span counts if most of the models find it. A sentence is left out where the
models disagree about more than one span, and six in ten of those without any entity are.

A corpus's own parts of speech have a say as well: there a span must have a proper noun in it (of
MISC also an adjective, as in "Welsh"), and a sentence is left out if a proper noun is in no span:
either the models overlook an entity or it is something else, and both would be learned.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import tagger
from tagger.cli.failures import said_in_one_line
from tagger.corpus import load_corpus
from tagger.corpus.schemes import Scheme, spans
from tagger.runtime.tagger import Tagger

N_SENTENCES = 20_000
PIECE = 1000
Sentence = tuple[list[str], list[str] | None]


def sentences(source: str, splitter: Tagger) -> Iterator[Sentence]:
    """Yield tokens and, where the source has them, parts of speech."""
    path = Path(source)
    if not path.is_file():
        split = load_corpus(source).splits["train"]
        yield from zip(split[:]["tokens"], split[:]["upos"], strict=True)
        return
    lines = [line.strip() for line in path.open(encoding="utf-8") if len(line) > 40]
    random.shuffle(lines)
    for line in lines:
        for offsets in splitter.splitter.sentences(line):
            tokens = [line[start:end] for start, end in offsets]
            n_words = sum(any(map(str.isalpha, token)) for token in tokens)
            if 4 <= len(tokens) <= 60 and n_words > len(tokens) / 2:  # no tables
                yield tokens, None


def vote(answers: Sequence[Sequence[str]], upos: Sequence[str] | None) -> list[str] | None:
    """Tags in BIO that most models agree on; None if the sentence teaches nothing for certain."""
    votes = Counter(span for tags in answers for span in spans(list(tags), Scheme.BIO))
    found = [span for span, n in votes.items() if 2 * n > len(answers)]
    if sum(n < len(answers) for n in votes.values()) > 1:
        return None
    if upos is not None:
        found = [span for span in found if _is_name(span[2], upos[span[0] : span[1]])]
        inside = {i for start, end, _ in found for i in range(start, end)}
        if any(tag == "PROPN" and i not in inside for i, tag in enumerate(upos)):
            return None
    elif not found and random.random() < 0.6:
        return None
    tags = ["O"] * len(answers[0])
    for start, end, label in sorted(found):
        tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return tags


def _is_name(label: str, upos: Sequence[str]) -> bool:
    return bool({"PROPN", "ADJ"} & set(upos)) if label == "MISC" else "PROPN" in upos


def main(output: str, source: str, *models: str) -> None:
    """Write ``train.txt``: a token and its tag a line."""
    random.seed(1)
    teachers = [tagger.load(model) for model in models]
    given = sentences(source, teachers[0])
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    n_seen = n_kept = 0
    with (folder / "train.txt").open("w", encoding="utf-8") as file:
        while n_kept < N_SENTENCES and (piece := list(islice(given, PIECE))):
            found = [teacher.tag([tokens for tokens, _ in piece], ["ner"]) for teacher in teachers]
            n_seen += len(piece)
            for (tokens, upos), *answers in zip(piece, *found, strict=True):
                tags = vote([answer["ner"] for answer in answers], upos)
                if tags is not None and n_kept < N_SENTENCES:
                    n_kept += 1
                    file.writelines(f"{a}\t{b}\n" for a, b in zip(tokens, tags, strict=True))
                    file.write("\n")
    print(f"{folder}: {n_kept:,} of {n_seen:,} sentences")  # noqa: T201


if __name__ == "__main__":
    with said_in_one_line():
        main(*sys.argv[1:])
