"""The scores of a training on its own corpora, and a sentence of theirs to try a model on."""

from __future__ import annotations

from collections.abc import Mapping

from tagger.evaluation.calibration import calibrations_of, samples_of
from tagger.evaluation.split import Evaluation, evaluate_split
from tagger.model.meta import Calibration
from tagger.runtime.tagger import Tagger
from tagger.text import TokenizerRules
from tagger.text.detokenizer import detokenize
from tagger.training.preparation import Prepared

N_EXAMPLES = 200
"""Sentences among which an example is chosen."""
EXAMPLE_TOKENS = 15
"""The most tokens of an example."""


def evaluate_corpora(tagger: Tagger, prepared: Prepared, split: str) -> dict[str, Evaluation]:
    """Evaluate a tagger on one split of each corpus that has it.

    Returns:
        The scores by corpus, without labels that the corpus does not annotate.
    """
    return {
        corpus.name: evaluate_split(
            tagger,
            corpus.splits[split],
            prepared.heads_of(corpus),
            prepared.not_annotated[corpus.name],
        )[0]
        for corpus in prepared.corpora
        if split in corpus.splits
    }


def calibrate_corpora(tagger: Tagger, prepared: Prepared) -> dict[str, Calibration]:
    """Fit the confidence of each head on the dev splits of the corpora that have gold tags for it.

    Corpora whose dev scores have no weight are left out.
    """
    weights = prepared.dev_weights or {}
    answers = prepared.answers and prepared.answers.corpus.name
    return calibrations_of(
        (
            f"{corpus.name} dev",
            samples_of(
                tagger.predictor,
                corpus.splits["dev"],
                prepared.heads_of(corpus),
                prepared.not_annotated[corpus.name],
            ),
        )
        for corpus in prepared.corpora
        if corpus.name != answers and weights.get(corpus.name, 1.0) > 0
    )


def dev_scores(tagger: Tagger, prepared: Prepared) -> dict[str, float]:
    """Return the mean score on dev of each head.

    Agreement with teachers counts only for heads that no corpus has gold tags for.
    """
    evaluations = evaluate_corpora(tagger, prepared, "dev")
    if prepared.answers is None:
        return mean_scores(evaluations, prepared.dev_weights)
    agreement = evaluations.pop(prepared.answers.corpus.name)
    return {**agreement.main, **mean_scores(evaluations, prepared.dev_weights)}


def mean_scores(
    evaluations: Mapping[str, Evaluation], weights: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return the mean score of each head over the corpora that have it.

    Args:
        evaluations: The scores by corpus.
        weights: By corpus its weight, 1 where it has none; None for its sentences. A head whose
            corpora all have the weight 0 has their plain mean.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for name, evaluation in evaluations.items():
        weight = evaluation.n_sentences if weights is None else weights.get(name, 1.0)
        for head, score in evaluation.main.items():
            found.setdefault(head, []).append((score, weight))
    return {
        head: sum(score * weight for score, weight in scores) / total
        if len(scores) > 1 and (total := sum(weight for _, weight in scores))
        else sum(score for score, _ in scores) / len(scores)
        for head, scores in found.items()
    }


def example_text(prepared: Prepared, rules: TokenizerRules) -> str:
    """Return a short dev sentence with many spans, as text on one line."""
    dev = prepared.corpora[0].splits["dev"]
    heads = prepared.heads_of(prepared.corpora[0])
    head = next((head for head in heads if head.kind == "span"), heads[0])
    rows = dev.select(range(min(len(dev), N_EXAMPLES)))
    tags = [[]] * len(rows) if head.kind == "text" else rows[head.name]
    pairs = list(zip(rows["tokens"], tags, strict=True))
    short = [pair for pair in pairs if len(pair[0]) <= EXAMPLE_TOKENS]
    tokens, _ = max(
        short or pairs, key=lambda pair: sum(str(tag).startswith("B-") for tag in pair[1])
    )
    return " ".join(detokenize(tokens[:EXAMPLE_TOKENS], rules=rules)[0].split())
