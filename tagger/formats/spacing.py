"""Spaces after tokens, found by laying the tokens along the text of their sentence."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["align"]


def align(tokens: Sequence[str], text: str) -> list[bool] | None:
    """Return for each token whether white space follows it in ``text``.

    The last token of a text counts as followed by a space. None where the tokens are not the text.
    """
    position = 0
    after = []
    for token in tokens:
        if not text.startswith(token, position):
            return None
        end = position + len(token)
        position = end
        while position < len(text) and text[position].isspace():
            position += 1
        after.append(position > end or end == len(text))
    return after if position == len(text) else None
