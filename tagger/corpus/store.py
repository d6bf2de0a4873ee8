"""Sentences as Arrow files in a cache, so that a corpus need not fit into memory.

A corpus lies under a hash of its content, of the columns that the user names, and of
`READER_VERSION`: a file that changes is never served from what was read before. Within it,
``scan.json`` holds the results of the first pass, and ``datasets`` keeps an Arrow file a split,
which it writes under another name and renames when it is complete. All files are sealed
(`tagger.seals`): what was damaged since is read again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tagger.corpus.records import split_of_part
from tagger.corpus.rows import MemoryRows
from tagger.corpus.scan import Scan, Source, scan
from tagger.errors import CorpusError, TaggerError
from tagger.findings import Findings
from tagger.formats.records import Sentence
from tagger.formats.text_labels import as_label
from tagger.schemes import Scheme, convert_partial
from tagger.seals import inspect, read_sealed, seal, write_sealed

if TYPE_CHECKING:
    import datasets

__all__ = ["READER_VERSION", "Store", "cache_dir", "mapped", "quiet_datasets"]

logger = logging.getLogger(__name__)

# Raise it whenever a reader yields other sentences for the same files.
READER_VERSION = 7

# Replaces a token that is empty in its file, as in tweets whose emoji were lost.
_EMPTY_TOKEN = "\N{REPLACEMENT CHARACTER}"


def cache_dir() -> Path:
    """Return the folder of cached corpora: ``$TAGGER_CACHE``, or that of the user."""
    given = os.environ.get("TAGGER_CACHE")
    if given:
        return Path(given) / "corpora"
    import platformdirs

    return Path(platformdirs.user_cache_dir("tagger")) / "corpora"


class Store:
    """The cached form of one corpus.

    Attributes:
        fingerprint: A hash of all that determines its sentences.
        folder: Its folder.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._content = source.content()
        # "None" was a setting once: models and comparisons keep the hash of the whole.
        self.fingerprint = _digest(repr((READER_VERSION, "None", self._content)))
        self.folder = cache_dir() / self.fingerprint

    def scan(self) -> Scan:
        """Return the results of the first pass, reading the corpus only where none are kept.

        Raises:
            CorpusError: As the readers.
        """
        kept = self.folder / "scan.json"
        content = read_sealed(kept)
        if content is not None:
            return msgspec.json.decode(content, type=Scan)
        found = scan(self._source)
        self._refuse_changed()
        _write(kept, msgspec.json.encode(found))
        return found

    def split(self, split: str, found: Scan) -> datasets.Dataset:
        """Return the sentences of a split, reading it only where that was not done before.

        Raises:
            CorpusError: As the readers, or the cache cannot be written.
        """
        paths = [path for part, path in self._source.paths.items() if split_of_part(part) == split]

        def sentences() -> Iterator[dict[str, Any]]:
            n_documents = 0
            for path in paths:
                last = -1
                for sentence in self._source.read(path, found.layout, Findings()):
                    row = as_row(sentence, found)
                    last = max(last, row["document"])
                    row["document"] += n_documents if row["document"] >= 0 else 0
                    yield row
                n_documents += last + 1
            self._refuse_changed()

        return build(sentences, found, self.folder / split, _digest(self.fingerprint + split))

    def _refuse_changed(self) -> None:
        if self._source.content() != self._content:
            first = next(iter(self._source.paths.values()))
            raise CorpusError("changed while it was read", path=first, hint="start again")


def as_row(sentence: Sentence, found: Scan) -> dict[str, Any]:
    """Lay out a sentence as the columns of a corpus, span heads in BIO."""
    row: dict[str, Any] = {
        "tokens": [token or _EMPTY_TOKEN for token in sentence.tokens],
        "document": sentence.document,
        "line": sentence.lines[0],
    }
    if found.has_space_after:
        row["space_after"] = sentence.space_after
    for head in found.heads:
        if head.kind == "text":
            row[head.name] = as_label(sentence.labels.get(head.name), multi_label=head.multi_label)
            continue
        tags: list[str | None] = sentence.heads[head.name]
        if head.spelled:
            tags = [None if tag is None else head.spelled.get(tag, tag) for tag in tags]
        if head.scheme and (head.scheme != Scheme.BIO or not head.well_formed):
            tags = convert_partial(tags, Scheme(head.scheme))
        row[head.name] = tags
    return row


