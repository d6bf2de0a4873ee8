"""Checks of sentences and documents: their lengths, and where they end."""

from __future__ import annotations

import re

from tagger.linting.records import Collector, GoldCorpus, GoldFile, PlacedSentence

__all__ = ["check_sentences"]

_STOPS = frozenset({".", "!", "?", "。", "！", "？"})
_MIN_STOPS = 3
"""Sentence ends within a sentence from which on it looks like several."""

_EXCEPTIONS = 0.005
"""The share of such sentences from which on the unit of the corpus is a text, as a tweet is."""

_ALONE = 5
"""Sentences of one token in a row that look like a token a sentence."""

_MANY = 500
"""Sentences of a file that hardly are one document."""

_WORD = re.compile(r"\w")


def check_sentences(corpus: GoldCorpus, found: Collector, max_tokens: int) -> None:
    """Check the sentences of each file.

    Args:
        corpus: The corpus.
        found: Collects the findings.
        max_tokens: The length from which on a sentence is reported.
    """
    for file in corpus.files:
        _check_alone(file, found)
        several = []
        for sentence in file.sentences:
            n = len(sentence.tokens)
            if n > max_tokens:
                found.at("S502", sentence, 0, f"{n:,} tokens")
            elif n_within := _n_within(sentence):
                several.append((sentence, f"{n_within} sentence ends within {n:,} tokens"))
        if corpus.text_heads:  # a text may have several sentences
            continue
        if len(several) == 1 or len(several) < _EXCEPTIONS * len(file.sentences):
            for sentence, example in several:
                found.at("S505", sentence, 0, example)
    marking = [file for file in corpus.files if file.marks_documents]
    for file in corpus.files:
        n = len(file.sentences)
        if marking and not file.marks_documents and n >= _MANY:
            example = f"{n:,} sentences without a mark, which {marking[0].path} has"
            found.add("S504", file.path, None, example)


def _check_alone(file: GoldFile, found: Collector) -> None:
    """Report punctuation that is a sentence of its own, and a run of sentences of one token."""
    run: list[PlacedSentence] = []
    stranded: list[PlacedSentence] = []
    for sentence in [*file.sentences, None]:
        if sentence is not None and len(sentence.tokens) == 1:
            run.append(sentence)
            if not _WORD.search(sentence.tokens[0]):
                stranded.append(sentence)
            continue
        if len(run) >= _ALONE:
            found.at("S501", run[0], 0, f"{len(run):,} in a row")
        run = []
    if stranded:
        token = stranded[0].tokens[0]
        found.at("S501", stranded[0], 0, f"{token!r} alone", count=len(stranded))


def _n_within(sentence: PlacedSentence) -> int:
    """Count the sentence ends before capital letters in a sentence, if they are many."""
    tokens = sentence.tokens
    if len(tokens) < 2 * _MIN_STOPS + 1 or _STOPS.isdisjoint(tokens[:-1]):
        return 0
    n = sum(
        tokens[i] in _STOPS
        and i >= 2
        and len(tokens[i - 1]) > 1
        and tokens[i - 1].islower()
        and tokens[i + 1][:1].isupper()
        for i in range(len(tokens) - 1)
    )
    return n if n >= _MIN_STOPS else 0
