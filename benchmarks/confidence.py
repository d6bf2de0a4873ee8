"""What confidence, thresholds and several readings cost: ``python benchmarks/confidence.py``.

Processor time of tagging raw text with one thread, against tagging alone. The ways are run in
turns, and the median of the ratios is printed, so that what else the machine does cancels out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import tagger
from tagger.evaluation.raw import texts_of

ROUNDS = 15


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?", default="sample")
    parser.add_argument("--model", default="en")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--precision", choices=["fp32", "int8"])
    arguments = parser.parse_args()
    model = tagger.load(arguments.model, threads=1, precision=arguments.precision)
    texts = texts_of(arguments.corpus, arguments.data_dir, 2000)
    heads = ["ner"]
    ways: dict[str, Callable[[], object]] = {
        "tagging": lambda: model.batch(texts, heads),
        "confidence": lambda: model.batch(texts, heads, confidence=True),
        "threshold 0.5": lambda: model.batch(texts, heads, threshold=0.5),
        "threshold 0.05": lambda: model.batch(texts, heads, threshold=0.05),
        "2 readings": lambda: model.readings(texts, 2),
        "5 readings": lambda: model.readings(texts, 5),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, run in ways.items():
            started = time.process_time()
            run()
            if turn:  # the first fills the cache of forms
                seconds[name].append(time.process_time() - started)
    base = seconds["tagging"]
    print(f"{model.engine.precision}, {len(texts):,} texts")
    for name, found in seconds.items():
        share = statistics.median(a / b for a, b in zip(found, base, strict=True)) - 1
        print(f"{name:16} {statistics.median(found):7.3f} s  {100 * share:+6.1f} %")


if __name__ == "__main__":
    main()
