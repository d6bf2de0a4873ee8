"""The scores of several seeds, added to the card of `models/en`: the last step of `make model`.

python models/seeds.py models/en models/en-2 models/en-3
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import tagger
from tagger.cli.failures import one_line_errors
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import Evaluation, evaluate_split
from tagger.files import write_file
from tagger.model.directory import read_model
from tagger.model.meta import CARD
from tagger.tables import markdown_table, mean_sd

OUTSIDE = "uner_en_ewt"
"""Scored as well: mail, reviews and weblogs, which the model was not trained on."""


def scores(directory: Path) -> dict[tuple[str, str], float]:
    """Return scores by corpus and head, and by label for span heads."""
    model = tagger.load(directory)
    found: dict[tuple[str, str], float] = {}
    for corpus in (*read_model(directory).meta.test_scores, OUTSIDE):
        chosen = select_split(directory, model, corpus)
        evaluation = evaluate_split(model, chosen.data, chosen.heads, chosen.not_annotated)[0]
        where = f"{corpus} {chosen.split}"
        found |= {(where, name): 100 * score for name, score in by_name(evaluation).items()}
    return found


def by_name(evaluation: Evaluation) -> dict[str, float]:
    """Return all scores of an evaluation, including those of labels."""
    found = dict(evaluation.main)
    for head, spans in evaluation.spans.items():
        found |= {
            f"{head} {label}": score.f1 for label, score in spans.labels.items() if score.n_gold
        }
    return found


def section(runs: Sequence[Mapping[tuple[str, str], float]]) -> str:
    """Compare the first model with the mean of all, as a section of its card."""
    rows = [
        [*key, f"{score:.2f}", mean_sd([run[key] for run in runs])]
        for key, score in runs[0].items()
    ]
    lines = [
        f"## {len(runs)} seeds",
        "",
        f"{len(runs)} trainings differ only in their seed; this model is the first of them (mean ± "
        "standard deviation; F1 of spans, accuracy of tags, by `tagger evaluate`). "
        f"`{OUTSIDE}` is Universal NER, which it has not learned from.",
        "",
        *markdown_table(["corpus", "head", "this model", "the seeds"], rows),
        "",
    ]
    return "\n".join(lines)


def main(*models: str) -> None:
    """Add the section to the first model's card."""
    directories = [Path(model) for model in models]
    card = read_model(directories[0]).card
    text = card + "\n" + section([scores(directory) for directory in directories])
    write_file(directories[0] / CARD, text.encode())


if __name__ == "__main__":
    with one_line_errors():
        main(*sys.argv[1:])
