"""Checks of labels of whole texts: which are missing, and which contradict others."""

from __future__ import annotations

from collections import Counter

from tagger.formats.text_labels import as_list
from tagger.linting.records import Collector, GoldCorpus, PlacedSentence, quoted
from tagger.tables import counted

__all__ = ["check_missing", "check_texts"]

_SHOWN = 5  # labels of a fact


def check_missing(corpus: GoldCorpus, found: Collector) -> None:
    """Report the texts of each file that have no label, and how frequent the labels are."""
    for head in corpus.text_heads:
        counts: Counter[str] = Counter()
        for file in corpus.files:
            without = [one for one in file.sentences if one.labels.get(head) is None]
            for sentence in file.sentences:
                counts.update(as_list(sentence.labels.get(head)))
            if without:
                found.at("S304", without[0], 0, "", head=head, count=len(without))
        total = counts.total()
        if not total:
            found.facts.append(f"{head}: no labels")
            continue
        shown = ", ".join(f"{label} {n / total:.1%}" for label, n in counts.most_common(_SHOWN))
        more = f" and {len(counts) - _SHOWN:,} more" if len(counts) > _SHOWN else ""
        labels = counted(len(counts), "label")
        found.facts.append(f"{head}: {labels}, {total:,} in all: {shown}{more}")


def check_texts(corpus: GoldCorpus, found: Collector) -> None:
    """Report equal texts with different labels."""
    for head in corpus.text_heads:
        first: dict[tuple[str, ...], PlacedSentence] = {}
        for sentence in corpus.sentences():
            if sentence.labels.get(head) is None:
                continue
            known = first.setdefault(tuple(sentence.tokens), sentence)
            here, there = (sorted(as_list(one.labels[head])) for one in (sentence, known))
            if here != there:
                example = (
                    f"{quoted(sentence.tokens)} is {' + '.join(here) or 'nothing'} here, "
                    f"{' + '.join(there) or 'nothing'} at {known.where(seen_from=sentence.path)}"
                )
                found.at("C102", sentence, 0, example, head=head)
