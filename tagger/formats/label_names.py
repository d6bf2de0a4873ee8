"""The names of tags that a file gives by number, as data sets of Hugging Face do.

They stand in the file itself (`json_records.LABEL_NAMES`) or in a file beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tagger.errors import FormatError
from tagger.formats.json_records import LABEL_NAMES
from tagger.lines import as_number

__all__ = ["HINT", "find_names", "name_files"]

HINT = "write tags by name, or put their names beside the file as id2label.json"

_FILES = (
    *("ner_tags.json", "ner_tags.txt", "ner_tags_names.json", "id2label.json"),
    *("label2id.json", "labels.json", "label_names.json", "label_list.json"),
    *("names.json", "tags.json", "dataset_info.json", "dataset_infos.json", "config.json"),
    *("labels.txt", "label_list.txt", "tags.txt", "names.txt", "classes.txt"),
)
_WITHIN = (
    *LABEL_NAMES,
    "info",
    "feature",
    "class_label",
    "sequence",
    "labels",
    "label_list",
    "tags",
)


def find_names(path: Path, key: str, record: Mapping[str, Any], *, is_only: bool) -> dict[int, str]:
    """Find the names of the numbers under a key; empty where there are none.

    Args:
        path: The file.
        key: The key, as ``ner_tags``.
        record: The first record of the file.
        is_only: Whether names that do not mention the key are meant for it.

    Raises:
        FormatError: A file beside it is not JSON or text.
    """
    for own in (f"{key}_names", f"{key}_id2label", f"{key.removesuffix('_tags')}_id2label"):
        if names := _names(record.get(own), key, is_key=True):
            return names
    for shared in LABEL_NAMES:
        if names := _names(record.get(shared), key, is_key=is_only):
            return names
    for beside in name_files(path):
        is_own = is_only or beside.stem in (key, f"{key}_names")
        if names := _names(_content(beside), key, is_key=is_own):
            return names
    return {}


def name_files(path: Path) -> Iterator[Path]:
    """Yield the files beside another, or beside its folder, that may have the names of tags."""
    for folder in (path.parent, path.parent.parent):
        for name in _FILES:
            found = folder / name
            if found.is_file() and found != path:
                yield found


def _content(path: Path) -> object:
    try:
        text = path.read_text("utf-8-sig")
        return json.loads(text) if path.suffix == ".json" else text.split("\n")
    except (OSError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:60]
        raise FormatError(path, None, f"no names of tags can be read ({said})") from None


def _names(value: object, key: str, *, is_key: bool) -> dict[int, str]:
    """Return the names of numbers in a list of names, in either mapping, or in what holds one.

    Args:
        value: What may hold them.
        key: The key of the numbers.
        is_key: Whether all that it holds is meant for the key.
    """
    if isinstance(value, list):
        features = [one for one in value if isinstance(one, dict) and one.get("name") == key]
        if features:
            return _names(features[0], key, is_key=True)
        found = [one.strip() if isinstance(one, str) else "" for one in value]
        while found and not found[-1]:
            found.pop()
        return dict(enumerate(found)) if is_key and all(found) else {}
    if not isinstance(value, dict) or not value:
        return {}
    if is_key and all(isinstance(v, str) and str(n).isdecimal() for n, v in value.items()):
        return {as_number(str(n)): name for n, name in value.items()}
    if is_key and all(type(n) is int and n >= 0 for n in value.values()):
        return {n: str(name) for name, n in value.items()}
    for within in (key, *_WITHIN):
        names = _names(value.get(within), key, is_key=is_key or within == key)
        if names:
            return names
    if len(value) == 1:  # the only configuration of dataset_infos.json
        return _names(next(iter(value.values())), key, is_key=is_key)
    return {}
