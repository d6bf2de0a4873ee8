"""The agreement of annotated files: two or more annotators of the same text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from tagger.corpus.load import load_corpus
from tagger.corpus.read import GoldSentences
from tagger.errors import UsageError
from tagger.evaluation.counting import LabelScore, label_score
from tagger.findings import Finding
from tagger.formats.text_labels import as_list
from tagger.schemes import Scheme, spans

Span = tuple[int, int, str]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """The agreement of two annotations of a head."""

    first: str
    second: str
    """The names of the annotations; scores take the first for gold."""
    spans: dict[str, LabelScore]
    """Spans by label; empty for a head with a tag for each token."""
    micro: LabelScore | None
    """All spans; None for a head with a tag for each token. Its F1 is the same either way."""
    unit: Literal["token", "text"]
    """What each tag belongs to: a token or a whole text."""
    equal: float
    """The share of units with the same tag, ``O`` included."""
    kappa: float | None
    """Cohen's kappa by unit (Cohen 1960); None where both use one tag throughout."""
    n_units: int
    """Units that both annotate."""


class HeadAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """The agreement of all annotations of a head."""

    pairs: tuple[Agreement, ...]
    alpha: float | None
    """Krippendorff's alpha by unit for nominal data (Krippendorff 2011); a unit that some do not
    annotate counts for the others. None where all use one tag throughout."""


class AgreementReport(msgspec.Struct, frozen=True, kw_only=True):
    """The agreement of annotated files."""

    files: tuple[str, ...]
    heads: dict[str, HeadAgreement]
    findings: dict[str, tuple[Finding, ...]]
    """Problems in each file, and what was done about them."""


class _Annotation(NamedTuple):
    """One file. Places count characters other than white space, from the start of the text."""

    name: str
    text: str
    texts: frozenset[str]
    """The heads that label whole texts."""
    ends: dict[str, list[int]]
    """By head the place after each token, or after each text."""
    tags: dict[str, list[str | None]]
    """By head the tag of each, a span's label without its prefix."""
    spans: dict[str, set[Span]]
    """By span head ``(start, end, label)``."""
    unknown: dict[str, list[tuple[int, int]]]
    """By span head the places of tokens without a tag."""
    findings: tuple[Finding, ...]


def agreement(files: Sequence[str | Path], heads: Sequence[str] | None = None) -> AgreementReport:
    """Compare annotations of the same text.

    The files may differ in format, tokens and sentences: what is compared is the text without
    white space. Where tokens differ, a token is what lies between two bounds of either, and so is a
    text where labels of texts are compared.

    Args:
        files: Two or more files, folders or corpora, each with a single split.
        heads: The heads to compare; None for all that the files share.

    Raises:
        UsageError: There are fewer than two, the texts differ, or they share no head.
        CorpusError: One is not found or cannot be read.
    """
    if len(files) < 2:
        raise UsageError("agreement is of two or more files")
    loaded = [_read(str(file)) for file in files]
    for other in loaded[1:]:
        _check_text(loaded[0], other)
    shared = [head for head in loaded[0].tags if all(head in other.tags for other in loaded)]
    wanted = shared if heads is None else list(heads)
    if not wanted or set(wanted) - set(shared):
        have = "; ".join(f"{one.name}: {', '.join(one.tags) or 'none'}" for one in loaded)
        missing = ", ".join(head for head in wanted if head not in shared)
        what = f"not all files have the head {missing}" if missing else "the files share no head"
        raise UsageError(f"{what} ({have})", expected=shared)
    return AgreementReport(
        files=tuple(one.name for one in loaded),
        heads={head: _of_head(loaded, head) for head in wanted},
        findings={one.name: one.findings for one in loaded if one.findings},
    )


