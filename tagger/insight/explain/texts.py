"""Explanations of labels of whole texts: each word left out, and the text read from either end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tagger.features.forms import Ids
from tagger.insight.explain.results import Explanation, Sides, TokenExplanation, WordEffect
from tagger.insight.explain.tokens import Located
from tagger.model.heads import HeadSpec
from tagger.runtime.labelling import of_texts
from tagger.runtime.marginals import Probs
from tagger.runtime.predictor import Predictor

WORDS = 400
"""Words of a text that are explained: each takes three readings of its sentence."""


def explain_labels(
    predictor: Predictor, head: HeadSpec, text: str, sentences: Sequence[Located]
) -> Explanation:
    """Explain the labels of a text.

    Args:
        predictor: Of the model.
        head: A head that labels texts.
        text: The text.
        sentences: Its sentences, at least one token in all.
    """
    forms = [sentence.forms for sentence in sentences]
    whole = _read(predictor, head, forms)  # (sentences, labels)
    n_tokens = np.array([len(some) for some in forms], dtype=np.int64)

    def together(parts: Probs, lengths: Ids) -> Probs:
        of_text: Probs = of_texts(parts, lengths, [len(parts)])[0]
        return of_text

    both = together(whole, n_tokens)
    order = np.argsort(-both, kind="stable").tolist()
    best = order[0]
    tokens: list[TokenExplanation] = []
    words: list[WordEffect] = []
    for number, sentence in enumerate(sentences):
        shown = range(min(len(sentence.forms), WORDS - len(tokens)))
        parts = [
            part
            for t in shown
            for part in (
                sentence.forms[: t + 1],
                sentence.forms[t:],
                [*sentence.forms[:t], *sentence.forms[t + 1 :]],
            )
        ]
        read = iter(_read(predictor, head, parts))
        for t in shown:
            left, right, without = next(read), next(read), next(read)
            before = together(
                np.concatenate([whole[:number], left[None]]), np.append(n_tokens[:number], t + 1)
            )
            after = together(
                np.concatenate([right[None], whole[number + 1 :]]),
                np.append(len(sentence.forms) - t, n_tokens[number + 1 :]),
            )
            position, (start, end) = sentence.first + t, sentence.offsets[t]
            sides = {
                head.labels[i]: Sides(float(before[i]), float(after[i]), float(both[i]))
                for i in order
            }
            tokens.append(
                TokenExplanation(sentence.forms[t], position, start, end, head.labels[best], sides)
            )
            n_left = n_tokens.copy()
            n_left[number] -= 1
            if not n_left.sum():
                continue  # the only word: nothing is left to read
            rest = whole.copy()
            rest[number] = without
            gains = both - together(rest, n_left)
            most = int(gains.argmax())
            words.append(
                WordEffect(
                    text=sentence.forms[t],
                    position=position,
                    change=float(gains[best]),
                    speaks_for=head.labels[most],
                    gain=float(gains[most]),
                )
            )
    words.sort(key=lambda effect: -max(abs(effect.change), effect.gain))
    n = int(n_tokens.sum())
    notes = (f"long text: the first {WORDS} of {n:,} words are explained",) if n > WORDS else ()
    return Explanation(
        text,
        head.name,
        tuple(tokens),
        (),
        1,
        notes,
        labels={head.labels[i]: float(both[i]) for i in order},
        words=tuple(words),
    )


def _read(predictor: Predictor, head: HeadSpec, sentences: Sequence[Sequence[str]]) -> Probs:
    """Compute the probabilities (sentences, labels); zero for a sentence without words."""
    probs = np.zeros((len(sentences), len(head.labels)))
    filled = [i for i, sentence in enumerate(sentences) if sentence]
    forms = [form for i in filled for form in sentences[i]]
    lengths = np.array([len(sentences[i]) for i in filled], dtype=np.int64)
    probs[filled] = predictor.predict(forms, lengths, [head]).labels[head.name]
    return probs
