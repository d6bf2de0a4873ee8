"""F1 against the size of the training set, from scratch and from a base, as a table and a plot.

    pip install matplotlib
    TAGGER_DATA=… python benchmarks/learning_curve.py --from en-base conll2003 wnut17 bc5cdr

Each run is ``tagger train`` with its defaults on the first sentences of a shuffled training set;
dev and test stay whole. Finished runs are kept in a CSV file and not run again.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import statistics
import tempfile
from pathlib import Path

from tagger.cli.failures import one_line_errors
from tagger.corpus import load_corpus
from tagger.plotting import png, subplots
from tagger.tables import markdown_table, mean_sd
from tagger.training.run import train
from tagger.training.settings import settings

SIZES = (100, 300, 1000, 3000, 0)
FIELDS = ("corpus", "base", "size", "seed", "dev", "test")


def subset(source: str, size: int, seed: int, folder: Path) -> int:
    """Write a corpus with a number of training sentences (0 for all) as column files.

    Returns:
        How many there are.
    """
    corpus = load_corpus(source)
    for split, data in corpus.splits.items():
        if split == "train" and size:
            data = data.shuffle(seed=seed).select(range(min(size, len(data))))
        with (folder / f"{split}.txt").open("w", encoding="utf-8") as file:
            for row in data:
                for token, tag in zip(row["tokens"], row["ner"], strict=True):
                    file.write(f"{token}\t{tag}\n")
                file.write("\n")
    train_split = corpus.splits["train"]
    return min(size, len(train_split)) if size else len(train_split)


def run(source: str, base: str, size: int, seed: int, threads: int) -> dict[str, str]:
    """Train on a subset and score it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "corpus"
        folder.mkdir()
        n = subset(source, size, seed, folder)
        chosen = settings(
            [str(folder)],
            output=Path(temporary) / "model",
            heads=["ner"],
            columns="token,ner",
            overrides={"training": {"seed": seed, "threads": threads}},
            base=base or None,
        )
        meta, tests, _ = train(chosen.sources, chosen.output, chosen.config, base=chosen.base)
        shutil.rmtree(chosen.output)
    (scores,) = tests.values()
    row = (source, base, n, seed, meta.dev_scores["ner"], scores.main["ner"])
    return dict(zip(FIELDS, map(str, row), strict=True))


def main() -> None:
    """Run what is missing, print the table and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--from", dest="base", default="en-base")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="0 for all")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--csv", type=Path, default=Path("models/results/learning_curve.csv"))
    parser.add_argument("--plot", type=Path, default=Path("docs/images/learning_curve.png"))
    arguments = parser.parse_args()
    arguments.csv.parent.mkdir(parents=True, exist_ok=True)
    done: dict[tuple[str, str, str, str], dict[str, str]] = {}
    if arguments.csv.exists():
        with arguments.csv.open(newline="") as file:
            for row in csv.DictReader(file):
                done[row["corpus"], row["base"], row["asked"], row["seed"]] = row
    keys = [
        (corpus, base, size, seed)
        for seed in arguments.seeds.split(",")
        for size in arguments.sizes.split(",")
        for corpus in arguments.corpora
        for base in ("", arguments.base)
    ]
    for key in keys:
        if key not in done:
            corpus, base, size, seed = key
            row = run(corpus, base, int(size), int(seed), arguments.threads)
            done[key] = {**row, "asked": size}
            is_new = not arguments.csv.exists()
            with arguments.csv.open("a", newline="") as file:
                writer = csv.DictWriter(file, [*FIELDS, "asked"])
                if is_new:
                    writer.writeheader()
                writer.writerow(done[key])
    rows = [done[key] for key in keys]
    print("\n".join(table(rows)))
    plot(rows, arguments.plot)


def curves(rows: list[dict[str, str]]) -> dict[tuple[str, str], dict[int, list[float]]]:
    """Test scores of all seeds by corpus and base, then by size."""
    found: dict[tuple[str, str], dict[int, list[float]]] = {}
    for row in rows:
        sizes = found.setdefault((row["corpus"], row["base"]), {})
        sizes.setdefault(int(row["size"]), []).append(100 * float(row["test"]))
    return found


def table(rows: list[dict[str, str]]) -> list[str]:
    """Mean ± sd of the test F1 by size."""
    lines = []
    for (corpus, base), sizes in curves(rows).items():
        for size, scores in sorted(sizes.items()):
            lines.append([corpus, base or "–", f"{size:,}", mean_sd(scores, digits=1)])
    return markdown_table(["corpus", "from", "training sentences", "test F1"], lines)


def plot(rows: list[dict[str, str]], path: Path) -> None:
    """Draw a panel for each corpus, a line for each start."""
    found = curves(rows)
    corpora = list(dict.fromkeys(corpus for corpus, _ in found))
    figure, (panels,) = subplots(1, len(corpora), size=(3.6 * len(corpora), 3.2))
    for panel, corpus in zip(panels, corpora, strict=True):
        for (name, base), sizes in found.items():
            if name != corpus:
                continue
            xs = sorted(sizes)
            means = [statistics.mean(sizes[x]) for x in xs]
            sds = [statistics.stdev(sizes[x]) if len(sizes[x]) > 1 else 0.0 for x in xs]
            label = f"from {base}" if base else "from scratch"
            panel.errorbar(xs, means, yerr=sds, marker="o", markersize=4, capsize=3, label=label)
        panel.set_xscale("log")
        panel.set_title(corpus)
        panel.set_xlabel("training sentences")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("test F1")
    panels[0].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure))


if __name__ == "__main__":
    with one_line_errors():
        main()
