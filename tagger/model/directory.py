"""A model as a directory: JSON, text and safetensors, nothing that runs when it is loaded.

::

    config.json          the complete configuration
    vocab.json           words, characters, keys of pretrained vectors
    heads.json           the heads and their tags
    tokenizer.json       how raw text is cut
    weights.safetensors  the network's weights, in half precision, tables of words in 8 bits
    meta.json            format version, corpora, licences, seed, scores; written last
    README.md            the model card
    graph*.onnx          the network without its weights, for ONNX Runtime; written afterwards, each
                         only if its tags agree with PyTorch's

Neither torch nor `datasets` is imported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from tagger.config import Config, config_from_dict
from tagger.errors import ModelError
from tagger.features.vocabulary import Vocabulary
from tagger.files import write_file
from tagger.model.heads import HeadSpec
from tagger.model.shapes import VECTORS, WORDS, weight_shapes
from tagger.text import TokenizerRules

FORMAT_VERSION = 2
"""1: all weights in half precision. 2: tables of words in 8 bits, each row with a scale."""

CONFIG, VOCAB, HEADS = "config.json", "vocab.json", "heads.json"
TOKENIZER, WEIGHTS, META, CARD = "tokenizer.json", "weights.safetensors", "meta.json", "README.md"
GRAPHS = {"fp32": "graph.onnx", "int8": "graph.int8.onnx"}
"""By precision. A model may have none."""
FILES = (CONFIG, VOCAB, HEADS, TOKENIZER, WEIGHTS, META, CARD)

TABLES = (WORDS, VECTORS)
"""The large tables, of which a model reads a few rows a sentence."""
SCALES = ":scales"

RETIRED = (("encoder", "variational"),)
"""Settings of training alone that models of old may name and that are no more."""

Weights = dict[str, NDArray[Any]]
T = TypeVar("T")


class StoredWeights(Mapping[str, NDArray[np.float32]]):
    """Weights as they are stored; each is expanded to single precision when it is asked for.

    Args:
        stored: By name; a table of words has its scales beside it.
        path: The file that errors name.

    Raises:
        ModelError: A table and its scales do not fit each other.
    """

    def __init__(self, stored: Mapping[str, NDArray[Any]], path: Path = Path()) -> None:
        self._stored = {n: w for n, w in stored.items() if not n.endswith(SCALES)}
        self._scales = {n.removesuffix(SCALES): w for n, w in stored.items() if n.endswith(SCALES)}
        for name, scales in self._scales.items():
            if name not in self._stored or scales.shape != self._stored[name].shape[:1]:
                raise _damaged(path, f"the scales of {name} do not fit it")

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self.rows(name, slice(None))

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def rows(self, name: str, ids: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Some rows of a weight."""
        rows: NDArray[np.float32] = self._stored[name][ids].astype(np.float32)
        if name in self._scales:
            rows *= self._scales[name][ids].astype(np.float32)[..., None]
        return rows

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a weight."""
        return self._stored[name].shape

    def is_finite(self, name: str) -> bool:
        """Whether all of a weight are numbers."""
        stored = self._scales.get(name, self._stored[name])
        return bool(np.isfinite(stored).all())


class CorpusRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a model remembers of a corpus that it was trained on."""

    name: str
    fingerprint: str
    licence: str
    citation: str
    n_sentences: dict[str, int]
    """Sentences by split."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model comes from and how good it is."""

    format_version: int = FORMAT_VERSION
    tagger_version: str
    created: str
    """Date, ISO 8601."""
    corpora: tuple[CorpusRecord, ...]
    earlier_corpora: tuple[CorpusRecord, ...] = ()
    """Those of the models that it started from, the first first."""
    seed: int
    n_parameters: int
    best_epoch: int
    epochs: int
    seconds: float
    """Wall time of the training, in seconds."""
    dev_scores: dict[str, float]
    """By head: entity F1 of spans, accuracy of token tags, between 0 and 1."""
    test_scores: dict[str, dict[str, float]]
    """By corpus, then by head."""

    @property
    def all_corpora(self) -> tuple[CorpusRecord, ...]:
        """Its own corpora and the earlier ones, each once."""
        both = (*self.corpora, *self.earlier_corpora)
        return tuple({(record.name, record.fingerprint): record for record in both}.values())


class SavedModel(msgspec.Struct, frozen=True, kw_only=True):
    """All that a model directory holds."""

    config: Config
    vocabulary: Vocabulary
    vector_keys: tuple[str, ...]
    """Keys of the pretrained vectors; key ``i`` has row ``i + 1``."""
    heads: tuple[HeadSpec, ...]
    rules: TokenizerRules
    weights: StoredWeights
    meta: Meta
    card: str


def write_model(directory: Path, model: SavedModel) -> None:
    """Write a model, each file at once or not at all, ``meta.json`` last.

    Raises:
        OSError: No space, no permission; no file is left half-written.
    """
    from safetensors.numpy import save

    directory.mkdir(parents=True, exist_ok=True)
    # A model without meta.json is incomplete: until all is there, it is none.
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
        WEIGHTS: save(_compressed(model.weights)),
        CARD: model.card.encode(),
        META: _json(model.meta),
    }
    for name, content in contents.items():
        write_file(directory / name, content)


