"""Sentences needed to reach a score: those that `tagger select` chooses against random ones.

    pip install matplotlib
    TAGGER_DATA=… python benchmarks/active_learning.py conll2003 --from en-base --threads 1

Each run starts with the same 150 random sentences of its seed, trains from the base, adds half as
many again by its choice, and so on until the score on test reaches the target. The tags of what is
chosen are those of the corpus. No score decides which epoch is kept: the last one is. Random
sentences depend on no model: the first number of them that reaches the target is found by
bisection. The number needed is read off the line between two trainings, sentences on a logarithmic
scale. Finished trainings are kept in a CSV file and not repeated.

Choices: ``random``; ``select``, as the command chooses; ``unsure``, the same without regard to the
forms chosen already; ``average``, as ``select`` by the doubt per token instead of per sentence.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

import tagger
from tagger.cli.failures import one_line_errors
from tagger.corpus.read import GoldSentence
from tagger.insight.select.ranking import Unsure, choose, doubts, most_unsure
from tagger.insight.select.select import MAX_TOKENS, MIN_TOKENS
from tagger.plotting import png, subplots
from tagger.schemes import Scheme, spans
from tagger.tables import markdown_table, mean_sd

SIZES = (150, 225, 338, 507, 760, 1140, 1710, 2565)
CHOICES = ("random", "select", "unsure", "average")
FIELDS = ("choice", "seed", "sentences", "tokens", "test", "next")
COLORS = ("tab:blue", "tab:orange", "tab:green", "tab:red")
N_DEV = 300
"""Sentences of dev that the training reports on; more would take longer than the training."""

Row: TypeAlias = dict[str, str]
Done: TypeAlias = dict[tuple[str, str, str], Row]
Gold: TypeAlias = dict[str, list[GoldSentence]]


def pool(
    model: tagger.Tagger, gold: Sequence[GoldSentence], left: Sequence[int], head: str
) -> list[Unsure]:
    """Return what a model doubts in the sentences that are left, as `tagger select` does."""
    found = model.tag([gold[i].tokens for i in left], [head], confidence=True)
    unsure, known = [], set()
    for i, one in zip(left, found, strict=True):
        tokens = tuple(gold[i].tokens)
        if MIN_TOKENS <= len(tokens) <= MAX_TOKENS and tokens not in known:
            known.add(tokens)
            bounds = [(span.start, span.end) for span in spans(one.tags[head], Scheme.BIO)]
            of_forms = doubts(tokens, np.array(one.confidence[head]), bounds)
            unsure.append(Unsure(i, of_forms, None))
    return unsure


class Loop:
    """Trainings on more and more sentences of one choice and one seed."""

    def __init__(
        self, arguments: argparse.Namespace, choice: str, seed: int, gold: Gold, done: Done
    ) -> None:
        self.options, self.choice, self.seed = arguments, choice, seed
        self.gold, self.done = gold, done
        self.order = list(range(len(gold["train"])))
        random.Random(seed).shuffle(self.order)

    def run(self) -> list[Row]:
        """Return a row for each training, by the number of sentences, until one is good enough."""
        rows: dict[int, Row] = {}
        chosen = self.order[: SIZES[0]]
        low, high = 0, len(SIZES)
        while low < high:
            step = low
            if self.choice == "random":
                step = (low + high) // 2
                chosen = self.order[: SIZES[step]]
            key = self.choice, str(self.seed), str(len(chosen))
            if key not in self.done:
                self.done[key] = self.trained(chosen, step)
                append(self.options.csv, self.done[key])
                print(*list(self.done[key].values())[:-1], flush=True)
            rows[step] = self.done[key]
            if float(rows[step]["test"]) >= self.options.target:
                high = step
            else:
                low = step + 1
                chosen = chosen + list(map(int, rows[step]["next"].split()))
        return [row for _, row in sorted(rows.items())]

    def trained(self, chosen: Sequence[int], step: int) -> Row:
        """Train from the base on some sentences, and choose those to annotate next."""
        head = self.options.head
        some = [self.gold["train"][i] for i in chosen]
        added: list[int] = []
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write(folder / "corpus" / "train.tsv", some, head)
            write(folder / "corpus" / "dev.tsv", self.gold["dev"][:N_DEV], head)
            write(folder / "corpus" / "test.tsv", self.gold["test"], head)
            trained = tagger.train(
                folder / "corpus",
                folder / "model",
                base=self.options.base,
                heads=[head],
                seed=self.seed,
                threads=self.options.threads,
                settings={"training.epochs": self.options.epochs, "training.keep": "last"},
            )
            if self.choice != "random" and step + 1 < len(SIZES):
                model = trained.load(threads=self.options.threads or 0)
                added = self.next(model, chosen, SIZES[step + 1] - len(chosen))
        (scores,) = trained.test.values()
        n_tokens = sum(len(one.tokens) for one in some)
        score = f"{100 * scores.main[head]:.2f}"
        values = (self.choice, self.seed, len(chosen), n_tokens, score, " ".join(map(str, added)))
        return dict(zip(FIELDS, map(str, values), strict=True))

    def next(self, model: tagger.Tagger, chosen: Sequence[int], n: int) -> list[int]:
        """Choose sentences by what a model doubts."""
        left = sorted(set(self.order) - set(chosen))
        found = pool(model, self.gold["train"], left, self.options.head)
        if self.choice == "unsure":
            return [one.number for one in most_unsure(found, n)]
        if self.choice == "average":
            found = [
                one._replace(
                    doubts={
                        form: doubt / len(self.gold["train"][one.number].tokens)
                        for form, doubt in one.doubts.items()
                    }
                )
                for one in found
            ]
        return [one.number for one in choose(found, n)]


def write(path: Path, sentences: Sequence[GoldSentence], head: str) -> None:
    """Write a file of tokens and tags."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for one in sentences:
            pairs = zip(one.tokens, one.heads[head], strict=True)
            file.write("".join(f"{token}\t{tag}\n" for token, tag in pairs) + "\n")


