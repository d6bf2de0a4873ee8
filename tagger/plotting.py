"""Plots by matplotlib, which is imported when one is drawn."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tagger.errors import UsageError
from tagger.extras import install_hint

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def find_matplotlib() -> None:
    """Check that plots can be drawn.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise UsageError("plots need matplotlib", hint=install_hint("plot")) from None


def subplots(
    n_rows: int = 1, n_columns: int = 1, *, size: tuple[float, float]
) -> tuple[Figure, NDArray[Any]]:
    """Make a figure of axes (n_rows, n_columns) without a window, whatever backend is in use.

    Args:
        n_rows: Rows of axes.
        n_columns: Columns of axes.
        size: Width and height in inches.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(n_rows, n_columns, squeeze=False)


def png(figure: Figure) -> bytes:
    """Render a figure as PNG; dollar signs in its texts begin no formula."""
    from matplotlib import rc_context
    from matplotlib.text import Text

    buffer = io.BytesIO()
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    # Labels of ticks may be made only now.
    with warnings.catch_warnings(), rc_context({"text.parse_math": False}):
        # Words may be in any script; what the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()
