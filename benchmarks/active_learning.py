"""Sentences needed to reach a score: those that `tagger select` chooses against random ones.

    python benchmarks/active_learning.py conll2003 --from en-base --seeds 3 --target 85

Starts from the same random sentences, trains, adds as many again as either choice says, and so on.
The gold tags of chosen sentences are those of the corpus. Prints CSV: choice, seed, sentences,
tokens, dev score.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import tagger
from tagger.cli.failures import one_line_errors
from tagger.corpus.read import GoldSentence
from tagger.insight.select.ranking import Unsure, choose, doubts
from tagger.schemes import Scheme, spans

START, STEP = 100, 100


def main(
    corpus: str,
    base: Annotated[str, typer.Option("--from")] = "en-base",
    seeds: int = 3,
    target: float = 85.0,
    most: int = 2000,
    head: str = "ner",
    threads: int = 1,
) -> None:
    """Print the scores of both choices."""
    gold = list(tagger.read(corpus, "train"))
    dev = list(tagger.read(corpus, "dev"))
    writer = csv.writer(sys.stdout)
    writer.writerow(["choice", "seed", "sentences", "tokens", "dev"])
    for seed in range(1, seeds + 1):
        for choice in ("select", "random"):
            chosen = random.Random(seed).sample(range(len(gold)), START)
            while True:
                some = [gold[i] for i in chosen]
                with tempfile.TemporaryDirectory() as folder:
                    place = Path(folder)
                    _write(place / "c" / "train.tsv", some, head)
                    _write(place / "c" / "dev.tsv", dev, head)
                    trained = tagger.train(
                        place / "c",
                        place / "m",
                        base=base,
                        heads=[head],
                        seed=seed,
                        settings={"training.threads": threads},
                    )
                    score = 100 * trained.dev[head]
                    model = trained.load()
                n_tokens = sum(len(one.tokens) for one in some)
                writer.writerow([choice, seed, len(chosen), n_tokens, f"{score:.2f}"])
                sys.stdout.flush()
                if score >= target or len(chosen) >= most:
                    break
                left = sorted(set(range(len(gold))) - set(chosen))
                n = max(STEP, len(chosen) // 4)
                if choice == "random":
                    chosen += random.Random(seed + len(chosen)).sample(left, n)
                else:
                    chosen += [one.number for one in choose(_pool(model, gold, left, head), n)]


def _pool(
    model: tagger.Tagger, gold: list[GoldSentence], left: list[int], head: str
) -> list[Unsure]:
    found = model.tag([gold[i].tokens for i in left], [head], confidence=True)
    return [
        Unsure(
            i,
            doubts(
                gold[i].tokens,
                np.array(one.confidence[head]),
                [(span.start, span.end) for span in spans(one.tags[head], Scheme.BIO)],
            ),
            None,
        )
        for i, one in zip(left, found, strict=True)
    ]


def _write(path: Path, sentences: list[GoldSentence], head: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for one in sentences:
            pairs = zip(one.tokens, one.heads[head], strict=True)
            file.write("".join(f"{token}\t{tag}\n" for token, tag in pairs) + "\n")


if __name__ == "__main__":
    with one_line_errors():
        typer.run(main)
