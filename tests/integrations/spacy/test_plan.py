"""The effect of spaCy's section ``[training]``."""

from __future__ import annotations

import pytest
from spacy.language import Language

from tests.helpers.pipelines import (
    SETTINGS,
    examples,
    pipeline,
)


def losses_of(nlp: Language, n_steps: int = 3, **options: object) -> list[float]:
    data = examples(nlp)
    nlp.initialize(lambda: data)
    return [nlp.update(data, **options)["recurrent_tagger"] for _ in range(n_steps)]


def test_learning_rate_and_dropout_of_spacy_are_honoured() -> None:
    def with_rate(rate: object) -> list[float]:
        nlp = pipeline("", settings={**SETTINGS, "training": {}})
        nlp.config["training"]["optimizer"]["learn_rate"] = rate
        return losses_of(nlp)

    schedule = {"@schedules": "warmup_linear.v1", "initial_rate": 0.3}
    found = [
        *(with_rate(rate) for rate in (0.001, 0.5, 0.9)),
        with_rate({**schedule, "warmup_steps": 2, "total_steps": 100}),
        *(losses_of(pipeline("", settings=SETTINGS), drop=drop) for drop in (0.5, 0.9)),
    ]
    assert len({tuple(losses) for losses in found}) == len(found)
    assert losses_of(pipeline("", settings=SETTINGS), drop=0.1) == losses_of(
        pipeline("", settings=SETTINGS)
    )
    with pytest.raises(ValueError, match="learn_rate"):
        with_rate("high")


def test_warns_of_settings_of_the_optimizer_without_effect() -> None:
    nlp = pipeline("", settings=SETTINGS)
    nlp.config["training"]["optimizer"]["L2"] = 0.5
    with pytest.warns(UserWarning, match="L2"):
        nlp.initialize(lambda: examples(nlp))
