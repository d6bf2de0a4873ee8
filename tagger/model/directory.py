"""A model as a directory: JSON, text and safetensors, nothing that runs when it is loaded.

::

    config.json          the complete configuration
    vocab.json           words, characters, keys of pretrained vectors
    heads.json           the heads and their tags
    tokenizer.json       how raw text is cut
    weights.safetensors  the network's weights, in half precision, tables of words in 8 bits
    meta.json            format version, corpora, licences, seed, scores, checksums; written last
    README.md            the model card
    graph*.onnx          the network without its weights, for ONNX Runtime; written afterwards, each
                         only if its tags agree with PyTorch's

Neither torch nor `datasets` is imported here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tagger.config import Config, config_from_dict
from tagger.errors import ModelError
from tagger.features.vocabulary import Vocabulary
from tagger.files import write_file
from tagger.model.heads import HeadSpec
from tagger.model.meta import (
    CALIBRATION,
    CARD,
    CONFIG,
    DECISIVE,
    FORMAT_VERSION,
    GRAPHS,
    HEADS,
    META,
    TOKENIZER,
    VOCAB,
    WEIGHTS,
    Meta,
    calibration_checksum,
    check_contents,
    checksums,
    read_meta,
)
from tagger.model.reading import damaged, parse_json, read_bytes
from tagger.model.shapes import VECTORS, weight_shapes
from tagger.model.weights import StoredWeights, compressed, parse_tensors
from tagger.text import TokenizerRules

T = TypeVar("T")

RETIRED = (("encoder", "variational"),)
"""Settings of training alone that older models name and that no longer exist."""


class SavedModel(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a model directory."""

    config: Config
    vocabulary: Vocabulary
    vector_keys: tuple[str, ...]
    """Keys of the pretrained vectors; key ``i`` has row ``i + 1``."""
    heads: tuple[HeadSpec, ...]
    rules: TokenizerRules
    weights: StoredWeights
    meta: Meta
    card: str


def write_model(directory: Path, model: SavedModel) -> Meta:
    """Write a model, each file at once or not at all, ``meta.json`` last.

    Returns:
        What is in ``meta.json``: that of the model, with its checksums.

    Raises:
        OSError: No space, no permission; no file is left half-written.
    """
    from safetensors.numpy import save

    directory.mkdir(parents=True, exist_ok=True)
    # A directory without meta.json is incomplete, and so not a model.
    for name in (META, *GRAPHS.values()):
        (directory / name).unlink(missing_ok=True)
    vocabulary = {
        "words": model.vocabulary.words,
        "chars": model.vocabulary.chars,
        "vectors": model.vector_keys,
    }
    contents: dict[str, bytes] = {
        CONFIG: _json(model.config),
        VOCAB: _json(vocabulary),
        HEADS: _json(model.heads),
        TOKENIZER: _json(model.rules),
        WEIGHTS: save(compressed(model.weights)),
        CARD: model.card.encode(),
    }
    found = checksums(contents, model.meta.calibration)
    meta = msgspec.structs.replace(model.meta, format_version=FORMAT_VERSION, checksums=found)
    contents[META] = _json(meta)
    for name, content in contents.items():
        write_file(directory / name, content)
    return meta


def read_model(directory: Path) -> SavedModel:
    """Read a model.

    Raises:
        ModelError: The directory is missing, incomplete, damaged or of a newer format, or its
            files do not belong together.
    """
    meta = read_meta(directory)
    contents = {name: read_bytes(directory / name) for name in DECISIVE}

    def parsed(name: str, kind: type[T]) -> T:
        return parse_json(contents[name], directory / name, kind)

    vocabulary = parsed(VOCAB, dict[str, tuple[str, ...]])
    try:
        words, chars, vectors = (vocabulary[key] for key in ("words", "chars", "vectors"))
    except KeyError as error:
        raise damaged(directory / VOCAB, f"no {error}") from None
    path = directory / WEIGHTS
    model = SavedModel(
        config=_config(contents[CONFIG], directory / CONFIG),
        vocabulary=Vocabulary(words, chars),
        vector_keys=vectors,
        heads=parsed(HEADS, tuple[HeadSpec, ...]),
        rules=parsed(TOKENIZER, TokenizerRules),
        weights=StoredWeights(parse_tensors(contents[WEIGHTS], path), path),
        meta=meta,
        card=read_bytes(directory / CARD).decode(errors="replace"),
    )
    # Files of other models first: their errors say more than a checksum.
    _check_weights(model, path)
    check_contents(meta, contents, directory)
    return model


def add_checksums(directory: Path) -> bool:
    """Add checksums to a model of an older version; return whether it had none.

    Raises:
        ModelError: The model is damaged.
        OSError: No space, no permission; ``meta.json`` is untouched.
    """
    meta = read_model(directory).meta
    if meta.checksums:
        return False
    contents = {name: read_bytes(directory / name) for name in DECISIVE}
    found = checksums(contents, meta.calibration)
    write_file(directory / META, _json(msgspec.structs.replace(meta, checksums=found)))
    return True


def write_meta(directory: Path, meta: Meta, card: str) -> None:
    """Replace the card and ``meta.json`` of a model, of which the calibration may have changed.

    Raises:
        OSError: No space, no permission; ``meta.json`` is untouched.
    """
    if meta.checksums:
        found = {**meta.checksums, CALIBRATION: calibration_checksum(meta.calibration)}
        meta = msgspec.structs.replace(meta, checksums=found)
    write_file(directory / CARD, card.encode())
    write_file(directory / META, _json(meta))


def _check_weights(model: SavedModel, path: Path) -> None:
    """Check that the weights are those of the other files.

    Raises:
        ModelError: One is missing, unexpected, of another shape, or not finite.
    """
    weights = model.weights
    n_layers = model.config.encoder.n_layers
    if n_layers > len(weights):  # their shapes alone would fill the memory
        raise damaged(path, f"it has no weights for {n_layers:,} layers")
    n_vectors, vectors = len(model.vector_keys), None
    if n_vectors:
        vectors = (n_vectors + 1, weights.shape(VECTORS)[1] if VECTORS in weights else 0)
    expected = weight_shapes(model.config, model.vocabulary, model.heads, vectors)
    for name in sorted(expected.keys() | set(weights)):
        found = weights.shape(name) if name in weights else None
        if found != expected.get(name):
            raise ModelError(
                f"does not match the model's other files ({name} is {_size(found)}, and should be "
                f"{_size(expected.get(name))})",
                path=path,
                hint="is a file of another model among them?",
            )
        if problem := weights.problem(name):
            raise damaged(path, f"{name} {problem}")


def _size(shape: tuple[int, ...] | None) -> str:
    return "missing" if shape is None else " × ".join(map(str, shape))


def read_config_of(directory: Path) -> Config:
    """Read the configuration that a model was trained with.

    Raises:
        ModelError: It is damaged.
    """
    return _config(read_bytes(directory / CONFIG), directory / CONFIG)


def _config(content: bytes, path: Path) -> Config:
    data = parse_json(content, path, dict[str, Any])
    for section, key in RETIRED:
        if isinstance(table := data.get(section), dict):
            table.pop(key, None)
    return config_from_dict(data, path=path)


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
