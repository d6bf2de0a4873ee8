"""Problem details (RFC 9457): errors of the service as JSON that names the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal[
    "invalid-request",
    "too-large",
    "too-many-texts",
    "queue-full",
    "timeout",
    "slow-request",
    "unauthorized",
    "not-found",
    "method-not-allowed",
    "stopping",
    "internal-error",
]

STATUS: dict[Kind, HTTPStatus] = {
    "invalid-request": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-many-texts": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "queue-full": HTTPStatus.TOO_MANY_REQUESTS,
    "timeout": HTTPStatus.SERVICE_UNAVAILABLE,
    "slow-request": HTTPStatus.REQUEST_TIMEOUT,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "not-found": HTTPStatus.NOT_FOUND,
    "method-not-allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "stopping": HTTPStatus.SERVICE_UNAVAILABLE,
    "internal-error": HTTPStatus.INTERNAL_SERVER_ERROR,
}
MEDIA_TYPE = "application/problem+json"
N_FIELDS = 10
"""Maximum number of wrong fields that are named."""


class WrongField(msgspec.Struct, frozen=True, omit_defaults=True):
    """A field of a request and what is wrong with it."""

    pointer: str
    """A JSON pointer (RFC 6901) into the body: ``/texts/3``; of a query, ``?model``."""
    detail: str
    expected: tuple[str, ...] = ()
    """Values that would have been right."""


class Problem(Exception):  # noqa: N818 - named as in the standard
    """An error that is sent to the client.

    Args:
        kind: What it is, for machines.
        detail: What is wrong and what to do, for people.
        fields: The wrong fields.
        headers: Further headers of the response.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        fields: Sequence[WrongField] = (),
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = int(STATUS[kind])
        self.detail = detail
        self.fields = tuple(fields[:N_FIELDS])
        self.headers = dict(headers or {})

    def to_dict(self) -> dict[str, Any]:
        """Return the members of the problem."""
        found: dict[str, Any] = {
            "type": f"urn:tagger:{self.kind}",
            "title": STATUS[self.kind].phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.fields:
            found["errors"] = self.fields
        return found

    def to_json(self) -> bytes:
        """Return the problem as JSON."""
        return msgspec.json.encode(self.to_dict())


def wrong_field(pointer: str, detail: str, expected: Sequence[str] = ()) -> Problem:
    """Make the problem of a single wrong field."""
    name = pointer.lstrip("/?") or "the request"
    return Problem(
        "invalid-request", f"{name}: {detail}", [WrongField(pointer, detail, tuple(expected))]
    )
