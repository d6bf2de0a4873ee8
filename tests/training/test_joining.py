"""Which files are one corpus, and how corpora that stay apart are weighed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.config import Config, CorpusConfig
from tagger.evaluation.scores import TokenScores
from tagger.evaluation.split import Evaluation
from tagger.training.joining import join_files
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
