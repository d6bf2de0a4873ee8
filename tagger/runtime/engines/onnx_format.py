"""The few messages of ONNX that graphs are made of, as bytes.

`onnx` is not needed, so that a graph can be built whenever a model is loaded: one that came with a
model is never run. Messages are encoded as Protocol Buffers, fields in the order of their numbers
(https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), which gives the bytes that `onnx` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

Dims: TypeAlias = Sequence[int | str]
"""Sizes, or names of sizes that vary."""
Attribute: TypeAlias = int | str | Sequence[int] | Sequence[str]

_TYPES = {
    np.dtype(np.float32): 1,
    np.dtype(np.int8): 3,
    np.dtype(np.int32): 6,
    np.dtype(np.int64): 7,
}
_EXTERNAL = 1


def node(
    operator: str,
    inputs: Iterable[str],
    outputs: Iterable[str],
    *,
    domain: str = "",
    **attributes: Attribute,
) -> bytes:
    """Encode a node (``NodeProto``)."""
    parts = [_text(1, name) for name in inputs] + [_text(2, name) for name in outputs]
    parts.append(_text(4, operator))
    parts += [_field(5, _attribute(*item)) for item in sorted(attributes.items())]
    return b"".join(parts) + (_text(7, domain) if domain else b"")


def value_info(name: str, dtype: DTypeLike, dims: Dims) -> bytes:
    """Encode the name, type and shape of an input or output (``ValueInfoProto``)."""
    sizes = (_number(1, dim) if isinstance(dim, int) else _text(2, dim) for dim in dims)
    shape = b"".join(_field(1, size) for size in sizes)
    tensor = _number(1, _TYPES[np.dtype(dtype)]) + _field(2, shape)
    return _text(1, name) + _field(2, _field(1, tensor))


def external_tensor(name: str, dtype: DTypeLike, dims: Sequence[int], location: str) -> bytes:
    """Encode a tensor whose values are elsewhere (``TensorProto``)."""
    parts = [_number(1, dim) for dim in dims]
    parts += [_number(2, _TYPES[np.dtype(dtype)]), _text(8, name)]
    parts.append(_field(13, _text(1, "location") + _text(2, location)))
    return b"".join(parts) + _number(14, _EXTERNAL)


def model(
    nodes: Iterable[bytes],
    tensors: Iterable[bytes],
    inputs: Iterable[bytes],
    outputs: Iterable[bytes],
    *,
    name: str,
    ir_version: int,
    opsets: Mapping[str, int],
) -> bytes:
    """Encode a whole model (``ModelProto``)."""
    graph = [_field(1, one) for one in nodes] + [_text(2, name)]
    for number, messages in ((5, tensors), (11, inputs), (12, outputs)):
        graph += [_field(number, message) for message in messages]
    domains = (_text(1, domain) + _number(2, version) for domain, version in opsets.items())
    head = _number(1, ir_version) + _text(2, name) + _field(7, b"".join(graph))
    return head + b"".join(_field(8, domain) for domain in domains)


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        content, kind = _number(3, value), 2
    elif isinstance(value, str):
        content, kind = _text(4, value), 3
    elif all(isinstance(item, int) for item in value):
        content, kind = b"".join(_number(8, int(item)) for item in value), 7
    else:
        content, kind = b"".join(_text(9, str(item)) for item in value), 8
    return _text(1, name) + content + _number(20, kind)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value % 2**64)


def _text(field: int, value: str) -> bytes:
    return _field(field, value.encode())


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Encode a number in groups of seven bits, the lowest first.

    >>> _varint(300).hex()
    'ac02'
    """
    groups = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
