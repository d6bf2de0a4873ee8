"""Pictures by matplotlib, which is imported when one is drawn."""

from __future__ import annotations

import base64
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
    """A figure as PNG; it is closed."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # Words may be in any script; what the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(buffer, format="png", dpi=120)
    pyplot().close(figure)
    return buffer.getvalue()


def embedded(picture: bytes, text: str) -> str:
    """An ``img`` element that holds a PNG; ``text`` stands for it where it is not seen."""
    data = base64.b64encode(picture).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{text}">'
