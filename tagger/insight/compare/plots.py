"""The plots of a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tagger.plotting import png, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tagger.insight.compare.results import Comparison, RowResult


DASHES = ("-", "--", ":")
MARKERS = "os^DvPX*<>"


class Plot(NamedTuple):
    """A picture."""

    file: str
    """The name of its file."""
    caption: str
    png: bytes


def draw_plots(comparison: Comparison, name: str) -> list[Plot]:
    """Draw the plots of a corpus whose files begin with ``name``."""
    figures = {kind: draw(comparison) for kind, draw in PLOTS.items()}
    return [
        Plot(f"{name}-{kind}.png", f"{name}: {kind}", png(figure))
        for kind, figure in figures.items()
        if figure is not None
    ]


def _curves(comparison: Comparison) -> Figure:
    label = f"dev {comparison.measure}, mean of the seeds"
    return _by_epoch(comparison, lambda row: [100 * score for score in row.curve], label)


def _losses(comparison: Comparison) -> Figure | None:
    if not any(row.losses for row in comparison.rows):
        return None
    return _by_epoch(comparison, lambda row: row.losses, "training loss, mean of the seeds")


def _by_epoch(
    comparison: Comparison, values: Callable[[RowResult], Sequence[float]], label: str
) -> Figure:
    def draw(axes: Any, row: RowResult, style: dict[str, Any]) -> None:
        of_row = values(row)
        axes.plot(range(1, len(of_row) + 1), of_row, label=row.name, **style)
        axes.xaxis.get_major_locator().set_params(integer=True)

    return _lines(comparison, draw, "epoch", label)


def _speed(comparison: Comparison) -> Figure:
    def draw(axes: Any, row: RowResult, style: dict[str, Any]) -> None:
        axes.errorbar(
            row.tag_speed,
            100 * row.mean,
            yerr=100 * row.sd,
            label=row.name,
            capsize=3,
            **{**style, "linestyle": "none"},
        )

    figure = _lines(comparison, draw, "tagging, tokens/s", comparison.measure)
    figure.axes[0].xaxis.set_major_formatter("{x:,.0f}")
    return figure


def _lengths(comparison: Comparison) -> Figure | None:
    return _binned(comparison, "by_length", "tokens in the sentence")


def _spans(comparison: Comparison) -> Figure | None:
    return _binned(comparison, "by_span", "tokens in the span")


def _binned(comparison: Comparison, field: str, label: str) -> Figure | None:
    bins = list(dict.fromkeys(name for row in comparison.rows for name in getattr(row, field)))
    if len(bins) < 2:
        return None

    def draw(axes: Any, row: RowResult, style: dict[str, Any]) -> None:
        scores = [100 * getattr(row, field).get(name, float("nan")) for name in bins]
        axes.plot(bins, scores, label=row.name, **style)

    return _lines(comparison, draw, label, comparison.measure)


def _position(comparison: Comparison) -> Figure | None:
    if not any(row.by_position for row in comparison.rows):
        return None

    def draw(axes: Any, row: RowResult, style: dict[str, Any]) -> None:
        n = len(row.by_position)
        places = [100 * (i + 0.5) / n for i in range(n)]
        shares = [float("nan") if s is None else 100 * s for s in row.by_position]
        axes.plot(places, shares, label=row.name, **style)

    return _lines(comparison, draw, "position in the sentence, %", "correct tags, %")


PLOTS: dict[str, Callable[[Comparison], Figure | None]] = {
    "curves": _curves,
    "losses": _losses,
    "speed": _speed,
    "lengths": _lengths,
    "spans": _spans,
    "positions": _position,
}


def _lines(
    comparison: Comparison,
    draw: Callable[[Any, RowResult, dict[str, Any]], None],
    x_label: str,
    y_label: str,
) -> Figure:
    """Draw something for each row."""
    figure, ((axes,),) = subplots(size=(8.5, 4.5))
    for row, style in zip(comparison.rows, row_styles(comparison.rows), strict=True):
        if row.scores:
            draw(axes, row, style)
    return _finished(figure, axes, x_label, y_label, comparison.title)


def draw_across(comparisons: Sequence[Comparison]) -> Plot:
    """Draw the score of each row by corpus."""
    figure, ((axes,),) = subplots(size=(8.5, 4.5))
    by_name = {row.name: row for c in comparisons for row in c.rows}
    for name, style in zip(by_name, row_styles(list(by_name.values())), strict=True):
        rows = [
            (c.corpus, row)
            for c in comparisons
            for row in c.rows
            if row.name == name and row.scores
        ]
        axes.errorbar(
            [corpus for corpus, _ in rows],
            [100 * row.mean for _, row in rows],
            yerr=[100 * row.sd for _, row in rows],
            label=name,
            capsize=3,
            **style,
        )
    measures = dict.fromkeys(comparison.measure for comparison in comparisons)
    finished = _finished(figure, axes, "", " or ".join(measures), "score by corpus")
    return Plot("corpora.png", "score by corpus", png(finished))


def _finished(figure: Figure, axes: Any, x_label: str, y_label: str, name: str) -> Figure:
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_title(name, fontsize=10)
    axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure


def row_styles(rows: Sequence[RowResult]) -> list[dict[str, Any]]:
    """Choose a line for each row: a colour a cell, dashes by direction, a marker within the cell.

    If all rows have one cell, each has its own colour. Lines get thinner from row to row, so that
    those that lie on each other are all seen.
    """
    cells = list(dict.fromkeys(row.cell for row in rows))
    directions = list(dict.fromkeys(row.direction for row in rows))
    n_of_cell: Counter[str] = Counter()
    styles = []
    for i, row in enumerate(rows):
        colour = cells.index(row.cell) if len(cells) > 1 else i
        styles.append(
            {
                "color": f"C{colour % 10}",
                "linestyle": DASHES[directions.index(row.direction)],
                "marker": MARKERS[n_of_cell[row.cell] % len(MARKERS)],
                "linewidth": 3 - 2 * i / len(rows),
            }
        )
        n_of_cell[row.cell] += 1
    return styles
