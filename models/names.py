"""Texts full of names: a step of `make model`.

    python models/names.py data/names-1.txt data/names-2.txt --raw data/wikipedia.txt \
        --beside data/text-1.txt data/text-2.txt --names models/names.txt --model data/en-3

A word that is rare in the text that teachers tag keeps the vector that it started with: that of
`musk` lies beside oxen. The first text has a sentence of the raw text for each such word, and names
with such words in the place of names of, mostly, their label. The second has names that the raw
text repeats, each in the place of any two names. Both have the names of a list, too.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import tagger
from tagger.cli.failures import one_line_errors
from tagger.model.directory import read_model
from tagger.text import Tokenizer

RARE = 8
"""A word is rare that occurs fewer times beside."""
SHORTEST, LONGEST = 6, 40
"""Tokens of a sentence that is taken."""
N_FOUND = 25_000
"""Names with rare words that are put into a sentence of the first text."""
OF_OTHER_KIND = 0.25
"""The share of them that takes the place of a name of any label."""
REPEATED = 3
"""Times that the raw text has a name of the second text."""
LISTED = 20, 8
"""Sentences for a listed name, in each text."""
CAPITALISED = re.compile(r"\b[A-Z][\w'’-]+")
SEVERAL = re.compile(r"(?<=[a-z,] )(?:[A-Z][\w'’-]+ ){1,2}[A-Z][\w'’-]+(?=[ ,.;:)])")
WORD = re.compile(r"[\w'’-]+")


class Place(NamedTuple):
    """A name in a sentence."""

    text: str
    start: int
    end: int
    label: str

    def filled(self, name: str) -> str:
        """Return the sentence with another name."""
        return self.text[: self.start] + name + self.text[self.end :]


def lines(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the lines of text files."""
    for path in paths:
        with path.open(encoding="utf-8") as file:
            yield from map(str.strip, file)


def sentences_with(words: set[str], raw: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each of the words that is capitalised in one, not as its first word."""
    tokenizer = Tokenizer()
    left = set(words)

    def wanted(text: str) -> set[str]:
        return {word.lower() for word in CAPITALISED.findall(text, 1)} & left

    for paragraph in raw:
        if not wanted(paragraph):
            continue
        for offsets in tokenizer.sentences(paragraph):
            text = paragraph[offsets[0][0] : offsets[-1][1]]
            if SHORTEST <= len(offsets) <= LONGEST and (new := wanted(text)):
                left.difference_update(new)
                yield text


def repeated(known: set[str], rare: set[str], raw: Iterable[str]) -> list[str]:
    """Return the names of two or three known words, one of them rare, that a text repeats."""
    counts: Counter[str] = Counter()
    for line in raw:
        for name in SEVERAL.findall(line):
            words = name.lower().split()
            if known.issuperset(words) and not rare.isdisjoint(words):
                counts[name] += 1
    return [name for name, n in counts.most_common() if n >= REPEATED]


def with_rare(places: Sequence[Place], rare: set[str]) -> list[tuple[str, str]]:
    """Return the names in these places that have a rare word, each after its usual label."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for place in places:
        name = place.text[place.start : place.end]
        if not rare.isdisjoint(name.lower().split()):
            found[name][place.label] += 1
    return [(labels.most_common(1)[0][0], name) for name, labels in found.items()]


def write(path: Path, texts: Iterable[str]) -> None:
    """Write a text a line."""
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")


def main() -> None:
    """Write both texts."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("outputs", type=Path, nargs=2)
    for name in ("--raw", "--beside"):
        parser.add_argument(name, type=Path, nargs="+", required=True)
    for name in ("--names", "--model"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    beside = Counter(word.lower() for line in lines(given.beside) for word in WORD.findall(line))
    known = set(read_model(given.model).vocabulary.words)
    rare = {word for word in known if beside[word] < RARE and word.isalpha()}
    sentences = list(sentences_with(rare, lines(given.raw)))
    places = [
        Place(document.text, one.start, one.end, one.label)
        for document in tagger.load(given.model).stream(sentences, ["ner"])
        for one in document.entities
    ]
    of_label: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        of_label[place.label].append(place)
    listed = [
        (label, name) for label, name in (line.split(maxsplit=1) for line in lines([given.names]))
    ]
    chance = random.Random(1)
    found = with_rare(places, rare)
    names = chance.sample(found, min(N_FOUND, len(found))) + listed * LISTED[0]
    made = [
        chance.choice(places if chance.random() < OF_OTHER_KIND else of_label[label]).filled(name)
        for label, name in names
    ]
    write(given.outputs[0], sentences + made)
    again = 2 * repeated(known, rare, lines(given.raw)) + [name for _, name in listed * LISTED[1]]
    write(given.outputs[1], (chance.choice(places).filled(name) for name in again))


if __name__ == "__main__":
    with one_line_errors():
        main()
