"""Weights of a base find the words, characters and tags that they belong to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.config import Config, config_from_dict, merge_overrides
from tagger.errors import ConfigError
from tagger.features.vocabulary import FIRST_CHAR, UNKNOWN, Vocabulary
from tagger.model.directory import SavedModel
from tagger.model.heads import HeadSpec
from tagger.model.meta import Meta
from tagger.model.network import build_network
from tagger.model.shapes import WORDS
from tagger.model.weights import StoredWeights
from tagger.text import TokenizerRules
from tagger.training.state import weights_of
from tagger.training.warm_start import REGULARISATION, check_base, start_from

CONFIG = config_from_dict(
    {
        "embedder": {
            "word_dim": 3,
            "char_dim": 2,
            "char_out_dim": 2,
            "affix_dim": 2,
            "n_affix_buckets": 4,
            "shape_dim": 0,
            "case_dim": 0,
        },
        "encoder": {"hidden_dim": 2},
    }
)
CHARS = "embedder.parts.char_ids.embedding.weight"
NAMES = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1)


def head(name: str, tags: list[str], decoder: str) -> HeadSpec:
    return HeadSpec(name=name, kind="token", decoder=decoder, tags=tuple(tags))  # type: ignore[arg-type]


def base_model(vocabulary: Vocabulary, heads: list[HeadSpec]) -> SavedModel:
    torch.manual_seed(1)
    network = build_network(CONFIG, vocabulary, heads)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    meta = Meta(
        tagger_version="",
        created="",
        corpora=(),
        seed=1,
        n_parameters=0,
        best_epoch=1,
        epochs=1,
        seconds=0.0,
        dev_scores={},
        test_scores={},
    )
    return SavedModel(
        config=CONFIG,
        vocabulary=vocabulary,
        vector_keys=(),
        heads=tuple(heads),
        rules=TokenizerRules(),
        weights=StoredWeights(weights_of(network)),
        meta=meta,
        card="",
    )


@settings(deadline=None, max_examples=40)
@given(NAMES, NAMES, NAMES, NAMES, NAMES, NAMES, st.sampled_from(["crf", "softmax"]))
def test_everything_known_is_copied_and_everything_else_stays_fresh(
    old_words: list[str],
    words: list[str],
    old_chars: list[str],
    chars: list[str],
    old_tags: list[str],
    tags: list[str],
    decoder: str,
) -> None:
    base = base_model(Vocabulary(old_words, old_chars), [head("pos", old_tags, decoder)])
    vocabulary = Vocabulary(words, chars)
    heads = [head("pos", tags, decoder), head("new", tags, decoder)]
    torch.manual_seed(2)
    network = build_network(CONFIG, vocabulary, heads)
    fresh = {name: weight.copy() for name, weight in weights_of(network).items()}
    start_from(network, vocabulary, heads, base)
    found, old = weights_of(network), base.weights

    for i, word in enumerate(vocabulary.words, start=UNKNOWN + 1):
        row = base.vocabulary.word_ids.get(word, UNKNOWN)  # as the base would read it
        np.testing.assert_array_equal(found[WORDS][i], old[WORDS][row])
    np.testing.assert_array_equal(found[WORDS][UNKNOWN], old[WORDS][UNKNOWN])
    for char, i in vocabulary.char_ids.items():
        known = base.vocabulary.char_ids.get(char)
        expected = fresh[CHARS][i] if known is None else old[CHARS][known]
        np.testing.assert_array_equal(found[CHARS][i], expected)
    np.testing.assert_array_equal(found[CHARS][:FIRST_CHAR], old[CHARS][:FIRST_CHAR])

    weights = [name for name in found if name.startswith("head_pos.")]
    assert len(weights) == (5 if decoder == "crf" else 2)
    for name in weights:
        for i, tag in enumerate(tags):
            if name.endswith("transitions"):
                for j, other in enumerate(tags):
                    both = tag in old_tags and other in old_tags
                    expected = (
                        old[name][old_tags.index(tag), old_tags.index(other)]
                        if both
                        else fresh[name][i, j]
                    )
                    assert found[name][i, j] == expected
            else:
                known = tag in old_tags
                expected = old[name][old_tags.index(tag)] if known else fresh[name][i]
                np.testing.assert_array_equal(found[name][i], expected)
    for name in found:
        if name.startswith("head_new."):
            np.testing.assert_array_equal(found[name], fresh[name])
        elif not name.startswith("head_") and name not in (WORDS, CHARS):
            np.testing.assert_array_equal(found[name], old[name])


@pytest.mark.parametrize("section", ["embedder", "encoder"])
def test_sizes_must_be_those_of_the_base(section: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    other = {"embedder": {"word_dim": 4}, "encoder": {"hidden_dim": 3}}[section]
    with pytest.raises(ConfigError) as caught:
        check_base(merge_overrides(Config(), {section: other}), Config(), tmp_path)
    assert caught.value.path == str(tmp_path)
    assert f"[{section}] {next(iter(other))}" in caught.value.message
    assert {"word_dropout", "input_dropout"} <= set(REGULARISATION)
    free = merge_overrides(Config(), {"encoder": {"input_dropout": 0.9}})
    check_base(free, Config(), tmp_path)


def test_a_student_may_have_another_encoder_than_its_base(tmp_path: Path) -> None:
    smaller = merge_overrides(CONFIG, {"encoder": {"hidden_dim": 1}})
    check_base(smaller, CONFIG, tmp_path, encoder_may_differ=True)
    other = merge_overrides(CONFIG, {"embedder": {"word_dim": 4}})
    with pytest.raises(ConfigError):
        check_base(other, CONFIG, tmp_path, encoder_may_differ=True)

    vocabulary, heads = Vocabulary(["a", "b"], ["a"]), [head("pos", ["X", "Y"], "crf")]
    base = base_model(vocabulary, heads)
    network = build_network(smaller, vocabulary, heads)
    fresh = {name: weight.copy() for name, weight in weights_of(network).items()}
    note = start_from(network, vocabulary, heads, base)
    assert "starts anew" in note
    for name, weight in weights_of(network).items():
        before = base.weights[name] if name.startswith("embedder.") else fresh[name]
        np.testing.assert_array_equal(weight, before)
