"""The mean of several models' weights, as one model; the last part of the way to `models/en`.

    python models/average.py models/en models/en-1 models/en-2 models/en-3

The models must have gone on alike from the same model, with different seeds: then what each has
learned by chance is averaged out, and the mean tags as fast as one (Wortsman et al. 2022, Model
soups). Of models whose heads began at random the mean is worse than each.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

import tagger
from tagger.cli.failures import said_in_one_line
from tagger.corpus import load_corpus
from tagger.errors import ModelError
from tagger.evaluation.evaluate import Evaluation, evaluate, select_split
from tagger.model.directory import SavedModel, StoredWeights, read_model, write_model
from tagger.runtime.export import export, sentences_to_compare
from tagger.tables import markdown_table, mean_sd
from tagger.training.card import model_card


def averaged(models: Sequence[SavedModel]) -> SavedModel:
    """The first model with the mean of all models' weights."""
    first = models[0]
    alike = {(m.vocabulary.words, m.vocabulary.chars, m.vector_keys, m.heads) for m in models}
    if len(alike) > 1:
        raise ModelError("these models have not been trained alike: words or heads differ")
    weights = {
        name: np.mean([model.weights[name] for model in models], axis=0) for name in first.weights
    }
    meta = msgspec.structs.replace(first.meta, seconds=sum(m.meta.seconds for m in models))
    return msgspec.structs.replace(first, weights=StoredWeights(weights), meta=meta)


def scores(directory: Path, sources: Sequence[str], split: str) -> dict[str, Evaluation]:
    """Scores by corpus, on gold tokens."""
    model = tagger.load(directory, engine="torch")
    found = {}
    for source in sources:
        chosen = select_split(directory, model, source, split)
        found[source] = evaluate(model, chosen.data, chosen.heads, chosen.not_annotated)[0]
    return found


def runs_section(model: Mapping[str, Evaluation], runs: Sequence[Mapping[str, Evaluation]]) -> str:
    """The model beside the runs that it is the mean of, as a part of its card."""
    rows = []
    for corpus, evaluation in model.items():
        for head, one in numbers(evaluation).items():
            others = [100 * numbers(run[corpus])[head] for run in runs]
            rows.append([corpus, head, f"{100 * one:.2f}", mean_sd(others)])
    lines = [
        f"## The {len(runs)} runs",
        "",
        f"The weights are the mean of those of {len(runs)} runs with different seeds, which by "
        "themselves have on test (mean ± standard deviation):",
        "",
        *markdown_table(["data", "head", "the model", "the runs"], rows),
        "",
    ]
    return "\n".join(lines)


def numbers(evaluation: Evaluation) -> dict[str, float]:
    """All scores of an evaluation by name, those of labels too."""
    found = dict(evaluation.main)
    for head, spans in evaluation.spans.items():
        found |= {f"{head} {label}": score.f1 for label, score in spans.labels.items()}
    return found


def main(output: str, *models: str) -> None:
    """Write the mean, scored on the dev and test sets of the corpora that have a test set."""
    directory = Path(output)
    model = averaged([read_model(Path(name)) for name in models])
    sources = list(model.meta.test_scores)
    runs = [scores(Path(name), sources, "test") for name in models]
    write_model(directory, model)
    by_head: dict[str, list[float]] = {}
    for evaluation in scores(directory, sources, "dev").values():
        for head, score in evaluation.main.items():
            by_head.setdefault(head, []).append(score)
    tests = scores(directory, sources, "test")
    meta = msgspec.structs.replace(
        model.meta,
        dev_scores={head: sum(values) / len(values) for head, values in by_head.items()},
        test_scores={name: evaluation.main for name, evaluation in tests.items()},
    )
    card = model_card(model.config, model.heads, meta, tests) + "\n" + runs_section(tests, runs)
    write_model(directory, msgspec.structs.replace(model, meta=meta, card=card))
    corpora = [load_corpus(source) for source in sources]
    for exported in export(directory, sentences_to_compare(corpora)):
        print(exported.describe())  # noqa: T201


if __name__ == "__main__":
    with said_in_one_line():
        main(*sys.argv[1:])
