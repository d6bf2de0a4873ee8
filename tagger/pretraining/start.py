"""The words of a base and the vectors that it starts from, given or learned by floret."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tagger.config import PretrainingConfig
from tagger.errors import TrainingError, VectorsError
from tagger.features.vectors.pipelines import find_package
from tagger.features.vectors.reading import read_vectors
from tagger.features.vectors.selection import Matrix
from tagger.features.vocabulary import Vocabulary, normalize, word_counts
from tagger.files import named_errors
from tagger.pretraining.encoding import TextInventory

MIN_CHAR_COUNT = 20
BLOCK = 1 << 20


def fingerprint_vectors(source: str) -> str:
    """Hash the content of a file of vectors, or of all files of a pipeline.

    Raises:
        VectorsError: It cannot be found.
        OSError: It cannot be read.
    """
    path = Path(source) if Path(source).exists() else find_package(source)
    if path is None:
        raise VectorsError("no such file or folder, and no installed package", path=source)
    files = sorted(p for p in path.rglob("*") if p.suffix != ".pyc") if path.is_dir() else [path]
    digest = hashlib.blake2b(digest_size=16)
    with named_errors(path):
        for file in filter(Path.is_file, files):
            digest.update(f"{file.relative_to(path)}\0".encode("utf-8", "surrogatepass"))
            with file.open("rb") as opened:
                while block := opened.read(BLOCK):
                    digest.update(block)
    return digest.hexdigest()


def given_rows(
    inventory: TextInventory, settings: PretrainingConfig, *, dim: int
) -> dict[str, Matrix]:
    """Read the given vectors by normalised word, in the order of their source; none if none are.

    They are those of the words of the text, and the first ``n_words`` of the source.

    Raises:
        VectorsError: They cannot be read, have no word of the text, or not ``dim`` values.
    """
    if not settings.vectors:
        return {}
    # A source that makes vectors of n-grams has them in the order of the forms.
    forms = Counter(dict(Counter(inventory.forms).most_common()))
    found = read_vectors(Path(settings.vectors), forms, limit=settings.n_words)
    if found.matrix.shape[1] != dim:
        raise VectorsError(
            f"vectors of {found.matrix.shape[1]} values where {dim} are expected",
            path=settings.vectors,
            hint=f"set [embedder] word_dim = {found.matrix.shape[1]}",
        )
    return found.by_word(forms)


def choose_vocabulary(
    forms: Mapping[str, int], settings: PretrainingConfig, given: Iterable[str] = ()
) -> Vocabulary:
    """Choose the words that have a vector, and the characters.

    Words are ranked twice, by their frequency in the text, where names count more, and by their
    place among the given vectors, which are ordered by frequency, too; the better rank decides.

    Args:
        forms: How often each form occurs in the text.
        settings: How many words, how frequent, and what a capitalised occurrence counts more.
        given: The words of given vectors, the most frequent first.

    Raises:
        TrainingError: No word is frequent enough.
    """
    counts = word_counts(forms)
    uses = {word: float(n) for word, n in counts.items() if n >= settings.min_count}
    for form, n in forms.items():
        if form[:1].isupper() and (word := normalize(form)) in uses:
            uses[word] += settings.name_weight * n
    by_use = sorted(uses, key=lambda word: (-uses[word], word))
    ranks: dict[str, int] = {}
    for ranking in (by_use, given):
        for rank, word in enumerate(ranking):
            ranks[word] = min(rank, ranks.get(word, rank))
    chosen = sorted(ranks, key=lambda word: (ranks[word], -counts[word], word))
    words = chosen[: settings.n_words]
    if not words:
        raise TrainingError(
            f"no word occurs {settings.min_count} times",
            hint="give more text or lower [pretraining] min_count",
        )
    # The most frequent first: rows that are used together are stored together.
    words.sort(key=lambda word: (-counts[word], ranks[word]))
    counted = Vocabulary.from_counts(
        forms, min_count=settings.min_count, min_char_count=MIN_CHAR_COUNT
    )
    return Vocabulary(words, counted.chars)


def starting_rows(
    words: Sequence[str], given: Mapping[str, Matrix], learned: Mapping[str, Matrix]
) -> dict[str, Matrix]:
    """Return the vector of each word: the given one, or else the learned one in the given space.

    The learned vectors are mapped by least squares over the words that have both. A word that
    has neither is left out.
    """
    if not given:
        return {word: learned[word] for word in words if word in learned}
    rows = {word: given[word] for word in words if word in given}
    both = [word for word in rows if word in learned]
    rest = [word for word in words if word not in rows and word in learned]
    if rest and len(both) >= len(given[both[0]]):
        source, target = (np.stack([table[w] for w in both]) for table in (learned, given))
        mapping = np.linalg.lstsq(source, target, rcond=None)[0].astype(np.float32)
        rows.update(zip(rest, np.stack([learned[word] for word in rest]) @ mapping, strict=True))
    return rows
