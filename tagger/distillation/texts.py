"""The texts that teachers tag: files, folders, patterns of paths, and the text of corpora."""

from __future__ import annotations

import glob
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger.corpus import load_corpus
from tagger.corpus.resolve import split_of
from tagger.errors import CorpusError, UsageError
from tagger.formats.unlabelled import TEXT_SUFFIXES, has_corpus_suffix, is_annotated
from tagger.lines import plain_suffix
from tagger.prediction.input import read_texts
from tagger.text.detokenizer import detokenize

READ_BATCH = 1000


@dataclass(frozen=True)
class Texts:
    """Texts from several sources, in order; each reading starts anew.

    Attributes:
        sources: Files of text, and names, folders and files of corpora.
        data_dir: Where to look for named corpora first.
    """

    sources: tuple[str, ...]
    data_dir: Path | None

    def __iter__(self) -> Iterator[str]:
        for source in self.sources:
            texts = self._of_corpus(source) if _is_corpus(source) else _of_file(Path(source))
            yield from (text for text in texts if text.strip())

    def _of_corpus(self, source: str) -> Iterator[str]:
        """Yield the training sentences of a corpus as they would be written."""
        corpus = load_corpus(source, data_dir=self.data_dir)
        if "train" not in corpus.splits:
            raise CorpusError("no train split to take text from", path=source)
        train = corpus.splits["train"]
        has_spaces = "space_after" in train.column_names
        columns = ["tokens", *(["space_after"] if has_spaces else [])]
        for rows in train.select_columns(columns).iter(READ_BATCH):
            spaces = rows["space_after"] if has_spaces else [None] * len(rows["tokens"])
            for tokens, after in zip(rows["tokens"], spaces, strict=True):
                yield " ".join(detokenize(tokens, after)[0].split())


@dataclass(frozen=True)
class Survey:
    """The number of texts, a hash of them, and the lowest `place_of` one."""

    n_texts: int
    fingerprint: str
    lowest: float


def find_texts(names: Sequence[str], data_dir: Path | None) -> Texts:
    """Find the sources that names mean.

    Args:
        names: Files, folders, patterns of paths, names of corpora.
        data_dir: Where to look for named corpora first.

    Raises:
        UsageError: There is no name, or one is standard input.
        CorpusError: A pattern or a folder has no file, or there is no such file or corpus.
    """
    if not names:
        raise UsageError(
            "name a text that the teachers tag",
            hint="files, folders, patterns such as 'news/*.txt.gz', or the name of a corpus",
        )
    sources: list[str] = []
    for name in names:
        if name == "-":
            raise UsageError(
                "standard input cannot be read a second time", hint="save it in a file"
            )
        sources += _sources(name)
    for source in filter(_is_corpus, sources):
        _check_corpus(source, data_dir)
    return Texts(tuple(dict.fromkeys(sources)), data_dir)


def _check_corpus(source: str, data_dir: Path | None) -> None:
    try:
        load_corpus(source, data_dir=data_dir)
    except CorpusError as error:
        if not Path(source).exists():
            raise
        # What is wrong with it as a corpus helps nobody who means it as text.
        raise CorpusError(
            f"neither text nor a corpus ({error.message})",
            path=error.path or source,
            line=error.line,
            hint='give text as .txt, a paragraph a line, or .jsonl with {"text": …} on each line',
        ) from None


def survey(texts: Texts) -> Survey:
    """Read all texts once.

    Raises:
        CorpusError: There are too few, or one cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    n_texts, lowest, highest = 0, 1.0, 0.0
    for text in texts:
        place = place_of(text)
        lowest, highest = min(lowest, place), max(highest, place)
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        n_texts += 1
    if lowest >= highest:
        raise CorpusError(
            "no text in it" if n_texts == 0 else "a single text is too little to learn from",
            path=", ".join(texts.sources),
            hint="give raw text, one paragraph per line",
        )
    return Survey(n_texts, digest.hexdigest(), lowest)


def place_of(text: str) -> float:
    """Return a number from 0 to 1 that seems random, and is the same for equal texts."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) / 2**32


def _sources(name: str) -> list[str]:
    path = Path(name)
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
        if any(split_of(file) == "train" for file in files):
            return [name]  # a corpus
        return [str(file) for file in files if _is_text(file)] or [name]
    if path.exists() or not glob.has_magic(name):
        return [name]
    # `Path.glob` takes no pattern with a root.
    matches = sorted(glob.glob(str(path.expanduser()), recursive=True))  # noqa: PTH207
    found = [match for match in matches if Path(match).is_file()]
    if not found:
        raise CorpusError("no file matches", path=name)
    return found


def _is_text(path: Path) -> bool:
    return plain_suffix(path) in TEXT_SUFFIXES and not path.name.startswith(".")


def _is_corpus(source: str) -> bool:
    """Return whether a source is no file of text: a name, a folder, a file of annotations."""
    path = Path(source)
    suffix = plain_suffix(path)
    return not path.is_file() or has_corpus_suffix(suffix) or is_annotated(path)


def _of_file(path: Path) -> Iterator[str]:
    return (text.text for text in read_texts([], [path]))
