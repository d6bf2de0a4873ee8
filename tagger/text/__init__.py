"""Raw text: from characters to sentences of tokens with exact offsets, and back.

Tagging needs only `Tokenizer`; the parts for training and scoring are imported when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tagger.text.tokenizer import Tokenizer
from tagger.text.tokenizer_rules import TokenizerRules

if TYPE_CHECKING:
    from tagger.text.detokenizer import detokenize
    from tagger.text.fitting import fit_rules

__all__ = ["Tokenizer", "TokenizerRules", "detokenize", "fit_rules"]

_HOMES = {"detokenize": "tagger.text.detokenizer", "fit_rules": "tagger.text.fitting"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tagger.text' has no attribute {name!r}")