def _read(source: str) -> _Annotation:
    corpus = load_corpus(source)
    if len(corpus.splits) != 1:
        raise UsageError(
            f"{source} has several splits: {', '.join(corpus.splits)}", hint="name one file"
        )
    kinds = {head.name: head.kind for head in corpus.heads}
    ((split, data),) = corpus.splits.items()
    text: list[str] = []
    ends: list[int] = []
    text_ends: list[int] = []
    tags: dict[str, list[str | None]] = {head: [] for head in kinds}
    found: dict[str, set[Span]] = {head: set() for head, kind in kinds.items() if kind == "span"}
    unknown: dict[str, list[tuple[int, int]]] = {head: [] for head in found}
    place = 0
    for sentence in GoldSentences(source, split, data, corpus.heads):
        bounds = [place]
        for token in sentence.tokens:
            text.append("".join(token.split()))
            place += len(text[-1])
            bounds.append(place)
        ends += bounds[1:]
        if bounds[1:]:
            text_ends.append(place)
            for head, label in sentence.labels.items():
                # The order of several labels does not count.
                tags[head].append(None if label is None else ", ".join(sorted(as_list(label))))
        for head, of_head in sentence.heads.items():
            if head not in found:
                tags[head] += of_head
                continue
            tags[head] += [tag if tag in (None, "O") else tag[2:] for tag in of_head]
            known = [tag or "O" for tag in of_head]
            found[head] |= {
                (bounds[span.start], bounds[span.end], span.label)
                for span in spans(known, Scheme.BIO)
            }
            unknown[head] += [
                pair for pair, tag in zip(pairwise(bounds), of_head, strict=True) if tag is None
            ]
    texts = frozenset(head for head, kind in kinds.items() if kind == "text")
    ends_of = {head: text_ends if head in texts else ends for head in kinds}
    return _Annotation(source, "".join(text), texts, ends_of, tags, found, unknown, corpus.findings)


def _check_text(first: _Annotation, second: _Annotation) -> None:
    if first.text == second.text:
        return
    shorter = min(len(first.text), len(second.text))
    place = next((i for i in range(shorter) if first.text[i] != second.text[i]), shorter)
    start = max(place - 20, 0)
    cuts = (one.text[start : place + 20] or "nothing" for one in (first, second))
    raise UsageError(
        f"{first.name} and {second.name} are not the same text: after {place:,} characters "
        "(without white space) {!r} and {!r}".format(*cuts),
        hint="compare annotations of one text",
    )


def _of_head(loaded: Sequence[_Annotation], head: str) -> HeadAgreement:
    ends = sorted({end for one in loaded for end in one.ends[head]})
    rows = [list(_on(ends, one.ends[head], one.tags[head])) for one in loaded]
    pairs = []
    for (first, of_first), (second, of_second) in combinations(zip(loaded, rows, strict=True), 2):
        both = [
            (a, b)
            for a, b in zip(of_first, of_second, strict=True)
            if a is not None and b is not None
        ]
        by_label: dict[str, LabelScore] = {}
        micro: LabelScore | None = None
        if head in first.spans and head in second.spans:
            by_label, micro = _scores(first, second, head)
        pairs.append(
            Agreement(
                first=first.name,
                second=second.name,
                spans=by_label,
                micro=micro,
                unit="text" if head in first.texts else "token",
                equal=sum(a == b for a, b in both) / max(len(both), 1),
                kappa=_kappa(both),
                n_units=len(both),
            )
        )
    return HeadAgreement(pairs=tuple(pairs), alpha=_alpha(rows))


def _on(
    ends: Iterable[int], own: Sequence[int], tags: Sequence[str | None]
) -> Iterator[str | None]:
    """Yield the tag of each piece of the text, given the places where pieces and tokens end."""
    token = 0
    for end in ends:
        yield tags[token]
        token += end == own[token]


def _scores(
    first: _Annotation, second: _Annotation, head: str
) -> tuple[dict[str, LabelScore], LabelScore]:
    gold = _where_known(first.spans[head], second.unknown[head])
    predicted = _where_known(second.spans[head], first.unknown[head])

    def score(label: str | None) -> LabelScore:
        a, b = ({s for s in side if label in (None, s[2])} for side in (gold, predicted))
        return label_score(len(a), len(b), len(a & b))

    labels = sorted({label for _, _, label in gold | predicted})
    return {label: score(label) for label in labels}, score(None)


def _where_known(found: set[Span], unknown: Sequence[tuple[int, int]]) -> set[Span]:
    """Remove spans that touch a token which the other side does not annotate."""
    if not unknown:
        return found
    places = {place for start, end in unknown for place in range(start, end)}
    return {span for span in found if places.isdisjoint(range(*span[:2]))}


def _kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    from sklearn.metrics import cohen_kappa_score

    if len({tag for pair in pairs for tag in pair}) < 2:
        return None  # 0 / 0
    return float(cohen_kappa_score(*zip(*pairs, strict=True)))


def _alpha(rows: Sequence[Sequence[str | None]]) -> float | None:
    import numpy as np
    from krippendorff import alpha

    ids: dict[str, int] = {}
    values = np.array(
        [[np.nan if t is None else ids.setdefault(t, len(ids)) for t in row] for row in rows]
    )
    # A token counts if two or more annotate it.
    paired = (~np.isnan(values)).sum(0) > 1
    if len(np.unique(values[:, paired][~np.isnan(values[:, paired])])) < 2:
        return None
    return float(alpha(reliability_data=values, level_of_measurement="nominal"))
