"""A student of transformers (`transformer.py`) and of models of ours: a step of `make model`.

    python models/student.py models/en --teachers data/teacher-1 data/teacher-2 \
        --texts data/wikipedia.txt data/news.txt --corpora conll2003 gum --config models/en.toml \
        --base models/en-base --answers data/answers

Started again after an interruption it goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from transformer import TRANSFORMER, WEIGHTS, MiniLMTeacher

import tagger
from tagger.cli.failures import one_line_errors
from tagger.distillation.reporting import Terminal
from tagger.distillation.teachers.own import OwnTeacher
from tagger.distillation.teachers.protocol import Opinion, Teacher
from tagger.runtime.cutting import CutTexts
from tagger.training.output import DISTILLATION


class OwnTeacherApart(OwnTeacher):
    """A model of `tagger train` that says nothing about the names in some texts.

    Args:
        model: The model directory.
        apart: The texts.
    """

    def __init__(self, model: str, apart: Collection[str]) -> None:
        super().__init__(model, device="cpu", threads=1)
        self._apart = apart

    def answer(self, cut: CutTexts, heads: Sequence[str]) -> dict[str, Opinion]:
        """Tag texts, as `Teacher` says."""
        found = super().answer(cut, heads)
        n_tokens = [sum(map(len, of_text)) for of_text in cut.sentences]
        known = np.repeat([text not in self._apart for text in cut.texts], n_tokens)
        if "ner" in found:
            found["ner"] = found["ner"]._replace(known=known)
        return found


def teacher(directory: Path, transformer: Path, apart: Collection[str]) -> Teacher:
    """Return a transformer, or a model of `tagger train`."""
    if (directory / WEIGHTS).is_file():
        return MiniLMTeacher(directory, transformer)
    return OwnTeacherApart(str(directory), apart)


def main() -> None:
    """Let the teachers tag texts and train the student."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("output", type=Path)
    for name in ("--teachers", "--texts"):
        parser.add_argument(name, nargs="+", required=True)
    parser.add_argument("--corpora", nargs="*", default=[])
    for name in ("--config", "--base", "--answers"):
        parser.add_argument(name, required=True)
    parser.add_argument("--names", type=Path, help="A text in which transformers alone tag names.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--transformer", type=Path, default=TRANSFORMER)
    given = parser.parse_args()
    texts, apart = given.texts, frozenset[str]()
    if given.names is not None:
        texts = [str(given.names), *texts]
        apart = frozenset(given.names.read_text(encoding="utf-8").split("\n"))
    is_begun = (given.output / DISTILLATION).is_file()
    tagger.distill(
        texts,
        given.output,
        teachers=[teacher(Path(one), given.transformer, apart) for one in given.teachers],
        corpora=given.corpora,
        config=given.config,
        base=given.base,
        answers=given.answers,
        seed=given.seed,
        threads=1,
        resume=is_begun,
        force=not is_begun,
        reporter=Terminal(Console()),
    )


if __name__ == "__main__":
    with one_line_errors():
        main()
