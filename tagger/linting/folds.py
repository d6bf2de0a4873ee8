"""Cross-validation: every sentence is judged by a model that has not seen it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagger.errors import CorpusError, Interrupted
from tagger.evaluation.folds import divided
from tagger.files import write_file
from tagger.linting.records import GoldCorpus, PlacedSentence
from tagger.schemes import Scheme, tags_of

if TYPE_CHECKING:
    from tagger.runtime.tagger import Tagger
    from tagger.training.reporting import Reporter

__all__ = ["split_folds", "trained_folds"]


def split_folds(corpus: GoldCorpus, n: int) -> list[list[PlacedSentence]]:
    """Divide the sentences of a corpus into parts of about the same number of tokens.

    A document is in one part, and where the corpus marks too few, so are equal sentences: a model
    must not have seen the error that it should find.

    Raises:
        UsageError: There are fewer documents or different sentences than parts.
    """
    sentences = list(corpus.sentences())
    documents = {(one.path, one.number) for one in sentences if one.number >= 0}
    # Some corpora mark one document, as the first line of a file.
    has_documents = len(documents) >= n
    return divided(
        sentences,
        n,
        key=lambda one: (
            (one.path, one.number) if has_documents and one.number >= 0 else tuple(one.tokens)
        ),
        size=lambda one: len(one.tokens),
        corpus=corpus.name,
        what="document" if has_documents else "different sentence",
    )


def trained_folds(
    corpus: GoldCorpus,
    heads: Sequence[str],
    n: int,
    *,
    base: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    threads: int | None = None,
    device: str = "auto",
    keep: Path | None = None,
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
        keep: A folder for the models: those that are there are not trained again, and one that
            was stopped is resumed; None to keep none.
        reporter: See there.

    Raises:
        CorpusError: What remains without a part has no entity.
        TaggerError: As `tagger.train`.
    """
    from tagger.runtime.loading import load
    from tagger.training.folds import is_finished, is_stopped
    from tagger.training.train import train

    parts = split_folds(corpus, n)
    rests = [
        [sentence for other in parts if other is not part for sentence in other] for part in parts
    ]
    # All are checked before the first training, which may take hours.
    for number, rest in enumerate(rests, 1):
        for head in heads:
            if not any(sentence.spans[head] for sentence in rest):
                raise CorpusError(
                    f"no entity ({head}) remains to train on without fold {number} of {n}",
                    path=corpus.name,
                    hint="use fewer {folds}, or a {model}",
                )
    for i, (part, rest) in enumerate(zip(parts, rests, strict=True)):
        if reporter is not None:
            reporter.note(f"{corpus.name}: fold {i + 1} of {n}")
        content = b"".join(_record(sentence, heads) for sentence in rest)
        with _folder(keep, content, heads, base, settings) as folder:
            model = folder / "model"
            if not is_finished(model):
                write_file(folder / "train.jsonl", content)
                try:
                    train(
                        f"train={folder / 'train.jsonl'}",
                        model,
                        heads=list(heads),
                        base=base,
                        settings=settings,
                        threads=threads,
                        device=device,
                        resume=is_stopped(model),
                        reporter=reporter,
                    )
                except Interrupted:
                    hint = "run the same command again" if keep else "keep them with {keep_folds}"
                    kept = f"what is done is in {keep}" if keep else "nothing is kept"
                    raise Interrupted(
                        f"stopped in fold {i + 1} of {n}; {kept}", hint=hint
                    ) from None
            yield part, load(model, precision="fp32", threads=threads or 0)


@contextmanager
def _folder(
    keep: Path | None,
    content: bytes,
    heads: Sequence[str],
    base: str | Path | None,
    settings: Mapping[str, object] | None,
) -> Iterator[Path]:
    """Provide the folder of a training, which is named after all that its model depends on."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="tagger-fold-") as temporary:
            yield Path(temporary)
        return
    from tagger.model.meta import META
    from tagger.sharing.finding import find_model

    # The record of a model has checksums of all its files.
    start = b"" if base is None else (find_model(base) / META).read_bytes()
    options = msgspec.json.encode([list(heads), sorted((settings or {}).items())], enc_hook=str)
    digest = hashlib.blake2b(content + b"\0" + options + start, digest_size=8).hexdigest()
    folder = keep / f"fold-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


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
