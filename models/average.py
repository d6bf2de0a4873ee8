"""The mean of several models' weights, as one model; the last part of the way to `models/en`.

    python models/average.py models/en models/en-1 models/en-2 models/en-3

The models must have been trained alike from the same base, with different seeds. What each has
learned by chance is averaged out, at the cost of tagging of one (Wortsman et al. 2022, Model soups).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
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


def main(output: str, *models: str) -> None:
    """Write the mean, scored on the dev and test sets of the corpora that can be found."""
    directory = Path(output)
    model = averaged([read_model(Path(name)) for name in models])
    write_model(directory, model)
    sources = list(model.meta.test_scores)
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
    card = model_card(model.config, model.heads, meta, tests)
    write_model(directory, msgspec.structs.replace(model, meta=meta, card=card))
    corpora = [load_corpus(source) for source in sources]
    for exported in export(directory, sentences_to_compare(corpora)):
        print(exported.describe())  # noqa: T201


if __name__ == "__main__":
    with said_in_one_line():
        main(*sys.argv[1:])
