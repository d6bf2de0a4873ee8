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
        VectorsError: There is no pipeline, or its vectors are missing or damaged.
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
                raise VectorsError(f"{word!r} has row {row}, which is missing", path=folder)
            yield word, np.asarray(vectors.data[row], dtype=np.float32)


def _find_vocab(folder: Path) -> Path:
    found = [path for path in (folder / "vocab", *folder.glob("*/vocab")) if path.is_dir()]
    if len(found) != 1:
        raise VectorsError(
            "several pipelines" if found else "no vocab/ in it",
            path=folder,
            expected=[path.parent for path in found],
            hint="name the folder of one spaCy pipeline with word vectors",
        )
    return found[0]


def _load_vocab(path: Path, folder: Path) -> Vocab:
    from spacy.vocab import Vocab

    try:
        file = path / "vectors"
        # Mapped into memory, a table that is shorter than its header announces is refused.
        shape = np.load(file, mmap_mode="r").shape if file.is_file() else (0, 0)
        if len(shape) == 2 and 0 in shape:
            raise VectorsError(
                "a spaCy pipeline without word vectors",
                path=folder,
                hint="use the larger version of it (_md or _lg)",
            )
        return Vocab().from_disk(path, exclude=["lookups"])
    except VectorsError:
        raise
    except Exception as error:  # of spaCy, msgpack or NumPy
        raise VectorsError(
            f"damaged ({first_line(error)})", path=path, hint="install the pipeline again"
        ) from None
