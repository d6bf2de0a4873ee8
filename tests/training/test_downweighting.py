"""Sentences whose annotation a model doubts count for less in the loss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tagger.errors import ConfigError
from tagger.model.crf import CRF
from tagger.model.heads import HeadSpec
from tagger.model.network import Head
from tagger.training.downweighting import read_weights
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import write_corpus


def write(path: Path, *findings: dict[str, object]) -> Path:
    path.write_text(json.dumps({"findings": findings}))
    return path


def suspect(sentence: str, probability: float, head: str = "ner") -> dict[str, object]:
    return {"code": "M101", "head": head, "sentence": sentence, "probability": probability}


def test_the_least_probable_annotation_decides(tmp_path: Path) -> None:
    other = {"code": "S301", "head": "ner", "line": 3}
    path = write(
        tmp_path / "s.json", suspect("a b", 0.4), suspect("a b", 0.0), suspect("c", 0.5), other
    )
    found = read_weights(path)["ner"]
    assert found == {"a b": pytest.approx(0.343), "c": pytest.approx(0.7**1.5)}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"findings": []}', '{"findings": [{}]}'])
def test_what_is_not_a_report_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(content)
    with pytest.raises(ConfigError) as error:
        read_weights(path)
    assert error.value.path == str(path)


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_the_loss_is_weighted_by_sentence(decoder: str) -> None:
    torch.manual_seed(1)
    spec = HeadSpec(
        name="ner", kind="span", decoder=decoder, tags=("O", "B-X", "I-X"), scheme="BIO"
    )
    crf = CRF(torch.from_numpy(spec.allowed())) if decoder == "crf" else None
    head = Head(input_dim=4, n_tags=3, crf=crf)
    emissions = torch.randn(2, 3, 3)
    codes, lengths = torch.tensor([[0, 1, 2], [1, 0, -100]]), torch.tensor([3, 2])
    choices = torch.eye(3, dtype=torch.bool)

    def loss(*weights: float) -> float:
        of = torch.tensor(weights)
        return head.loss(emissions, codes, lengths, choices, of).mean.item()

    whole = head.loss(emissions, codes, lengths, choices).mean.item()
    assert loss(1, 1) == pytest.approx(whole)
    assert loss(1, 0) + loss(0, 1) == pytest.approx(whole)
    assert loss(0.5, 1) == pytest.approx(0.5 * loss(1, 0) + loss(0, 1))


def test_train_with_suspects(run, tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "my")
    good = write(tmp_path / "s.json", suspect("Siemens hired Kim .", 0.1))
    bad = write(tmp_path / "t.json", suspect("not there", 0.1))
    output = tmp_path / "model"
    options = ["-o", output, "--columns", "token,upos,ner", "--threads", "1", "--epochs", "1"]
    assert_one_line(
        run("train", folder, *options, "--downweight-suspects", bad), 2, "t.json", "none of"
    )
    assert not output.exists()
    options += ["--set", "training.epoch_steps=2", "--set", "encoder.hidden_dim=8"]
    result = run("train", folder, *options, "--downweight-suspects", good)
    assert result.code == 0, result
    assert "1 training sentences count for less" in result.out
