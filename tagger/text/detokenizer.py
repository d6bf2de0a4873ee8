"""The most natural text of given tokens, with each token's offsets in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tagger.text.characters import HAN, HIRAGANA, KATAKANA, SOUTH_EAST_ASIAN
from tagger.text.pattern import FUSED
from tagger.text.tokenizer_rules import TokenizerRules

__all__ = ["detokenize"]

# Tokens without a space before them.
_CLOSING = re.compile(
    r"[.,;:!?…%)\]}»”]|[.!?]{2,}|''|-R[CRS]B-|n['’]t|['’](?:s|m|d|ll|re|ve)|[،؛؟।॥۔։]",
    re.IGNORECASE,
)
# Tokens without a space after them.
_OPENING = re.compile(r"[(\[{«„“‘¿¡$£€¥₤#@]|``|-L[CRS]B-|[A-Z]{1,2}\$")
_STRAIGHT_QUOTES = ('"', "'", "*")
# Characters without a space on either side.
_TIGHT = re.compile(
    rf"[{HAN}{HIRAGANA}{KATAKANA}{SOUTH_EAST_ASIAN}]|[，。、；：？！（）《》〈〉「」『』【】〔〕～]"
)
_HALVES = frozenset((*FUSED, ("'t", "is"), ("'t", "was")))


def detokenize(
    tokens: Sequence[str],
    space_after: Sequence[bool] | None = None,
    *,
    rules: TokenizerRules | None = None,
) -> tuple[str, list[tuple[int, int]]]:
    """Write ``tokens`` as text.

    Args:
        tokens: The tokens of one sentence.
        space_after: Whether a space follows each token, if the corpus has it; else it is guessed.
        rules: The tokenizer's rules, if known: what they split is written without spaces.

    Returns:
        The text and each token's ``(start, end)`` in it, in characters, end exclusive.

    >>> detokenize(["I", "do", "n't", "know", "."])
    ("I don't know.", [(0, 1), (2, 4), (4, 7), (8, 12), (12, 13)])
    """
    spaces = space_after if space_after is not None else list(_guess_spaces(tokens, rules))
    if len(spaces) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens but {len(spaces)} values of space_after")
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    position = 0
    for index, (token, space) in enumerate(zip(tokens, spaces, strict=True)):
        spans.append((position, position + len(token)))
        pieces.append(token)
        position += len(token)
        if space and index + 1 < len(tokens):
            pieces.append(" ")
            position += 1
    return "".join(pieces), spans


def _guess_spaces(tokens: Sequence[str], rules: TokenizerRules | None) -> Iterator[bool]:
    """Yield for each token whether a space follows it."""
    opened: set[str] = set()  # straight quotes, which look the same at both ends
    last = {token: index for index, token in enumerate(tokens)}
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        opens = False
        if token in _STRAIGHT_QUOTES:
            opens = token not in opened and last[token] > index
            (opened.add if opens else opened.discard)(token)
        yield not (
            opens
            or not following
            or (following in _STRAIGHT_QUOTES and following in opened)
            or _CLOSING.fullmatch(following)
            or _OPENING.fullmatch(token)
            or (_TIGHT.match(token[-1:]) or _TIGHT.match(following))
            or (token.lower(), following.lower()) in _HALVES
            or (rules is not None and _is_cut(tokens, index, rules))
        )


def _is_cut(tokens: Sequence[str], index: int, rules: TokenizerRules) -> bool:
    """Return whether ``rules`` would cut between a token and the next without a space there.

    This covers hyphens, slashes and points in numbers, where a space would be unnatural.
    """
    for middle in (index, index + 1):
        if not 0 < middle < len(tokens) - 1:
            continue
        before, mark, after = tokens[middle - 1 : middle + 2]
        if not (before[-1:].isalnum() and after[:1].isalnum()):
            continue
        if mark == "-" and (rules.split_hyphens or rules.split_everything):
            return True
        if mark == "/" and (rules.split_slashes or rules.split_everything):
            return True
        if mark in (".", ",", ":") and rules.split_everything:
            return before.isdigit() and after.isdigit()
    return False
