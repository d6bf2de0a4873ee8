"""A comparison as a table, Markdown, CSV, HTML and a line of advice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from tagger.files import write_file
from tagger.insight.compare.plots import Plot, draw_across, draw_plots
from tagger.insight.html import Layout, render
from tagger.tables import markdown_table, markdown_text, plain_table
from tagger.training.preparation import unique_name
from tagger.training.settings import short_name

if TYPE_CHECKING:
    from rich.table import Table

    from tagger.insight.compare.results import Comparison, RowResult

ALPHA = 0.05
"""The level of significance."""
NOTABLY = 1.1
"""The least ratio of speeds that is mentioned."""

HEADER = (
    "",
    "encoder parameters",
    "output size",
    "score",
    "p",
    "training tokens/s",
    "tagging tokens/s",
    "MB",
)


def write_report(folder: Path, comparisons: Sequence[Comparison], command: str) -> list[Path]:
    """Write ``compare.md``, ``compare.csv``, ``compare.html``, ``compare.json`` and the plots.

    Args:
        folder: Where to; it is made if it is missing.
        comparisons: Corpus by corpus.
        command: The command that made them.

    Returns:
        The files.
    """
    plots = [draw_plots(c, name) for c, name in zip(comparisons, _names(comparisons), strict=True)]
    shared = [draw_across(comparisons)] if len(comparisons) > 1 else []
    files = {
        "compare.md": markdown(comparisons, plots, shared, command).encode(),
        "compare.csv": as_csv(comparisons).encode(),
        "compare.html": html(comparisons, plots, shared, command).encode(),
        "compare.json": msgspec.json.encode(comparisons),
        **{plot.file: plot.png for plot in [*chain(*plots), *shared]},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_file(folder / name, content)
    return [folder / name for name in files]


def advice(comparison: Comparison) -> str:
    """Return what follows from the numbers, in a few sentences."""
    best = comparison.best
    parts = [f"{best.name} scores highest ({best.score})."]
    rising = [row.name for row in comparison.rows if row.is_rising]
    if rising:
        names = _listed(rising) if len(rising) < 4 else f"{len(rising)} of {len(comparison.rows)}"
        parts = [
            f"Not settled: the last epoch was the best of {names}, so train for more epochs.",
            f"{best.name} scores highest so far ({best.score}).",
        ]
    parts += _against_best(comparison)
    if failed := [row.name for row in comparison.rows if row.failed]:
        parts.append(f"Some trainings failed: {_listed(failed)}.")
    if comparison.n_seeds < 3:
        count = "one seed" if comparison.n_seeds == 1 else f"{comparison.n_seeds} seeds"
        parts.append(f"These are the results of {count}; check them with at least 3.")
    return " ".join(parts)


def _against_best(comparison: Comparison) -> Iterator[str]:
    """Compare the other rows with the best one."""
    best = comparison.best
    rows = [row for row in comparison.rows if row.scores]
    others = [row for row in rows if row is not best and row.p_best is not None]
    equal = [row for row in others if (row.p_best or 0.0) >= ALPHA]
    if equal:
        names = _listed([f"{row.name} ({row.score})" for row in equal])
        yield f"No significant difference from it (p ≥ {ALPHA}): {names}."
        fastest = max([best, *equal], key=lambda row: row.tag_speed)
        if fastest.tag_speed >= NOTABLY * best.tag_speed > 0:
            yield (
                f"Of these {fastest.name} tags fastest, {fastest.tag_speed / best.tag_speed:.1f} "
                f"times as fast as {best.name}: choose it if speed counts."
            )
        smallest = min([best, *equal], key=lambda row: row.n_parameters)
        if smallest not in (best, fastest):
            yield f"{smallest.name} has the fewest parameters of these."
    elif others:
        yield f"All others are worse (p < {ALPHA})."
        faster = [r for r in rows if r.tag_speed > 1.3 * best.tag_speed > 0]
        if faster:
            row = max(faster, key=lambda row: row.mean)
            yield (
                f"{row.name} tags {row.tag_speed / best.tag_speed:.1f} times as fast and costs "
                f"{100 * (best.mean - row.mean):.1f} points."
            )


def table(comparison: Comparison) -> Table:
    """Return the table for a terminal."""
    styles = ["bold" if row is comparison.best else "" for row in comparison.rows]
    return plain_table(HEADER, map(_cells, comparison.rows), styles=styles)


LEGEND = (
    "p: the probability that so large a difference from the first row arises by chance, on "
    "other sentences (approximate randomisation, corrected for the number of rows after Holm); the "
    "standard deviation shows how much another seed changes. Training speed is on the given "
    "threads. Tagging is timed on one thread, the models in turn, in the precision in which they "
    "are used: LSTMs in 8 bits if their tags stay the same, all others in single precision."
)


def markdown(
    comparisons: Sequence[Comparison],
    plots: Sequence[Sequence[Plot]],
    shared: Sequence[Plot],
    command: str,
) -> str:
    """Render a page of Markdown with links to the plots beside it.

    Args:
        comparisons: Corpus by corpus.
        plots: The plots of each.
        shared: Those of all corpora together.
        command: The command that made them.
    """
    lines = [f"# {markdown_text(_heading(comparisons))}", "", "```", command, "```", ""]
    for comparison, of_corpus in zip(comparisons, plots, strict=True):
        if len(comparisons) > 1:
            lines += [f"## {markdown_text(comparison.corpus)}", ""]
        lines += [markdown_text(f"{comparison.title}. {advice(comparison)}"), ""]
        cells = [[markdown_text(cell) for cell in _cells(row)] for row in comparison.rows]
        lines += markdown_table(HEADER, cells)
        lines += ["", *map(markdown_text, _failures(comparison))]
        lines += map(_link, of_corpus)
    if shared:
        lines += ["## All", "", *map(_link, shared)]
    return "\n".join([*lines, LEGEND, ""])


def _link(plot: Plot) -> str:
    return f"![{markdown_text(plot.caption)}]({quote(plot.file)})\n"


def html(
    comparisons: Sequence[Comparison],
    plots: Sequence[Sequence[Plot]] = (),
    shared: Sequence[Plot] = (),
    command: str = "",
    *,
    layout: Layout = "page",
) -> str:
    """Render HTML that holds its plots; see `markdown`.

    Args:
        comparisons: Corpus by corpus.
        plots: The plots of each, if any are shown.
        shared: Those of all corpora together.
        command: The command that made them; empty for tables without a heading.
        layout: A page, or a snippet for notebooks.
    """
    return render(
        "comparison.html",
        layout=layout,
        title=_heading(comparisons),
        command=command,
        sections=list(zip_longest(comparisons, plots, fillvalue=())),
        shared=shared,
        header=HEADER,
        cells=_cells,
        advice=advice,
        failures=_failures,
        legend=LEGEND,
    )


def _heading(comparisons: Sequence[Comparison]) -> str:
    return " · ".join(comparison.corpus for comparison in comparisons)


def as_csv(comparisons: Sequence[Comparison]) -> str:
    """Render a line for each row, with unformatted numbers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ("n_parameters", "output_dim", "mean", "sd", "p_first", "p_best")
    speeds = ("train_speed", "tag_speed", "model_mb")
    writer.writerow(["corpus", "head", "split", "row", *columns, *speeds, "scores"])
    for comparison in comparisons:
        for row in comparison.rows:
            names = (*columns, *speeds) if row.scores else ()
            values = [getattr(row, name) for name in names] or [""] * len((*columns, *speeds))
            rounded = [f"{v:.6g}" if isinstance(v, float) else v for v in values]
            scores = " ".join(f"{score:.6f}" for score in row.scores)
            about = [comparison.corpus, comparison.head, comparison.split, row.name]
            writer.writerow([*about, *rounded, scores])
    return text.getvalue()


def _cells(row: RowResult) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.n_parameters:,}",
        f"{row.output_dim:,}",
        row.score,
        "" if row.p_first is None else "<0.001" if row.p_first < 0.001 else f"{row.p_first:.3f}",
        f"{row.train_speed:,.0f}",
        f"{row.tag_speed:,.0f}" if row.tag_speed else "–",
        f"{row.model_mb:.2f}",
    )


def _failures(comparison: Comparison) -> list[str]:
    return [f"{row.name}: {why}" for row in comparison.rows for why in row.failed]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _names(comparisons: Sequence[Comparison]) -> list[str]:
    """Return how the files of each corpus begin, with a number where folders share a name."""
    found: list[str] = []
    for comparison in comparisons:
        found.append(unique_name(short_name(comparison.corpus), found))
    return found
