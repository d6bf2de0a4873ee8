"""The rules by which a corpus cuts text into tokens."""

from __future__ import annotations

import msgspec

__all__ = ["ABBREVIATIONS", "TITLES", "TokenizerRules"]

# Abbreviations that do not end a sentence, because a name or a number follows.
_TITLES = (
    "Mr Mrs Ms Dr Prof Rev Hon Gov Sen Rep Gen Lt Col Maj Capt Cmdr Sgt Cpl Adm Brig Messrs Mmes "
    "Mme Mlle Fr St Ste Mt Ft Pres Supt Insp Atty vs e.g i.e cf viz ca approx Sra Srta Dra Dña "
    "Hr Fru Dhr Mevr Nr al Pte Sec Amb Rt Sr"
)
# Abbreviations that may end a sentence.
_OTHERS = (
    "Jr Esq Ph.D Inc Ltd Co Corp Bros Cos Assn Bldg Dept Univ Est Ave Blvd Rd Hwy Pty Cie Ct Jan "
    "Feb Apr Jun Jul Aug Sept Sep Oct Nov Dec Ala Ariz Ark Calif Colo Conn Fla Ga Kan Ky Md Mich "
    "Minn Mont Neb Nev Okla Ore Pa Penn Tenn Va Vt Wis Wyo etc a.m p.m U.S U.K vol eds pp dept "
    "figs ft hr hrs lb lbs misc mph oz tel yr yrs a.k.a"
)
TITLES = tuple(_TITLES.split())
ABBREVIATIONS = tuple(sorted(f"{form}." for form in (*TITLES, *_OTHERS.split())))


class TokenizerRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one corpus cuts text into tokens; ``fit_rules`` reads it off the training tokens.

    The defaults are those of English newswire (CoNLL-2003, the Penn Treebank).
    """

    split_contractions: bool = True
    """``do n't``, ``John 's``; else ``don't`` and ``John's`` stay whole."""
    split_fused: bool = True
    """``can not``, ``gon na``; else ``cannot`` and ``gonna`` stay whole."""
    split_hyphens: bool = False
    """``well - known``; else ``well-known`` stays whole. Numbers (``2-1``) stay whole."""
    split_prefixes: bool = False
    """With ``split_hyphens``: also after a prefix (``e - mail``); else it stays on its word."""
    split_slashes: bool = False
    """``and / or``; else ``and/or`` stays whole. Dates and fractions (``1/2``) stay whole."""
    split_colons: bool = True
    """``note : this`` without spaces; else ``EU:s`` stays whole."""
    split_currency: bool = True
    """``$ 5``; else ``$5`` stays whole."""
    split_percent: bool = True
    """``5 %``; else ``5%`` stays whole."""
    split_units: bool = False
    """``5 pm``, ``10 mg`` where the text has no space; else ``5pm`` stays whole."""
    split_hashtags: bool = False
    """``# tag``; else ``#tag`` stays whole."""
    split_handles: bool = False
    """``@ name``; else ``@name`` stays whole."""
    split_runs: bool = False
    """``! ! !`` and ``. . .``; else a run of the same marks stays whole."""
    split_ordinals: bool = True
    """``1 .`` at the beginning of a line or before a lower-case letter; else ``1.`` stays whole."""
    split_everything: bool = False
    """Every mark is a separate token, even in ``0 . 5`` and ``e . g .`` (biomedical corpora)."""
    whole_texts: bool = False
    """A text is one sentence, whatever marks are in it: so were the labelled texts of training."""
    abbreviations: tuple[str, ...] = ABBREVIATIONS
    """Tokens that keep their final period (case is ignored in text that is all capitals)."""
    lexicon: tuple[str, ...] = ()
    """Forms for longest match, most frequent first: of unspaced scripts, or with spaces in them."""
