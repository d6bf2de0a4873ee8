"""Entities for unlabelled text by the votes of several models: a step of `make model`.

    python models/silver.py data/news-silver news.txt models/teacher-1 models/teacher-2 …
    python models/silver.py data/ewt-silver ud_en_ewt --names data/names.json models/teacher-1 …

The source is a file of raw text, one paragraph per line, from which 20,000 sentences are taken, or
a corpus with Penn tags (``xpos``). A span counts if most of the models find it. Sentences in which
the models disagree about more than one span are dropped, and so are 60 % of those without entities.

In a corpus with parts of speech a span counts only if it begins and ends with a proper noun (a span
of MISC if it contains a proper noun or an adjective, as in "Welsh"). This corrects the models where
they agree on something that is not a name.

With ``--names`` a name gets its usual label (`names.py`), whatever the models find in the sentence.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

import tagger
from tagger.cli.failures import one_line_errors
from tagger.corpus import load_corpus
from tagger.runtime.batching import batched
from tagger.runtime.tagger import Tagger
from tagger.schemes import Scheme, spans

N_SENTENCES = 20_000
PIECE = 1000
Sentence = tuple[list[str], list[str] | None]


def sentences(source: str, splitter: Tagger) -> Iterator[Sentence]:
    """Yield tokens and, where the source has them, parts of speech."""
    path = Path(source)
    if not path.is_file():
        split = load_corpus(source).splits["train"]
        yield from zip(split[:]["tokens"], split[:]["xpos"], strict=True)
        return
    lines = [line.strip() for line in path.open(encoding="utf-8") if len(line) > 40]
    random.shuffle(lines)
    for line in lines:
        for offsets in splitter.splitter.sentences(line):
            tokens = [line[start:end] for start, end in offsets]
            n_words = sum(any(map(str.isalpha, token)) for token in tokens)
            if 4 <= len(tokens) <= 60 and n_words > len(tokens) / 2:  # no tables
                yield tokens, None


def vote(
    results: Sequence[Sequence[str]],
    tokens: Sequence[str],
    xpos: Sequence[str] | None,
    names: Mapping[str, str],
) -> list[str] | None:
    """Return the BIO tags that most models agree on; None if the sentence is too uncertain."""
    votes = Counter(
        (start, end, label)
        for tags in results
        for start, end, found_as in spans(list(tags), Scheme.BIO)
        for label in [names.get(" ".join(tokens[start:end]), found_as)]
        if xpos is None or _is_name(label, xpos[start:end])
    )
    if sum(n < len(results) for n in votes.values()) > 1:
        return None
    found = [span for span, n in votes.items() if 2 * n > len(results)]
    if xpos is None and not found and random.random() < 0.6:
        return None
    tags = ["O"] * len(results[0])
    for start, end, label in sorted(found):
        tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return tags


def _is_name(label: str, xpos: Sequence[str]) -> bool:
    proper = ("NNP", "NNPS")
    if label == "MISC":
        return not {*proper, "JJ"}.isdisjoint(xpos)
    return xpos[0] in proper and xpos[-1] in (*proper, "CD")


def main(
    output: Path,
    source: str,
    models: list[str],
    names: Annotated[Path | None, typer.Option(help="The labels of names, by names.py.")] = None,
) -> None:
    """Write ``train.txt``, with a token and its tag on each line."""
    random.seed(1)
    teachers = [tagger.load(model) for model in models]
    labels = json.loads(names.read_text(encoding="utf-8")) if names else {}
    given = sentences(source, teachers[0])
    output.mkdir(parents=True, exist_ok=True)
    n_seen = n_kept = 0
    with (output / "train.txt").open("w", encoding="utf-8") as file:
        for piece in batched(given, PIECE):
            found = [teacher.tag([tokens for tokens, _ in piece], ["ner"]) for teacher in teachers]
            n_seen += len(piece)
            for (tokens, xpos), *results in zip(piece, *found, strict=True):
                tags = vote([result["ner"] for result in results], tokens, xpos, labels)
                if tags is not None and n_kept < N_SENTENCES:
                    n_kept += 1
                    file.writelines(f"{a}\t{b}\n" for a, b in zip(tokens, tags, strict=True))
                    file.write("\n")
            if n_kept == N_SENTENCES:
                break
    typer.echo(f"{output}: {n_kept:,} of {n_seen:,} sentences")


if __name__ == "__main__":
    with one_line_errors():
        typer.run(main)
