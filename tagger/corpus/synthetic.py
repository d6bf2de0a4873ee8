"""Synthetic corpora, which show what each direction of reading can learn.

::

    brackets        is a token between a bracket and the one that closes it?
    lookahead-K     which letter begins the word K tokens to the right?
    lookback-K      and K tokens to the left?
    agreement-K     do those two begin with the same letter?

A length may follow: ``brackets-1000``, ``lookahead-5-10``; it is 100 if not given. The words are
drawn at random with a fixed seed, so that a corpus is the same everywhere.
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

__all__ = ["SYNTHETIC", "Task", "make_corpus", "parse_task"]

SEED = 1
LENGTH = 100
N_TOKENS = {"train": 50_000, "dev": 10_000, "test": 10_000}
WORDS = ("ba", "be", "bi", "bo", "da", "de", "di", "do")
BRACKET_PROB = 2 / 3
"""The probability of an opening bracket, and independently of a closing one."""

_NAME = re.compile(
    r"(?P<brackets>brackets)(-(?P<n>\d+))?"
    r"|(?P<kind>lookahead|lookback|agreement)-(?P<distance>\d+)(-(?P<length>\d+))?"
)


class Task(NamedTuple):
    """A task to learn."""

    kind: str
    """``brackets``, ``lookahead``, ``lookback`` or ``agreement``."""
    distance: int
    """The distance of the word that a tag depends on; 0 for brackets."""
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
    if match["brackets"]:
        task = Task("brackets", 0, int(match["n"] or LENGTH))
        least = 3
    else:
        task = Task(match["kind"], int(match["distance"]), int(match["length"] or LENGTH))
        least = task.distance * (2 if task.kind == "agreement" else 1) + 1
    if task.kind != "brackets" and task.distance == 0:
        raise UsageError("the distance is 0", path=name, hint="it must be at least 1")
    if not least <= task.length <= N_TOKENS["dev"]:
        raise UsageError(
            f"sentences of {task.length:,} tokens",
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
    sentences = {
        split: [_sentence(task, source) for _ in range(n_tokens // task.length)]
        for split, n_tokens in N_TOKENS.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    for split, path in files.items():
        if not path.is_file():
            lines = (
                msgspec.json.encode({"tokens": tokens, "tag": tags})
                for tokens, tags in sentences[split]
            )
            write_file(path, b"\n".join(lines) + b"\n")
    return files


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
        heads=("tag",),
        main_heads=("tag",),
        folders=(),
        files={},
        licence="none needed",
        citation="",
        source="made by tagger",
        at_hand="made on request",
    )
    for name, title in (
        ("brackets", "synthetic: inside of brackets that close later?"),
        ("lookahead-K", "synthetic: the word K tokens to the right"),
        ("lookback-K", "synthetic: the word K tokens to the left"),
        ("agreement-K", "synthetic: do the words K tokens away agree?"),
    )
)
"""The synthetic corpora as they are listed."""
