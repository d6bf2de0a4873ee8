"""Checks of consistency: the same form with different labels, or sometimes without any."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from tagger.linting.records import OF_CONTEXT, Collector, GoldCorpus, PlacedSentence, places, quoted

__all__ = ["check_forms"]

Form = tuple[str, ...]
Places = list[tuple[PlacedSentence, int]]

_MIN_TIMES = 5
"""Occurrences from which on a form has a usual label."""

_RARE = 0.1
"""The share below which another label, or none, is an exception and not an ambiguity."""

_MIN_SENTENCE = 4
"""Tokens of a sentence whose annotation should not depend on where it stands."""


def check_forms(corpus: GoldCorpus, found: Collector) -> None:
    """Check each span head."""
    for head in corpus.span_heads:
        _check_sentences(corpus, head, found)
        if head == OF_CONTEXT:
            continue
        of_form: defaultdict[Form, dict[str, Places]] = defaultdict(dict)
        for sentence in corpus.sentences():
            for span in sentence.spans.get(head, ()):
                by_label = of_form[sentence.form(span)]
                by_label.setdefault(span.label, []).append((sentence, span.start))
        _check_labels(head, of_form, found)
        _check_outside(corpus, head, of_form, found)


def _check_sentences(corpus: GoldCorpus, head: str, found: Collector) -> None:
    """Report equal sentences whose spans differ."""
    groups: defaultdict[Form, list[PlacedSentence]] = defaultdict(list)
    for sentence in corpus.sentences():
        if len(sentence.tokens) >= _MIN_SENTENCE:
            groups[tuple(sentence.tokens)].append(sentence)
    for tokens, group in groups.items():
        kinds: dict[tuple[object, ...], list[PlacedSentence]] = {}
        for sentence in group:
            kinds.setdefault(tuple(sentence.spans.get(head, ())), []).append(sentence)
        if len(kinds) < 2:
            continue
        usual, *others = sorted(kinds.values(), key=len, reverse=True)
        for rare in others:
            differing = set(rare[0].spans[head]) ^ set(usual[0].spans[head])
            first = min(differing)
            what = [
                f"{quoted(tokens[span.start : span.end])} "
                f"{span.label if span in one[0].spans[head] else 'O'}"
                for one in (rare, usual)
                for span in [next((s for s in sorted(differing) if s in one[0].spans[head]), first)]
            ]
            where = usual[0].where(first.start, seen_from=rare[0].path)
            example = f"{what[0]} here, {what[1]} at {where}"
            found.at("C101", rare[0], first.start, example, head=head, count=len(rare))


def entropy(counts: list[int]) -> float:
    """Return the entropy of frequencies, in bits.

    >>> entropy([2, 2]), round(entropy([9, 1]), 3)
    (1.0, 0.469)
    """
    total = sum(counts)
    return -sum(n / total * math.log2(n / total) for n in counts)


def _check_labels(head: str, of_form: dict[Form, dict[str, Places]], found: Collector) -> None:
    """Report forms that nearly always have one label, those of the least entropy first."""
    ranked = []
    for form, by_label in of_form.items():
        counts = [len(places) for places in by_label.values()]
        total = sum(counts)
        if len(counts) > 1 and total >= _MIN_TIMES and max(counts) >= (1 - _RARE) * total:
            ranked.append((entropy(counts), form))
    for _, form in sorted(ranked):
        by_label = of_form[form]
        usual = max(by_label, key=lambda label: len(by_label[label]))
        for label, where in by_label.items():
            if label != usual:
                n = len(by_label[usual])
                example = (
                    f"{quoted(form)} is {usual} {n:,} times and {label} {len(where):,}"
                    f"{places(where)}"
                )
                found.at("C201", *where[0], example, head=head)


def _check_outside(
    corpus: GoldCorpus, head: str, of_form: dict[Form, dict[str, Places]], found: Collector
) -> None:
    """Report forms that are nearly always entities where they are not, the surest first."""
    n_marked = {form: sum(map(len, by_label.values())) for form, by_label in of_form.items()}
    longest: dict[str, int] = {}
    for form, n in n_marked.items():
        if n >= _MIN_TIMES:
            longest[form[0]] = max(len(form), longest.get(form[0], 0))
    missed: defaultdict[Form, Places] = defaultdict(list)
    for sentence in corpus.sentences():
        tokens = sentence.tokens
        if head not in sentence.tags or longest.keys().isdisjoint(tokens):
            continue
        inside = {i for span in sentence.spans[head] for i in range(span.start, span.end)}
        i = 0
        while i < len(tokens):
            for n in range(min(longest.get(tokens[i], 0), len(tokens) - i), 0, -1):
                form = tuple(tokens[i : i + n])
                if n_marked.get(form, 0) >= _MIN_TIMES and inside.isdisjoint(range(i, i + n)):
                    if all(sentence.tags[head][j] for j in range(i, i + n)):
                        missed[form].append((sentence, i))
                    i += n - 1
                    break
            i += 1
    ranked = sorted(missed, key=lambda form: (len(missed[form]) / n_marked[form], form))
    for form in ranked:
        n, where = n_marked[form], missed[form]
        if len(where) > _RARE * (n + len(where)):
            continue
        counts = Counter({label: len(found) for label, found in of_form[form].items()})
        usual = counts.most_common(1)[0][0]
        example = (
            f"{quoted(form)} is {usual} {counts[usual]:,} times and O {len(where):,}{places(where)}"
        )
        found.at("C202", *where[0], example, head=head)
