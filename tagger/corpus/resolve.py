"""The files of a corpus that a user names.

A name is looked up in the folder of corpora that is given, in ``$TAGGER_DATA``, in ``data/`` of
the current folder, among the shipped data, and finally on the hub, which has some of them.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tagger.corpus.catalogue import REGISTRY, CorpusEntry, find_entry, unknown_corpus
from tagger.corpus.records import SPLITS, name_parts, split_of_part
from tagger.corpus.store import cache_dir
from tagger.corpus.synthetic import SYNTHETIC, make_corpus, parse_task
from tagger.errors import CorpusError, UsageError
from tagger.formats.label_names import name_files
from tagger.formats.table import FORMATS
from tagger.lines import JSON_SUFFIXES, plain_suffix, unreadable

__all__ = ["Resolved", "files_of_split", "list_corpora", "resolve"]

# Words in the name of a file that show its split: wnut17train.conll, eng.testa.
_SPLIT_WORDS = {
    "train": ("train", "training"),
    "dev": ("dev", "devel", "development", "valid", "validation", "val", "testa"),
    "test": ("test", "testing", "testb"),
}
_SPLIT_OF = {word: split for split, words in _SPLIT_WORDS.items() for word in words}
_SPLIT_WORD = re.compile(
    rf"(?<![a-z])({'|'.join(sorted(_SPLIT_OF, key=len, reverse=True))})(?![a-z])"
)


_MAGIC = re.compile(r"[*?\[]")
_NAME_FILES = "name the files, as in train=FILE,dev=FILE"


def _tiers() -> tuple[tuple[str, ...], ...]:
    """Return the suffixes of corpora, best first: a treebank's folder has its plain text too."""
    files = [form for form in FORMATS.values() if not form.is_folder]
    own = {
        kind: [form.suffixes for form in files if form.suffixes and form.reads == kind]
        for kind in ("sentences", "documents")
    }
    shared = dict.fromkeys(suffix for form in files for suffix in form.shared_suffixes)
    others = [suffix for suffix in shared if suffix not in JSON_SUFFIXES]
    others += [".tagged", ".annotated", ".dat", ".data", "", *(f".{word}" for word in _SPLIT_OF)]
    return (*reversed(own["sentences"]), JSON_SUFFIXES, *own["documents"], tuple(others))


@dataclass(frozen=True)
class Resolved:
    """The place of a corpus: its files, or else its addresses on the hub."""

    name: str
    files: Mapping[str, Path] = field(default_factory=dict)
    hub: tuple[str, ...] = ()
    entry: CorpusEntry | None = None
    tried: tuple[str, ...] = ()


def resolve(source: str, data_dir: Path | None = None) -> Resolved:
    """Find the corpus that ``source`` names.

    Args:
        source: A name, ``hub:owner/name``, the path of a folder or file, or several files with
            commas between them (``train=a.txt,test=b.txt`` where their names do not show it); a
            pattern (``docs/*.tsv``) or, after ``train=``, a folder stands for all its files.
        data_dir: The folder of corpora to look in first, or the folder of the corpus.

    Raises:
        UsageError: The name is not that of a corpus.
        CorpusError: A path or treebank is not found, or a folder has no files of a corpus.
    """
    if source.startswith("hub:"):
        address = source.removeprefix("hub:")
        return Resolved(address, hub=(address,))
    if "," in source or re.match(r"(train|dev|test)=", source):
        return _several(source)
    if is_pattern(source):
        return Resolved(source, files=name_parts(_matching(source)))
    entry = find_entry(source)
    if entry is not None:
        return _named(entry, data_dir)
    task = parse_task(source)
    if task is not None:
        return Resolved(source, files=make_corpus(task, cache_dir().parent / "synthetic" / source))
    path = Path(source).expanduser()
    if _exists(path):
        if path.is_dir():
            return Resolved(path.resolve().name, files=find_splits(path))
        return Resolved(path.stem, files={split_of(path) or "train": path})
    looks_like_path = os.sep in source or "/" in source or path.suffix
    if not looks_like_path:
        for root in _roots(data_dir):
            if _exists(root / source) and (root / source).is_dir():
                return Resolved(source, files=find_splits(root / source))
    if looks_like_path:
        raise CorpusError("no such file or folder", path=source)
    beside = [child for root in _roots(data_dir) for child in _children(root) if child.is_dir()]
    synthetic = [entry.name for entry in SYNTHETIC]
    raise unknown_corpus(source, [child.name for child in beside], synthetic)


