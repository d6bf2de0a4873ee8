"""Properties of the network that everything else relies on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tagger.config import Config, config_from_dict, merge_overrides
from tagger.model.cells import CELLS
from tagger.model.heads import HeadSpec
from tagger.model.network import build_network
from tagger.model.shapes import weight_shapes
from tagger.runtime.engines.building import form_encoder
from tagger.runtime.engines.form_engine import FormEngine
from tagger.runtime.engines.pytorch import TorchBackend
from tagger.runtime.loading import assemble
from tagger.text import TokenizerRules
from tests.helpers.networks import HEADS, TAGS, VOCABULARY, WORDS, build, build_from, emissions


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("direction", "merge"),
    [
        ("forward", "concat"),
        ("backward", "concat"),
        *(("bi", merge) for merge in ("concat", "sum", "product", "projection")),
    ],
)
def test_emissions_do_not_depend_on_the_batch(cell: str, direction: str, merge: str) -> None:
    _, tagger = build(cell=cell, direction=direction, merge=merge, n_layers=2)
    sentences = [WORDS[:3], WORDS, WORDS[4:5], WORDS[2:9]]
    together = emissions(tagger, sentences)
    for sentence, batched in zip(sentences, together, strict=True):
        (alone,) = emissions(tagger, [sentence])
        np.testing.assert_allclose(batched, alone, atol=1e-5)


@pytest.mark.parametrize(("direction", "sees"), [("forward", "left"), ("backward", "right")])
def test_one_direction_sees_one_side(direction: str, sees: str) -> None:
    _, tagger = build(direction=direction)
    (base,) = emissions(tagger, [["the", "Apple", "of", "John"]])
    (left,) = emissions(tagger, [["eye", "Apple", "of", "John"]])
    (right,) = emissions(tagger, [["the", "Apple", "of", "eye"]])
    assert np.allclose(base[1], left[1], atol=1e-6) == (sees == "right")
    assert np.allclose(base[1], right[1], atol=1e-6) == (sees == "left")


def test_forget_gate_bias_is_one_and_recurrent_weights_are_orthogonal() -> None:
    network, _ = build(cell="lstm")
    cell = network.encoder.layers[0]["forward_cell"]
    bias = (cell.bias_ih_l0 + cell.bias_hh_l0).detach()
    assert torch.equal(bias, torch.cat([torch.zeros(12), torch.ones(12), torch.zeros(24)]))
    for gate in cell.weight_hh_l0.detach().split(12):
        torch.testing.assert_close(gate @ gate.T, torch.eye(12), atol=1e-5, rtol=0)


@pytest.mark.parametrize("char_encoder", ["cnn", "lstm", "none"])
def test_characters_do_not_depend_on_padding(char_encoder: str) -> None:
    config = config_from_dict({"embedder": {"char_encoder": char_encoder}})
    _, tagger = build_from(config)
    encode = form_encoder(config.embedder, VOCABULARY, ())
    wide = tagger.engine.backend.embed(encode(["of", WORDS[-1]]))[0]
    narrow = tagger.engine.backend.embed(encode(["of"]))[0]
    np.testing.assert_allclose(wide, narrow, atol=1e-6)


def test_every_part_can_be_left_out_but_not_all() -> None:
    from tagger.errors import ConfigError

    nothing = {
        "word_dim": 0, "affix_dim": 0, "shape_dim": 0, "case_dim": 0, "char_encoder": "none"
    }  # fmt: skip
    config = config_from_dict({})
    for part in ("word_dim", "affix_dim", "shape_dim", "case_dim"):
        some = {key: value for key, value in nothing.items() if key != part}
        build_from(merge_overrides(config, {"embedder": some}))
    with pytest.raises(ConfigError, match="every part is left out"):
        build_from(merge_overrides(config, {"embedder": nothing}))


def test_tags_are_valid_whatever_the_weights() -> None:
    from tagger.schemes import Scheme, convert

    for decoder in ("crf", "softmax"):
        network, tagger = build()
        heads = [HeadSpec(name="ner", kind="span", decoder=decoder, scheme="BIOES", tags=TAGS)]
        if decoder == "softmax":
            encode = form_encoder(Config().embedder, VOCABULARY, ())
            engine = FormEngine(TorchBackend(network), encode)
            tagger = assemble(engine, heads, {}, TokenizerRules())
        with torch.no_grad():
            network.head("ner").linear.weight.mul_(50)
        for tags in tagger.tag([WORDS, WORDS[::-1], WORDS[3:6]], ["ner"]):
            assert convert(tags["ner"], Scheme.BIO, Scheme.BIO) == tags["ner"]


@pytest.mark.parametrize(
    ("changes", "n_vectors"),
    [
        ({}, 0),
        ({"embedder": {"char_encoder": "lstm"}}, 3),
        ({"embedder": {"char_encoder": "none", "word_dim": 0}}, 2),
        ({"embedder": {"affix_dim": 0, "shape_dim": 0, "case_dim": 0}}, 0),
        ({"encoder": {"cell": "gru", "direction": "backward", "n_layers": 2}}, 0),
        ({"encoder": {"cell": "rnn", "merge": "sum", "n_layers": 2}}, 0),
        ({"encoder": {"merge": "projection", "n_layers": 2}}, 1),
        ({"encoder": {"merge": "product", "hidden_dim": 7}}, 0),
    ],
)
def test_shapes_are_those_of_the_network(
    changes: dict[str, dict[str, object]], n_vectors: int
) -> None:
    config = merge_overrides(Config(), changes)
    vectors = torch.zeros(n_vectors + 1, 5) if n_vectors else None
    network = build_network(config, VOCABULARY, HEADS, vectors)
    expected = {name: tuple(weight.shape) for name, weight in network.state_dict().items()}
    shape = (n_vectors + 1, 5) if n_vectors else None
    assert weight_shapes(config, VOCABULARY, HEADS, shape) == expected
