"""A base from a student of its own: the student's embedder and encoder, without its heads.

    python models/base.py data/base-student data/en-lm models/en-base

A step of `make model`. The card and the licence are written by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec.structs import replace

from tagger.cli.failures import one_line_errors
from tagger.model.directory import read_model, write_model
from tagger.model.heads import head_key


def main(student: str, base: str, output: str) -> None:
    """Write the base."""
    learned, before = read_model(Path(student)), read_model(Path(base))
    weights = {
        name: array for name, array in learned.weights.items() if not name.startswith(head_key(""))
    }
    new = (corpus for corpus in learned.meta.corpora if corpus not in before.meta.corpora)
    meta = replace(
        before.meta,
        format_version=learned.meta.format_version,
        tagger_version=learned.meta.tagger_version,
        created=learned.meta.created,
        corpora=(*before.meta.corpora, *new),
        seconds=before.meta.seconds + learned.meta.seconds,
        n_parameters=sum(array.size for array in weights.values()),
    )
    directory = Path(output)
    directory.mkdir(parents=True, exist_ok=True)
    made = replace(learned, heads=before.heads, weights=weights, config=before.config, meta=meta)
    write_model(directory, made)


if __name__ == "__main__":
    with one_line_errors():
        main(*sys.argv[1:])
