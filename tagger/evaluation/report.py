"""Scores as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tagger.evaluation.counting import LabelScore
from tagger.evaluation.scores import SpanScores, TokenScores
from tagger.evaluation.texts import TextScores
from tagger.tables import counted, mean_sd, plain_table, print_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tagger.evaluation.agreement import AgreementReport
    from tagger.evaluation.by_threshold import AtThreshold
    from tagger.evaluation.coverage import Coverage
    from tagger.evaluation.reliability import Reliability
    from tagger.evaluation.split import Evaluation
    from tagger.model.meta import Calibration


def span_table(scores: SpanScores) -> Table:
    """Tabulate precision, recall and F1 by label, then over all labels."""
    rows = [(label, score, "") for label, score in scores.labels.items()]
    rows += [("macro", scores.macro, "dim"), ("micro", scores.micro, "bold")]
    return _score_table("label", rows)


def raw_table(heads: Mapping[str, SpanScores]) -> Table:
    """Tabulate scores on raw text by head and its labels."""
    rows: list[tuple[str, LabelScore, str]] = []
    for head, scores in heads.items():
        rows.append((head, scores.micro, "bold" if scores.labels else ""))
        rows += [(f"  {label}", score, "") for label, score in scores.labels.items()]
    return _score_table("head", rows)


def _score_table(first: str, rows: Sequence[tuple[str, LabelScore, str]]) -> Table:
    """Tabulate scores, given the name, the score and the style of each row."""
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


def threshold_table(points: Sequence[AtThreshold]) -> Table:
    """Tabulate the scores of spans at each threshold, what is missed and what is too many."""
    return plain_table(
        ("threshold", "precision", "recall", "F1", "missed", "too many"),
        [
            [
                f"{at.threshold:g}",
                *(
                    f"{100 * share:.2f}"
                    for share in (at.score.precision, at.score.recall, at.score.f1)
                ),
                f"{100 * at.missed:.1f} %",
                f"{100 * at.too_many:.1f} %",
            ]
            for at in points
        ],
    )


def coverage_table(rows: Sequence[Coverage]) -> Table:
    """Tabulate the names that masking would leave, and the other words that it would hide."""
    return plain_table(
        ("threshold", "names left", "left in part", "other words masked"),
        [
            [
                "best tags" if row.threshold is None else f"{row.threshold:g}",
                *(f"{100 * share:.1f} %" for share in (row.left, row.partly_left)),
                f"{100 * row.needless:.2f} %",
            ]
            for row in rows
        ],
    )


def threshold_line(points: Sequence[AtThreshold]) -> str:
    """Word what a low threshold means."""
    at = next((at for at in points if at.threshold >= 0.1), points[-1])
    return (
        f"at {at.threshold:g} you miss {100 * at.missed:.0f} % of the {at.score.n_gold:,} spans, "
        f"and mark {100 * at.too_many:.0f} % too many"
    )


def calibration_table(calibration: Mapping[str, Calibration]) -> Table:
    """Tabulate temperatures, and how good the confidence is without and with them."""
    return plain_table(
        (
            "head",
            "fitted on",
            "temperature",
            "found",
            "ECE before",
            "after",
            "Brier before",
            "after",
        ),
        [
            [
                head,
                ", ".join(fitted.corpora),
                f"{fitted.temperature:.2f}",
                f"{fitted.n:,}",
                f"{fitted.ece_before:.3f}",
                f"{fitted.ece_after:.3f}",
                f"{fitted.brier_before:.3f}",
                f"{fitted.brier_after:.3f}",
            ]
            for head, fitted in calibration.items()
        ],
        left=range(2),
    )


def reliability_line(title: str, found: Reliability) -> str:
    """Word how well the confidence agrees with what is right."""
    return f"{title}: confidence ECE {found.ece:.3f}, Brier {found.brier:.3f}, of {found.n:,} found"


def token_line(title: str, scores: TokenScores) -> str:
    """Word an accuracy in one line."""
    unknown = f", {scores.n_unknown:,} of them tags unseen in training" if scores.n_unknown else ""
    return f"{title}: accuracy {100 * scores.accuracy:.2f} over {scores.n_tokens:,} tokens{unknown}"


def text_line(title: str, scores: TextScores) -> str:
    """Word the scores of labels of texts in one line."""
    parts = [f"accuracy {100 * scores.accuracy:.2f}", f"macro F1 {100 * scores.macro.f1:.2f}"]
    if scores.multi_label:
        parts[0] = f"all labels right {100 * scores.accuracy:.2f} %"
        parts.insert(1, f"micro F1 {100 * scores.micro.f1:.2f}")
    parts[-1] += f" over {counted(scores.n_texts, 'text')}"
    if scores.n_missing:
        parts.append(f"{scores.n_missing:,} more without a label")
    if scores.n_several:
        parts.append(f"{scores.n_several:,} with several labels, of which the model finds one")
    if scores.n_empty:
        parts.append(f"{scores.n_empty:,} without tokens")
    return f"{title}: {', '.join(parts)}"


def text_table(scores: TextScores) -> Table:
    """Tabulate precision, recall and F1 of labels of texts."""
    rows = [(label, score, "") for label, score in scores.labels.items()]
    return _score_table("label", [*rows, ("macro", scores.macro, "dim")])


def print_evaluation(console: Console, title: str, evaluation: Evaluation) -> None:
    """Print all scores of an evaluation, and the speed where it was measured."""
    if evaluation.raw:
        print_line(console, f"{title}, raw text")
        console.print(raw_table(evaluation.spans))
    for head, spans in evaluation.spans.items():
        if not evaluation.raw:
            print_line(console, f"{title}, {head}")
            console.print(span_table(spans))
        _print_labels(console, spans)
    for head, tokens in evaluation.tokens.items():
        print_line(console, token_line(f"{title}, {head}", tokens))
    for head, texts in evaluation.texts.items():
        print_line(console, text_line(f"{title}, {head}", texts))
        console.print(text_table(texts))
        if texts.unknown_labels:
            unknown = ", ".join(texts.unknown_labels)
            print_line(console, f"labels that the model does not have: {unknown}")
    if evaluation.exact is not None:
        exact = evaluation.exact
        print_line(
            console,
            f"{title}, all of {', '.join(exact.heads)} right: {100 * exact.share:.2f} % of "
            f"{exact.n_sentences:,} sentences",
        )
    for head, found in evaluation.reliability.items():
        print_line(console, reliability_line(f"{title}, {head}", found))
    for head, points in evaluation.by_threshold.items():
        print_line(console, f"{title}, {head} by threshold")
        console.print(threshold_table(points))
        print_line(console, threshold_line(points))
    for head, rows in evaluation.coverage.items():
        names = counted(rows[0].n_names, "name")
        print_line(console, f"{title}, {head} masked, labels ignored: {names}")
        console.print(coverage_table(rows))
    if evaluation.seconds > 0:
        speed = evaluation.n_tokens / evaluation.seconds
        print_line(
            console,
            f"{counted(evaluation.n_sentences, 'sentence')}, "
            f"{counted(evaluation.n_tokens, 'token')} tagged in "
            f"{evaluation.seconds:.1f} s, {speed:,.0f} tokens/s",
        )


def _print_labels(console: Console, scores: SpanScores) -> None:
    if scores.unknown_labels:
        unknown = ", ".join(scores.unknown_labels)
        print_line(console, f"labels that the model does not have: {unknown}")
    for label, n in scores.not_scored.items():
        what = counted(n, "span")
        print_line(console, f"not scored: {what} of {label}, which is not annotated here")


def print_folds(console: Console, folds: Sequence[Mapping[str, float]]) -> None:
    """Print the scores of the folds of a cross-validation, and their mean and deviation."""
    heads = list(folds[0])
    rows = [
        [str(number), *(f"{100 * fold[head]:.2f}" for head in heads)]
        for number, fold in enumerate(folds, 1)
    ]
    last = ["mean ± sd", *(mean_sd([100 * fold[head] for fold in folds]) for head in heads)]
    styles = [*([""] * len(rows)), "bold"]
    console.print(plain_table(("fold", *heads), [*rows, last], styles=styles))


def print_agreement(console: Console, report: AgreementReport) -> None:
    """Print the agreement of annotations: F1 by label, equal tags, kappa and alpha."""
    for head, of_head in report.heads.items():
        for pair in of_head.pairs:
            print_line(console, f"{head}: {pair.first} (gold) and {pair.second}")
            if pair.micro is not None:
                rows = [(label, score, "") for label, score in pair.spans.items()]
                console.print(_score_table("label", [*rows, ("all", pair.micro, "bold")]))
            print_line(
                console,
                f"{counted(pair.n_units, pair.unit)}, {100 * pair.equal:.2f} % with the same tag; "
                f"Cohen's kappa {_coefficient(pair.kappa)}",
            )
        print_line(console, f"{head}: Krippendorff's alpha {_coefficient(of_head.alpha)}")


def _coefficient(value: float | None) -> str:
    return "undefined: only one tag is used" if value is None else f"{value:.3f}"
