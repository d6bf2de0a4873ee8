"""Corpora from the Hugging Face hub, through ``datasets``.

Ids of tags differ between copies of a corpus, so that tags are only read by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.corpus.records import SPLITS
from tagger.corpus.store import cache_dir, quiet_datasets
from tagger.errors import CorpusError, FormatError, UsageError
from tagger.findings import Finding, Findings
from tagger.formats.documents import Document
from tagger.formats.jsonl import head_name
from tagger.formats.records import TOKEN_KEYS, Layout, Sentence
from tagger.formats.text_labels import NO_TOKENS, labels_in
from tagger.formats.text_table import TEXT_KEYS
from tagger.formats.writing import space_after
from tagger.hub import UnreachableError, ask, in_a_line
from tagger.tables import counted
from tagger.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    import datasets

__all__ = ["HubSource", "fetch"]

_ADDRESS = re.compile(r"([\w.-]+/[\w.-]+)(?:/([\w./-]+))?(?:@([\w./-]+))?")
_SPLIT_NAMES = {"validation": "dev", "valid": "dev", "train": "train", "dev": "dev", "test": "test"}
_SAMPLE = 100  # rows from which heads are detected


def fetch(addresses: Sequence[str], text_labels: tuple[str, ...] = ()) -> HubSource:
    """Load the first of ``addresses`` that is available, as ``owner/name[/folder][@revision]``.

    Args:
        addresses: The addresses.
        text_labels: The columns of labels of whole texts; empty to find them.

    Raises:
        CorpusError: None is available; the message has a reason for each. A hub that cannot be
            reached is given up within 10 seconds in all.
        UsageError: One is not an address.
    """
    reasons = []
    for address in addresses:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            raise UsageError(
                f"{address!r} is not an address on the hub", hint="write hub:owner/name[@revision]"
            )
        name, folder, revision = match.groups()
        try:
            _probe(name, revision)
            return HubSource.of(address, _load(name, folder, revision), text_labels)
        except UnreachableError as error:
            reasons.append(f"hub {address} ({error})")
            break  # another address would not be reached either
        except CorpusError as error:
            reasons.append(str(error))
        except Exception as error:  # whatever the hub's libraries raise, another address may work
            reasons.append(f"hub {address} ({in_a_line(error)})")
    raise CorpusError("; ".join(reasons))


@dataclass(frozen=True)
class HubSource:
    """The splits of a dataset; its paths only name a split in errors."""

    address: str
    layout: Layout
    splits: Mapping[str, datasets.Dataset]
    keys: Mapping[str, str]  # of `token` and each head, or of `text`
    text_labels: tuple[str, ...] = ()

    @property
    def paths(self) -> Mapping[str, Path]:
        """The addresses of the splits: ``hub:owner/name#train``."""
        return {split: Path(f"hub:{self.address}#{split}") for split in self.splits}

    def content(self) -> list[str]:
        """Return what changes whenever a sentence does."""
        labels = [f"labels {self.text_labels}"] if self.text_labels else []
        return labels + [f"{split}:{data._fingerprint}" for split, data in self.splits.items()]

    def detect(self) -> Layout:
        """Return the layout, which is known."""
        return self.layout

    def findings(self, folder: Path) -> list[Finding]:
        """Return nothing: a dataset holds tags."""
        return []

    @classmethod
    def of(
        cls,
        address: str,
        loaded: Mapping[str, datasets.Dataset],
        text_labels: tuple[str, ...] = (),
    ) -> HubSource:
        """Find tokens and heads among the columns of a dataset, or else texts.

        Raises:
            CorpusError: No column can be read as tokens or as a head, and none as texts.
        """
        splits = {_SPLIT_NAMES[name]: data for name, data in loaded.items() if name in _SPLIT_NAMES}
        if not splits:
            raise CorpusError(f"hub {address} (no train, validation or test split)")
        splits = {split: splits[split] for split in SPLITS if split in splits}
        first = next(iter(splits.values()))
        features = first.features
        tokens = next((key for key in TOKEN_KEYS if _is_strings(features.get(key))), None)
        heads = {
            head_name(key): key
            for key, feature in features.items()
            if key not in TOKEN_KEYS
            and tokens is not None
            and (
                _names(_inner(feature)) or (_is_strings(feature) and _is_beside(first, tokens, key))
            )
        }
        lower = {key.casefold(): key for key in features}
        text = next((lower[key] for key in TEXT_KEYS if key in lower), None)
        if not heads and text is not None and _is_string(features[text]):
            layout = Layout(format="hub", title="hub", columns={1: "token"})
            return cls(address, layout, splits, {"text": text}, text_labels)
        if tokens is None or not heads:
            raise CorpusError(
                f"hub {address} (no lists of tokens and of tags by name, and no texts; it has "
                f"{', '.join(features)})"
            )
        columns = {1: "token", **dict(enumerate(heads, start=2))}
        keys = {"token": tokens, **heads}
        layout = Layout(format="hub", title="hub", columns=columns)
        return cls(address, layout, splits, keys, text_labels)

    def read(self, path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
        """Yield the sentences of the split that ``path`` names."""
        data = self.splits[str(path).rpartition("#")[2]]
        if "text" in self.keys:
            yield from self._texts(path, data, findings)
            return
        labels = {key: _names(feature) for key, feature in data.features.items()}
        names = {head: _names(data.features[key]) for head, key in self.keys.items()}
        heads = [name for name in layout.columns.values() if name != "token"]
        for number, row in enumerate(data, start=1):
            tokens = row[self.keys["token"]]
            if tokens:
                tags = {}
                for head in heads:
                    found = row[self.keys[head]] or ()
                    if len(found) != len(tokens):
                        raise FormatError(
                            path,
                            number,
                            f"{counted(len(found), 'tag')} of {head} for "
                            f"{counted(len(tokens), 'token')}",
                        )
                    tags[head] = _by_name(found, names[head])
                others = {key: value for key, value in row.items() if key not in self.keys.values()}
                yield Sentence(
                    tokens,
                    tags,
                    [number] * len(tokens),
                    -1,
                    labels=labels_in(others, names=_numbered(labels)),
                )

    def _texts(self, path: Path, data: datasets.Dataset, findings: Findings) -> Iterator[Sentence]:
        """Yield texts, whose tokens are those of the tokenizer."""
        tokenizer = Tokenizer()
        names = _numbered({key: _names(feature) for key, feature in data.features.items()})
        key = self.keys["text"]
        for number, row in enumerate(data, start=1):
            text = row[key] or ""
            offsets = tokenizer.tokens(text)
            labels = labels_in(row, without=[key], names=names)
            if not offsets:
                findings.count(NO_TOKENS, path, number, action="left out")
                continue
            document = Document(str(number), path, text=text, offsets=offsets)
            tokens = [text[start:end] for start, end in offsets]
            yield Sentence(
                tokens, {}, [number] * len(tokens), -1, space_after(document), labels=labels
            )


def _probe(name: str, revision: str | None) -> None:
    """Ask the hub for the dataset's card, which fails sooner than loading does."""
    import huggingface_hub
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError

    if constants.HF_HUB_OFFLINE:
        return  # `datasets` then looks in its cache alone
    try:
        ask(
            lambda timeout: huggingface_hub.HfApi().dataset_info(
                name, revision=revision, timeout=timeout
            )
        )
    except HfHubHTTPError as error:
        raise CorpusError(f"hub {name} ({in_a_line(error)})") from None


def _load(name: str, folder: str | None, revision: str | None) -> Mapping[str, datasets.Dataset]:
    import datasets

    with quiet_datasets():
        loaded: Mapping[str, datasets.Dataset] = datasets.load_dataset(
            name,
            data_dir=folder,
            revision=revision,
            cache_dir=str(cache_dir().parent / "hub"),
            download_config=datasets.DownloadConfig(max_retries=0),
        )
    return loaded


def _inner(feature: Any) -> Any:
    inner = getattr(feature, "feature", None)
    return feature[0] if isinstance(feature, list) and len(feature) == 1 else inner


def _names(feature: Any) -> list[str] | None:
    names = getattr(feature, "names", None) or getattr(_inner(feature), "names", None)
    return list(names) if names else None


def _numbered(names: Mapping[str, list[str] | None]) -> dict[str, dict[int, str]]:
    """Return the names of numbers by key, without keys that have none."""
    return {key: dict(enumerate(found)) for key, found in names.items() if found}


def _is_string(feature: Any) -> bool:
    return getattr(feature, "dtype", None) in ("string", "large_string")


def _is_strings(feature: Any) -> bool:
    return getattr(_inner(feature), "dtype", None) in ("string", "large_string")


def _is_beside(data: datasets.Dataset, tokens: str, key: str) -> bool:
    """Return whether a list of strings has an item for each token in half of the first rows."""
    rows = [row for row in islice(data.select_columns([tokens, key]), _SAMPLE) if row[key]]
    fitting = sum(len(row[key]) == len(row[tokens] or ()) for row in rows)
    return 2 * fitting >= len(rows)


def _by_name(tags: Sequence[Any], names: Sequence[str] | None) -> list[str | None]:
    if names is None:
        return list(tags)
    return [names[tag] if tag is not None and tag >= 0 else None for tag in tags]
