"""The playground: a static page, its style and its scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but this page's own files runs or is shown, whatever a text or a label holds."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}
FILES = (
    "style.css",
    "app.js",
    "corrections.js",
    "details.js",
    "elements.js",
    "result.js",
    "service.js",
    "sharing.js",
)
PAGE_PATHS = ("/", *(f"/page/{name}" for name in FILES))


def page_routes() -> list[Route]:
    """Return the routes of the page."""
    return [Route(path, _file(path.rpartition("/")[2] or "index.html")) for path in PAGE_PATHS]


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    content = (files(__package__) / name).read_bytes()
    headers = {**HEADERS, "content-type": MEDIA_TYPES[name.rpartition(".")[2]]}

    async def answer(request: Request) -> Response:
        return Response(content, headers=headers)

    return answer
