"""F1 where a share of the entities is not annotated: left unknown against left `O`.

    TAGGER_DATA=… python benchmarks/partial_annotation.py conll2003 --fraction 0.25 --threads 1

Of the training entities the given share is removed at random; dev and test stay whole. Their tokens
are either written as `O`, as an annotator leaves them who has missed them, or as unknown. Finished
runs are kept in a CSV file and not repeated.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
from pathlib import Path

import tagger
from tagger.cli.failures import one_line_errors
from tagger.corpus import load_corpus
from tagger.schemes import Scheme, spans
from tagger.tables import markdown_table, mean_sd

SHARES = ("0", "0.25", "0.5", "0.75")
FIELDS = ("share", "left", "seed", "dev", "test")


def write_without(source: str, share: float, left: str | None, seed: int, folder: Path) -> None:
    """Write a corpus as JSON lines, a share of its training entities without annotation.

    Args:
        source: The corpus.
        share: The share of the entities.
        left: The tag of their tokens, None for unknown.
        seed: Decides which.
        folder: Where to write a file for each split.
    """
    rng = random.Random(seed)
    for split, data in load_corpus(source).splits.items():
        with (folder / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            for row in data:
                tags: list[str | None] = list(row["ner"])
                for start, end, _ in spans(row["ner"], Scheme.BIO) if split == "train" else ():
                    if rng.random() < share:
                        tags[start:end] = [left] * (end - start)
                file.write(json.dumps({"tokens": row["tokens"], "ner": tags}) + "\n")


def run(arguments: argparse.Namespace, share: str, left: str, seed: int) -> dict[str, str]:
    """Train on a corpus with entities removed, and score it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "corpus"
        folder.mkdir()
        tag = None if left == "unknown" else left
        write_without(arguments.corpus, float(share), tag, seed, folder)
        trained = tagger.train(
            folder,
            Path(temporary) / "model",
            heads=["ner"],
            base=arguments.base or None,
            settings={"training.fraction": arguments.fraction, "training.epochs": arguments.epochs},
            seed=seed,
            threads=arguments.threads,
        )
        (scores,) = trained.test.values()
        row = (share, left, seed, trained.dev["ner"], scores.main["ner"])
        return dict(zip(FIELDS, map(str, row), strict=True))


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--from", dest="base", default="")
    parser.add_argument("--fraction", type=float, default=1.0)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--csv", type=Path, default=Path("models/results/partial_annotation.csv"))
    arguments = parser.parse_args()
    arguments.csv.parent.mkdir(parents=True, exist_ok=True)
    done: dict[tuple[str, str, str], dict[str, str]] = {}
    if arguments.csv.exists():
        with arguments.csv.open(newline="") as file:
            done = {(r["share"], r["left"], r["seed"]): r for r in csv.DictReader(file)}
    keys = [
        (share, left, seed)
        for seed in arguments.seeds.split(",")
        for share in SHARES
        for left in (("O", "unknown") if share != "0" else ("O",))
    ]
    for key in keys:
        if key not in done:
            share, left, seed = key
            done[key] = run(arguments, share, left, int(seed))
            is_new = not arguments.csv.exists()
            with arguments.csv.open("a", newline="") as file:
                writer = csv.DictWriter(file, FIELDS)
                if is_new:
                    writer.writeheader()
                writer.writerow(done[key])
            print(*done[key].values(), flush=True)
    rows = []
    for share in SHARES:
        cells = [f"{float(share):.0%}"]
        for left in ("O", "unknown"):
            written = left if float(share) else "O"  # nothing is removed: one run for both
            found = [done[key] for key in keys if key[:2] == (share, written)]
            cells.append(mean_sd([100 * float(row["test"]) for row in found]))
        rows.append(cells)
    print("\n".join(markdown_table(["entities removed", "left O", "left unknown"], rows)))


if __name__ == "__main__":
    with one_line_errors():
        main()
