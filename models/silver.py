"""Entities for a corpus that has parts of speech, from a model, where they agree with each other.

    python models/silver.py models/en-teacher ud_en_ewt data/ewt-silver

Tags the training sentences with the model's ``ner`` head and keeps a span only if the corpus's own
UPOS calls one of its tokens a proper noun (of MISC also an adjective, as in "Welsh"). Part of the
recipe of ``models/en``: the web is not written like a newspaper, and capitals mean less there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tagger
from tagger.corpus import load_corpus


def agreed(tags: list[str], upos: list[str]) -> list[str]:
    """Drop the spans (BIO) without a proper noun."""
    kept = ["O"] * len(tags)
    start = 0
    while start < len(tags):
        end = start + 1
        if tags[start] != "O":
            while end < len(tags) and tags[end].startswith("I-"):
                end += 1
            right = {"PROPN", "ADJ"} if tags[start].endswith("-MISC") else {"PROPN"}
            if right & set(upos[start:end]):
                kept[start:end] = tags[start:end]
        start = end
    return kept


def main(model: str, source: str, output: str) -> None:
    """Write ``train.txt``: a token and its tag a line."""
    teacher = tagger.load(model)
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "train.txt").open("w", encoding="utf-8") as file:
        for rows in load_corpus(source).splits["train"].iter(1000):
            for tokens, upos, found in zip(
                rows["tokens"], rows["upos"], teacher.tag(rows["tokens"], ["ner"]), strict=True
            ):
                for token, tag in zip(tokens, agreed(found["ner"], upos), strict=True):
                    file.write(f"{token}\t{tag}\n")
                file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
