"""Cards from templates: what they hold, and text that is no markup."""

from __future__ import annotations

from types import SimpleNamespace

import jinja2
import pytest

from tagger.config import Config, PretrainingConfig
from tagger.evaluation.scores import score_spans
from tagger.model.heads import HeadSpec
from tagger.model.meta import CorpusRecord, Meta
from tagger.sharing.card import render_card

CORPUS = CorpusRecord(
    name="news",
    fingerprint="f",
    licence="",
    citation="A | B,\nC",
    n_sentences={"train": 12_345, "dev": 3},
)
HEADS = [HeadSpec(name="pos", kind="token", decoder="softmax", tags=("|", "``"))]


def meta(**values: object) -> Meta:
    given = {
        "tagger_version": "0.1.0",
        "created": "2026-01-01",
        "corpora": (CORPUS,),
        "seed": 1,
        "n_parameters": 1_234_567,
        "best_epoch": 3,
        "epochs": 5,
        "seconds": 1234.5,
        "dev_scores": {"ner": 0.5},
        "test_scores": {"news": {"ner": 0.25}},
    }
    return Meta(**{**given, **values})  # type: ignore[arg-type]


def model_card(meta: Meta, **values: object) -> str:
    given = {"config": Config(), "heads": HEADS, "tests": {}}
    return render_card("model.md.j2", meta=meta, **{**given, **values})


def test_a_models_card() -> None:
    spans = score_spans([["B-PER", "O"]], [["B-PER", "B-PER"]], ["PER"])
    evaluation = SimpleNamespace(spans={"ner": spans}, texts={}, exact=None)
    card = model_card(
        meta(), config=Config(description=" For letters. "), tests={"news": evaluation}
    )
    for line in (
        "# A tagger trained on news",
        "For letters.",
        "| pos | softmax | \\|, `` |",
        "| news | 12,345 train, 3 dev | not stated | A \\| B, C |",
        "Seed 1; the best of 5 epochs was number 3; 1,234 s of training.",
        "| dev (mean over corpora) | ner | 50.00 |",
        "| news test | ner | 25.00 |",
        "### news test, ner by label",
        "| PER | 50.00 | 100.00 | 66.67 | 1 |",
    ):
        assert f"\n{line}\n" in f"\n{card}", line
    assert "\n\n\n" not in card
    assert card.endswith("```\n")


def test_a_model_of_spacy_has_no_scores() -> None:
    card = model_card(meta(corpora=(), dev_scores={}, test_scores={}))
    assert card.startswith("# A tagger trained by spaCy\n")
    assert "\n\n\n" not in card
    assert "## Scores" not in card
    assert "epochs" not in card


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({}, "Word vectors: 2 passes, window 5; then a bidirectional language model"),
        ({"vector_epochs": 0}, "A bidirectional language model"),
        (
            {"vectors": "/a/given.txt"},
            "Word vectors: `given.txt`; for other words 2 passes, window 5; then a bidirectional",
        ),
        (
            {"vectors": "/a/given.txt", "vector_epochs": 0},
            "Word vectors: `given.txt`; then a bidirectional",
        ),
    ],
)
def test_a_bases_card(settings: dict[str, object], start: str) -> None:
    card = render_card(
        "base.md.j2",
        config=Config(pretraining=PretrainingConfig(**settings)),  # type: ignore[arg-type]
        meta=meta(),
        inventory=SimpleNamespace(names=["a.txt", "b.txt"], n_tokens=12_345, n_sentences=99),
        progress=SimpleNamespace(n_tokens=20_000, seconds=9.6, losses={"forward": 1.23456}),
    )
    assert f"\n{start}" in card
    assert "of 20,000 tokens in 10 s, seed 1. The loss of a word at the end" in card
    assert ", in nats: forward 1.235.\n" in card
    assert "\n| a.txt, b.txt | 12,345 | 99 | not stated |\n" in card
    assert "\n\n\n" not in card


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render_card("model.md.j2")
