"""Policies for spans that do not fit the tokens, or one another."""

from __future__ import annotations

from typing import Literal

__all__ = ["Misaligned", "Overlapping"]

Misaligned = Literal["error", "drop", "expand"]
Overlapping = Literal["error", "drop"]
