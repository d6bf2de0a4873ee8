"""A tiny corpus, and a configuration that learns it in a second or two."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tagger.config import Config, config_from_dict

TOKENS = {
    "train": [
        "John/PROPN/B-PER works/VERB/O at/ADP/O Apple/PROPN/B-ORG in/ADP/O California/PROPN/B-LOC",
        "Mary/PROPN/B-PER Jones/PROPN/I-PER lives/VERB/O in/ADP/O Ohio/PROPN/B-LOC ./PUNCT/O",
        "Siemens/PROPN/B-ORG hired/VERB/O Kim/PROPN/B-PER ./PUNCT/O",
        "He/PRON/O left/VERB/O New/PROPN/B-LOC York/PROPN/I-LOC for/ADP/O Berlin/PROPN/B-LOC",
        "nothing/PRON/O happened/VERB/O here/ADV/O ./PUNCT/O",
    ],
    "dev": ["Mary/PROPN/B-PER works/VERB/O at/ADP/O Siemens/PROPN/B-ORG ./PUNCT/O"],
    "test": ["Kim/PROPN/B-PER lives/VERB/O in/ADP/O Berlin/PROPN/B-LOC"],
}


def write_corpus(folder: Path, sentences: dict[str, list[str]] = TOKENS) -> Path:
    """Write column files: token, upos, ner."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, lines in sentences.items():
        text = "\n\n".join(line.replace(" ", "\n").replace("/", "\t") for line in lines)
        (folder / f"{split}.txt").write_text(text + "\n", encoding="utf-8")
    return folder


UTTERANCES = {
    "train": [
        ("book", "book a flight to [Boston](city)"),
        ("book", "I need a ticket to [New York](city) please"),
        ("book", "get me a flight from [Denver](city) to [Boston](city)"),
        ("greet", "hello there"),
        ("greet", "good morning to you"),
        ("greet", "hi"),
        ("weather", "will it rain in [Denver](city) [today](date)"),
        ("weather", "is it sunny in [New York](city)"),
        ("weather", "how cold is it [tomorrow](date)"),
        ("book", "a ticket for [tomorrow](date) please"),
    ],
    "dev": [
        ("book", "I need a flight to [Denver](city)"),
        ("greet", "hello to you"),
        ("weather", "will it rain [tomorrow](date)"),
    ],
    "test": [("weather", "is it cold in [Boston](city)"), ("greet", "good morning")],
}
"""Intents and utterances, their slots in brackets."""


def with_slots(utterance: str) -> list[tuple[str, str]]:
    """Return the tokens of an utterance with their tags in BIO."""
    pairs: list[tuple[str, str]] = []
    for text, slot, word in re.findall(r"\[([^]]+)\]\((\w+)\)|(\S+)", utterance):
        if word:
            pairs.append((word, "O"))
        for i, part in enumerate(text.split()):
            pairs.append((part, f"{'I' if i else 'B'}-{slot}"))
    return pairs


def write_utterances(
    folder: Path, utterances: Mapping[str, Sequence[tuple[str | None, str]]] = UTTERANCES
) -> Path:
    """Write JSON lines: tokens, slots and intents.

    Several labels are separated by ``|``; None is a missing one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    several = any(intent and "|" in intent for pairs in utterances.values() for intent, _ in pairs)
    for split, pairs in utterances.items():
        lines = []
        for intent, utterance in pairs:
            tokens, slots = zip(*with_slots(utterance), strict=True)
            label = intent.split("|") if intent and several else intent
            lines.append(json.dumps({"tokens": tokens, "slots": slots, "intent": label}))
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files of any content into a folder."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def small_config(**training: object) -> Config:
    """A network that learns five sentences in a second or two."""
    return config_from_dict(
        {
            "heads": ["ner", "upos"],
            "embedder": {"word_dim": 16, "char_out_dim": 16, "affix_dim": 8, "n_affix_buckets": 64},
            "encoder": {"hidden_dim": 16, "input_dropout": 0.1, "output_dropout": 0.1},
            "training": {
                "epochs": 60,
                "patience": 0,
                "learning_rate": 0.02,
                "batch_tokens": 20,
                "epoch_steps": 0,
                "ema_decay": 0.9,
                "auxiliary_weight": 1.0,
                "threads": 1,
                **training,
            },
        }
    )
