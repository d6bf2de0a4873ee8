"""A student of transformers (`transformer.py`) and of models of ours: a step of `make model`.

    python models/student.py models/en --teachers data/teacher-1 data/teacher-2 \
        --texts data/wikipedia.txt data/news.txt --corpora conll2003 gum --config models/en.toml \
        --base models/en-base --answers data/answers

Started again after an interruption it goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from transformer import TRANSFORMER, WEIGHTS, MiniLMTeacher

import tagger
from tagger.cli.failures import one_line_errors
from tagger.distillation.reporting import Terminal
from tagger.training.output import DISTILLATION


def teacher(directory: Path, transformer: Path) -> MiniLMTeacher | str:
    """Return a transformer, or the path of a model of `tagger train`."""
    is_transformer = (directory / WEIGHTS).is_file()
    return MiniLMTeacher(directory, transformer) if is_transformer else str(directory)


def main() -> None:
    """Let the teachers tag texts and train the student."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("output", type=Path)
    for name in ("--teachers", "--texts"):
        parser.add_argument(name, nargs="+", required=True)
    parser.add_argument("--corpora", nargs="*", default=[])
    for name in ("--config", "--base", "--answers"):
        parser.add_argument(name, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--transformer", type=Path, default=TRANSFORMER)
    given = parser.parse_args()
    is_begun = (given.output / DISTILLATION).is_file()
    tagger.distill(
        given.texts,
        given.output,
        teachers=[teacher(Path(one), given.transformer) for one in given.teachers],
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
