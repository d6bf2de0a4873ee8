"""Vectors of spaCy pipelines, read without running any of a pipeline's code."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tagger.errors import VectorsError, first_line
from tagger.features.vectors.selection import Row, Selection
from tagger.features.vectors.subwords import FloretTable, floret_rows

if TYPE_CHECKING:
    from spacy.vocab import Vocab


def find_package(name: str) -> Path | None:
    """Find the folder of an installed package without importing it."""
    if not name.isidentifier():  # for a name with dots its parents would be imported
        return None
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders))) if folders else None


def pipeline_rows(folder: Path, selection: Selection) -> Iterator[Row]:
    """Read the vectors of a pipeline.

    Args:
        folder: The pipeline's folder, with ``vocab/`` in it, or that of its package.
        selection: Which words are kept.

    Raises:
        VectorsError: There is no pipeline, it has no vectors, or they are damaged.
    """
    vocab = _load_vocab(_find_vocab(folder), folder)
    vectors = vocab.vectors
    if vectors.mode == "floret":
        table = FloretTable(
            vectors.data,
            vectors.minn,
            vectors.maxn,
            vectors.hash_count,
            vectors.hash_seed,
            vectors.bow,
            vectors.eow,
        )
        table.check(folder)
        yield from floret_rows(table, selection.missing(()))
        return
    for i, (key, row) in enumerate(vectors.key2row.items()):
        if key not in vocab.strings:
            continue
        word = vocab.strings[key]
        if selection.keeps(i, word):
            if not 0 <= row < len(vectors.data):
                raise VectorsError(f"{folder}: {word!r} has row {row}, which is not there")
            yield word, np.asarray(vectors.data[row], dtype=np.float32)


def _find_vocab(folder: Path) -> Path:
    found = [path for path in (folder / "vocab", *folder.glob("*/vocab")) if path.is_dir()]
    if len(found) != 1:
        what = "several pipelines, name one of them" if found else "no vocab/ in it"
        raise VectorsError(
            f"{folder}: {what}; the folder of a spaCy pipeline with word vectors is expected"
        )
    return found[0]


def _load_vocab(path: Path, folder: Path) -> Vocab:
    from spacy.vocab import Vocab

    try:
        file = path / "vectors"
        # Mapped, a table whose header announces more than there is is refused, not allocated.
        shape = np.load(file, mmap_mode="r").shape if file.is_file() else (0, 0)
        if len(shape) == 2 and 0 in shape:
            raise VectorsError(
                f"{folder}: a spaCy pipeline without word vectors; take its larger sibling "
                "(_md or _lg)"
            )
        return Vocab().from_disk(path, exclude=["lookups"])
    except VectorsError:
        raise
    except Exception as error:  # whatever spaCy, msgpack and NumPy have for damaged files
        raise VectorsError(
            f"{path}: damaged ({first_line(error)}); install the pipeline anew"
        ) from None
