"""The model card: what a model is, where it comes from, how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tagger.config import Config
from tagger.evaluation.split import Evaluation
from tagger.model.heads import HeadSpec
from tagger.model.meta import CorpusRecord, Meta
from tagger.tables import markdown_table


def model_card(
    config: Config, heads: Sequence[HeadSpec], meta: Meta, tests: Mapping[str, Evaluation]
) -> str:
    """Write a model's ``README.md``.

    A model that spaCy trains knows of no corpus: spaCy has the data, the epochs and the scores.
    """
    encoder, names = config.encoder, ", ".join(corpus.name for corpus in meta.corpora)
    earlier = ", ".join(dict.fromkeys(corpus.name for corpus in meta.earlier_corpora))
    history = (
        f"Seed {meta.seed}; the best of {meta.epochs} epochs was number {meta.best_epoch}; "
        f"{meta.seconds:,.0f} s of training."
    )
    if not names:
        history = f"Seed {meta.seed}; trained by spaCy on the documents that it was given."
    lines = [
        f"# A tagger trained {f'on {names}' if names else 'by spaCy'}",
        "",
        f"A {encoder.direction} {encoder.cell.upper()} of {encoder.hidden_dim} units a direction, "
        f"{meta.n_parameters:,} parameters, made by tagger {meta.tagger_version} on "
        f"{meta.created}.",
        "",
        *([config.description.strip(), ""] if config.description.strip() else []),
        "## Heads",
        "",
        *markdown_table(
            ["head", "decoder", "labels"],
            [[head.name, head.decoder, ", ".join(head.labels)] for head in heads],
        ),
        "",
        "## Training data",
        "",
        *(_corpora(meta.all_corpora) if meta.all_corpora else []),
        *([f"It started from a model that had learned from {earlier}.", ""] if earlier else []),
        history,
        "",
    ]
    rows = [
        ["dev (mean over corpora)", head, f"{100 * s:.2f}"] for head, s in meta.dev_scores.items()
    ]
    for corpus, scores in meta.test_scores.items():
        rows += [[f"{corpus} test", head, f"{100 * score:.2f}"] for head, score in scores.items()]
    if rows:
        lines += [
            "## Scores",
            "",
            "F1 of whole spans for span heads, accuracy for token heads, on gold tokens, of one "
            "model.",
            "",
            *markdown_table(["data", "head", "score"], rows),
        ]
    for corpus, evaluation in tests.items():
        for head, spans in evaluation.spans.items():
            lines += ["", f"### {corpus} test, {head} by label", ""]
            by_label = [
                [label, *(f"{100 * x:.2f}" for x in (s.precision, s.recall, s.f1)), f"{s.n_gold:,}"]
                for label, s in spans.labels.items()
            ]
            lines += markdown_table(["label", "precision", "recall", "F1", "spans"], by_label)
    lines += [
        *([""] if rows else []),
        "## Use",
        "",
        "```",
        'tagger predict -m DIRECTORY "John works at Apple"',
        "```",
        "",
    ]
    return "\n".join(lines)


def _corpora(corpora: Sequence[CorpusRecord]) -> list[str]:
    table = markdown_table(
        ["corpus", "sentences", "licence", "citation"],
        [
            [
                corpus.name,
                ", ".join(f"{n:,} {split}" for split, n in corpus.n_sentences.items()),
                corpus.licence or "not stated",
                corpus.citation or "–",
            ]
            for corpus in corpora
        ],
    )
    return [*table, ""]
