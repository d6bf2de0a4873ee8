"""A new label from sixty sentences: what is learned of it, and what is forgotten of the rest.

    TAGGER_DATA=… python benchmarks/new_label.py --corpus conll2003 --threads 1

Sentences about invented gadgets are made from patterns; the patterns and the gadgets of test are
others than those of training. `en` learns the label GADGET from sixty of them, with three seeds,
and is scored on a corpus of its own labels before and after.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

import tagger
from tagger.cli.failures import one_line_errors
from tagger.tables import markdown_table, mean_sd

FIRST = ["Kim", "Jane", "Tom", "Sara", "Omar", "Lucy", "Ivan", "Mei", "Paul", "Nora"]
LAST = ["Novak", "Doe", "Baker", "Lind", "Haddad", "Moreau", "Petrov", "Chen", "Okafor", "Berg"]
PLACES = ["Oslo", "Rome", "Leeds", "Madrid", "Boston", "Lima", "Kyoto", "Geneva", "Dakar", "Perth"]
TRAIN = [
    "PERSON bought a GADGET in PLACE .",
    "The GADGET of PERSON broke on Monday .",
    "In PLACE the new GADGET sells for 300 euros .",
    "PERSON reviewed the GADGET , which costs less than a GADGET .",
    "My GADGET needs a new battery .",
    "PERSON left for PLACE on Friday .",
]
TEST = [
    "Has anyone in PLACE repaired a GADGET ?",
    "PERSON sent the GADGET back to PLACE .",
    "With a GADGET you can measure it at home .",
    "The shop in PLACE , said PERSON , has no GADGET left .",
    "PERSON lives in PLACE .",
]
SYLLABLES = ["zor", "bli", "qua", "ven", "dri", "mox", "pel", "tra", "fiz", "gon", "lum", "kex"]


def sentences(patterns: list[str], n: int, rng: random.Random) -> str:
    """Make column text of ``n`` sentences; only gadgets are annotated."""
    lines: list[str] = []
    for i in range(n):
        for token in patterns[i % len(patterns)].split():
            if token == "GADGET":
                name = "".join(rng.sample(SYLLABLES, 2)).capitalize()
                lines.append(f"{name}\tB-GADGET")
                if rng.random() < 0.3:
                    lines.append(f"{rng.randint(2, 900)}\tI-GADGET")
            elif token == "PERSON":
                lines += [f"{rng.choice(FIRST)}\tO", f"{rng.choice(LAST)}\tO"]
            else:
                lines.append(f"{rng.choice(PLACES) if token == 'PLACE' else token}\tO")
        lines.append("")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train with each seed and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", default="conll2003")
    parser.add_argument("--from", dest="base", default="en")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()

    def score(model: str | Path, corpus: str | Path) -> float:
        scores = tagger.evaluate(str(model), str(corpus), heads=["ner"])
        return 100 * scores.main["ner"]

    before = score(arguments.base, arguments.corpus)
    after: list[float] = []
    learned: list[float] = []
    for seed in map(int, arguments.seeds.split(",")):
        with tempfile.TemporaryDirectory() as temporary:
            folder, model = Path(temporary) / "gadgets", Path(temporary) / "model"
            folder.mkdir()
            rng = random.Random(seed)
            splits = (("train", TRAIN, 48), ("dev", TRAIN, 12), ("test", TEST, 200))
            for split, patterns, n in splits:
                text = sentences(patterns, n, rng)
                (folder / f"{split}.tsv").write_text(text, encoding="utf-8")
            trained = tagger.train(
                folder,
                model,
                base=arguments.base,
                seed=seed,
                threads=arguments.threads,
            )
            learned.append(100 * trained.test["gadgets"].main["ner"])
            after.append(score(model, arguments.corpus))
    rows = [
        [f"{arguments.base} on {arguments.corpus}, before", f"{before:.2f}"],
        [f"{arguments.base} on {arguments.corpus}, after", mean_sd(after)],
        ["GADGET, other patterns and names", mean_sd(learned)],
    ]
    print("\n".join(markdown_table(["", "F1"], rows)))


if __name__ == "__main__":
    with one_line_errors():
        main()
