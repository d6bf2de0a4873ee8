"""The language model: its directions and its loss."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from tagger.config import Merge
from tagger.features.forms import CASES, FormFeatures
from tagger.features.vocabulary import Vocabulary
from tagger.model.cells import cell_key
from tagger.model.encoder import RecurrentEncoder
from tagger.model.network import build_network
from tagger.pretraining.language_model import LanguageModel
from tests.helpers.pretraining import small


@pytest.mark.parametrize("merge", get_args(Merge))
@pytest.mark.parametrize("n_layers", [1, 2])
def test_each_direction_is_blind_to_the_other_side(merge: str, n_layers: int) -> None:
    torch.manual_seed(0)
    encoder = RecurrentEncoder(
        input_dim=5, cell="lstm", direction="bi", hidden_dim=4, n_layers=n_layers, merge=merge,
        layer_dropout=0.0,
    ).eval()  # fmt: skip
    inputs = torch.randn(2, 7, 5)
    lengths = torch.tensor([7, 4])
    changed = inputs.clone()
    changed[:, 2] += 1.0
    for way, seen in (("forward", slice(2, None)), ("backward", slice(None, 3))):
        before = encoder.one_sided(way, inputs, lengths)
        after = encoder.one_sided(way, changed, lengths)
        differs = ((before - after).abs().sum(2) > 1e-7)[0]
        expected = torch.zeros(7, dtype=torch.bool)
        expected[seen] = True
        assert differs.tolist() == expected.tolist()
    if n_layers == 1 and merge == "concat":
        outputs = [encoder.one_sided(each, inputs, lengths) for each in encoder.directions]
        torch.testing.assert_close(torch.cat(outputs, 2), encoder(inputs, lengths))


def language_model(n_words: int, n_sampled: int) -> LanguageModel:
    torch.manual_seed(0)
    config = small()
    vocabulary = Vocabulary([f"w{i}" for i in range(n_words)], "abc")
    network = build_network(config, vocabulary, ())
    frequencies = torch.cat([torch.zeros(1), torch.arange(n_words, 0, -1)]).double()
    return LanguageModel(
        network,
        vectors=torch.randn(n_words + 1, 16),
        frequencies=frequencies / frequencies.sum(),
        n_cases=len(CASES),
        n_sampled=n_sampled,
    ).eval()


def features_of(n_words: int) -> FormFeatures[torch.Tensor]:
    ids = torch.arange(n_words + 1)
    affixes = torch.zeros(len(ids), 8, dtype=torch.int64)
    return FormFeatures(ids, ids * 0, affixes[:, :3] + 2, affixes, ids * 0, ids % len(CASES))


def test_with_all_words_sampled_the_loss_is_that_of_the_full_softmax() -> None:
    n_words = 6
    model = language_model(n_words, n_sampled=5000)
    features = features_of(n_words)
    form_index = torch.tensor([[3, 1, 0, 2, 2], [4, 5, 6, 3, 3]])  # 0 is the unknown word
    lengths = torch.tensor([4, 3])
    losses = model(features, form_index, lengths)
    inputs = model.network.embedder(features)[form_index]
    for direction, following in (
        ("forward", [(0, 0, 1), (0, 2, 2), (0, 3, 0), (1, 0, 5), (1, 1, 6), (1, 2, 0)]),
        ("backward", [(0, 0, 0), (0, 1, 3), (0, 2, 1), (1, 0, 0), (1, 1, 4), (1, 2, 5)]),
    ):  # (sentence, token, the word to predict; 0 the sentence's bound); never the unknown word
        states = model.network.encoder.one_sided(direction, inputs, lengths)
        projected = model.projections[cell_key(direction)](states)
        scores = projected @ model.outputs.weight.T + model.biases.weight[:, 0]
        log_probs = scores.log_softmax(2)
        expected = -torch.stack([log_probs[i, t, word] for i, t, word in following]).mean()
        torch.testing.assert_close(losses[direction][0], expected, atol=1e-4, rtol=1e-4)
