"""Labels of whole texts, from the scores of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np

from tagger.features.forms import Ids
from tagger.model.heads import HeadSpec
from tagger.runtime.decoding import Floats
from tagger.runtime.marginals import Probs, softmax
from tagger.runtime.results import Label, Labels

LEAST_PROB = 0.5
"""The least probability of a label where a text may have several."""


def label_probs(head: HeadSpec, scores: Floats, temperature: float = 1.0) -> Probs:
    """Compute the probabilities (sentences, labels) of scores (sentences, labels).

    Of a softmax each row sums to 1; of sigmoids each label is by itself.
    """
    if head.decoder == "sigmoid":
        scaled = scores.astype(np.float64) / temperature
        probs: Probs = 0.5 * (1 + np.tanh(scaled / 2))  # does not overflow
        return probs
    return softmax(scores, np.ones(len(scores), dtype=np.int64), temperature)


def of_texts(probs: Probs, lengths: Ids, n_sentences: Sequence[int]) -> Probs:
    """Average the probabilities of the sentences of each text, weighted by their tokens.

    Args:
        probs: (sentences, labels), text after text.
        lengths: (sentences,), the tokens of each, at least 1.
        n_sentences: The sentences of each text.

    Returns:
        (texts, labels); NaN for a text without tokens.
    """
    text_of = np.repeat(np.arange(len(n_sentences)), n_sentences)
    total = np.zeros((len(n_sentences), probs.shape[1]))
    np.add.at(total, text_of, probs * lengths[:, None])
    n_tokens = np.bincount(text_of, weights=lengths, minlength=len(n_sentences))
    with np.errstate(invalid="ignore"):
        return total / n_tokens[:, None]


def best_labels(head: HeadSpec, probs: Probs) -> list[Labels]:
    """Return what is shown of probabilities (texts, labels): the best label, or all probable ones.

    A row of NaN is a text without tokens: it has no label.
    """
    names = head.labels
    if head.decoder == "sigmoid":
        found: list[Labels] = []
        for row in probs:
            order = np.argsort(-row, kind="stable").tolist()
            found.append([Label(names[i], float(row[i])) for i in order if row[i] >= LEAST_PROB])
        return found
    pairs = zip(probs.argmax(axis=1).tolist(), probs.max(axis=1).tolist(), strict=True)
    return [None if isnan(prob) else Label(names[i], prob) for i, prob in pairs]


def label_names(found: Labels) -> str | list[str] | None:
    """Return labels without their probabilities, as a corpus has them."""
    if found is None:
        return None
    return found.label if isinstance(found, Label) else [one.label for one in found]
