"""Search for texts on which the time of tokenizer, sentence splitter or detokenizer is not linear.

    python benchmarks/linear_time.py [--patterns 1400] [--seed 1]

A pattern is one to three pieces, repeated to 20,000 and to 40,000 characters. Twice the characters
may take less than three times the processor time; a higher ratio is measured again before it is
reported. The exit code is 1 if there is such a pattern.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from tagger.features.forms import FormEncoder
from tagger.features.vocabulary import Vocabulary
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


def subjects() -> Iterator[tuple[str, Callable[[str, list[str]], object]]]:
    """Yield what is measured, each a function of a text and of its pieces."""
    for name, rules in RULES.items():
        tokenizer = Tokenizer(rules)
        yield f"tokens and sentences, {name}", partial(_sentences, tokenizer)
    yield "detokenizer", lambda _, tokens: detokenize(tokens)
    everything = RULES["all marks split"]
    yield "detokenizer, rules", lambda _, tokens: detokenize(tokens, rules=everything)
    yield "fitting of rules", lambda text, tokens: fit_rules([tokens, [text]])
    encoder = FormEncoder(Vocabulary(["a"], ["a"]), max_chars=40, n_affix_buckets=64)
    yield "features of forms", lambda text, tokens: encoder([text, *tokens])


def _sentences(tokenizer: Tokenizer, text: str, pieces: list[str]) -> object:
    return tokenizer.sentences(text)


def main() -> int:
    """Search and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patterns", type=int, default=1400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chosen = random.Random(options.seed)
    patterns: list[tuple[str, ...]] = [(piece,) for piece in PIECES]
    while len(patterns) < options.patterns:
        patterns.append(tuple(chosen.choices(PIECES, k=chosen.choice((2, 3)))))
    n_found = 0
    for name, run in subjects():
        worst, slowest = 0.0, 0.0
        for pattern in patterns[: options.patterns]:
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
                print(f"{name}: {''.join(pattern)!r} ratio {ratio:.1f}, {seconds:.2f} s")
        print(f"{name}: worst ratio {worst:.1f}, slowest {slowest:.2f} s")
    return int(n_found > 0)


def measure(run: Callable[[str, list[str]], object], pattern: tuple[str, ...], n: int) -> float:
    """Return the processor time for a pattern repeated to ``n`` characters, in seconds."""
    times = n // sum(map(len, pattern))
    tokens = list(pattern) * times
    text = "".join(tokens)
    begun = time.process_time()
    run(text, tokens)
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
