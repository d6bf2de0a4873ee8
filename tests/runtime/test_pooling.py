"""Labels of whole texts: the same from every engine, whatever the batch and the length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tagger.config import config_from_dict
from tagger.model.cells import CELLS
from tagger.model.heads import HeadSpec
from tagger.runtime.engines import onnx_runtime as onnx_engine
from tagger.runtime.tagger import Tagger
from tests.helpers.networks import HEADS, TEXT_HEADS, build_from, on_onnx_runtime, random_sentences

NETWORKS = [
    *(
        {"cell": cell, "direction": direction, "n_layers": layers}
        for cell in CELLS
        for direction, layers in (("forward", 1), ("backward", 2), ("bi", 2))
    ),
    *({"merge": merge} for merge in ("sum", "product", "projection")),
]
NAMES = [head.name for head in TEXT_HEADS]


def scores(tagger: Tagger, sentences: list[list[str]]) -> dict[str, np.ndarray]:
    forms = [form for sentence in sentences for form in sentence]
    lengths = np.array([len(sentence) for sentence in sentences])
    return dict(tagger.engine.emissions(forms, lengths, NAMES))


@pytest.mark.parametrize("encoder", NETWORKS, ids=lambda e: "-".join(map(str, e.values())))
def test_engines_and_batches_agree(
    encoder: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_from_dict({"encoder": {"hidden_dim": 12, **encoder}})
    heads = (*HEADS, *TEXT_HEADS)
    network, on_torch = build_from(config, heads)
    on_onnx = on_onnx_runtime(config, network, tmp_path / "graph.onnx", heads=heads)
    texts = random_sentences(30, longest=40)
    expected = scores(on_torch, texts)
    assert {name: found.shape for name, found in expected.items()} == dict.fromkeys(NAMES, (30, 3))
    alone = [scores(on_torch, [text]) for text in texts]
    together = scores(on_onnx, texts)
    monkeypatch.setattr(onnx_engine, "MAX_TOKENS", 7)
    in_pieces = scores(on_onnx, texts)
    for name in NAMES:
        one_by_one = np.concatenate([of_text[name] for of_text in alone])
        np.testing.assert_allclose(one_by_one, expected[name], atol=1e-5)
        np.testing.assert_allclose(together[name], expected[name], atol=1e-5)
        np.testing.assert_allclose(in_pieces[name], expected[name], atol=1e-5)
    # Neither head disturbs the other.
    assert on_onnx.tag(texts, ["ner"]) == on_torch.tag(texts, ["ner"])


def test_final_states_have_read_all_of_the_text_in_their_direction() -> None:
    config = config_from_dict({"encoder": {"hidden_dim": 12, "direction": "forward"}})
    _, tagger = build_from(config, TEXT_HEADS)
    one, other = scores(tagger, [["the", "eye"], ["John", "eye"]])["final"]
    assert not np.allclose(one, other)  # what was read first is remembered


def test_8_bits_agree(tmp_path: Path) -> None:
    config = config_from_dict({"encoder": {"hidden_dim": 64}})
    network, on_torch = build_from(config, TEXT_HEADS)
    on_onnx = on_onnx_runtime(config, network, tmp_path / "g.onnx", "int8", TEXT_HEADS)
    texts = random_sentences(200, longest=40)
    expected, found = scores(on_torch, texts), scores(on_onnx, texts)
    for name in NAMES:
        assert np.abs(expected[name] - found[name]).max() < 0.1


def test_a_head_of_texts_has_a_pooling_and_no_crf() -> None:
    for wrong in ({"pooling": ""}, {"decoder": "crf"}, {"kind": "token"}):
        given = {"kind": "text", "decoder": "softmax", "pooling": "mean", **wrong}
        with pytest.raises(ValueError, match="intent"):
            HeadSpec(name="intent", tags=("a", "b"), **given)
