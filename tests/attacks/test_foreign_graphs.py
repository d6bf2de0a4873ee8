"""Graphs for ONNX Runtime that came with a model: none is run that was not built here."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tagger
from tagger.errors import ModelError
from tagger.model.directory import read_model
from tagger.model.meta import GRAPHS
from tagger.paths import shipped
from tagger.runtime.engines.graph import PRECISIONS, build_graph


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_graph_follows_from_the_other_files(model: Path, precision: str) -> None:
    for directory in (model, shipped("models", "en")):
        assert directory is not None
        saved = read_model(directory)
        built = build_graph(saved.config.encoder, saved.heads, saved.weights, precision)
        assert built == (directory / GRAPHS[precision]).read_bytes()
        parsed = onnx.load_from_string(built)
        assert parsed.SerializeToString() == built
        assert parsed.graph.initializer[0].external_data


def endless(graph: onnx.ModelProto) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["still_on"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("still_on", TensorProto.BOOL, [])],
    )
    graph.graph.initializer.append(numpy_helper.from_array(np.array(True), "always"))
    graph.graph.node.append(helper.make_node("Loop", ["", "always"], [], body=body))


def not_a_number(graph: onnx.ModelProto) -> None:
    value = numpy_helper.from_array(np.float32(np.nan), "nan")
    graph.graph.initializer.append(value)
    last = graph.graph.node[-1]
    (name,) = last.output
    last.output[0] = "before"
    graph.graph.node.append(helper.make_node("Add", ["before", "nan"], [name]))


def other_file(graph: onnx.ModelProto) -> None:
    graph.graph.initializer[0].external_data[0].value = "../../secret"


def other_operator(graph: onnx.ModelProto) -> None:
    graph.graph.node[-1].op_type = "Mul"


@pytest.mark.parametrize("change", [endless, not_a_number, other_file, other_operator])
def test_foreign_graphs_are_refused(
    model: Path, tmp_path: Path, change: Callable[[onnx.ModelProto], None]
) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    path = copy / GRAPHS["fp32"]
    graph = onnx.load_from_string(path.read_bytes())
    change(graph)
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(ModelError) as raised:
        tagger.load(copy, precision="fp32")
    assert raised.value.path == str(path)
    assert "tagger export" in str(raised.value.hint)
