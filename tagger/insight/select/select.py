"""`tagger.select`: the sentences of raw text that are most worth annotating."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from tagger.arguments import as_name, as_names
from tagger.corpus.writing import find_writer, write_documents
from tagger.distillation.texts import find_texts
from tagger.errors import UsageError
from tagger.formats.documents import Document
from tagger.insight.select.ranking import Unsure, choose, doubts, most_unsure
from tagger.model.heads import HeadSpec
from tagger.runtime.batching import batched
from tagger.runtime.cutting import cut_texts
from tagger.runtime.tagger import Tagger
from tagger.schemes import Scheme, Span, spans
from tagger.sharing.finding import load
from tagger.tables import counted

__all__ = ["Selected", "SelectedSentence", "select"]

BATCH = 500
"""Texts that are tagged together."""
POOL = 20
"""Sentences that are compared with each other, for each that is chosen."""
MIN_TOKENS, MAX_TOKENS = 4, 80
"""Shorter sentences teach little, longer ones are mostly lists and tables."""


class SelectedSentence(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence to annotate."""

    text: str
    score: float
    """The expected number of wrong decisions of the model in it."""
    unsure: tuple[str, ...]
    """The forms that the model is least sure of, those first."""


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """The sentences to annotate, the most useful first."""

    sentences: tuple[SelectedSentence, ...]
    n_wanted: int
    """The number that was asked for."""
    n_sentences: int
    """Sentences that were looked at."""
    n_tokens: int
    """Tokens in them."""
    head: str
    output: str


class _Content(msgspec.Struct):
    tokens: list[str]
    space_after: list[bool]
    spans: list[Span]


def select(
    texts: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    model: str | Path = "en",
    n: int = 50,
    head: str | None = None,
    target_format: str | None = None,
    threads: int = 0,
    force: bool = False,
    data_dir: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Selected:
    """Choose the sentences that a model learns most from, and write them for an annotation tool.

    Args:
        texts: Files, folders and patterns of paths of raw text or JSON lines with ``text``, plain
            or compressed, or names of corpora, whose training sentences are used without tags.
        output: The file to write, with the model's spans as suggestions.
        model: A model directory, the name of a model, or ``hub:owner/name``.
        n: The number of sentences.
        head: A head with spans; None for ``ner`` or the first.
        target_format: The name of the format; by the suffix of ``output`` where not given.
        threads: See `tagger.load`.
        force: Replace an existing file.
        data_dir: Where to look for named corpora first.
        progress: Called with the number of texts after each batch.

    Raises:
        UsageError: A name is unknown, the model has no head with spans, the file exists, or no
            sentence is worth annotating.
        CorpusError: A text is not found or cannot be read.
        OSError: The file cannot be written.
    """
    if n < 1:
        raise UsageError(f"{n} sentences to select", hint="give a number above 0")
    target = Path(as_name("output", output))
    form = find_writer(target, target_format, argument="target_format", force=force)
    given = as_names("texts", texts)
    sources = find_texts(given, None if data_dir is None else Path(data_dir))
    tagger = load(as_name("model", model), threads=threads)
    spec = _head(tagger, head)

    seen = [0, 0, 0]
    # Equal sentences are worth no more than one of them.
    pool = most_unsure(_unsure(tagger, spec, sources, seen, progress), n * POOL)
    chosen = choose(pool, n)
    if not chosen:
        length = f"of {MIN_TOKENS} to {MAX_TOKENS} tokens"
        raise UsageError(
            f"the model is sure of all {counted(seen[2], 'sentence')} {length}"
            if seen[2]
            else f"no sentence {length}",
            path=", ".join(given),
            hint="give other text",
        )
    documents = [_document(one, rank, spec.name) for rank, one in enumerate(chosen, 1)]
    write_documents(documents, target, form, force=force)
    return Selected(
        sentences=tuple(_selected(one) for one in chosen),
        n_wanted=n,
        n_sentences=seen[0],
        n_tokens=seen[1],
        head=spec.name,
        output=str(target),
    )


def _head(tagger: Tagger, name: str | None) -> HeadSpec:
    of_spans = [head for head in tagger.heads if head.kind == "span"]
    if name is not None:
        (chosen,) = tagger.predictor.choose([name])
        if chosen not in of_spans:
            raise UsageError(f"the head {name} has no spans", expected=[h.name for h in of_spans])
        return chosen
    if not of_spans:
        raise UsageError("the model has no head with spans")
    return next((head for head in of_spans if head.name == "ner"), of_spans[0])


def _unsure(
    tagger: Tagger,
    head: HeadSpec,
    texts: Iterable[str],
    seen: list[int],
    progress: Callable[[int], None] | None,
) -> Iterator[Unsure]:
    """Yield what the model doubts; count sentences, tokens, and sentences of a fit length."""
    table = tagger.predictor.tables[head.name]
    known: set[int] = set()
    for some in batched(texts, BATCH):
        cut = cut_texts(some, tagger.splitter)
        if len(cut.forms):
            found = tagger.predictor.predict(cut.forms, cut.lengths, [head], confidence=True)
            tags = table.strings(found.tag_ids[head.name])
            probs = found.probs[head.name]
            past = 0
            for offsets in (one for of_text in cut.sentences for one in of_text):
                first, past = past, past + len(offsets)
                tokens = cut.forms[first:past]
                seen[0] += 1
                seen[1] += len(tokens)
                key = hash(tuple(tokens))
                if not MIN_TOKENS <= len(tokens) <= MAX_TOKENS or key in known:
                    continue
                known.add(key)
                seen[2] += 1
                of_sentence = spans(tags[first:past], Scheme.BIO)
                after = [end < start for (_, end), (start, _) in pairwise(offsets)]
                yield Unsure(
                    seen[0],
                    doubts(
                        tokens,
                        np.array(probs[first:past], dtype=np.float64),
                        [(span.start, span.end) for span in of_sentence],
                    ),
                    _Content(tokens, [*after, False], of_sentence),
                )
        if progress is not None:
            progress(len(some))


def _document(one: Unsure, rank: int, head: str) -> Document:
    content = one.content
    assert isinstance(content, _Content)
    return Document(
        str(rank),
        Path("selected"),
        tokens=content.tokens,
        ends=[len(content.tokens)],
        space_after=content.space_after,
        spans={head: content.spans},
        is_part=True,
    )


def _selected(one: Unsure) -> SelectedSentence:
    content = one.content
    assert isinstance(content, _Content)
    pairs = zip(content.tokens, content.space_after, strict=True)
    unsure = sorted(one.doubts, key=lambda form: -one.doubts[form])
    return SelectedSentence(
        text="".join(token + " " * space for token, space in pairs),
        score=sum(one.doubts.values()),
        unsure=tuple(unsure[:5]),
    )
