"""From text to tokens with exact character offsets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from tagger.errors import UsageError, unknown_name
from tagger.text.pattern import compile_pattern
from tagger.text.sentences import Newline, group_sentences
from tagger.text.tokenizer_rules import TokenizerRules

if TYPE_CHECKING:
    from tagger.text.lexicon import Lexicon

__all__ = ["Tokenizer"]

_DEFAULT = TokenizerRules()


class Tokenizer:
    """Cuts text into tokens and sentences by the rules of one corpus.

    Offsets count characters (code points), ends are exclusive. Every character that is not white
    space lies in exactly one token; the time is linear in the length of the text.
    """

    def __init__(self, rules: TokenizerRules = _DEFAULT, *, newline: Newline = "auto") -> None:
        if newline not in get_args(Newline):
            valid = get_args(Newline)
            raise UsageError(unknown_name("newline", newline, valid), expected=valid)
        self.rules = rules
        self.newline: Newline = newline
        self._finditer = compile_pattern(rules).finditer
        self._lexicon: Lexicon | None = None
        if rules.lexicon:  # most corpora have none
            from tagger.text.lexicon import Lexicon

            self._lexicon = Lexicon(rules.lexicon)

    def tokens(self, text: str) -> list[tuple[int, int]]:
        """Return the tokens' ``(start, end)`` in ``text``, in order."""
        spans = list(map(re.Match.span, self._finditer(text)))
        return spans if self._lexicon is None else self._lexicon.regroup(text, spans)

    def sentences(self, text: str) -> list[list[tuple[int, int]]]:
        """Return the same tokens as :meth:`tokens`, grouped into sentences."""
        if self.rules.whole_texts:
            tokens = self.tokens(text)
            return [tokens] if tokens else []
        return group_sentences(text, self.tokens(text), self.newline)
