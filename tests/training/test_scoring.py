"""The scores that a training ends with are those of the model as it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from tagger.evaluation.split import evaluate_split
from tagger.model.directory import read_model
from tagger.model.meta import GRAPHS
from tagger.text import TokenizerRules
from tagger.training.preparation import prepare
from tagger.training.run import train
from tagger.training.scoring import evaluate_corpora, example_text, mean_scores
from tests.helpers.corpora import TOKENS, small_config, write_corpus


def test_scores_are_those_of_the_model_as_it_runs(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tagger.training import run, scoring

    engines = []

    def remember(tagger, prepared, split):  # type: ignore[no-untyped-def]
        engines.append((split, tagger.engine.name))
        return evaluate_corpora(tagger, prepared, split)

    for module in (run, scoring):
        monkeypatch.setattr(module, "evaluate_corpora", remember)
    meta, tests, example = train([str(corpus)], tmp_path / "m", small_config(epochs=2))
    assert [engine for split, engine in engines] == ["torch"] * 2 + ["onnx"] * 2
    assert (tmp_path / "m" / GRAPHS["int8"]).is_file()
    saved = read_model(tmp_path / "m")
    assert saved.meta == meta
    prepared = prepare([str(corpus)], small_config(epochs=2))
    loaded = tagger.load(tmp_path / "m")
    for split, scores in (("dev", meta.dev_scores), ("test", meta.test_scores["tiny"])):
        data = prepared.corpora[0].splits[split]
        assert evaluate_split(loaded, data, prepared.heads)[0].main == scores
    assert tests["tiny"].main == meta.test_scores["tiny"]
    assert mean_scores(evaluate_corpora(loaded, prepared, "dev")) == meta.dev_scores
    assert example == "Mary works at Siemens."


def test_the_example_is_a_short_dev_sentence_with_spans(tmp_path: Path) -> None:
    long = " ".join(["well/ADV/O"] * 20 + ["Kim/PROPN/B-PER"] * 3)
    lines = ["so/ADV/O", long, TOKENS["dev"][0], "Kim/PROPN/B-PER left/VERB/O"]
    folder = write_corpus(tmp_path / "c", {"train": TOKENS["train"], "dev": lines})
    prepared = prepare([str(folder)], small_config())
    rules = TokenizerRules()
    assert example_text(prepared, rules) == "Mary works at Siemens."
    folder = write_corpus(tmp_path / "d", {"train": TOKENS["train"], "dev": [long]})
    assert example_text(prepare([str(folder)], small_config()), rules) == " ".join(["well"] * 15)
