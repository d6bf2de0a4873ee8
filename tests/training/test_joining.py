"""Which files are one corpus, and how corpora that stay apart are weighed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.config import Config, CorpusConfig, merge_overrides, nested
from tagger.config_reference import parse_settings
from tagger.errors import ConfigError
from tagger.evaluation.scores import TokenScores
from tagger.evaluation.split import Evaluation
from tagger.training.joining import join_files
from tagger.training.preparation import prepare
from tagger.training.scoring import mean_scores
from tagger.training.settings import settings

PER, PER_AND_LOC, LOC, POS = (
    "Kim\tB-PER\nleft\tO\n",
    "Kim\tB-PER\nleft\tO\nOslo\tB-LOC\n",
    "in\tO\nOslo\tB-LOC\n",
    "Kim\tPROPN\nleft\tVERB\n",
)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAGGER_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "per": PER, "more": PER_AND_LOC, "loc": LOC, "pos": POS, "my.dev": PER,
    }.items():  # fmt: skip
        (tmp_path / f"{name}.tsv").write_text(content * 3)
    return tmp_path


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["per.tsv"], ["per.tsv"]),
        (["more.tsv", "per.tsv"], ["train=more.tsv,train=per.tsv"]),
        (["more.tsv", "pos.tsv", "per.tsv"], ["train=more.tsv,train=per.tsv", "pos.tsv"]),
        (["per.tsv", "loc.tsv"], ["per.tsv", "loc.tsv"]),
        (["train=per.tsv", "train=more.tsv"], ["train=per.tsv", "train=more.tsv"]),
        (["per.tsv", "my.dev.tsv"], ["per.tsv", "my.dev.tsv"]),
        (["per.tsv", "nowhere.tsv", "sample"], ["per.tsv", "nowhere.tsv", "sample"]),
    ],
)
def test_files_that_annotate_the_same_are_joined(files, sources, expected):
    assert join_files(sources, Config(), columns=None) == expected


def test_files_of_the_configuration_stay_apart(files):
    config = Config(corpora={"per.tsv": CorpusConfig()})
    assert join_files(["per.tsv", "more.tsv"], config, columns=None) == ["per.tsv", "more.tsv"]


def test_columns_hold_for_files_that_are_joined(files):
    chosen = settings(["per.tsv", "more.tsv"], columns="token,ner")
    (source,) = chosen.sources
    assert source == "train=per.tsv,train=more.tsv"
    assert chosen.config.corpora[source].columns == "token,ner"


def test_scores_are_weighed_by_sentences():
    def evaluation(n_sentences: int, accuracy: float) -> Evaluation:
        scores = TokenScores(accuracy=accuracy, n_tokens=1, n_unknown=0)
        return Evaluation(
            spans={}, tokens={"pos": scores}, n_sentences=n_sentences, n_tokens=1, seconds=0
        )

    means = mean_scores({"a": evaluation(300, 1.0), "b": evaluation(100, 0.0)})
    assert means == {"pos": pytest.approx(0.75)}


def test_scores_are_weighed_as_the_configuration_states(files):
    def evaluation(n_sentences: int, accuracy: float) -> Evaluation:
        scores = TokenScores(accuracy=accuracy, n_tokens=1, n_unknown=0)
        return Evaluation(
            spans={}, tokens={"pos": scores}, n_sentences=n_sentences, n_tokens=1, seconds=0
        )

    def weights(**of: float) -> dict[str, float] | None:
        corpora = {f"{name}.tsv": CorpusConfig(dev_weight=weight) for name, weight in of.items()}
        return prepare(["per.tsv", "loc.tsv"], Config(corpora=corpora)).dev_weights

    found = {"per": evaluation(300, 1.0), "loc": evaluation(100, 0.0)}
    assert weights() is None
    for stated, mean in (({"per": 3}, 0.75), ({"per": 1}, 0.5), ({"per": 0}, 0.0)):
        assert mean_scores(found, weights(**stated)) == {"pos": pytest.approx(mean)}
    notes = prepare(
        ["per.tsv", "loc.tsv"], Config(corpora={"loc.tsv": CorpusConfig(dev_weight=2.5)})
    ).notes
    assert "weights in the dev score: per 1, loc 2.5" in notes
    with pytest.raises(ConfigError, match="dev_weight"):
        weights(per=0, loc=0)


def test_dev_weight_is_a_number_or_auto():
    given = parse_settings(["corpora.a.dev_weight=2", "corpora.b.dev_weight=auto"])
    assert list(given.values()) == [2.0, "auto"]
    for value in ("x", "-1"):
        with pytest.raises(ConfigError, match="dev_weight"):
            merge_overrides(Config(), nested(parse_settings([f"corpora.a.dev_weight={value}"])))
