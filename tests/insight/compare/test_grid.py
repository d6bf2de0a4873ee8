"""The rows of a comparison."""

from __future__ import annotations

from collections import Counter

import pytest

from tagger.config import Config, merge_overrides
from tagger.errors import ConfigError, UsageError
from tagger.features.vocabulary import Vocabulary
from tagger.insight.compare.grid import full_keys, n_encoder_parameters, rows
from tagger.model.cells import CELLS
from tagger.model.heads import HeadSpec
from tagger.model.network import build_network
from tagger.model.shapes import output_dim

VOCABULARY = Vocabulary.from_counts(Counter(["a", "b"]), min_count=1)
HEAD = HeadSpec(name="pos", kind="token", decoder="softmax", tags=("A", "B"))


def test_the_default_grid() -> None:
    found = rows(Config(), full_keys(None), match_params=False)
    # For each cell two directions alone, and four merges of both.
    assert len(found) == 3 * (2 + 4)
    names = [row.name for row in found]
    assert names[:6] == [
        *("rnn forward", "rnn backward"),
        *("rnn bi concat", "rnn bi sum", "rnn bi product", "rnn bi projection"),
    ]
    assert len(set(names)) == len(names)


def test_any_setting_can_be_varied() -> None:
    vary = full_keys({"hidden_dim": ["50", "100"], "training.learning-rate": [0.001, 0.002]})
    assert vary == {
        "encoder.hidden_dim": ("50", "100"),
        "training.learning_rate": (0.001, 0.002),
    }
    found = rows(Config(), vary, match_params=False)
    assert [row.name for row in found] == [
        "hidden_dim=50 learning_rate=0.001",
        "hidden_dim=50 learning_rate=0.002",
        "hidden_dim=100 learning_rate=0.001",
        "hidden_dim=100 learning_rate=0.002",
    ]
    assert found[-1].config.encoder.hidden_dim == 100
    assert found[-1].config.training.learning_rate == 0.002


def test_one_at_a_time() -> None:
    default = Config()
    vary = full_keys({"hidden_dim": [default.encoder.hidden_dim, 50], "decoder": ["softmax"]})
    found = rows(default, vary, match_params=False, one_at_a_time=True)
    # A value that is there already is no row of its own.
    assert [row.name for row in found] == ["baseline", "hidden_dim=50", "decoder=softmax"]
    assert found[0].config == default
    assert found[1].config.head == default.head
    assert found[2].config.encoder == default.encoder


@pytest.mark.parametrize(
    ("vary", "expected", "word"),
    [
        ({"sell": ["lstm"]}, "cell", "'sell'"),
        ({"cell": []}, None, "no values of cell"),
        ({"cell": "gru"}, None, "no values of cell"),
        ({"cell": ["gru"], "encoder.cell": ["rnn"]}, None, "encoder.cell is varied twice"),
        ({"seed": [1, 2]}, "cell", "'seed'"),
        ({"dev_fraction": [0.1, 0.2]}, "cell", "'dev_fraction'"),
        ({"hiden_dim": [1, 2]}, "hidden_dim", "'hidden_dim'"),
        ({"encoder.sell": [1, 2]}, "encoder.cell", "'encoder.cell'"),
    ],
)
def test_bad_keys(vary: dict[str, list[object]], expected: str | None, word: str) -> None:
    with pytest.raises(UsageError) as error:
        full_keys(vary)
    assert word in error.value.message
    assert expected is None or expected in error.value.expected


def test_bad_values() -> None:
    with pytest.raises(ConfigError) as error:
        rows(Config(), full_keys({"cell": ["lstm", "ltsm"]}), match_params=False)
    assert "did you mean 'lstm'" in str(error.value)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("direction", ["forward", "bi"])
@pytest.mark.parametrize("merge", ["concat", "sum", "product", "projection"])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_parameters_are_those_of_the_network(
    cell: str, direction: str, merge: str, n_layers: int
) -> None:
    encoder = {"cell": cell, "direction": direction, "merge": merge, "n_layers": n_layers}
    config = merge_overrides(Config(), {"encoder": {**encoder, "hidden_dim": 24}})
    network = build_network(config, VOCABULARY, [HEAD])
    assert n_encoder_parameters(config) == sum(p.numel() for p in network.encoder.parameters())
    assert output_dim(config.encoder) == network.encoder.output_dim


def test_what_cannot_be_matched() -> None:
    with pytest.raises(UsageError, match="hidden size"):
        rows(Config(), full_keys({"hidden_dim": [8, 64]}), match_params=True)
    config = merge_overrides(Config(), {"embedder": {"vectors": "glove.txt"}})
    with pytest.raises(UsageError, match="vectors"):
        rows(config, full_keys({"cell": ["gru", "rnn"]}), match_params=True)


def test_matched_parameters() -> None:
    found = rows(
        Config(),
        full_keys({"direction": ["forward", "bi"], "cell": ["lstm", "gru"]}),
        match_params=True,
    )
    target = n_encoder_parameters(found[0].config)
    assert found[0].config.encoder.hidden_dim == Config().encoder.hidden_dim
    for row in found:
        assert n_encoder_parameters(row.config) == pytest.approx(target, rel=0.01)
    sizes = {row.name: row.config.encoder.hidden_dim for row in found}
    # Half as many units in each direction, and some more, since their square counts.
    assert 0.5 < sizes["bi lstm"] / sizes["forward lstm"] < 0.65