def files_of_split(source: str, *, any_format: bool = False) -> list[Path]:
    """Return the files of a single split: a file, those of a folder, or those of a pattern.

    Args:
        source: A path, a pattern, or several paths, as `resolve` takes them; a folder of brat's is
            one of the files.
        any_format: Take all files of a folder, whatever they hold.

    Raises:
        CorpusError: A path is not found, or a folder has no files of a known format.
        UsageError: There are several splits.
    """
    path = Path(source).expanduser()
    if _exists(path) and not path.is_dir():
        return [path]
    if path.is_dir() and any_format:
        if files := [child for child in _children(path, must_read=True) if child.is_file()]:
            return files
        raise CorpusError("there is no file in it", path=path)
    if path.is_dir():
        if any(path.rglob("*.ann")):
            return [path]
        children = _children(path, must_read=True)
        named = any(split_of(child) for child in children)
        parts: Mapping[str, Path] = (
            find_splits(path) if named else name_parts({"train": _files_in(path)})
        )
    elif is_pattern(source) or re.match(r"(train|dev|test)=", source):
        parts = resolve(source).files
    else:
        raise CorpusError("no such file or folder", path=source)
    splits = list(dict.fromkeys(map(split_of_part, parts)))
    if len(splits) > 1:
        raise UsageError(
            f"has several splits ({', '.join(splits)})",
            path=source,
            hint=f"name the files of one, as in {parts[splits[0]]}",
        )
    return list(parts.values())


def list_corpora(data_dir: Path | None = None) -> list[CorpusEntry]:
    """List the corpora known by name, and the treebanks whose files are on this machine."""
    treebanks = {
        entry.name: entry
        for root in _roots(data_dir)
        for folder in _children(root)
        for name in _treebanks(folder)
        if (entry := find_entry(name)) is not None
    }
    listed = []
    for entry in {**REGISTRY, **dict(sorted(treebanks.items()))}.values():
        files = _find_files(entry, data_dir, [])
        at_hand = str(next(iter(files.values())).parent) if files else None
        listed.append(msgspec.structs.replace(entry, at_hand=at_hand))
    return [*listed, *SYNTHETIC]


def _treebanks(folder: Path) -> Iterator[str]:
    """Yield the names of a folder's treebank: that of the folder, and those of its files."""
    yield folder.name
    if folder.name.startswith(("UD_", "UNER_")):
        for path in _children(folder):
            treebank, separator, _ = path.name.partition("-ud-")
            kind = {".conllu": "ud", ".iob2": "uner"}.get(path.suffix)
            if separator and kind:
                yield f"{kind}_{treebank}"


def split_of(path: Path) -> str | None:
    """Return the split in the name of a file; None where it names none, or two."""
    found = {_SPLIT_OF[word] for word in _SPLIT_WORD.findall(path.name.lower())}
    return found.pop() if len(found) == 1 else None


