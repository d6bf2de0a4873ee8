"""Scores as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tagger.evaluation.scores import LabelScore, SpanScores, TokenScores
from tagger.tables import plain_table, print_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tagger.evaluation.evaluate import Evaluation
    from tagger.evaluation.raw import RawScore


def span_table(scores: SpanScores) -> Table:
    """Precision, recall and F1 by label, then over all."""
    rows = [(label, score, "") for label, score in scores.labels.items()]
    rows += [("macro", scores.macro, "dim"), ("micro", scores.micro, "bold")]
    return _score_table("label", rows)


def raw_table(scores: Mapping[str, RawScore]) -> Table:
    """Scores by character spans on raw text, by head and its labels."""
    rows: list[tuple[str, LabelScore, str]] = []
    for head, score in scores.items():
        rows.append((head, score, "bold" if score.labels else ""))
        rows += [(f"  {label}", of_label, "") for label, of_label in score.labels.items()]
    return _score_table("head", rows)


def _score_table(first: str, rows: Sequence[tuple[str, LabelScore, str]]) -> Table:
    """Scores by name; with the style of each row."""
    return plain_table(
        (first, "precision", "recall", "F1", "gold", "predicted"),
        [
            [
                name,
                *(f"{100 * share:.2f}" for share in (score.precision, score.recall, score.f1)),
                *(f"{n:,}" for n in (score.n_gold, score.n_predicted)),
            ]
            for name, score, _ in rows
        ],
        styles=[style for *_, style in rows],
    )


def token_line(title: str, scores: TokenScores) -> str:
    """Accuracy in a line."""
    unknown = f", {scores.n_unknown:,} of them tags unseen in training" if scores.n_unknown else ""
    return f"{title}: accuracy {100 * scores.accuracy:.2f} over {scores.n_tokens:,} tokens{unknown}"


def print_evaluation(console: Console, title: str, evaluation: Evaluation) -> None:
    """All scores of an evaluation, and the speed."""
    for head, spans in evaluation.spans.items():
        print_line(console, f"{title}, {head}")
        console.print(span_table(spans))
        _print_labels(console, spans)
    for head, tokens in evaluation.tokens.items():
        print_line(console, token_line(f"{title}, {head}", tokens))
    if evaluation.seconds > 0:
        speed = evaluation.n_tokens / evaluation.seconds
        print_line(
            console,
            f"{evaluation.n_sentences:,} sentences, {evaluation.n_tokens:,} tokens tagged in "
            f"{evaluation.seconds:.1f} s, {speed:,.0f} tokens/s",
        )


def print_raw(console: Console, title: str, scores: Mapping[str, RawScore]) -> None:
    """Scores on raw text."""
    print_line(console, f"{title}, raw text")
    console.print(raw_table(scores))
    for score in scores.values():
        _print_labels(console, score)


def _print_labels(console: Console, scores: SpanScores | RawScore) -> None:
    if scores.unknown_labels:
        unknown = ", ".join(scores.unknown_labels)
        print_line(console, f"labels that the model does not have: {unknown}")
    for label, n in scores.not_scored.items():
        print_line(console, f"not scored: {n:,} spans of {label}, which is not annotated here")
