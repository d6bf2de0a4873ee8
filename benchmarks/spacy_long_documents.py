"""Processor time of the spaCy component on one long document: it must grow with its length alone.

    python benchmarks/spacy_long_documents.py [MODEL]

Each document is the sample corpus over and over; tokenization is left out. Once the component finds
the sentences itself, once a sentencizer has marked them.
"""

from __future__ import annotations

import sys
import time
from statistics import median

import spacy

from tagger.cli.failures import one_line_errors
from tagger.corpus import load_corpus
from tagger.text import detokenize

SIZES = (6_000, 48_000, 200_000)
ROUNDS = 3


def main() -> None:
    """Measure every size and print a table."""
    model = sys.argv[1] if len(sys.argv) > 1 else "en"
    nlp = spacy.blank("en")
    nlp.max_length = 10**8
    component = nlp.add_pipe("recurrent_tagger", config={"model": model})
    sentencizer = nlp.create_pipe("sentencizer")
    text = "\n".join(detokenize(row["tokens"])[0] for row in load_corpus("sample").splits["dev"])
    piece = nlp.make_doc(text)
    component(piece)  # every form is known from here on
    print("| tokens | s | µs a token | s, sentences marked before |")
    print("| --- | --- | --- | --- |")
    for size in SIZES:
        whole = "\n".join([text] * (size // len(piece) + 1))
        found: list[float] = []
        marked: list[float] = []
        for _ in range(ROUNDS):
            for times, is_marked in ((found, False), (marked, True)):
                doc = nlp.make_doc(whole)[:size].as_doc()
                if is_marked:
                    sentencizer(doc)
                begun = time.process_time()
                component(doc)
                times.append(time.process_time() - begun)
        each = median(found) / size * 1e6
        print(f"| {size:,} | {median(found):.2f} | {each:.1f} | {median(marked):.2f} |")


if __name__ == "__main__":
    with one_line_errors():
        main()