def find_splits(folder: Path) -> dict[str, Path]:
    """Find the files of the splits in a folder by their names.

    Raises:
        CorpusError: No file, or several files for one split.
    """
    children = _children(folder, must_read=True)
    if standoff := _standoff(folder, children):
        return standoff
    files = [path for path in children if path.is_file() and split_of(path) is not None]
    for suffixes in _tiers():
        candidates = [path for path in files if plain_suffix(path) in suffixes]
        if not candidates:
            continue
        splits: dict[str, list[Path]] = {}
        for split in SPLITS:
            fitting = [path for path in candidates if split_of(path) == split]
            if len(fitting) > 1 and not _is_series(fitting):
                raise CorpusError(
                    f"{len(fitting)} files for {split} "
                    f"({', '.join(path.name for path in fitting)})",
                    path=folder,
                    hint=f"name the files, as in train={fitting[0]}",
                )
            if fitting:
                splits[split] = fitting
        _check_left_out(folder, files, splits)
        return name_parts(splits)
    folders = {split_of(path) or "": path for path in children if path.is_dir()}
    folders.pop("", None)
    if inside := {split: _files_in(path) for split, path in folders.items()}:
        return name_parts(inside)
    if found := _annotated(children):
        return name_parts({"train": found})
    there = ", ".join(path.name for path in children[:8]) + (", …" if len(children) > 8 else "")
    raise CorpusError(
        f"no file is named after a split, as train.txt would be (there: {there or 'nothing'})",
        path=folder,
        hint=_NAME_FILES,
    )


def _check_left_out(
    folder: Path, files: Sequence[Path], splits: Mapping[str, Sequence[Path]]
) -> None:
    """Check that no split has files of other formats alone.

    Raises:
        CorpusError: One does.
    """
    read = {split: paths[0] for split, paths in splits.items()}
    known = {suffix for suffixes in _tiers() for suffix in suffixes}
    for path in files:
        split = split_of(path)
        if split is not None and split not in splits and plain_suffix(path) in known:
            named = ",".join(f"{name}={file}" for name, file in {**read, split: path}.items())
            raise CorpusError(
                f"{path.name} and {next(iter(read.values())).name} differ in format",
                path=folder,
                hint=f"name the files, as in {named}",
            )


def _standoff(folder: Path, children: list[Path]) -> dict[str, Path]:
    """Find brat's files: a folder or pair for each split, or else the whole folder as ``train``."""
    pairs = [p for p in children if p.suffix == ".ann" and p.with_suffix(".txt") in children]
    folders = [path for path in children if split_of(path) and any(path.glob("*.ann"))]
    splits: dict[str, list[Path]] = {}
    for path in pairs or folders:
        splits.setdefault(split_of(path) or "", []).append(path)
    if "" not in splits and all(len(paths) == 1 for paths in splits.values()):
        return {split: splits[split][0] for split in SPLITS if split in splits}
    return {"train": folder} if pairs else {}


def _named(entry: CorpusEntry, data_dir: Path | None) -> Resolved:
    tried: list[str] = []
    files = _find_files(entry, data_dir, tried)
    return Resolved(
        entry.name, files=files, hub=() if files else entry.hub, entry=entry, tried=tuple(tried)
    )


def _several(source: str) -> Resolved:
    files: dict[str, list[Path]] = {}
    given = [part.strip() for part in source.split(",") if part.strip()]
    if not given:
        raise CorpusError("names no file", path=source, hint="as in train.tsv,dev.tsv")
    for i, part in enumerate(given):
        name, separator, rest = part.partition("=")
        explicit = name if separator and name in SPLITS else None
        place = rest if explicit else part
        path = Path(place).expanduser()
        if is_pattern(place):
            found = [file for files in _matching(place).values() for file in files]
        elif not _exists(path):
            raise CorpusError("no such file", path=path)
        else:
            found = _files_in(path) if path.is_dir() else [path]
        split = explicit or split_of(path) or (SPLITS[i] if i < len(SPLITS) else "")
        if not split:
            raise CorpusError(
                "its split is not known",
                path=path,
                hint="name the splits, as in train=FILE,dev=FILE,test=FILE",
            )
        for file in found:
            if file in files.get(split, ()):
                raise CorpusError(f"given twice for {split}", path=file, hint="name it once")
            files.setdefault(split, []).append(file)
    parts = name_parts(files)
    return Resolved(next(iter(files.values()))[0].stem, files=parts)


