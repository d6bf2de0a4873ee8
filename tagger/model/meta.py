"""The files of a model directory, and ``meta.json``: a model's origin and scores."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from tagger.errors import ModelError
from tagger.model.reading import damaged, read_json

FORMAT_VERSION = 5
"""1: all weights in half precision. 2: tables of words in 8 bits, each row with a scale.
3: recurrent weights named ``forward_cell`` and ``backward_cell``. 4: heads of kind ``text``.
5: tables of words in 4 bits, two values a byte."""

CONFIG, VOCAB, HEADS = "config.json", "vocab.json", "heads.json"
TOKENIZER, WEIGHTS, META, CARD = "tokenizer.json", "weights.safetensors", "meta.json", "README.md"
GRAPHS = {"fp32": "graph.onnx", "int8": "graph.int8.onnx"}
"""By precision. A model may have none."""
LICENSE = "LICENSE"
"""Put there by hand; a model may have none."""
FILES = (CONFIG, VOCAB, HEADS, TOKENIZER, WEIGHTS, META, CARD)
DECISIVE = (CONFIG, VOCAB, HEADS, TOKENIZER, WEIGHTS)
"""The files that decide the tags, which have checksums. Graphs are built from them, see
`tagger.runtime.engines.graph`; the card and the licence are edited by hand."""
CALIBRATION = "calibration"
"""The part of ``meta.json`` that decides the confidence, which has a checksum, too."""


class CorpusRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus that a model was trained on."""

    name: str
    fingerprint: str
    licence: str
    citation: str
    n_sentences: dict[str, int]
    """Sentences by split."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How the confidence of a head was fitted, and how good it is.

    ECE is the mean difference between the confidence of the spans that the model finds (of the tags
    of a head without spans) and the share of them that is right; the Brier score is the mean square
    of the difference between confidence and 1 (right) or 0 (wrong). Of both, less is better.
    """

    temperature: Annotated[float, msgspec.Meta(gt=0)]
    """Scores are divided by it before they become probabilities."""
    corpora: tuple[str, ...]
    """The corpora and splits that it was fitted on."""
    n: int
    """The number of spans, or of tags, that were found there."""
    ece_before: float
    """Without a temperature."""
    ece_after: float
    """With one that was fitted on the other half of the sentences."""
    brier_before: float
    brier_after: float


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """The origin and the scores of a model."""

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
    """By head: entity F1 of spans, accuracy of token tags and of labels of texts (micro F1 where a
    text may have several), between 0 and 1."""
    test_scores: dict[str, dict[str, float]]
    """By corpus, then by head."""
    checksums: dict[str, str] = {}
    """By name of a file, for those in `DECISIVE`, and of the `CALIBRATION`, which older models
    lack; empty in the oldest."""
    calibration: dict[str, Calibration] = {}
    """By head; a head that was not calibrated has a temperature of 1."""

    @property
    def temperatures(self) -> dict[str, float]:
        """The temperatures of heads that were calibrated."""
        return {head: fitted.temperature for head, fitted in self.calibration.items()}

    @property
    def all_corpora(self) -> tuple[CorpusRecord, ...]:
        """The model's own corpora and the earlier ones, each once."""
        both = (*self.corpora, *self.earlier_corpora)
        return tuple({(record.name, record.fingerprint): record for record in both}.values())


def read_meta(directory: Path) -> Meta:
    """Read ``meta.json`` alone, and check that the other files are there.

    Raises:
        ModelError: The directory is missing, incomplete or of a newer format, or ``meta.json`` is
            damaged.
    """
    if not directory.is_dir():
        raise ModelError("no such model directory; `tagger train` makes one", path=directory)
    missing = [name for name in FILES if not (directory / name).is_file()]
    if missing:
        if (directory / "last").is_dir():
            best = directory / "best"
            other = f", or use {best}" if best.is_dir() else ""
            raise ModelError(
                "its training has not ended", path=directory, hint=f"use {{resume=True}}{other}"
            )
        raise ModelError(
            f"not a complete model, {', '.join(missing)} missing", path=directory, expected=FILES
        )
    path = directory / META
    version = read_json(path, dict[str, Any]).get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise damaged(path, "no format_version")
    if version > FORMAT_VERSION:
        raise ModelError(
            f"format version {version} is newer than this tagger's {FORMAT_VERSION}",
            path=path,
            hint="upgrade tagger",
        )
    return read_json(path, Meta)


def checksums(
    contents: Mapping[str, bytes], calibration: Mapping[str, Calibration]
) -> dict[str, str]:
    """Compute the checksums of what decides a model's results, which reveal damage, not forgery."""
    return {**_file_checksums(contents), CALIBRATION: calibration_checksum(calibration)}


def decisive_checksums(meta: Meta) -> dict[str, str]:
    """Return the checksums of the files that decide what a training makes of a model."""
    return {name: meta.checksums[name] for name in DECISIVE if name in meta.checksums}


def calibration_checksum(calibration: Mapping[str, Calibration]) -> str:
    """Compute the checksum of the calibration of a model."""
    return _checksum(msgspec.json.encode(calibration))


def _file_checksums(contents: Mapping[str, bytes]) -> dict[str, str]:
    return {name: _checksum(contents[name]) for name in DECISIVE}


def _checksum(content: bytes) -> str:
    # CRC-32, because a model is checked whenever it is loaded: 3 ms for 10 MB, BLAKE2 takes 28.
    return f"{zlib.crc32(content):08x}"


def check_contents(meta: Meta, contents: Mapping[str, bytes], directory: Path) -> None:
    """Check files against their checksums, where the model has any.

    Raises:
        ModelError: A file has changed since it was written.
    """
    if not meta.checksums:
        return
    for name, found in _file_checksums(contents).items():
        if meta.checksums.get(name) != found:
            raise damaged(directory / name, f"its checksum is not the one in {META}")
    found = calibration_checksum(meta.calibration)
    if meta.checksums.get(CALIBRATION, found) != found:  # older models have none
        raise damaged(directory / META, "its calibration has another checksum")


def model_size(directory: Path) -> int:
    """Return the bytes of a model's files, including its graphs."""
    paths = (directory / name for name in (*FILES, *GRAPHS.values()))
    return sum(path.stat().st_size for path in paths if path.is_file())
