"""The functions that inputs of strangers reach, each as a function of bytes.

A target returns for an input that is read, and raises `TaggerError` for one that is refused in one
line; anything else is a fault.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tagger.config import read_config
from tagger.corpus.conversion import convert
from tagger.errors import TaggerError
from tagger.findings import Findings
from tagger.formats.detect import detect
from tagger.formats.table import FORMATS
from tagger.model.directory import read_model
from tagger.prediction.input import read_texts
from tagger.text import Tokenizer
from tests.fuzz.service import ROUTES, service_targets

Target = Callable[[bytes], object]

LIMIT_S = 5.0
"""Processor seconds that an input of at most 200 kB may take."""


class FaultError(Exception):
    """What must not happen for any input."""


def check(target: Target, content: bytes) -> bool:
    """Run a target on an input, and return whether it was read.

    Raises:
        FaultError: Any other error than a `TaggerError` of one line, or it takes too long.
    """
    start = time.process_time()
    is_read = True
    try:
        target(content)
    except TaggerError as error:
        is_read = False
        if len(str(error).splitlines()) != 1:
            raise FaultError(f"several lines: {error}") from error
    except Exception as error:
        raise FaultError(f"{type(error).__name__}: {error}"[:300]) from error
    if time.process_time() - start > LIMIT_S:
        raise FaultError(f"{time.process_time() - start:.1f} s")
    return is_read


def targets(folder: Path, model: Path | None) -> dict[str, Target]:
    """Return all targets by name.

    Args:
        folder: Where they may write.
        model: A model to damage and to serve; without it neither are targets.
    """
    found: dict[str, Target] = {"tokenizer": _tokenizer, "config": _config(folder)}
    found |= {f"read-{name}": _reader(folder, name) for name in FORMATS if name != "brat"}
    found["read-brat"] = _brat(folder)
    found["predict"] = _texts(folder)
    found["detect"] = _detect(folder)
    if model is not None:
        files = [path.name for path in model.iterdir() if path.suffix in (".json", ".safetensors")]
        copy = folder / "model"
        shutil.copytree(model, copy)
        meta = json.loads((copy / "meta.json").read_bytes())
        (copy / "meta.json").write_text(json.dumps({**meta, "checksums": {}}))
        found |= {f"model-{name}": _model_file(copy, name) for name in sorted(files)}
        found |= service_targets(model)
    return found


def small_model(folder: Path) -> Path:
    """Train a model that takes milliseconds to read.

    Args:
        folder: Where it is written, with its corpus.
    """
    from tagger.training.run import train
    from tests.helpers.corpora import small_config, write_corpus

    train([str(write_corpus(folder / "corpus"))], folder / "small", small_config(epochs=2))
    return folder / "small"


def _tokenizer(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    tokenizer = Tokenizer()
    past = 0
    for sentence in tokenizer.sentences(text):
        for start, end in sentence:
            if not past <= start < end <= len(text):
                raise FaultError(f"token {start}-{end} after {past}")
            past = end


def _config(folder: Path) -> Target:
    path = folder / "config.toml"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        read_config(path)

    return read


def _reader(folder: Path, name: str) -> Target:
    form = FORMATS[name]
    suffix = (form.suffixes or form.shared_suffixes or (".txt",))[0]
    path = folder / name / f"train{suffix}"
    path.parent.mkdir()
    written = ("conllu", "conll", "jsonl", "prodigy", "text", "webanno")
    count = 0

    def read(content: bytes) -> None:
        nonlocal count
        path.write_bytes(content)
        if form.sentences is not None:
            layout = form.sentences.detect_layout([path], None)
            for _ in form.sentences.read(path, layout, Findings()):
                pass
        else:
            assert form.documents is not None
            for _ in form.documents.read(path, Findings()):
                pass
        count += 1
        if count % 4:  # writing takes several times as long as reading
            return
        to = written[count // 4 % len(written)]
        convert(
            path,
            folder / "out",
            source_format=name,
            target_format=to,
            misaligned="drop",
            overlapping="drop",
            force=True,
        )
        convert(
            folder / "out",
            folder / "again",
            source_format=to,
            target_format="jsonl",
            misaligned="drop",
            overlapping="drop",
            force=True,
        )

    return read


def _brat(folder: Path) -> Target:
    inside = folder / "brat"
    inside.mkdir()

    def read(content: bytes) -> None:
        text, _, annotation = content.partition(b"\n====\n")
        (inside / "a.txt").write_bytes(text)
        (inside / "a.ann").write_bytes(annotation)
        assert FORMATS["brat"].documents is not None
        for _ in FORMATS["brat"].documents.read(inside, Findings()):
            pass

    return read


def _texts(folder: Path) -> Target:
    path = folder / "texts.txt"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        for text in read_texts([], [path]):
            text.text.encode()

    return read


def _detect(folder: Path) -> Target:
    paths = [folder / f"any{suffix}" for suffix in (".json", ".jsonl", ".txt", ".tsv", ".xyz")]

    def read(content: bytes) -> None:
        path = paths[len(content) % len(paths)]
        path.write_bytes(content)
        detect(path)

    return read


def _model_file(model: Path, name: str) -> Target:
    path = model / name
    right = path.read_bytes()

    def read(content: bytes) -> None:
        path.write_bytes(content)
        try:
            read_model(model)
        finally:
            path.write_bytes(right)

    return read


def seeds(target: str, inputs: Path, model: Path | None) -> list[bytes]:
    """Return right inputs of a target, which are then changed."""
    if target.startswith("model-") and model is not None:
        return [(model / target.removeprefix("model-")).read_bytes()]
    if target.startswith("service-"):
        return [ROUTES[target.removeprefix("service-")].right]
    kind = target.removeprefix("read-")
    return [path.read_bytes() for path in sorted(inputs.iterdir()) if path.stem in (kind, "any")]