def build(
    sentences: Callable[[], Iterator[dict[str, Any]]], found: Scan, folder: Path, fingerprint: str
) -> datasets.Dataset:
    """Write rows to an Arrow file under ``folder``, or open the one that exists already.

    Without ``datasets`` they are kept in memory.

    Raises:
        CorpusError: As ``sentences``, or the cache cannot be written.
    """
    if find_spec("datasets") is None:
        names = ["tokens", *(head.name for head in found.heads), "document", "line"]
        spaces = ["space_after"] if found.has_space_after else []
        return MemoryRows.from_rows(sentences(), [*names, *spaces])
    import datasets

    strings = datasets.List(datasets.Value("string"))
    features = {
        "tokens": strings,
        **{
            head.name: strings
            if head.kind != "text" or head.multi_label
            else datasets.Value("string")
            for head in found.heads
        },
        "document": datasets.Value("int32"),
        "line": datasets.Value("int32"),
    }
    if found.has_space_after:
        features["space_after"] = datasets.List(datasets.Value("bool"))
    try:
        with _locked(folder):
            _discard_damaged(folder)
            with quiet_datasets():
                built = datasets.Dataset.from_generator(
                    sentences,
                    features=datasets.Features(features),
                    cache_dir=str(folder),
                    fingerprint=fingerprint,
                )
            for path in _files(folder):
                if inspect([path]) != "intact":
                    seal(path)
            return built
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:  # `datasets` wraps what a generator raises
            if isinstance(cause, TaggerError):
                raise cause from None
            if isinstance(cause, OSError):
                raise _unwritable(folder, cause) from error
            cause = cause.__cause__ or cause.__context__
        raise


def mapped(
    split: datasets.Dataset,
    function: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    fingerprint: str,
    features: datasets.Features,
    remove_columns: Sequence[str] = (),
) -> datasets.Dataset:
    """Compute columns of a split, or open those that were computed before and are intact.

    Args:
        split: The sentences.
        function: Takes some rows by column and returns the new columns.
        fingerprint: Changes whenever the result does.
        features: The columns of the result.
        remove_columns: Columns that the result does not have.

    Raises:
        CorpusError: The cache cannot be written.
    """
    files = [Path(file["filename"]) for file in split.cache_files]
    path = files[0].parent / f"cache-{fingerprint}.arrow" if files else None
    options: dict[str, Any] = {
        "batched": True,
        "features": features,
        "remove_columns": list(remove_columns),
        "new_fingerprint": fingerprint,
    }
    with quiet_datasets():
        if path is None:
            return split.map(function, **options)
        try:
            with _locked(path):
                if path.exists() and (state := inspect([path])) != "intact":
                    if state == "damaged":
                        _warn(path)
                    path.unlink()
                result = split.map(function, cache_file_name=str(path), **options)
                if inspect([path]) != "intact" and path.exists():  # no file without rows
                    seal(path)
                return result
        except OSError as error:
            raise _unwritable(path.parent, error) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes and threads from building the same file or folder."""
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        yield


def _discard_damaged(folder: Path) -> None:
    """Remove the folder of a split unless all its files are as they were sealed."""
    if not folder.exists():
        return
    found = _files(folder)
    state = inspect(found) if any(path.suffix == ".arrow" for path in found) else "missing"
    if state == "damaged":
        _warn(folder)
    if state != "intact":
        shutil.rmtree(folder)


def _files(folder: Path) -> list[Path]:
    """Return what `datasets` keeps of a split; what is computed from it has its own seals."""
    found = [*folder.rglob("dataset_info.json"), *folder.rglob("*.arrow")]
    return [path for path in found if not path.name.startswith("cache-")]


def _warn(path: Path) -> None:
    logger.warning("%s: damaged since it was cached; the corpus is read again", path)


@contextmanager
def quiet_datasets() -> Iterator[None]:
    """Hide the progress bars of ``datasets`` within a ``with`` block."""
    if find_spec("datasets") is None:
        yield
        return
    from datasets.utils import logging

    level = logging.get_verbosity()
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_sealed(path, data)
    except OSError as error:
        raise _unwritable(path.parent, error) from None


def _unwritable(folder: Path, error: OSError) -> CorpusError:
    return CorpusError(
        f"the cache cannot be written ({error.strerror or error})",
        path=folder,
        hint="set TAGGER_CACHE to a folder with free space that you may write to",
    )
