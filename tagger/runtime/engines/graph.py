"""The network after the embedder as an ONNX graph, built operator by operator.

The graph holds no weights: it names them, and who runs it gives them (`initializers`), so that a
model has its weights once, in ``weights.safetensors``. ::

    vectors (forms, dim), rows (tokens, batch)  → Gather  → the first layer's inputs
    lengths (batch,)                            → every recurrent operator
    {state}{i} (directions, batch, units)       → where layer i begins
    {state}{i}_after                            where it ends
    head_{name} (tokens, batch, tags)           the emissions of a head
    head_{name} (batch, labels)                 those of a head that labels texts

Time comes first, as the operators want it. That the states go in and out lets a long sentence be
read in pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from tagger.config import EncoderConfig
from tagger.model.cells import CELLS, cell_key
from tagger.model.heads import HeadSpec, head_key
from tagger.model.meta import WEIGHTS
from tagger.model.shapes import output_dim
from tagger.runtime.decoding import Floats
from tagger.runtime.engines.onnx_format import Dims, external_tensor, model, node, value_info
from tagger.runtime.engines.pooling import pooling_nodes, pooling_tensors, reads_states
from tagger.runtime.engines.protocol import Precision

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
ONNX_DIRECTIONS = {"forward": "forward", "backward": "reverse", "bi": "bidirectional"}
LEAST_SHARE = 0.15
"""Share of the largest input that every input is assumed to reach."""
OPSET, IR_VERSION = 17, 8

Arrays = Mapping[str, NDArray[Any]]


def build_graph(
    encoder: EncoderConfig, heads: Sequence[HeadSpec], weights: Arrays, precision: str
) -> bytes:
    """Assemble the graph of a model.

    Args:
        encoder: The encoder's configuration.
        heads: The heads.
        weights: The model's weights, for their shapes.
        precision: ``fp32`` or ``int8``; heads and projections stay in single precision.
    """
    return graph_for(encoder, heads, initializers(encoder, heads, weights, precision), precision)


def graph_for(
    encoder: EncoderConfig, heads: Sequence[HeadSpec], tensors: Arrays, precision: str
) -> bytes:
    """Assemble the graph for what `initializers` returned."""
    nodes = [node("Gather", ["vectors", "rows"], ["x0"])]
    inputs = [
        value_info("vectors", np.float32, ["forms", "dim"]),
        value_info("rows", np.int64, ["tokens", "batch"]),
        value_info("lengths", np.int32, ["batch"]),
    ]
    outputs = []
    for i in range(encoder.n_layers):
        states = [f"{state}{i}" for state in CELLS[encoder.cell].states]
        shape: Dims = [len(encoder.directions), "batch", encoder.hidden_dim]
        for state in states:
            inputs.append(value_info(state, np.float32, shape))
            outputs.append(value_info(f"{state}_after", np.float32, shape))
        nodes += _layer(encoder, i, states, precision)
    top = f"x{encoder.n_layers}"
    state = CELLS[encoder.cell].states[0]
    nodes += pooling_nodes(heads, top, f"{state}{encoder.n_layers - 1}_after")
    if reads_states(heads):  # for a text that is read in pieces
        outputs.append(value_info(top, np.float32, ["tokens", "batch", output_dim(encoder)]))
    for head in heads:
        key = head_key(head.name)
        of_texts = head.kind == "text"
        read, size = (f"{key}.pooled", ["batch"]) if of_texts else (top, ["tokens", "batch"])
        nodes.append(node("MatMul", [read, f"{key}.w"], [f"{key}.s"]))
        nodes.append(node("Add", [f"{key}.s", f"{key}.b"], [key]))
        outputs.append(value_info(key, np.float32, [*size, len(head.tags)]))
    return model(
        nodes,
        # Their values are given when the graph is loaded.
        [external_tensor(n, a.dtype, a.shape, WEIGHTS) for n, a in tensors.items()],
        inputs,
        outputs,
        name="tagger",
        ir_version=IR_VERSION,
        opsets={"": OPSET, "com.microsoft": 1},
    )


def initializers(
    encoder: EncoderConfig,
    heads: Sequence[HeadSpec],
    weights: Arrays,
    precision: str,
    *,
    n_bits: int = 8,
    input_scales: Floats | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the weights as the graph's operators take them.

    Args:
        encoder: As for `build_graph`.
        heads: As for `build_graph`.
        weights: As for `build_graph`.
        precision: As for `build_graph`.
        n_bits: Of a quantized weight; 7 where the processor's 8-bit products would overflow.
        input_scales: (dim,), what the first layer's inputs will have been divided by.
    """
    tensors: dict[str, NDArray[Any]] = {}
    gates = CELLS[encoder.cell].gate_order
    for i in range(encoder.n_layers):
        cells = [f"encoder.layers.{i}.{cell_key(direction)}" for direction in encoder.directions]
        w, r, b_ih, b_hh = (
            np.stack([_gates(weights[f"{cell}.{part}_l0"], gates) for cell in cells])
            for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        if i == 0 and input_scales is not None:
            w = w * input_scales
        tensors[f"b{i}"] = np.concatenate([b_ih, b_hh], axis=1)
        if precision == "int8":
            for name, matrix in ((f"w{i}", w), (f"r{i}", r)):
                tensors |= _quantized(name, matrix, n_bits)
        else:
            tensors |= {f"w{i}": w, f"r{i}": r}
        if encoder.merge == "projection" and len(encoder.directions) == 2:
            projection = f"encoder.projections.{i}"
            tensors[f"p{i}.w"] = np.ascontiguousarray(weights[f"{projection}.weight"].T)
            tensors[f"p{i}.b"] = weights[f"{projection}.bias"]
    for head in heads:
        key = head_key(head.name)
        tensors[f"{key}.w"] = np.ascontiguousarray(weights[f"{key}.linear.weight"].T)
        tensors[f"{key}.b"] = weights[f"{key}.linear.bias"]
    return tensors | pooling_tensors(heads, weights)


def balanced_scales(encoder: EncoderConfig, weights: Arrays, vectors: Floats) -> Floats:
    """Compute what to divide each input by, so that 8 bits are enough for all of them.

    All inputs share one scale, so those that vary little beside others would drown. Half of what
    sets them apart is moved into the weights, which have a scale for each output (Xiao et al.
    2023, SmoothQuant, equation 4 with α = 0.5).

    Args:
        encoder: The encoder's configuration.
        weights: The model's weights.
        vectors: (forms, dim), typical inputs.

    Returns:
        (dim,), positive.
    """
    matrices = [
        weights[f"encoder.layers.0.{cell_key(direction)}.weight_ih_l0"]
        for direction in encoder.directions
    ]
    of_weights = np.abs(np.concatenate(matrices)).max(axis=0)
    of_inputs = np.abs(vectors).max(axis=0, initial=0)
    # A few forms do not show the full range: inputs that are small in them may be larger elsewhere.
    least = max(LEAST_SHARE * float(of_inputs.max(initial=0)), 1e-3)
    scales = np.sqrt(np.maximum(of_inputs, least) / np.maximum(of_weights, 1e-3))
    balanced: Floats = (scales / scales.mean()).astype(np.float32)
    return balanced


def _layer(encoder: EncoderConfig, i: int, states: Sequence[str], precision: str) -> list[bytes]:
    """Build the nodes from ``x{i}`` to ``x{i + 1}``."""
    after = [f"{state}_after" for state in states]
    options: dict[str, Any] = {
        "hidden_size": encoder.hidden_dim,
        "direction": ONNX_DIRECTIONS[encoder.direction],
    }
    cell = CELLS[encoder.cell]
    if cell.linear_before_reset:
        options["linear_before_reset"] = 1
    if cell.activations:
        options["activations"] = cell.activations * len(encoder.directions)
    names = [f"x{i}", f"w{i}", f"r{i}", f"b{i}", "lengths", *states]
    operator = cell.operator
    if precision == "int8":
        names += ["", *(f"{m}{i}.{part}" for m in "wr" for part in ("scale", "zero"))]
        operator, options["domain"] = cell.int8_operator, "com.microsoft"
    nodes = [node(operator, names, [f"y{i}", *after], **options)]
    # (tokens, directions, batch, units) to (tokens, batch, output_dim)
    if encoder.direction == "bi" and encoder.merge in ("sum", "product"):
        reduce = {"sum": "ReduceSum", "product": "ReduceProd"}[encoder.merge]
        if reduce == "ReduceSum":
            nodes.append(node("Constant", [], [f"axis{i}"], value_ints=[1]))
            nodes.append(node(reduce, [f"y{i}", f"axis{i}"], [f"x{i + 1}"], keepdims=0))
        else:
            nodes.append(node(reduce, [f"y{i}"], [f"x{i + 1}"], axes=[1], keepdims=0))
        return nodes
    is_projected = encoder.direction == "bi" and encoder.merge == "projection"
    both = f"both{i}" if is_projected else f"x{i + 1}"
    nodes += [
        node("Transpose", [f"y{i}"], [f"t{i}"], perm=[0, 2, 1, 3]),
        node("Constant", [], [f"shape{i}"], value_ints=[0, 0, -1]),
        node("Reshape", [f"t{i}", f"shape{i}"], [both]),
    ]
    if is_projected:
        nodes += [
            node("MatMul", [both, f"p{i}.w"], [f"ps{i}"]),
            node("Add", [f"ps{i}", f"p{i}.b"], [f"pa{i}"]),
            node("Tanh", [f"pa{i}"], [f"x{i + 1}"]),
        ]
    return nodes


def _gates(weight: NDArray[Any], order: Sequence[int]) -> NDArray[Any]:
    return np.concatenate([np.split(weight, len(order))[gate] for gate in order])


def _quantized(name: str, matrix: NDArray[Any], n_bits: int) -> dict[str, NDArray[Any]]:
    """Whole numbers with a scale for each output: (directions, outputs, inputs), transposed."""
    largest = 2 ** (n_bits - 1) - 1
    scales = np.maximum(np.abs(matrix).max(axis=2), 1e-12).astype(np.float32) / largest
    whole = np.rint(matrix / scales[:, :, None]).astype(np.int8)
    return {
        name: np.ascontiguousarray(whole.transpose(0, 2, 1)),
        f"{name}.scale": scales,
        f"{name}.zero": np.zeros(scales.shape, dtype=np.int8),
    }
