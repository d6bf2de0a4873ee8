"""How many tags change when a sentence continues: the cost of tagging words as they arrive.

    TAGGER_DATA=… python benchmarks/streaming.py MODEL CORPUS [--waits 0,1,2,3,5,10] [--n 500]

Each token is tagged as if the sentence ended that many words after it, and compared with its tag in
the whole sentence; tags are scored against the gold ones too.
"""

from __future__ import annotations

import argparse
from typing import Any

import tagger
from tagger.cli.failures import one_line_errors
from tagger.evaluation.scores import score_spans, score_tokens
from tagger.tables import markdown_table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="model directories, and last a corpus")
    parser.add_argument("--waits", default="0,1,2,3,5,10")
    parser.add_argument("--n", type=int, default=500, help="sentences of dev")
    parser.add_argument("--head", default="")
    arguments = parser.parse_args()
    *models, corpus = arguments.models
    from tagger.corpus import load_corpus

    split = load_corpus(corpus).splits["dev"]
    rows = split.select(range(min(arguments.n, len(split))))
    sentences = rows["tokens"][:]
    table = []
    for name in models:
        model = tagger.load(name, precision="fp32")
        head = model.predictor.choose([arguments.head] if arguments.head else None)[0]
        gold = rows[head.name][:]
        whole = [tags[head.name] for tags in model.tag(sentences, [head.name])]

        def score(
            tags: list[list[str]], kind: str = head.kind, gold: list[list[Any]] = gold
        ) -> str:
            scores = score_spans(gold, tags) if kind == "span" else score_tokens(gold, tags)
            return f"{100 * scores.main:.1f}"

        for wait in map(int, arguments.waits.split(",")):
            cut = [words[: t + 1 + wait] for words in sentences for t in range(len(words))]
            tagged = iter(model.tag(cut, [head.name]))
            early = [[next(tagged)[head.name][t] for t in range(len(w))] for w in sentences]
            pairs = [p for a, b in zip(early, whole, strict=True) for p in zip(a, b, strict=True)]
            changed = sum(a != b for a, b in pairs) / len(pairs)
            table.append([name, str(wait), f"{100 * changed:.2f}", score(early)])
        table.append([name, "all", "0.00", score(whole)])
    header = ["model", "words of delay", "tags that change later, %", "score"]
    print("\n".join(markdown_table(header, table)))


if __name__ == "__main__":
    with one_line_errors():
        main()
