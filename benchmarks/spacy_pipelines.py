"""Entity F1 of spaCy pipelines on the texts of a corpus's test split, by character spans.

    tagger init-spacy conll2003 --heads ner -o spc
    python -m spacy train spc/config.cfg -o spc/1 --training.seed 1
    python benchmarks/spacy_pipelines.py conll2003 spc/1/model-best

The texts are the tokens with spaces between; the pipeline cuts them with its own tokenizer, as it
does in use. An entity is right if its characters and its label are.
"""

from __future__ import annotations

import argparse

import spacy
from spacy.tokens import Doc, Span

from tagger.cli.failures import one_line_errors
from tagger.corpus import load_corpus
from tagger.schemes import Scheme, spans
from tagger.tables import mean_sd


def main() -> None:
    """Print the score of each pipeline, and mean ± sd of several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("pipelines", nargs="+")
    arguments = parser.parse_args()
    split = load_corpus(arguments.corpus).splits["test"]
    scores = []
    for name in arguments.pipelines:
        nlp = spacy.load(name)
        gold = [Doc(nlp.vocab, words=row["tokens"]) for row in split]
        for doc, row in zip(gold, split, strict=True):
            doc.set_ents([Span(doc, *span) for span in spans(row["ner"], Scheme.BIO)])
        found = nlp.pipe([doc.text for doc in gold])
        pairs = [(places(a), places(b)) for a, b in zip(gold, found, strict=True)]
        right = sum(len(a & b) for a, b in pairs)
        scores.append(200 * right / sum(len(a) + len(b) for a, b in pairs))
        print(f"{name}: {scores[-1]:.2f}")
    if len(scores) > 1:
        print(mean_sd(scores))


def places(doc: Doc) -> set[tuple[int, int, str]]:
    """Return the entities by characters."""
    return {(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents}


if __name__ == "__main__":
    with one_line_errors():
        main()
