"""Pictures by matplotlib, which is imported when one is drawn."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from tagger.errors import UsageError
from tagger.extras import install_hint

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def find_matplotlib(option: str) -> None:
    """See that a picture can be drawn.

    Args:
        option: What asks for it, as the error names it.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise UsageError(f"{option} needs matplotlib", hint=install_hint("plot")) from None


def pyplot() -> Any:
    """matplotlib's ``pyplot``, which opens no window."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def png(figure: Figure) -> bytes:
    """Render a figure as PNG and close it; dollar signs in its texts begin no formula."""
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
    pyplot().close(figure)
    return buffer.getvalue()