def is_pattern(source: str) -> bool:
    """Return whether a source is a pattern of paths and not a path itself."""
    return bool(_MAGIC.search(source)) and not _exists(Path(source).expanduser())


def _matching(pattern: str) -> dict[str, list[Path]]:
    """Find the files that match a pattern, by the splits in their names if all have one.

    Raises:
        CorpusError: No file is found.
    """
    # `Path.glob` takes no pattern with a root.
    matches = sorted(glob.glob(str(Path(pattern).expanduser()), recursive=True))  # noqa: PTH207
    found = [Path(name) for name in matches if Path(name).is_file()]
    if not found:
        raise CorpusError("no file matches", path=pattern)
    splits = [split_of(path) for path in found]
    default = split_of(Path(pattern).parent) or "train"
    files: dict[str, list[Path]] = {}
    for path, split in zip(found, splits, strict=True):
        files.setdefault(split if None not in splits and split else default, []).append(path)
    return files


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a folder that is a split as a whole; a folder of brat's is one.

    Raises:
        CorpusError: It cannot be read, or has no files of a known format.
    """
    children = _children(folder, must_read=True)
    if any(path.suffix == ".ann" for path in children):
        return [folder]
    if found := _annotated(children):
        return found
    raise CorpusError("no file in it has a known format", path=folder, hint=_NAME_FILES)


def _annotated(children: list[Path]) -> list[Path]:
    """Return the files of one kind of formats, the best that there is."""
    from tagger.formats.detect import detect

    beside = [*name_files(children[0].parent / "-")] if children else []  # names of tags
    files = [path for path in children if path.is_file() and path not in beside]
    for suffixes in _tiers():
        found = [path for path in files if plain_suffix(path) in suffixes]
        if ".txt" in suffixes:  # any text may have this suffix
            found = [path for path in found if detect(path) is not None]
        if found:
            return found
    return []


def _is_series(paths: list[Path]) -> bool:
    """Return whether names differ in numbers alone, as those of shards do."""
    return len({re.sub(r"[0-9]+", "0", path.name) for path in paths}) == 1


def _find_files(entry: CorpusEntry, data_dir: Path | None, tried: list[str]) -> dict[str, Path]:
    """Find an entry's files on this machine, and record where they are missing."""
    for folder in _folders(entry, data_dir):
        files = _entry_files(entry, folder)
        if files:
            return files
        expected = next(iter(entry.files.values()), ("train.txt",))[0]
        missing = f"(it has no {expected} or the like)" if _exists(folder) else "(no such folder)"
        tried.append(f"{folder} {missing}")
    return {}


def _folders(entry: CorpusEntry, data_dir: Path | None) -> Iterator[Path]:
    from tagger.paths import shipped

    for root in _roots(data_dir):
        for pattern in entry.folders:
            if "*" not in pattern:
                yield root / pattern
                continue
            yield from (child for child in _children(root) if child.match(pattern))
        if _entry_files(entry, root):  # the folder of the corpus itself
            yield root
    inside = shipped("data", entry.name)
    if inside is not None:
        yield inside


def _entry_files(entry: CorpusEntry, folder: Path) -> dict[str, Path]:
    if not entry.files:
        try:
            return find_splits(folder) if folder.name in entry.folders else {}
        except CorpusError:
            return {}
    found = {}
    for split, names in entry.files.items():
        path = next((folder / name for name in names if _exists(folder / name)), None)
        if path is not None:
            found[split] = path
    return found


def _roots(data_dir: Path | None) -> list[Path]:
    given = [data_dir, os.environ.get("TAGGER_DATA"), "data"]
    return [Path(root).expanduser() for root in given if root]


def _children(folder: Path, *, must_read: bool = False) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        if must_read:
            raise unreadable(folder, error) from None
        return []


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise unreadable(path, error) from None
