"""Lines of plots: colour by cell, dash by direction."""

from __future__ import annotations

from itertools import product

from tagger.insight.compare.plots import PLOTS, row_styles
from tagger.insight.compare.results import Comparison
from tests.helpers.comparisons import row_result


def test_a_colour_a_cell_and_a_dash_a_direction() -> None:
    grid = list(product(("rnn", "gru", "lstm"), ("forward", "backward", "bi", "bi")))
    styles = row_styles([row_result(f"{c} {d}", cell=c, direction=d) for c, d in grid])
    for key, part in (("color", 0), ("linestyle", 1)):
        by_part = {(pair[part], style[key]) for pair, style in zip(grid, styles, strict=True)}
        assert len(by_part) == 3
        assert len({value for _, value in by_part}) == 3
    looks = {(s["color"], s["linestyle"], s["marker"]) for s in styles}
    assert len(looks) == len(grid)


def test_rows_of_one_cell_differ_in_colour() -> None:
    styles = row_styles([row_result(f"hidden_dim={n}") for n in range(9)])
    assert len({style["color"] for style in styles}) == 9


def test_losses_are_drawn_where_they_are_known() -> None:
    def figure(**fields: object):
        rows = (row_result("a", **fields),)
        comparison = Comparison(
            corpus="c", head="ner", measure="F1", split="dev", n_seeds=1, rows=rows
        )
        return PLOTS["losses"](comparison)

    drawn = figure(losses=(2.0, 1.5))
    assert drawn is not None
    assert list(drawn.axes[0].lines[0].get_ydata()) == [2.0, 1.5]
    assert figure() is None
