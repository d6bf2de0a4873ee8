"""Cross-validation: every sentence is judged by a model that has not seen it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagger.errors import CorpusError, Interrupted, UsageError
from tagger.evaluation.folds import balanced
from tagger.linting.records import GoldCorpus, PlacedSentence
from tagger.schemes import Scheme, tags_of

if TYPE_CHECKING:
    from tagger.runtime.tagger import Tagger
    from tagger.training.reporting import Reporter

__all__ = ["split_folds", "trained_folds"]


def split_folds(corpus: GoldCorpus, n: int) -> list[list[PlacedSentence]]:
    """Divide the sentences of a corpus into parts of about the same number of tokens.

    A document is in one part, and where the corpus marks none, so are equal sentences: a model
    must not have seen the error that it should find.

    Raises:
        UsageError: There are fewer documents or different sentences than parts.
    """
    groups: dict[object, list[PlacedSentence]] = {}
    for sentence in corpus.sentences():
        of_document = (sentence.path, sentence.number)
        key = of_document if sentence.number >= 0 else tuple(sentence.tokens)
        groups.setdefault(key, []).append(sentence)
    if len(groups) < n:
        raise UsageError(
            f"{n} folds of {len(groups):,} documents or different sentences",
            path=corpus.name,
            hint="use fewer {folds}",
        )
    parts = balanced(list(groups.values()), n, size=lambda unit: sum(len(s.tokens) for s in unit))
    return [[sentence for unit in part for sentence in unit] for part in parts]


def trained_folds(
    corpus: GoldCorpus,
    heads: Sequence[str],
    n: int,
    *,
    base: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    threads: int | None = None,
    device: str = "auto",
    reporter: Reporter | None = None,
) -> Iterator[tuple[list[PlacedSentence], Tagger]]:
    """Train a model on all parts but one, for each part, and yield the part with its model.

    Args:
        corpus: The corpus.
        heads: Heads with spans.
        n: The number of parts.
        base: See `tagger.train`, as for the others.
        settings: See there.
        threads: See there.
        device: See there.
        reporter: See there.

    Raises:
        CorpusError: What remains without a part has no entity.
        TaggerError: As `tagger.train`.
    """
    from tagger.training.train import train

    parts = split_folds(corpus, n)
    for i, part in enumerate(parts):
        rest = [sentence for j, other in enumerate(parts) if j != i for sentence in other]
        for head in heads:
            if not any(sentence.spans[head] for sentence in rest):
                raise CorpusError(
                    f"no entity ({head}) remains to train on without fold {i + 1} of {n}",
                    path=corpus.name,
                    hint="use fewer {folds}, or a {model}",
                )
        if reporter is not None:
            reporter.note(f"{corpus.name}: fold {i + 1} of {n}")
        with tempfile.TemporaryDirectory(prefix="tagger-fold-") as folder:
            path = Path(folder) / "train.jsonl"
            path.write_bytes(b"".join(_record(sentence, heads) for sentence in rest))
            try:
                trained = train(
                    f"train={path}",
                    Path(folder) / "model",
                    heads=list(heads),
                    base=base,
                    settings=settings,
                    threads=threads,
                    device=device,
                    reporter=reporter,
                )
            except Interrupted:
                raise Interrupted(f"stopped in fold {i + 1} of {n}; nothing is kept") from None
            yield part, trained.load(precision="fp32", threads=threads or 0)


def _record(sentence: PlacedSentence, heads: Sequence[str]) -> bytes:
    """Lay out a sentence as a line of JSON."""
    record: dict[str, object] = {"tokens": [_one_line(token) for token in sentence.tokens]}
    for head in heads:
        tags: list[str | None] = [*tags_of(sentence.spans[head], len(sentence.tokens), Scheme.BIO)]
        for i, tag in enumerate(sentence.tags[head]):
            if tag is None and tags[i] == "O":
                tags[i] = None
        record[head] = tags
    return msgspec.json.encode(record) + b"\n"


def _one_line(token: str) -> str:
    """Return a token as JSON lines of tokens take it: not empty, without line ends and tabs."""
    return "".join("\ufffd" if mark in "\t\r\n" else mark for mark in token) or "\ufffd"
