"""Errors of the component."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tagger.errors import TaggerError


class ComponentError(TaggerError, ValueError):
    """An error of a component, with its name first; a `ValueError`, as spaCy raises.

    Args:
        component: The component's name.
        error: What is wrong; its parts are those of this error.

    >>> error = ComponentError("tagger", TaggerError("damaged", path="meta.json"))
    >>> str(error), error.path
    ('tagger: meta.json: damaged', 'meta.json')
    """

    def __init__(self, component: str, error: TaggerError) -> None:
        super().__init__(
            error.message,
            path=error.path,
            line=error.line,
            expected=error.expected,
            hint=error.hint,
        )
        self.component = component

    def spelled(self, argument: Callable[[str, str | None], str]) -> str:
        """Word the error in one line, as `TaggerError.spelled`."""
        return f"{self.component}: {super().spelled(argument)}"


@contextmanager
def component_errors(name: str) -> Iterator[None]:
    """Raise each `TaggerError` as a `ComponentError` of the component ``name``."""
    try:
        yield
    except ComponentError:
        raise
    except TaggerError as error:
        raise ComponentError(name, error) from None
