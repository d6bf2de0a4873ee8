"""Search for inputs on which the time of the tokenizer, the detokenizer or a reader is not linear.

    python benchmarks/linear_time.py [--patterns 1400] [--seed 1] [--only "read conllu"]

A pattern is one to three pieces, repeated to 20,000 and to 40,000 characters. Those of a reader are
parts of its format, between a right beginning and end of a file. Twice the characters
may take less than three times the processor time; a higher ratio is measured again before it is
reported. The exit code is 1 if there is such a pattern.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tagger.errors import TaggerError
from tagger.features.forms import FormEncoder
from tagger.features.vocabulary import Vocabulary
from tagger.findings import Findings
from tagger.formats.detect import detect
from tagger.formats.table import FORMATS
from tagger.text import Tokenizer, TokenizerRules, detokenize, fit_rules

N = 20_000
MAX_RATIO = 3.0
MIN_SECONDS = 0.02
"""Shorter times are not compared: their ratio would be noise."""

PIECES = (
    *("a", "B", "é", "1", "中", "ก", "\u0301", "😀", "\u200d", "\u3000", " ", "\n", "\t", "\x00"),
    *(".", ",", ":", ";", "!", "?", "…", "。", "'", "’", '"', "“", "-", "–", "/", "\\", "(", ")"),
    *("[", "]", "<", ">", "@", "#", "&", "%", "$", "+", "=", "^", "_", "*", "~", "|", "http://"),
    *("www.", "a.com/", "x@y.", "n't", "'s", "U.S.", "Mr.", "No.", "1.", "5pm", "re-", "-LRB-"),
)
RULES = {
    "default": TokenizerRules(),
    "all marks split": TokenizerRules(split_everything=True),
    "hyphens, slashes, units split": TokenizerRules(
        split_hyphens=True, split_slashes=True, split_units=True, split_runs=True
    ),
    "nothing split, a lexicon": TokenizerRules(
        split_contractions=False,
        split_fused=False,
        split_colons=False,
        split_currency=False,
        split_percent=False,
        split_ordinals=False,
        abbreviations=(),
        lexicon=("中中", "中", "กก", "a b", "a a a"),
    ),
}


Run = Callable[[str, list[str]], object]


class Parts(NamedTuple):
    """The parts of files of a format.

    In a piece, ``{i}`` is the number of the piece, ``{a}`` and ``{b}`` are offsets that rise with
    it; ``{text}`` is a text that is long enough for all of them.
    """

    pieces: Sequence[str]
    before: str = ""
    after: str = ""


SPAN = '{"start": {a}, "end": {b}, "label": "X"},'
JSON = ("[", "{", '"', "\\", ",", '"a"', "1", " ", "\n", '"a":', "]", "}")
WEBANNO = "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|identifier|value\n\n"
READERS = {
    "conll": Parts((
        *("a\tO\n", "a\tB-X\n", "a\tI-X\n", "a\tI-Y\n", "\n", "# a\n", "a", "\t", " ", '"', ","),
        *("-DOCSTART- O\n", "\r\n", "\u2028", "B-X", "a O\n", "-X-\n", ";", "|"),
    )),
    "conllu": Parts((
        *("{i}\ta\t_\tX\t_\t_\t_\t_\t_\tNER=B-X\n", "1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n", "\n", "\t"),
        *("1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n", "1.1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", "# text = a\n"),
        *("# newdoc\n", "_", "a", "=", "|", "# a\n", "SpaceAfter=No", "1"),
    )),
    "jsonl": Parts((*JSON, '{"tokens": ["a"], "ner": ["B-X"]}\n', '{"tokens": ["a"]}\n')),
    "tokens of jsonl": Parts((*JSON, '"a",'), '{"tokens": [', '"a"]}'),
    "prodigy": Parts((*JSON, '{"text": "a", "spans": [{"start": 0, "end": 1, "label": "X"}]}\n')),
    "spans of prodigy": Parts((SPAN, SPAN.replace("{a}", "0")), '{"text": "{text}", "spans": [',
                              '{"start": 0, "end": 1, "label": "X"}]}'),
    "doccano": Parts(('[{a}, {b}, "X"],', '[0, {b}, "X"],', "[", '"'),
                     '{"text": "{text}", "label": [', '[0, 1, "X"]]}'),
    "spacy2": Parts(('["a", {"entities": [[0, 1, "X"]]}],', *JSON), "[",
                    '["a", {"entities": [[0, 1, "X"]]}]]'),
    "spans of spacy2": Parts(('[{a}, {b}, "X"],', '[0, {b}, "X"],'), '[["{text}", {"entities": [',
                             '[0, 1, "X"]]}]]'),
    "gliner": Parts(("[{i}, {i}, \"X\"],", "[0, {i}, \"X\"],"),
                    '[{"tokenized_text": [{words}], "ner": [', '[0, 0, "X"]]}]'),
    "labelstudio": Parts(
        ('{"type": "labels", "value": {"start": {a}, "end": {b}, "labels": ["X"]}},',),
        '[{"data": {"text": "{text}"}, "annotations": [{"result": [',
        '{"type": "labels", "value": {"start": 0, "end": 1, "labels": ["X"]}}]}]}]',
    ),
    "text": Parts(("[", "]", "(", ")", "[a](X)", "\\", "a", " ", "\n", "](", "](X)", "\\[", "[[")),
    "opennlp": Parts(("<START:X>", "<START>", "<END>", " ", "a", " a ", "\n", "<", ">", ":")),
    "wikiner": Parts(("a|N|O", "a|N|I-X", "a|N|B-X", " ", "|", "\n", "a", "O", "||")),
    "inline": Parts((
        *("<", ">", "</", "/>", "<X>", "</X>", "<Y>", "</Y>", "a", " ", "\n", "&amp;", "&", "&#"),
        *("<!--", "-->", '"', "<X a=", "=", "<?", "<![CDATA[", ";"),
    )),
    "webanno": Parts((
        *("1-{i}\t{a}-{b}\ta\t_\t_\t\n", "1-{i}\t{a}-{b}\ta\t*[1]\tX[1]\t\n", "\n", "#Text=a\n"),
        *("1-{i}\t{a}-{b}\ta\t*[{i}]\tX[{i}]\t\n", "|", "*[1]", "\t", "a", "#", "\\", "[1]"),
        ),
        WEBANNO,
    ),
    "spacyjson": Parts(
        ('{"orth": "a", "ner": "O"},', '{"orth": "a", "ner": "B-X"},', '{"orth": "a"},', *JSON),
        '[{"id": 0, "paragraphs": [{"sentences": [{"tokens": [',
        '{"orth": "a", "ner": "L-X"}]}]}]}]',
    ),
    "table": Parts(
        ("a,X\n", '"a",X\n', '"a""b",X\n', '"', ",", "\n", "a", '""', "\\", ";", "\t", " ", "X"),
        "text,label\na,X\n",
    ),
    "fasttext": Parts(
        ("__label__X ", "__label__X a\n", "__label__", "a ", "\n", " ", "_", "a", ",")
    ),
    "brat": Parts((
        *("T{i}\tX {a} {b}\ta\n", "T{i}\tX 0 {b}\ta\n", "T{i}\tX {a} {b};0 1\ta a\n", "\n", ";"),
        *("R{i}\ta Arg1:T1 Arg2:T2\n", "#{i}\tAnnotatorNotes T1\ta\n", "A{i}\ta T1\n", " ", "a"),
        *("\t", "*\ta T1\n"),
    )),
}  # fmt: skip


def subjects(folder: Path) -> Iterator[tuple[str, Sequence[str], Run]]:
    """Yield what is measured: a name, pieces, and a function of a text and of its pieces.

    Args:
        folder: Where files may be written.
    """
    for name, rules in RULES.items():
        tokenizer = Tokenizer(rules)
        yield f"tokens and sentences, {name}", PIECES, partial(_sentences, tokenizer)
    yield "detokenizer", PIECES, lambda _, tokens: detokenize(tokens)
    everything = RULES["all marks split"]
    yield "detokenizer, rules", PIECES, lambda _, tokens: detokenize(tokens, rules=everything)
    yield "fitting of rules", PIECES, lambda text, tokens: fit_rules([tokens, [text]])
    encoder = FormEncoder(Vocabulary(["a"], ["a"]), max_chars=40, n_affix_buckets=64)
    yield "features of forms", PIECES, lambda text, tokens: encoder([text, *tokens])
    for name, parts in READERS.items():
        yield f"read {name}", parts.pieces, partial(_read, folder, name.split()[-1], parts)
    for suffix in (".txt", ".json", ".jsonl", ".tsv"):
        pieces = sorted({piece for parts in READERS.values() for piece in parts.pieces})
        yield f"detect {suffix}", pieces, partial(_detect, folder / f"any{suffix}")


def _sentences(tokenizer: Tokenizer, text: str, pieces: list[str]) -> object:
    return tokenizer.sentences(text)


def _numbered(pieces: list[str]) -> str:
    return "".join(
        piece.replace("{i}", str(i)).replace("{a}", str(2 * i)).replace("{b}", str(2 * i + 1))
        for i, piece in enumerate(pieces)
    )


def _read(folder: Path, name: str, parts: Parts, _: str, pieces: list[str]) -> None:
    form = FORMATS[name]
    text = "a " * len(pieces)
    before = parts.before.replace("{text}", text)
    before = before.replace("{words}", ",".join(['"a"'] * len(pieces)))
    path = folder / f"train{(form.suffixes or form.shared_suffixes or ('.txt',))[0]}"
    if form.is_folder:
        path = folder
        (folder / "a.txt").write_text(text)
        (folder / "a.ann").write_text(_numbered(pieces))
    else:
        path.write_text(before + _numbered(pieces) + parts.after, encoding="utf-8")
    with suppress(TaggerError):
        if form.sentences is not None:
            layout = form.sentences.detect_layout([path], None)
            for _sentence in form.sentences.read(path, layout, Findings()):
                pass
        elif form.documents is not None:
            for _document in form.documents.read(path, Findings()):
                pass


def _detect(path: Path, _: str, pieces: list[str]) -> None:
    path.write_text(_numbered(pieces), encoding="utf-8")
    with suppress(TaggerError):
        detect(path)


def main() -> int:
    """Search and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patterns", type=int, default=1400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="What is measured: names that begin so.")
    options = parser.parse_args()
    n_found = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, pieces, run in subjects(Path(folder)):
            if name.startswith(options.only):
                chosen = patterns(pieces, options.patterns, options.seed)
                n_found += search(name, chosen, run)
    return int(n_found > 0)


