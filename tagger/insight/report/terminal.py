"""The numbers of an error report in a terminal, short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagger.insight.report.outcomes import ALL
from tagger.insight.report.results import ErrorReport, HeadReport
from tagger.tables import counted, plain_table, print_line

if TYPE_CHECKING:
    from rich.console import Console

N_CONFUSIONS = 5


def print_report(console: Console, report: ErrorReport) -> None:
    """Print what is wrong with the spans of each head."""
    for head, of_head in report.spans.items():
        print_line(
            console,
            f"{report.title}, {head}: F1 {_percent(of_head.labels[ALL].score.f1)}; "
            "95 % of bootstrap samples lie between the bounds given",
        )
        console.print(
            plain_table(
                ("label", "precision", "recall", "F1", "95 %", "gold", "predicted"),
                [
                    [
                        label,
                        *map(_percent, (row.score.precision, row.score.recall, row.score.f1)),
                        f"{_percent(row.low)}-{_percent(row.high)}",
                        f"{row.score.n_gold:,}",
                        f"{row.score.n_predicted:,}",
                    ]
                    for label, row in of_head.labels.items()
                ],
            )
        )
        console.print(
            plain_table(
                ("match", "precision", "recall", "F1"),
                [
                    [name, *map(_percent, (row.precision, row.recall, row.f1))]
                    for name, row in of_head.matchings.items()
                ],
            )
        )
        console.print(
            plain_table(
                ("spans by", "group", "precision", "recall", "F1", "gold"),
                [
                    [
                        name if i == 0 else "",
                        group,
                        *map(_percent, (row.precision, row.recall, row.f1)),
                        f"{row.n_gold:,}",
                    ]
                    for name, groups in of_head.groups.items()
                    for i, (group, row) in enumerate(groups.items())
                ],
                left=(0, 1),
            )
        )
        for line in _lines(report, of_head):
            print_line(console, line)


def _lines(report: ErrorReport, of_head: HeadReport) -> Iterator[str]:
    kinds = Counter(outcome.kind for outcome in of_head.outcomes)
    n_right = kinds.pop("correct", 0)
    listed = ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common())
    are = "is" if n_right == 1 else "are"
    yield f"{counted(n_right, 'span')} {are} right; {listed or 'none is wrong'}"
    confused = Counter(
        {
            (gold, predicted): n
            for gold, row in of_head.confusion.items()
            for predicted, n in row.items()
            if gold and predicted and gold != predicted
        }
    )
    if confused:
        most = confused.most_common(N_CONFUSIONS)
        yield "confused most: " + ", ".join(f"{a} as {b} {n:,}" for (a, b), n in most)
    found = of_head.reliability
    yield f"confidence: ECE {found.ece:.3f}, Brier score {found.brier:.3f}"
    other = of_head.comparison
    if other is not None:
        yield (
            f"compared with {report.other}: F1 {_percent(other.labels[ALL].f1)}, "
            f"p = {other.p:.3f}; {report.other} finds {counted(other.n_fixed, 'span')} that "
            f"{report.model} misses, and misses {other.n_broken:,} that it finds"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"
