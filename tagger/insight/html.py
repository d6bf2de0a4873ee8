"""HTML from templates that escape all values: self-contained pages, snippets for notebooks."""

from __future__ import annotations

import base64
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from jinja2 import Environment

Layout = Literal["page", "snippet"]
"""A whole page, or an element for a notebook."""

STRONGEST = 0.85
"""The opacity of the strongest shade; text must stay readable on it."""


def render(template: str, *, layout: Layout = "page", **values: object) -> str:
    """Render a template of `insight`.

    Args:
        template: The name of its file.
        layout: What it becomes.
        values: What the template reads; strings are text, not HTML.
    """
    return _environment().get_template(template).render(layout=f"{layout}.html", **values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    room = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(
            [room / part / "templates" for part in (".", "compare", "explain", "report")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": percent,
        "points": points,
        "shade": shade,
        "data_url": data_url,
    }
    return environment


def percent(share: float) -> str:
    """Format a share of 1 in percent, without the sign.

    >>> percent(0.9971)
    '99.7'
    """
    return f"{100 * share:.1f}"


def points(change: float) -> str:
    """Format a difference of shares in percentage points.

    >>> points(0.1084), points(-0.003)
    ('+10.8', '-0.3')
    """
    return f"{round(100 * change, 1) + 0.0:+.1f}"  # -0.0 + 0.0 is 0.0


def shade(change: float) -> str:
    """Return the opacity that shows a difference of probabilities, the same on every page.

    The root spreads small differences: 1, 10 and 50 points are clearly unlike.

    >>> shade(0.01), shade(-0.1), shade(0.5), shade(1)
    ('0.09', '0.27', '0.60', '0.85')
    """
    return f"{STRONGEST * math.sqrt(min(abs(change), 1)):.2f}"


def data_url(picture: bytes) -> str:
    """Return a PNG as a URL, which needs no file."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