def patterns(pieces: Sequence[str], n: int, seed: int) -> list[tuple[str, ...]]:
    """Return each piece, and chosen pairs and triples up to a number of patterns."""
    chosen = random.Random(seed)
    found: dict[tuple[str, ...], None] = {(piece,): None for piece in pieces}
    for _ in range(10 * n):  # few pieces have few patterns
        if len(found) < n:
            found[tuple(chosen.choices(pieces, k=chosen.choice((2, 3))))] = None
    return list(found)[:n]


def search(name: str, chosen: Sequence[tuple[str, ...]], run: Run) -> int:
    """Measure the patterns, and return how many of them take too long."""
    worst, slowest, n_found = 0.0, 0.0, 0
    measure(run, chosen[0], 100)  # imports what it needs
    for pattern in chosen:
        seconds = measure(run, pattern, 2 * N)
        slowest = max(slowest, seconds)
        if seconds < MIN_SECONDS:
            continue
        ratio = seconds / measure(run, pattern, N)
        for _ in range(3):
            if ratio >= MAX_RATIO:  # perhaps only the machine was busy
                ratio = min(ratio, measure(run, pattern, 2 * N) / measure(run, pattern, N))
        worst = max(worst, ratio)
        if ratio >= MAX_RATIO:
            n_found += 1
            print(f"{name}: {''.join(pattern)!r} ratio {ratio:.1f}, {seconds:.2f} s", flush=True)
    n = len(chosen)
    print(f"{name}: {n:,} patterns, worst ratio {worst:.1f}, slowest {slowest:.2f} s", flush=True)
    return n_found


def measure(run: Run, pattern: tuple[str, ...], n: int) -> float:
    """Return the processor time for a pattern repeated to ``n`` characters, in seconds."""
    times = max(n // sum(map(len, pattern)), 1)
    tokens = list(pattern) * times
    text = "".join(tokens)
    begun = time.process_time()
    run(text, tokens)
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
