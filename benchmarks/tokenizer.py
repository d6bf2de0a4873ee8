"""How well and how fast the tokenizer fits real corpora.

    TAGGER_DATA=corpora python benchmarks/tokenizer.py [corpus ...]

For each corpus found there, the rules are fitted on its training tokens and tried on its test text:
the text itself where the corpus keeps it (``# text = …``), else what ``detokenize`` writes.
Prints F1 over the spans of tokens and of sentences, and tokens a second on one core.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger.cli.failures import one_line_errors
from tagger.errors import CorpusError
from tagger.text import Tokenizer, TokenizerRules, detokenize, fit_rules

Span = tuple[int, int]

# name: (training file, test file, the words' column, its separator)
COLUMNS = {
    "conll2003": ("train.txt", "test.txt", 0, " "),
    "conll2000": ("train.txt", "test.txt", 0, " "),
    "conll2002": ("esp.train", "esp.testb", 0, " "),
    "conll2002/": ("ned.train", "ned.testb", 0, " "),
    "wnut17": ("wnut17train.conll", "emerging.test.annotated", 0, "\t"),
    "btc": ("btc.train", "btc.test", 0, "\t"),
    "bc5cdr": ("train.tsv", "test.tsv", 0, "\t"),
    "ncbi_disease": ("train.tsv", "test.tsv", 0, "\t"),
    "mit_movie_trivia": ("trivia10k13train.bio", "trivia10k13test.bio", 1, "\t"),
}
UNIVERSAL = {
    "ud_en_ewt": "en_ewt-ud-{}.conllu",
    "ud_tr_imst": "tr_imst-ud-{}.conllu",
    "ud_vi_vtb": "vi_vtb-ud-{}.conllu",
    "uner_sv_talbanken": "sv_talbanken-ud-{}.iob2",
    "uner_da_ddt": "da_ddt-ud-{}.iob2",
    "uner_zh_gsdsimp": "zh_gsdsimp-ud-{}.iob2",
}


@dataclass
class Sentence:
    """A gold sentence: its tokens, and text and spans where the corpus keeps the text."""

    tokens: list[str]
    text: str = ""
    spans: list[Span] | None = None
    starts_paragraph: bool = True


def read_columns(path: Path, column: int, separator: str) -> Iterator[Sentence]:
    """Yield the sentences of a file with a token a line."""
    tokens: list[str] = []
    for line in [*path.read_text(encoding="utf-8", errors="replace").splitlines(), ""]:
        if line.strip():
            tokens.append(line.split(separator)[column].strip())
        elif tokens:
            if tokens[0] != "-DOCSTART-":
                yield Sentence([token for token in tokens if token])
            tokens = []


def read_universal(path: Path) -> Iterator[Sentence]:
    """Yield the sentences of a CoNLL-U or IOB2 file with their text."""
    tokens: list[str] = []
    text, starts = "", False
    has_paragraphs = "# newpar" in path.read_text(encoding="utf-8")
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.startswith("# text ="):
            text = line.removeprefix("# text =").strip()
        elif line.startswith(("# newdoc", "# newpar")):
            starts = True
        elif line and line[0].isdigit():
            columns = line.split("\t")
            if columns[0].isdigit():
                tokens.append(columns[1])
        elif not line and tokens:
            yield Sentence(tokens, text, align(tokens, text), starts or not has_paragraphs)
            tokens, starts = [], False


def align(tokens: list[str], text: str) -> list[Span]:
    """Find each token in ``text``; those not written there (parts of fusions) are left out."""
    spans, position = [], 0
    for token in tokens:
        start = text.find(token, position)
        if 0 <= start <= position + 8:
            position = start + len(token)
            spans.append((start, position))
    return spans


def f1(gold: Iterable[object], found: Iterable[object]) -> float:
    """Return the F1 of two sets in percent."""
    gold, found = set(gold), set(found)
    return 200 * len(gold & found) / max(1, len(gold) + len(found))


def paragraphs(sentences: list[Sentence], rules: TokenizerRules) -> Iterator[list[Sentence]]:
    """Group sentences into paragraphs (five sentences where a corpus marks none)."""
    group: list[Sentence] = []
    marked = any(not sentence.starts_paragraph for sentence in sentences)
    for sentence in sentences:
        if sentence.spans is None:
            sentence.text, sentence.spans = detokenize(sentence.tokens, rules=rules)
        if group and (sentence.starts_paragraph if marked else len(group) == 5):
            yield group
            group = []
        group.append(sentence)
    yield group


def measure(name: str, train: list[Sentence], test: list[Sentence], show: int = 0) -> None:
    """Print a line of results for one corpus."""
    rules = fit_rules(sentence.tokens for sentence in train)
    tokenizer = Tokenizer(rules)
    gold_tokens, found_tokens, gold_ends, found_ends, texts = [], [], [], [], []
    separator = " " if test[0].text else "\n"  # a sentence a line where lines are all we know
    for number, group in enumerate(paragraphs(test, rules)):
        offset, parts = 0, []
        for sentence in group:
            spans = sentence.spans or []
            gold_tokens += [(number, offset + start, offset + end) for start, end in spans]
            parts.append(sentence.text)
            offset += len(sentence.text)
            gold_ends.append((number, offset))
            offset += 1
        text = separator.join(parts)
        texts.append(text)
        found = tokenizer.sentences(text)
        found_tokens += [(number, *span) for sentence in found for span in sentence]
        found_ends += [(number, sentence[-1][1]) for sentence in found]
        if show:
            gold_here = {span for span in gold_tokens[-2000:] if span[0] == number}
            here = {(number, *span) for sentence in found for span in sentence}
            for _, start, end in sorted(here - gold_here):
                overlap = [text[s:e] for _, s, e in sorted(gold_here) if s < end and e > start]
                print(f"  {text[start:end]!r} <- {overlap}")
    print(
        f"{name:20s} tokens {f1(gold_tokens, found_tokens):6.2f}"
        f"  sentences {f1(gold_ends, found_ends):6.2f}"
        f"  {speed(tokenizer.tokens, texts):5.2f} M tokens/s"
        f"  with sentences {speed(tokenizer.sentences, texts):5.2f}",
        flush=True,
    )
    if show:
        print(rules)


def speed(function: object, texts: list[str]) -> float:
    """Return the best of several rounds, in million tokens a second."""
    assert callable(function)
    best = float("inf")
    gc.disable()
    for _ in range(5):
        begin = time.perf_counter()
        results = [function(text) for text in texts]
        best = min(best, time.perf_counter() - begin)
    gc.enable()
    first = results[0][0]
    n_tokens = sum(
        len(result) if isinstance(first, tuple) else sum(map(len, result)) for result in results
    )
    return n_tokens / best / 1e6


def main() -> None:
    """Measure the corpora named on the command line, or all that are there."""
    data = Path(os.environ.get("TAGGER_DATA", "data"))
    show = "--show" in sys.argv
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")]
    found = [name for name in (wanted or [*COLUMNS, *UNIVERSAL]) if (data / name).is_dir()]
    if len(found) < len(wanted) or not found:
        raise CorpusError(
            f"{data}: {', '.join(wanted) or 'corpora'} not found; set TAGGER_DATA to their folder"
        )
    for name in found:
        if name in UNIVERSAL:
            train, test = (
                list(read_universal(data / name / UNIVERSAL[name].format(part)))
                for part in ("train", "test")
            )
        else:
            train_file, test_file, column, separator = COLUMNS[name]
            train, test = (
                list(read_columns(data / name / file, column, separator))
                for file in (train_file, test_file)
            )
        measure(name, train, test, show)


if __name__ == "__main__":
    with one_line_errors():
        main()
