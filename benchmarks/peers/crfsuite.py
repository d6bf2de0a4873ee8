"""CRFsuite, a linear-chain CRF over hand-made features (Okazaki 2007), as a peer.

    python benchmarks/peers/accuracy.py wnut17 --peers crfsuite

L-BFGS with both penalties, at most 100 iterations; the dev split is not used. Tags are BIO.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from common import tagged

from tagger.corpus import Corpus
from tagger.features.forms import shape
from tagger.model.heads import HeadSpec

if TYPE_CHECKING:
    import pycrfsuite  # type: ignore[import-not-found,import-untyped,unused-ignore]

FILE = "model.crfsuite"
SETTINGS = {"c1": 0.1, "c2": 0.01, "max_iterations": 100}


class CRFsuite:
    """A peer; see `common.Peer`."""

    name = "crfsuite"
    package = "python-crfsuite"
    is_seeded = False

    def train(self, corpus: Corpus, head: HeadSpec, seed: int, output: Path) -> pycrfsuite.Tagger:
        """Learn one head; the seed changes nothing, since L-BFGS starts at zero."""
        import pycrfsuite

        trainer = pycrfsuite.Trainer("lbfgs", SETTINGS, verbose=False)
        n_skipped = 0
        for tokens, tags in tagged(corpus.splits["train"], head.name):
            if None in tags:
                n_skipped += 1
            else:
                trainer.append(list(features(tokens)), tags)
        if n_skipped:
            print(f"  {n_skipped:,} sentences with untagged tokens left out", file=sys.stderr)
        output.mkdir(parents=True, exist_ok=True)
        trainer.train(str(output / FILE))
        return self.load(output)

    def load(self, folder: Path) -> pycrfsuite.Tagger:
        """Read a model."""
        import pycrfsuite

        model = pycrfsuite.Tagger()
        model.open(str(folder / FILE))
        return model

    def predict(
        self, model: pycrfsuite.Tagger, sentences: Sequence[Sequence[str]]
    ) -> list[list[str]]:
        """Tag sentences of tokens."""
        return [model.tag(list(features(tokens))) for tokens in sentences]


def features(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Yield the features of each token: its own, its neighbours', and pairs of neighbours."""
    n_tokens = len(tokens)
    words = ["", "", *tokens, "", ""]
    for i, (before2, before, word, after, after2) in enumerate(
        zip(words, words[1:], words[2:], words[3:], words[4:], strict=False)
    ):
        found = ["bias", *of_form(word, 0)]
        if i > 0:
            found += of_form(before, -1)
            found.append(f"-1|0={before}|{word}")
        else:
            found.append("BOS")
        if i < n_tokens - 1:
            found += of_form(after, 1)
            found.append(f"0|1={word}|{after}")
        else:
            found.append("EOS")
        if i > 1:
            found.append(f"-2:word={before2}")
        if i < n_tokens - 2:
            found.append(f"2:word={after2}")
        yield found


@lru_cache(maxsize=200_000)
def of_form(form: str, place: int) -> tuple[str, ...]:
    """Return the features of a form at a distance from the token to tag."""
    lower = form.lower()
    found = [f"word={form}", f"lower={lower}", f"shape={shape(form)}"]
    found += [f"prefix={form[:n]}" for n in range(1, min(4, len(form)) + 1)]
    found += [f"suffix={form[-n:]}" for n in range(1, min(4, len(form)) + 1)]
    tests = {"digit": form.isdigit(), "title": form.istitle(), "upper": form.isupper()}
    found += [name for name, holds in tests.items() if holds]
    return tuple(f"{place}:{feature}" for feature in found)
