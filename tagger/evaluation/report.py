"""Scores as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tagger.evaluation.scores import LabelScore, SpanScores, TokenScores

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tagger.evaluation.evaluate import Evaluation
    from tagger.evaluation.raw import RawScore


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table, line by line."""
    body = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body]


def span_table(scores: SpanScores) -> Table:
    """Precision, recall and F1 by label, then over all."""
    table = _score_table("label")
    for label, score in scores.labels.items():
        _add(table, label, score)
    _add(table, "macro", scores.macro, style="dim")
    _add(table, "micro", scores.micro, style="bold")
    return table


def raw_table(scores: Mapping[str, RawScore]) -> Table:
    """Scores by character spans on raw text, by head and its labels."""
    table = _score_table("head")
    for head, score in scores.items():
        _add(table, head, score, style="bold" if score.labels else "")
        for label, of_label in score.labels.items():
            _add(table, f"  {label}", of_label)
    return table


def _score_table(first: str) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    table.add_column(first)
    for name in ("precision", "recall", "F1", "gold", "predicted"):
        table.add_column(name, justify="right")
    return table


def _add(table: Table, name: str, score: LabelScore, style: str = "") -> None:
    from rich.text import Text

    shares = (score.precision, score.recall, score.f1)
    counts = (score.n_gold, score.n_predicted)
    cells = [*(f"{100 * x:.2f}" for x in shares), *(f"{n:,}" for n in counts)]
    table.add_row(Text(name), *cells, style=style)


def token_line(title: str, scores: TokenScores) -> str:
    """Accuracy in a line."""
    unknown = f", {scores.n_unknown:,} of them tags unseen in training" if scores.n_unknown else ""
    return f"{title}: accuracy {100 * scores.accuracy:.2f} over {scores.n_tokens:,} tokens{unknown}"


def print_line(console: Console, text: str) -> None:
    """Print a line as it is: names and labels may look like markup."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


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
