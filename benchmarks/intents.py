"""Slots and intents from one model and from two, over several seeds.

    TAGGER_DATA=… python benchmarks/intents.py atis snips --threads 1

Trains each corpus jointly (``slots,intent``) and each head alone, and prints the scores on test:
mean and deviation over the seeds, the share of sentences with all of it right, and the speed of
the joint model beside that for slots alone, measured in pairs (``--jobs joint,slots --seeds 1
--rounds 41`` measures it again). Finished models are kept in ``--output`` and not trained again; a
training that was stopped is resumed. ``--set`` changes the recipe, in a folder of its own, as in
``--set head.pooling=max``; with ``--split dev`` recipes are compared on dev.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any, Literal

import msgspec

import tagger
from tagger.cli.failures import one_line_errors
from tagger.model.meta import META
from tagger.tables import markdown_table, mean_sd

JOBS = {"joint": ("slots", "intent"), "slots": ("slots",), "intent": ("intent",)}
MEASURES = ("slots F1", "intent accuracy", "intent macro F1", "all right")
PUBLISHED = {
    "atis": (
        ("attention BiRNN (Liu & Lane 2016)", "94.2", "91.1", "", "78.9"),
        ("slot-gated, full attention (Goo et al. 2018)", "94.8", "93.6", "", "82.2"),
        ("slot-gated, intent attention (Goo et al. 2018)", "95.2", "94.1", "", "82.6"),
    ),
    "snips": (
        ("attention BiRNN (Liu & Lane 2016)", "87.8", "96.7", "", "74.1"),
        ("slot-gated, full attention (Goo et al. 2018)", "88.8", "97.0", "", "75.5"),
    ),
}
"""Recurrent networks, all from Goo et al. 2018, "Slot-gated modeling for joint slot filling and
intent prediction" (NAACL), table 2, on the same splits."""


class Run(msgspec.Struct):
    """The scores of a model."""

    scores: dict[str, float]
    """Shares by measure."""
    seconds: float
    """Of the training."""


def trained(
    arguments: argparse.Namespace, corpus: str, job: str, seed: int, settings: dict[str, Any]
) -> Path:
    """Train a model unless it is there, and return its folder."""
    recipe = "".join(f"-{key.rpartition('.')[2]}-{value}" for key, value in settings.items())
    folder: Path = arguments.output / f"{corpus}-{job}-{seed}{recipe}"
    if not (folder / META).is_file() or (folder / "last").exists():
        print(f"training {folder.name}", flush=True)
        tagger.train(
            corpus,
            folder,
            heads=JOBS[job],
            base=arguments.base,
            settings=settings,
            seed=seed,
            threads=arguments.threads,
            resume=(folder / "last").exists(),
        )
    return folder


def scored(folder: Path, corpus: str, split: Literal["dev", "test"]) -> Run:
    """Score a model unless that was done before."""
    path = folder / f"{split}.json"
    if path.is_file():
        return msgspec.json.decode(path.read_bytes(), type=Run)
    found = tagger.evaluate(folder, corpus, split)
    scores = {f"{head} F1": of_head.main for head, of_head in found.spans.items()}
    for head, of_texts in found.texts.items():
        scores[f"{head} accuracy"] = of_texts.accuracy
        scores[f"{head} macro F1"] = of_texts.macro.f1
    if found.exact is not None:
        scores["all right"] = found.exact.share
    run = Run(scores, json.loads((folder / META).read_text())["seconds"])
    path.write_bytes(msgspec.json.encode(run))
    print(folder.name, {name: round(100 * score, 2) for name, score in scores.items()}, flush=True)
    return run


def speeds(joint: Path, slots: Path, corpus: str, n_rounds: int) -> str:
    """Measure processor time on one thread, both models in turn, so that they share what disturbs.

    Returns:
        A line: the median tokens/s of each, and the median and the quartiles of the ratio of the
        two in each round. Which one is first changes from round to round.
    """
    sentences = [one.tokens for one in tagger.read(corpus, "test")]
    n_tokens = sum(map(len, sentences))
    models = {"joint": tagger.load(joint, threads=1), "slots": tagger.load(slots, threads=1)}
    for model in models.values():
        model.annotate(sentences)  # forms are cached from then on
    times: dict[str, list[float]] = {name: [] for name in models}
    for i in range(n_rounds):
        for name in list(models)[:: 1 if i % 2 else -1]:
            started = time.process_time()
            models[name].annotate(sentences)
            times[name].append(time.process_time() - started)
    speed = {name: n_tokens / statistics.median(of_model) for name, of_model in times.items()}
    ratios = [one / other for one, other in zip(times["slots"], times["joint"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return (
        f"joint {speed['joint']:,.0f} tokens/s, slots alone {speed['slots']:,.0f}; {n_rounds} "
        f"pairs: {middle - 1:+.1%} (quartiles {low - 1:+.1%} to {high - 1:+.1%})"
    )


def main() -> None:
    """Train what is missing and print a table for each corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+", choices=sorted(PUBLISHED))
    parser.add_argument("--from", dest="base")
    parser.add_argument("--jobs", default="joint,slots,intent")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--split", default="test", choices=("dev", "test"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=11, help="pairs of timings")
    parser.add_argument("--output", type=Path, default=Path("models/results/intents"))
    arguments = parser.parse_args()
    settings: dict[str, Any] = {}
    for setting in arguments.settings:
        key, _, value = setting.partition("=")
        try:
            settings[key] = json.loads(value)
        except ValueError:
            settings[key] = value
    jobs = arguments.jobs.split(",")
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    arguments.output.mkdir(parents=True, exist_ok=True)
    for corpus in arguments.corpora:
        runs: dict[str, list[Run]] = {job: [] for job in jobs}
        folders: dict[str, Path] = {}
        for seed in seeds:
            for job in jobs:
                folder = trained(arguments, corpus, job, seed, settings)
                folders.setdefault(job, folder)
                runs[job].append(scored(folder, corpus, arguments.split))
        rows = []
        for job, of_job in runs.items():
            cells = [f"{job}, {len(seeds)} seeds"]
            for measure in MEASURES:
                found = [100 * run.scores[measure] for run in of_job if measure in run.scores]
                cells.append(mean_sd(found) if found else "")
            rows.append([*cells, f"{statistics.mean(run.seconds for run in of_job):.0f}"])
        rows += [[*row, ""] for row in PUBLISHED[corpus]] if arguments.split == "test" else []
        print("\n".join(markdown_table([corpus, *MEASURES, "training s"], rows)))
        if {"joint", "slots"} <= set(folders):
            print(speeds(folders["joint"], folders["slots"], corpus, arguments.rounds))


if __name__ == "__main__":
    with one_line_errors():
        main()