def append(path: Path, row: Row) -> None:
    """Add a row to a CSV file."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def needed(rows: Sequence[Row], field: str, target: float) -> float:
    """Return how many sentences or tokens reach the target; NaN where none do."""
    before = None
    for row in rows:
        n, score = float(row[field]), float(row["test"])
        if score >= target:
            if before is None:
                return n
            share = (target - before[1]) / (score - before[1])
            return math.exp((1 - share) * math.log(before[0]) + share * math.log(n))
        before = n, score
    return math.nan


def plot(done: Done, choices: Sequence[str], target: float, path: Path) -> None:
    """Draw the score by the number of sentences, a line for each choice and seed."""
    figure, ((panel,),) = subplots(size=(4.8, 3.2))
    panel.axhline(target, color="grey", linewidth=0.8)
    for color, choice in zip(COLORS, choices, strict=False):
        of_seeds: dict[str, list[tuple[int, float]]] = {}
        for (one, seed, n), row in done.items():
            if one == choice:
                of_seeds.setdefault(seed, []).append((int(n), float(row["test"])))
        for i, points in enumerate(of_seeds.values()):
            xs, ys = zip(*sorted(points), strict=True)
            label = None if i else choice
            panel.plot(xs, ys, marker="o", markersize=3, color=color, label=label, alpha=0.8)
    panel.set_xscale("log")
    ticks = [size for size in SIZES[::2] if size <= max(int(n) for _, _, n in done)]
    panel.set_xticks(ticks, map(str, ticks))
    panel.minorticks_off()
    panel.set_xlabel("training sentences")
    panel.set_ylabel("test F1")
    panel.grid(alpha=0.3)
    panel.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure))


def main() -> None:
    """Run what is missing, print the table and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--from", dest="base", default="en-base")
    parser.add_argument("--choices", default="select,random")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--target", type=float, default=85.0)
    parser.add_argument("--head", default="ner")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--csv", type=Path, default=Path("models/results/active_learning.csv"))
    parser.add_argument("--plot", type=Path, default=Path("docs/images/active_learning.png"))
    arguments = parser.parse_args()
    arguments.csv.parent.mkdir(parents=True, exist_ok=True)
    gold = {split: list(tagger.read(arguments.corpus, split)) for split in ("train", "dev", "test")}
    done: Done = {}
    if arguments.csv.exists():
        with arguments.csv.open(newline="") as file:
            done = {(r["choice"], r["seed"], r["sentences"]): r for r in csv.DictReader(file)}
    choices = arguments.choices.split(",")
    found: dict[str, list[list[Row]]] = {choice: [] for choice in choices}
    for seed in arguments.seeds.split(","):
        for choice in choices:
            found[choice].append(Loop(arguments, choice, int(seed), gold, done).run())
    rows = []
    for choice, runs in found.items():
        cells = [choice]
        for field in ("sentences", "tokens"):
            counts = [needed(rows, field, arguments.target) for rows in runs]
            cells.append(mean_sd(counts, digits=0))
        rows.append(cells)
    print("\n".join(markdown_table(["choice", "sentences", "tokens"], rows)))
    plot(done, choices, arguments.target, arguments.plot)


if __name__ == "__main__":
    with one_line_errors():
        main()
