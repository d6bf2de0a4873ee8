"""Vectors of spaCy pipelines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import VectorsError
from tagger.features.vectors.reading import read_vectors
from tests.helpers.vectors import FORMS, HUGE, VALUES, assert_refused, pipeline, put


def test_packages_are_found_by_name_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline(tmp_path / "some_vectors" / "some_vectors-1.0")
    (tmp_path / "some_vectors" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert read_vectors(Path("some_vectors"), FORMS, limit=1).keys == ("the", "apple", "東京")
    assert "some_vectors" not in sys.modules


def test_packages_other_than_pipelines_are_refused() -> None:
    with pytest.raises(VectorsError, match="no vocab/ in it"):
        read_vectors(Path("json"), FORMS, limit=1)


def empty_vectors(vocab: Path) -> None:
    np.save(vocab / "vectors.npy", np.zeros((0, 0), dtype=np.float32))
    (vocab / "vectors.npy").rename(vocab / "vectors")


def hostile_table(vocab: Path) -> None:
    content = (vocab / "vectors").read_bytes()
    size = len(str(VALUES.shape))
    at = content.index(str(VALUES.shape).encode())
    hostile = str((HUGE, 300)).encode()
    end = at + size
    pad = len(hostile) - size
    (vocab / "vectors").write_bytes(content[:at] + hostile + content[end + pad :])


def point_nowhere(vocab: Path) -> None:
    import srsly

    rows = srsly.read_msgpack(vocab / "key2row")
    srsly.write_msgpack(vocab / "key2row", dict.fromkeys(rows, 99))


def set_floret(vocab: Path) -> None:
    cfg = {"mode": "floret", "minn": 1, "maxn": 10**9, "hash_count": 1}
    (vocab / "vectors.cfg").write_text(json.dumps(cfg))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no vectors": (empty_vectors, "without word vectors"),
    "no table": (lambda vocab: (vocab / "vectors").unlink(), "without word vectors"),
    "hostile table": (hostile_table, "damaged"),
    "cut table": (lambda vocab: put(vocab / "vectors", b"\x93NUMPY\x01"), "damaged"),
    "no strings": (lambda vocab: (vocab / "strings.json").unlink(), "damaged"),
    "cut strings": (lambda vocab: put(vocab / "strings.json", b'["the'), "damaged"),
    "cut keys": (lambda vocab: put(vocab / "key2row", b"\x82\x01"), "damaged"),
    "no keys": (lambda vocab: (vocab / "key2row").unlink(), "no word of the corpus"),
    "keys to nowhere": (point_nowhere, "row 99"),
    "no settings of floret": (set_floret, "settings of floret"),
}


@pytest.mark.parametrize(("damage", "words"), BROKEN.values(), ids=BROKEN)
def test_damaged_pipelines_are_refused(
    damage: Callable[[Path], object], words: str, tmp_path: Path
) -> None:
    folder = pipeline(tmp_path / "p")
    damage(folder / "vocab")
    with pytest.raises(VectorsError, match=words) as caught:
        read_vectors(folder, FORMS, limit=10)
    assert caught.value.path in (str(folder), str(folder / "vocab"))
    assert "\n" not in str(caught.value)


def test_folders_must_hold_one_pipeline(tmp_path: Path) -> None:
    assert_refused(tmp_path, None, "no vocab/ in it")
    one = pipeline(tmp_path / "model-best")
    assert "apple" in read_vectors(tmp_path, FORMS, limit=1).keys
    other = pipeline(tmp_path / "model-last")
    with pytest.raises(VectorsError) as caught:
        read_vectors(tmp_path, FORMS, limit=1)
    assert set(caught.value.expected) == {one, other}
