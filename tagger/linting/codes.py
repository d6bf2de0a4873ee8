"""The table of codes, from which come the messages, their help and ``docs/lint.md``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tagger.errors import UsageError

__all__ = ["CODES", "FAMILIES", "Code", "select"]

FAMILIES = {
    "S1": "Characters",
    "S2": "Reading",
    "S3": "Tags",
    "S4": "Tokens",
    "S5": "Sentences and documents",
    "S6": "Spans of characters",
    "D1": "Duplicates within a split",
    "D2": "Duplicates across splits",
    "D3": "Differences between splits",
    "C1": "Sentences",
    "C2": "Forms",
    "C3": "Bounds of spans",
    "C4": "Names of labels",
    "M1": "What a model doubts",
}
"""What codes that begin alike are about."""


@dataclass(frozen=True, kw_only=True)
class Code:
    """A check.

    Attributes:
        title: What is wrong, in a few words.
        why: Why it matters and what to do, in a sentence or two.
        files: An example: the content of files by their names.
        level: How bad it is.
        is_fixed: Whether ``--fix`` repairs it in files of columns.
    """

    title: str
    why: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    level: Literal["error", "warning"] = "warning"
    is_fixed: bool = False


def _columns(*sentences: str, mark: str = "\t") -> str:
    """Lay out sentences of ``token/tag`` as a file of columns."""
    return (
        "\n\n".join(
            "\n".join(token.replace("/", mark) for token in sentence.split(" "))
            for sentence in sentences
        )
        + "\n"
    )


_KIM = "Kim/B-PER met/O Mary/B-PER in/O Oslo/B-LOC ./O"
_LONG = "The/O old/O ferry/O to/O Oslo/B-LOC leaves/O every/O morning/O at/O nine/O ./O"
_NEAR = _LONG.replace("The/", "That/")
_WORDS = "the/O rain/O fell/O all/O night/O ./O"

CODES: dict[str, Code] = {
    "S101": Code(
        title="not UTF-8",
        why="The file cannot be read. Convert it, as with `iconv -f latin1 -t utf-8`.",
        files={"train.txt": b"Jos\xe9\tB-PER\nleft\tO\n"},
        level="error",
    ),
    "S102": Code(
        title="mixed line ends",
        why="Some lines end as on Windows: files were joined. Other tools keep the mark at the end "
        "of the tag.",
        files={"train.txt": b"Kim\tB-PER\r\nleft\tO\nOslo\tB-LOC\n"},
        is_fixed=True,
    ),
    "S103": Code(
        title="control character in a token",
        why="Nobody sees it; the word with it is another word to a model.",
        files={"train.txt": _columns(_KIM.replace("met", "me\x08t"))},
    ),
    "S104": Code(
        title="zero-width character in a token",
        why="Nobody sees it; the word with it is another word to a model. Joiners in scripts that "
        "use them, and in emoji, are not reported.",
        files={"train.txt": _columns(_KIM.replace("Oslo", "Os\u200blo"))},
        is_fixed=True,
    ),
    "S105": Code(
        title="look-alike letter of another script",
        why="A Cyrillic or Greek letter in a Latin word, or the reverse: a slip of the keyboard or "
        "of text recognition.",
        files={"train.txt": _columns(_KIM.replace("Oslo", "О" + "slo"))},
    ),
    "S106": Code(
        title="UTF-8 read as Latin-1",
        why="The text was decoded wrongly before it was annotated.",
        files={"train.txt": _columns(_KIM.replace("Kim", "JosÃ©"))},
        is_fixed=True,
    ),
    "S107": Code(
        title="replacement character in a token",
        why="A character was lost when the text was decoded; only its source has it.",
        files={"train.txt": _columns(_KIM.replace("Kim", "Jos\ufffd"))},
    ),
    "S108": Code(
        title="decomposed letter in a token",
        why="It is written as a letter and a mark (NFD), others of the corpus as one (NFC): the "
        "same word twice.",
        files={"train.txt": _columns("José/B-PER left/O", "Jose\u0301/B-PER stayed/O")},
        is_fixed=True,
    ),
    "S201": Code(
        title="cannot be read",
        why="A line or record is not of the format, as one with another number of columns. It is "
        "left out, and the others are checked; some errors end the file.",
        files={"train.txt": _columns(_KIM, _LONG, _WORDS) + "\nOslo\n"},
        level="error",
    ),
    "S202": Code(
        title="read differently than it stands",
        why="A reader ignores or changes something, as annotations that a tool marks as cancelled.",
        files={
            "train.jsonl": '{"text": "Kim left.", "spans": [{"start": 0, "end": 3, "label": '
            '"PER"}]}\n{"text": "Hm.", "spans": [], "answer": "reject"}\n'
        },
    ),
    "S203": Code(
        title="white space around a token or tag",
        why="It is removed when the file is read. Other tools take `B-PER` with a space for "
        "another tag.",
        files={"train.txt": _columns(_KIM, _LONG).replace("B-LOC", "B-LOC ", 1)},
        is_fixed=True,
    ),
    "S301": Code(
        title="tag outside its scheme",
        why="As in conlleval, a tag that may not stand where it stands begins a span. Often two "
        "lines were swapped or one was lost.",
        files={"train.txt": _columns(_KIM, "met/O Mary/I-PER Jones/I-PER")},
        level="error",
        is_fixed=True,
    ),
    "S302": Code(
        title="not a tag of a span",
        why="`tagger train` refuses it. `--fix` repairs it where it is like a tag that occurs.",
        files={"train.txt": _columns(_KIM, _LONG, "Mary/B_PER left/o")},
        level="error",
        is_fixed=True,
    ),
    "S303": Code(
        title="mixed schemes",
        why="Files of one corpus, or lines of one file, spell spans in different ways. Convert "
        "them: `tagger convert IN OUT --scheme BIO`.",
        files={
            "train.txt": _columns(*[_KIM] * 3),
            "dev.txt": _columns(*["Kim/I-PER Lee/I-PER met/O Mary/I-PER ./O"] * 3),
        },
        level="error",
    ),
    "S304": Code(
        title="text without a label",
        why="Its label is missing, though other texts have one. A training leaves it out of the "
        "loss of that head.",
        files={
            "train.jsonl": '{"text": "Fly to Oslo.", "intent": "book"}\n'
            '{"text": "Stop it.", "intent": null}\n'
        },
    ),
    "S401": Code(
        title="white space within a token",
        why="A no-break space or the like: tokenized text never has such a token.",
        files={"train.txt": _columns(_KIM.replace("Oslo", "New\u00a0York"))},
    ),
    "S402": Code(
        title="empty token",
        why="A token is missing or is white space alone, as where emoji were lost.",
        files={"train.txt": _columns(_KIM.replace("met", "\u2003"))},
    ),
    "S403": Code(
        title="token that looks like several",
        why="A mark is attached to a word, though in this corpus it is nearly always a token by "
        "itself.",
        files={
            "train.txt": _columns(
                *[f"She/O came/O ,/O saw/O ,/O and/O left/O on/O day/O {n}/O" for n in range(50)],
                "Oslo,/B-LOC he/O said/O",
            )
        },
    ),
    "S501": Code(
        title="token alone in a sentence",
        why="Punctuation that was cut off its sentence, or many sentences of one token in a row: "
        "too many empty lines.",
        files={"train.txt": _columns(_KIM.removesuffix(" ./O"), "./O")},
    ),
    "S502": Code(
        title="long sentence",
        why="More tokens than `--max-tokens`: empty lines are missing, or it is a table.",
        files={"train.txt": _columns(" ".join([f"word{i}/O" for i in range(200)]), _KIM)},
    ),
    "S503": Code(
        title="no empty line in the whole file",
        why="The whole file is one sentence. An empty line should end each.",
        files={"train.txt": _columns(" ".join([_KIM] * 30))},
        level="error",
    ),
    "S504": Code(
        title="no documents marked",
        why="Other files of the corpus mark where documents begin: here they are glued together.",
        files={
            "train.txt": "-DOCSTART-\tO\n\n" + _columns(_KIM),
            "dev.txt": _columns(*[f"Kim/B-PER left/O on/O day/O {n}/O" for n in range(600)]),
        },
    ),
    "S505": Code(
        title="several sentences in one",
        why="Three or more sentence ends before capital letters: an empty line is missing.",
        files={
            "train.txt": _columns(
                "He/O left/O ./O She/O stayed/O ./O They/O met/O again/O ./O We/O saw/O it/O ./O"
            )
        },
    ),
    "S601": Code(
        title="span off token bounds",
        why="A span begins or ends within a word. `tagger train` takes the whole word.",
        files={
            "train.jsonl": '{"text": "Johnny sang.", "spans": [{"start": 0, "end": 4, "label": '
            '"PER"}]}\n'
        },
    ),
    "S602": Code(
        title="overlapping or repeated span",
        why="Two spans share characters. `tagger train` keeps the longest.",
        files={
            "train.jsonl": '{"text": "Kim Lee sang.", "spans": [{"start": 0, "end": 7, "label": '
            '"PER"}, {"start": 0, "end": 3, "label": "PER"}]}\n'
        },
    ),
    "S603": Code(
        title="sentence end within a span",
        why="The text has an empty line within a name, or the span is too long.",
        files={
            "train.jsonl": '{"text": "Kim sang. She left.", "spans": [{"start": 4, "end": 13, '
            '"label": "ACT"}]}\n'
        },
    ),
    "D101": Code(
        title="repeated sentence",
        why="It counts twice in the loss or the score. Rows of numbers and short sentences are not "
        "reported.",
        files={"train.txt": _columns(_LONG, _KIM, _LONG)},
    ),
    "D102": Code(
        title="nearly repeated sentence",
        why="Seven of ten runs of three words are the same as in another sentence.",
        files={"train.txt": _columns(_LONG, _KIM, _NEAR)},
    ),
    "D201": Code(
        title="sentence of another split",
        why="A model is tested on what it was trained on: the score is too good.",
        files={"train.txt": _columns(_LONG, _KIM), "test.txt": _columns(_LONG)},
    ),
    "D202": Code(
        title="nearly a sentence of another split",
        why="Seven of ten runs of three words are the same as in a sentence of another split.",
        files={"train.txt": _columns(_LONG, _KIM), "test.txt": _columns(_NEAR)},
    ),
    "D301": Code(
        title="label that a split lacks",
        why="What train lacks cannot be learned, what test lacks is not measured.",
        files={
            "train.txt": _columns(_KIM),
            "test.txt": _columns("Kim/B-PER left/O Acme/B-ORG ./O"),
        },
    ),
    "D302": Code(
        title="label with another frequency",
        why="Twice as frequent as in train, or half as frequent, and by far more than by chance: "
        "another domain or another guideline.",
        files={
            "train.txt": _columns(*[_KIM] * 20),
            "test.txt": _columns(*["Oslo/B-LOC ,/O Bergen/B-LOC ,/O Kim/B-PER"] * 20),
        },
    ),
    "D303": Code(
        title="entities that train has already",
        why="Nine of ten entities occur in train with their label: the score says little about "
        "names that are new.",
        files={
            "train.txt": _columns(*[_KIM] * 3),
            "test.txt": _columns(*["Kim/B-PER left/O Oslo/B-LOC"] * 30),
        },
    ),
    "C101": Code(
        title="same sentence, other spans",
        why="Equal sentences are annotated differently; one of them is wrong.",
        files={"train.txt": _columns(_KIM, _LONG, _KIM.replace("B-LOC", "O"))},
    ),
    "C102": Code(
        title="same text, other label",
        why="Equal texts have different labels; one of them is wrong, or the guideline leaves it "
        "open.",
        files={
            "train.jsonl": '{"text": "Fly to Oslo.", "intent": "book"}\n'
            '{"text": "Fly to Oslo.", "intent": "ask"}\n'
        },
    ),
    "C201": Code(
        title="form with another label",
        why="It has one label nine times of ten. Those of the least entropy, which are the surest "
        "slips, come first.",
        files={
            "train.txt": _columns(
                *[f"Acme/B-ORG sold/O {n}/O" for n in range(20)], "Acme/B-LOC closed/O"
            )
        },
    ),
    "C202": Code(
        title="entity that is O elsewhere",
        why="It is an entity nine times of ten. Those with the smallest share come first.",
        files={
            "train.txt": _columns(
                *[f"Acme/B-ORG sold/O {n}/O" for n in range(20)], "Acme/O closed/O"
            )
        },
    ),
    "C301": Code(
        title="same text with other bounds",
        why="The same words are cut in two ways: with an article, title or mark and without.",
        files={
            "train.txt": _columns(
                *[f"the/O U.N./B-ORG sent/O {n}/O" for n in range(9)],
                "the/B-ORG U.N./I-ORG left/O",
            )
        },
    ),
    "C302": Code(
        title="token within a span now and then",
        why="A mark, title or word stands beside spans of a label nearly always, and within some.",
        files={
            "train.txt": _columns(
                *[f"President/O {name}/B-PER left/O" for name in "ABCDEFGHIJ"] * 4,
                "President/B-PER Lee/I-PER stayed/O",
            )
        },
    ),
    "C401": Code(
        title="label that differs by a slip",
        why="A rare label is one letter from a frequent one, or differs only in case or spaces.",
        files={"train.txt": _columns(_KIM, "Kim/B-Per left/O")},
        level="error",
    ),
    "M101": Code(
        title="other label",
        why="The model gives these tokens another label.",
    ),
    "M102": Code(
        title="other bounds",
        why="The model sees a span that shares tokens with this one.",
    ),
    "M103": Code(
        title="no entity",
        why="The model sees no entity here.",
    ),
    "M104": Code(
        title="missed entity",
        why="The model sees an entity where none is annotated.",
    ),
}
"""All checks, by code."""


def select(chosen: Iterable[str] = (), ignored: Iterable[str] = ()) -> frozenset[str]:
    """Return the codes that are wanted.

    Args:
        chosen: Codes or their beginnings; none for all.
        ignored: Codes or their beginnings that are left out; the longer beginning wins.

    Raises:
        UsageError: No code begins so.
    """
    chosen, ignored = [*chosen], [*ignored]
    for prefix in (*chosen, *ignored):
        if not prefix or not any(code.startswith(prefix) for code in CODES):
            raise UsageError(_unknown(prefix), expected=CODES)

    def longest(code: str, prefixes: list[str]) -> int:
        return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)

    return frozenset(
        code for code in CODES if longest(code, chosen or [""]) > longest(code, ignored)
    )


def _unknown(code: str) -> str:
    """Word the error for a code that is not there, with the nearest ones."""
    near = difflib.get_close_matches(code.upper(), CODES, n=3, cutoff=0.5)
    hint = f": did you mean {' or '.join(near)}?" if near else ""
    return f"unknown code {code!r}{hint} (they begin with {', '.join(FAMILIES)})"
