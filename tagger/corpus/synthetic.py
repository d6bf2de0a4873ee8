"""Synthetic corpora, which show what each direction of reading can learn.

::

    brackets        is a token between a bracket and the one that closes it?
    lookahead-K     which letter begins the word K tokens to the right?
    lookback-K      and K tokens to the left?
    agreement-K     do those two begin with the same letter?
    first-symbol    what is the first word? (a label of the whole sentence)
    next-symbol     what is the word after the last one? (a label of the whole sentence)

A length may follow: ``brackets-1000``, ``lookahead-5-10``; it is 100 if not given. The words are
drawn at random with a fixed seed, so that a corpus is the same everywhere. Those of ``next-symbol``
follow a rule three times of four: the same two words always have the same word after them.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from tagger.corpus.catalogue import CorpusEntry
from tagger.errors import UsageError
from tagger.files import write_file
from tagger.formats.text_labels import LABEL
from tagger.tables import counted

__all__ = ["SYNTHETIC", "Task", "make_corpus", "parse_task"]

SEED = 1
LENGTH = 100
N_TOKENS = {"train": 50_000, "dev": 10_000, "test": 10_000}
N_TEXTS = {"train": 500, "dev": 100, "test": 100}
"""The fewest sentences of tasks with a label a sentence."""
WORDS = ("ba", "be", "bi", "bo", "da", "de", "di", "do")
BRACKET_PROB = 2 / 3
"""The probability of an opening bracket, and independently of a closing one."""

RULE_PROB = 3 / 4
"""The probability that a word of ``next-symbol`` follows the rule and is not drawn at random."""

_OF_TEXTS = ("first-symbol", "next-symbol")

_NAME = re.compile(
    r"(?P<plain>brackets|first-symbol|next-symbol)(-(?P<n>\d+))?"
    r"|(?P<kind>lookahead|lookback|agreement)-(?P<distance>\d+)(-(?P<length>\d+))?"
)


class Task(NamedTuple):
    """A task to learn."""

    kind: str
    """``brackets``, ``lookahead``, ``lookback``, ``agreement``, ``first-symbol`` or
    ``next-symbol``."""
    distance: int
    """The distance of the word that a tag depends on; 0 for the tasks that have none."""
    length: int
    """Tokens in a sentence."""


def parse_task(name: str) -> Task | None:
    """Parse the name of a synthetic corpus; None for any other.

    Raises:
        UsageError: There is no such distance in sentences of that length.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    if match["plain"]:
        task = Task(match["plain"], 0, int(match["n"] or LENGTH))
        least = 3
    else:
        task = Task(match["kind"], int(match["distance"]), int(match["length"] or LENGTH))
        least = task.distance * (2 if task.kind == "agreement" else 1) + 1
    if not match["plain"] and task.distance == 0:
        raise UsageError("the distance is 0", path=name, hint="it must be at least 1")
    if not least <= task.length <= N_TOKENS["dev"]:
        raise UsageError(
            f"sentences of {counted(task.length, 'token')}",
            path=name,
            hint=f"they have {least} to {N_TOKENS['dev']:,}, as in "
            f"{_named(task, max(least, LENGTH))}",
        )
    return task


def _named(task: Task, length: int) -> str:
    distance = f"-{task.distance}" if task.distance else ""
    return f"{task.kind}{distance}-{length}"


def make_corpus(task: Task, folder: Path) -> dict[str, Path]:
    """Write the files of a corpus that do not exist yet.

    Returns:
        The file of each split.
    """
    files = {split: folder / f"{split}.jsonl" for split in N_TOKENS}
    if all(path.is_file() for path in files.values()):
        return files
    source = random.Random(SEED)
    make = _text if task.kind in _OF_TEXTS else _sentence
    sentences = {
        split: [make(task, source) for _ in range(_n_sentences(task, split))] for split in N_TOKENS
    }
    head = LABEL if task.kind in _OF_TEXTS else "tag"
    folder.mkdir(parents=True, exist_ok=True)
    for split, path in files.items():
        if not path.is_file():
            lines = (
                msgspec.json.encode({"tokens": tokens, head: found})
                for tokens, found in sentences[split]
            )
            write_file(path, b"\n".join(lines) + b"\n")
    return files


def _n_sentences(task: Task, split: str) -> int:
    n = N_TOKENS[split] // task.length
    return max(n, N_TEXTS[split]) if task.kind in _OF_TEXTS else n


def _text(task: Task, source: random.Random) -> tuple[list[str], str]:
    """Make a sentence with its label."""
    words = source.choices(WORDS, k=task.length)
    if task.kind == "first-symbol":
        return words, words[0]
    for i in range(2, task.length):
        if source.random() < RULE_PROB:
            words[i] = _after(*words[i - 2 : i])
    return words, _after(*words[-2:])


def _after(one: str, other: str) -> str:
    """Return the word that follows two others by the rule: a random one, but always the same."""
    rule = random.Random(f"{SEED} {one} {other}")
    return rule.choice(WORDS)


def _sentence(task: Task, source: random.Random) -> tuple[list[str], list[str | None]]:
    words = source.choices(WORDS, k=task.length)
    if task.kind == "brackets":
        return _brackets(words, source)
    n, k = task.length, task.distance
    letters = [word[0] for word in words]
    before: list[str | None] = [*[None] * k, *letters[: n - k]]
    after: list[str | None] = [*letters[k:], *[None] * k]
    if task.kind == "lookahead":
        return words, after
    if task.kind == "lookback":
        return words, before
    pairs = zip(before, after, strict=True)
    return words, [None if None in pair else ("no", "yes")[pair[0] == pair[1]] for pair in pairs]


def _brackets(words: list[str], source: random.Random) -> tuple[list[str], list[str | None]]:
    """A bracket may open in the first third, another may close in the last."""
    third = len(words) // 3
    opening, closing = source.randrange(third), len(words) - 1 - source.randrange(third)
    is_open, is_closed = source.random() < BRACKET_PROB, source.random() < BRACKET_PROB
    if is_open:
        words[opening] = "("
    if is_closed:
        words[closing] = ")"
    inside = range(opening, closing + 1) if is_open and is_closed else range(0)
    return words, ["inside" if i in inside else "outside" for i in range(len(words))]


SYNTHETIC = tuple(
    CorpusEntry(
        name=name,
        title=title,
        heads=(head,),
        main_heads=(head,),
        folders=(),
        files={},
        licence="none needed",
        citation="",
        source="made by tagger",
        at_hand="made on request",
    )
    for name, title, head in (
        ("brackets", "synthetic: inside of brackets that close later?", "tag"),
        ("lookahead-K", "synthetic: the word K tokens to the right", "tag"),
        ("lookback-K", "synthetic: the word K tokens to the left", "tag"),
        ("agreement-K", "synthetic: do the words K tokens away agree?", "tag"),
        ("first-symbol", "synthetic: the first word of the sentence", LABEL),
        ("next-symbol", "synthetic: the word after the last two, by a rule", LABEL),
    )
)
"""The synthetic corpora as they are listed."""
