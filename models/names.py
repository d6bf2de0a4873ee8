"""The usual label of each name, counted over raw text: a step of `make model`.

    python models/names.py data/names.json wikipedia.txt models/teacher-1 models/teacher-2 …

Models trained on newspapers of 1996 take "Google" for a place in one sentence and for a person in
the next, but are right more often than not. So the label that a model gives a mention is a vote,
and a name gets the label of the majority if it occurs at least twice and 60 % of the votes agree.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter, defaultdict
from itertools import islice
from pathlib import Path

from silver import PIECE, sentences

import tagger
from tagger.cli.failures import one_line_errors
from tagger.runtime.batching import batched
from tagger.runtime.tagger import Tagger
from tagger.schemes import Scheme, spans

N_SENTENCES = 600_000
LEAST_SHARE = 0.6


def count(source: str, models: list[Tagger]) -> dict[str, Counter[str]]:
    """Return the votes for each label by name."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    given = (tokens for tokens, _ in islice(sentences(source, models[0]), N_SENTENCES))
    for piece in batched(given, PIECE):
        for model in models:
            for tokens, tags in zip(piece, model.tag(piece, ["ner"]), strict=True):
                for start, end, label in spans(tags["ner"], Scheme.BIO):
                    votes[" ".join(tokens[start:end])][label] += 1
    return votes


def main(output: str, source: str, *names: str) -> None:
    """Write the label of each name as JSON."""
    random.seed(1)
    models = [tagger.load(name, threads=1) for name in names]
    labels = {}
    for name, votes in count(source, models).items():
        label, n = votes.most_common(1)[0]
        if votes.total() >= 2 * len(models) and n >= LEAST_SHARE * votes.total():
            labels[name] = label
    Path(output).write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
    print(f"{output}: {len(labels):,} names")  # noqa: T201


if __name__ == "__main__":
    with one_line_errors():
        main(*sys.argv[1:])