def read_model(directory: Path) -> SavedModel:
    """Read a model.

    Raises:
        ModelError: The directory is missing, incomplete, damaged or of a newer format, or its
            files do not belong together.
    """
    meta = read_meta(directory)
    vocabulary = _read_json(directory / VOCAB, dict[str, tuple[str, ...]])
    config = read_config_of(directory)
    try:
        words, chars, vectors = (vocabulary[key] for key in ("words", "chars", "vectors"))
    except KeyError as error:
        raise _damaged(directory / VOCAB, f"no {error}") from None
    model = SavedModel(
        config=config,
        vocabulary=Vocabulary(words, chars),
        vector_keys=vectors,
        heads=_read_json(directory / HEADS, tuple[HeadSpec, ...]),
        rules=_read_json(directory / TOKENIZER, TokenizerRules),
        weights=StoredWeights(read_tensors(directory / WEIGHTS), directory / WEIGHTS),
        meta=meta,
        card=_read(directory / CARD).decode(errors="replace"),
    )
    _check_weights(model, directory / WEIGHTS)
    return model


def _check_weights(model: SavedModel, path: Path) -> None:
    """See that the weights are those of the other files.

    Raises:
        ModelError: One is missing, of another shape, too many, or no number.
    """
    weights = model.weights
    n_vectors, vectors = len(model.vector_keys), None
    if n_vectors:
        vectors = (n_vectors + 1, weights.shape(VECTORS)[1] if VECTORS in weights else 0)
    expected = weight_shapes(model.config, model.vocabulary, model.heads, vectors)
    for name in sorted(expected.keys() | set(weights)):
        found = weights.shape(name) if name in weights else None
        if found != expected.get(name):
            raise ModelError(
                f"{path}: does not fit the model's other files ({name} is "
                f"{_size(found)}, and should be {_size(expected.get(name))}); is a file of "
                "another model among them?"
            )
        if not weights.is_finite(name):
            raise _damaged(path, f"{name} has values that are no numbers")


def _size(shape: tuple[int, ...] | None) -> str:
    return "not there" if shape is None else " × ".join(map(str, shape))


def model_size(directory: Path) -> int:
    """The bytes of a model's files, its graphs among them."""
    paths = (directory / name for name in (*FILES, *GRAPHS.values()))
    return sum(path.stat().st_size for path in paths if path.is_file())


def read_config_of(directory: Path) -> Config:
    """Read the configuration that a model was trained with.

    Raises:
        ModelError: It is damaged.
    """
    path = directory / CONFIG
    data = _read_json(path, dict[str, Any])
    for section, key in RETIRED:
        if isinstance(table := data.get(section), dict):
            table.pop(key, None)
    return config_from_dict(data, where=str(path))


def read_meta(directory: Path) -> Meta:
    """Read ``meta.json`` alone, and see that the other files are there.

    Raises:
        ModelError: As `read_model`.
    """
    if not directory.is_dir():
        raise ModelError(f"{directory}: no such model directory; `tagger train` makes one")
    missing = [name for name in FILES if not (directory / name).is_file()]
    if missing:
        if (directory / "last").is_dir():
            best = directory / "best"
            other = f", or use {best}" if best.is_dir() else ""
            raise ModelError(
                f"{directory}: its training has not ended; go on with `--resume`{other}"
            )
        raise ModelError(f"{directory}: not a complete model, {', '.join(missing)} missing")
    path = directory / META
    version = _read_json(path, dict[str, Any]).get("format_version")
    if not isinstance(version, int):
        raise _damaged(path, "no format_version")
    if version > FORMAT_VERSION:
        raise ModelError(
            f"{path}: format version {version} is newer than this tagger's {FORMAT_VERSION}; "
            "upgrade tagger"
        )
    return _read_json(path, Meta)


def read_tensors(path: Path) -> Weights:
    """Read a safetensors file.

    Raises:
        ModelError: It is truncated or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors: Weights = load(_read(path))
    except (SafetensorError, ValueError, KeyError) as error:
        raise _damaged(path, str(error)) from None
    return tensors


def _compressed(weights: Mapping[str, NDArray[Any]]) -> Weights:
    """Weights as they are stored; test scores are taken from what comes back."""
    stored: Weights = {}
    for name, weight in weights.items():
        if name in TABLES:
            # One scale a row: a rare word's vector is short, and must not drown in a long one's.
            scales = (np.abs(weight).max(axis=1) / 127).astype(np.float16)
            divisors = np.where(scales > 0, scales, 1).astype(np.float32)
            stored[name] = np.rint(weight / divisors[:, None]).clip(-127, 127).astype(np.int8)
            stored[name + SCALES] = scales
        else:
            stored[name] = weight.astype(np.float16)
    return stored


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None


def _read_json(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(_read(path), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from None


def _damaged(path: Path, detail: str) -> ModelError:
    return ModelError(f"{path}: damaged ({detail}); train the model again or copy it anew")
