"""Checks of the bounds of spans: the same text cut in two ways, marks and titles now and then."""

from __future__ import annotations

from collections import defaultdict

from tagger.linting.records import Collector, GoldCorpus, PlacedSentence, places, quoted

__all__ = ["check_bounds"]

Places = list[tuple[PlacedSentence, int]]

_RARE = 0.34
"""The share up to which one of two ways to cut the same text is the exception."""

_MIN_TIMES, _VERY_RARE = 20, 0.03
"""Spans beside a token from which on it has a usual place, and the share of exceptions."""


def check_bounds(corpus: GoldCorpus, found: Collector) -> None:
    """Check each span head."""
    for head in corpus.span_heads:
        _check_same_text(corpus, head, found)
        _check_edges(corpus, head, found)


def _check_same_text(corpus: GoldCorpus, head: str, found: Collector) -> None:
    """Report texts that are a span as a whole, and elsewhere without their first or last token."""
    whole: defaultdict[tuple[str, tuple[str, ...]], Places] = defaultdict(list)
    partial: defaultdict[tuple[str, tuple[str, ...], bool], Places] = defaultdict(list)
    for sentence in corpus.sentences():
        tokens, spans = sentence.tokens, sentence.spans.get(head, ())
        inside = {i for span in spans for i in range(span.start, span.end)}
        for start, end, label in spans:
            if end - start > 1:
                whole[label, tuple(tokens[start:end])].append((sentence, start))
            if start > 0 and start - 1 not in inside:
                partial[label, tuple(tokens[start - 1 : end]), True].append((sentence, start - 1))
            if end < len(tokens) and end not in inside:
                partial[label, tuple(tokens[start : end + 1]), False].append((sentence, start))
    ranked = []
    for (label, text, is_first), cut in partial.items():
        full = whole.get((label, text))
        if full and min(len(full), len(cut)) <= _RARE * (len(full) + len(cut)):
            ranked.append((len(full) + len(cut), label, text, is_first))
    for _, label, text, is_first in sorted(ranked, key=lambda one: (-one[0], *one[1:])):
        full, cut = whole[label, text], partial[label, text, is_first]
        without = text[1:] if is_first else text[:-1]
        if len(full) <= len(cut):
            rare, usual, is_whole = full, cut, True
        else:
            rare, usual, is_whole = cut, full, False
        forms = (text, without) if is_whole else (without, text)
        example = (
            f"in {quoted(text)} {label} is {quoted(forms[1])} {len(usual):,} times "
            f"and {quoted(forms[0])} {len(rare):,}{places(rare)}"
        )
        found.at("C301", *rare[0], example, head=head)


def _check_edges(corpus: GoldCorpus, head: str, found: Collector) -> None:
    """Report tokens that are nearly always within spans of a label, or nearly always beside."""
    within: defaultdict[tuple[str, str, bool], Places] = defaultdict(list)
    beside: defaultdict[tuple[str, str, bool], Places] = defaultdict(list)
    for sentence in corpus.sentences():
        tokens, spans = sentence.tokens, sentence.spans.get(head, ())
        inside = {i for span in spans for i in range(span.start, span.end)}
        for start, end, label in spans:
            if end - start > 1:
                within[tokens[start], label, True].append((sentence, start))
                within[tokens[end - 1], label, False].append((sentence, end - 1))
            if start > 0 and start - 1 not in inside:
                beside[tokens[start - 1], label, True].append((sentence, start - 1))
            if end < len(tokens) and end not in inside:
                beside[tokens[end], label, False].append((sentence, end))
    ranked = []
    for key in within.keys() & beside.keys():
        n_rare, n = sorted((len(within[key]), len(beside[key])))
        if n >= _MIN_TIMES and n_rare <= _VERY_RARE * n:
            ranked.append((n_rare / n, key))
    for _, (token, label, is_first) in sorted(ranked):
        inner, outer = within[token, label, is_first], beside[token, label, is_first]
        edge = "before" if is_first else "after"
        rare, how = (inner, "within") if len(inner) < len(outer) else (outer, edge)
        n, usual = (len(outer), edge) if rare is inner else (len(inner), "within")
        example = (
            f"{quoted([token])} is {usual} {label} {n:,} times and {how} it {len(rare):,}"
            f"{places(rare)}"
        )
        found.at("C302", *rare[0], example, head=head)
