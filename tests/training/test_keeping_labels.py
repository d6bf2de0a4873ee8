"""A training from a model keeps the labels that its corpora do not annotate."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

import tagger
from tagger.config import config_from_dict, merge_overrides
from tagger.errors import ConfigError
from tagger.model.choices import TagChoices
from tagger.model.directory import read_model
from tagger.model.heads import HeadSpec
from tagger.model.network import build_network
from tagger.training.reporting import Reporter
from tagger.training.run import train
from tagger.training.teacher import Teacher
from tests.helpers.corpora import TOKENS, small_config, write_corpus
from tests.helpers.crfs import enumerate_scores, random_crf
from tests.helpers.networks import VOCABULARY

OLD = HeadSpec(name="ner", kind="span", decoder="crf", scheme="BIO", tags=("O", "B-X", "I-X"))
NEW = HeadSpec(
    name="ner", kind="span", decoder="crf", scheme="BIO", tags=("O", "B-N", "I-N", "B-X", "I-X")
)


class Notes(Reporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def without(label: str, other: str) -> dict[str, list[str]]:
    """The corpus with one label left out, and one renamed."""
    return {
        split: [
            line.replace(f"B-{label}", "O").replace(f"I-{label}", "O").replace("ORG", other)
            for line in lines
        ]
        for split, lines in TOKENS.items()
    }


def test_the_teachers_loss_equals_enumeration() -> None:
    torch.manual_seed(0)
    network = build_network(config_from_dict({"encoder": {"hidden_dim": 4}}), VOCABULARY, [NEW])
    teacher = Teacher(network, [NEW], [OLD])
    old = teacher.network.head("ner").crf
    assert old is not None
    with torch.no_grad():
        for parameter in old.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    head = network.head("ner")
    head.crf = random_crf(NEW, 1)
    choices = TagChoices(NEW, not_annotated=["X"])
    assert teacher.teaches(choices)
    assert not teacher.teaches(TagChoices(NEW, not_annotated=["N"]))
    codes = torch.tensor([choices.encode(["O", "B-N", "O"])])
    emissions, taught = torch.randn(2, 1, 3, len(NEW.tags)).unbind()
    emissions.requires_grad_()
    lengths, table = torch.tensor([3]), torch.from_numpy(choices.table)
    loss = teacher.loss(head, "ner", emissions, taught, codes, lengths, table).mean

    # Token by token: what the teacher may say where the gold tags leave it a choice.
    may = [{"O", "B-X", "I-X"}, {"B-N"}, {"O", "B-X", "I-X"}]
    scores = enumerate_scores(old, taught[0], 3)
    allowed = {
        tags: score
        for tags, score in scores.items()
        if all(NEW.tags[t] in some for t, some in zip(tags, may, strict=True))
    }
    probs = torch.tensor(list(allowed.values())).softmax(0)
    own = enumerate_scores(head.crf, emissions[0].detach(), 3)
    log_z = torch.tensor(list(own.values())).logsumexp(0)
    expected = -sum(
        p * (own[tags] - log_z) for p, tags in zip(probs.tolist(), allowed, strict=True)
    )
    assert loss.item() == pytest.approx(expected.item() / 3, abs=1e-4)
    # The gradient is the difference of both models' marginals.
    (gradient,) = torch.autograd.grad(loss, emissions)
    marginals = np.zeros((3, len(NEW.tags)))
    for sequences, weights in (
        (own, torch.tensor(list(own.values())).softmax(0).tolist()),
        (allowed, (-probs).tolist()),
    ):
        for tags, weight in zip(sequences, weights, strict=True):
            for t, tag in enumerate(tags):
                marginals[t, tag] += weight
    np.testing.assert_allclose(gradient[0].numpy(), marginals / 3, atol=1e-4)


def test_tags_of_new_labels_stand_among_others_as_outside() -> None:
    network = build_network(config_from_dict({"encoder": {"hidden_dim": 4}}), VOCABULARY, [NEW])
    crf = network.head("ner").crf
    assert crf is not None
    with torch.no_grad():
        crf.transitions.copy_(torch.randn(5, 5))
    taught = Teacher(network, [NEW], [OLD]).network.head("ner").crf
    assert taught is not None
    o, b_n, b_x = (NEW.tags.index(tag) for tag in ("O", "B-N", "B-X"))
    for a, b in itertools.product((o, b_x), repeat=2):
        assert taught.transitions[a, b] == crf.transitions[a, b]
    assert taught.transitions[b_n, b_x] == crf.transitions[o, b_x]
    assert taught.transitions[b_x, b_n] == crf.transitions[b_x, o]


@pytest.mark.slow
def test_labels_of_the_base_are_kept_unless_they_are_to_be_forgotten(
    model: Path, tmp_path: Path
) -> None:
    corpus = write_corpus(tmp_path / "firms", without("PER", "FIRM"))
    config, report = small_config(epochs=30), Notes()
    train([str(corpus)], tmp_path / "kept", config, base=model, reporter=report)
    assert any("kept from the base" in note and "PER" in note for note in report.notes)
    kept = tagger.load(tmp_path / "kept")
    found = {e.text: e.label for e in kept("John works at Apple in California").entities}
    assert found == {"John": "PER", "Apple": "FIRM", "California": "LOC"}

    forgetful = merge_overrides(config, {"training": {"forget": True}})
    train([str(corpus)], tmp_path / "forgot", forgetful, base=model)
    (ner,) = (head for head in read_model(tmp_path / "forgot").heads if head.name == "ner")
    assert set(ner.labels) == {"FIRM", "LOC"}


@pytest.mark.slow
def test_corpora_with_other_labels_share_a_head(tmp_path: Path) -> None:
    both = {
        name: str(write_corpus(tmp_path / name, without(label, "ORG")))
        for name, label in (("people", "LOC"), ("places", "PER"))
    }
    report = Notes()
    train([*both.values()], tmp_path / "m", small_config(epochs=60), reporter=report)
    assert any("people: does not annotate LOC" in note for note in report.notes)
    found = {e.text: e.label for e in tagger.load(tmp_path / "m")("Kim left New York").entities}
    assert found == {"Kim": "PER", "New York": "LOC"}


def test_what_a_corpus_annotates_can_be_set(corpus: Path, tmp_path: Path) -> None:
    settings = {"corpora": {corpus.name: {"annotates": ["PER", "LOC"]}}}
    report = Notes()
    train(
        [str(corpus)], tmp_path / "m", merge_overrides(small_config(epochs=1), settings),
        reporter=report,
    )  # fmt: skip
    assert any("does not annotate ORG" in note for note in report.notes)
    settings = {"corpora": {corpus.name: {"annotates": ["PERS"]}}}
    with pytest.raises(ConfigError) as caught:
        train([str(corpus)], tmp_path / "n", merge_overrides(small_config(), settings))
    assert caught.value.expected == ("LOC", "ORG", "PER")
