"""Raw text: from characters to sentences of tokens with exact offsets, and back."""

from tagger.text.detokenizer import detokenize
from tagger.text.fitting import fit_rules
from tagger.text.rules import TokenizerRules
from tagger.text.tokenizer import Tokenizer

__all__ = ["Tokenizer", "TokenizerRules", "detokenize", "fit_rules"]
