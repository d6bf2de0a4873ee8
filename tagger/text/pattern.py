"""The one pattern that cuts text into tokens.

Every match is a token, and every character that is not white space lies in a match, because the
last alternative takes any one character. Runs are possessive (``++``) and look-ahead is bounded,
so the time is linear in the length of the text, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tagger.text.characters import (
    EMOJI,
    HAN,
    HIRAGANA,
    KATAKANA,
    MARKS,
    SKIN,
    SOUTH_EAST_ASIAN,
    UNSPACED,
    WORD,
)
from tagger.text.tokenizer_rules import TokenizerRules

__all__ = ["compile_pattern"]

# The second halves of contractions, apart from n't.
CLITIC = r"['’](?i:s|m|d|ll|re|ve)(?!\w)"
# First and second halves of words that the Penn Treebank writes as two, without an apostrophe.
FUSED = (("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta"), ("gim", "me"), ("lem", "me"))
# Prefixes that stay on their word where other hyphens are split (the LDC's treebank guidelines).
PREFIXES = (
    "anti|bi|co|contra|counter|de|e|eco|ex|extra|hyper|inter|intra|macro|mega|meta|micro|mid|mini"
    "|mono|multi|neo|non|over|para|post|pre|pro|proto|pseudo|psycho|re|semi|socio|sub|super|supra"
    "|tele|trans|tri|ultra|un|under|uni|vice"
)
UNITS = "[ap]m|[ckm]?m|[km]?g|[gkm]?hz|[gkmt]b|mph|kph|ml|lbs?|ft|hrs?|mins?|secs?|yrs?|kwh?|mw|oz"
CURRENCY = "[$£€¥₤₺₹₽₩¢]"
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"

# A URL ends with none of these: they are punctuation of the sentence.
_URL_BODY = r"[^\s<>\"“”]*[^\s<>\"“”.,;:!?'’()\[\]{}»…。，]/?"
URL = rf"(?i:(?:https?|ftp)://|www\.(?=\w)){_URL_BODY}"
DOMAIN = (
    r"(?=[A-Za-z0-9-]{1,63}+\.[A-Za-z])(?i:(?:[a-z0-9-]{1,63}\.){1,5}"
    r"(?:com|org|net|edu|gov|info|io|uk|de|html?|php|pdf|docx?|xlsx?)\b)"
    rf"(?:/{_URL_BODY})?"
)
MAIL = r"(?=[\w.+-]{1,64}+@\w)[\w.+-]{1,64}@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,8}"
EMOTICON = (
    r"(?<!\S)(?:[<>]?[:;=8xX]['’]?[-o^]?[)(\]\[dDpPoO/\\|}{@3*]++|<3++|\^_*+\^"
    r"|[-oO>][_.]++[-oO<])(?!\S)"
    r"|[:;=]-?[)(]++(?![^\s.,!?])"
)
_ONE_EMOJI = rf"[{EMOJI}][\ufe0e\ufe0f]?\u20e3?[{SKIN}]?[\U000e0020-\U000e007f]*+"
EMOJIS = (
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_ONE_EMOJI}(?:\u200d{_ONE_EMOJI})*+"
    rf"|[{SKIN}]"
)
# A run of one script: without a lexicon nothing better is known about its words.
SCRIPTS = rf"[{HAN}]++|[{HIRAGANA}]++|[{KATAKANA}]++|[{SOUTH_EAST_ASIAN}]++"
# A repeated mark; brackets, commas and quotes stay single.
RUNS = r"\.{2,}+|\.?[!?]++|-{2,}+|''|``|([^\w\s()\[\]{}<>,;:\"“”„'’`])\1++|<<|>>"
ANYTHING = rf"\S[{MARKS}]*+"


def compile_pattern(rules: TokenizerRules) -> re.Pattern[str]:
    """Compile the pattern whose matches are the tokens by ``rules`` without their lexicon."""
    if rules.split_everything:
        parts = [r"[A-Za-z]++(?!\S)", URL, MAIL, rf"{WORD}++"]
    else:
        parts = [*_frequent(rules), *_structures(rules), *_periods(rules), _words(rules)]
    parts += [EMOJIS, rf"[{UNSPACED}]++" if rules.lexicon else SCRIPTS]
    if not (rules.split_runs or rules.split_everything):
        parts.append(RUNS)
    # The guard skips all alternatives at white space, which halves the time.
    return re.compile(rf"(?!\s)(?:{'|'.join(parts)}|{ANYTHING})")


def _frequent(rules: TokenizerRules) -> Iterable[str]:
    """Yield the most frequent tokens, plain words before a space, and what looks like them."""
    if rules.split_fused:
        halves = "|".join(rf"{first}(?={second}\b)" for first, second in FUSED)
        yield rf"(?=[CGLWcglw])(?i:{halves})"
    yield r"[A-Za-z]++(?!\S)"
    yield r"[,()\"]"
    if rules.split_contractions:
        yield r"[nN]['’][tT](?!\w)"
        yield r"(?=[A-Za-z]{1,20}+['’][tT](?!\w))[A-Za-z]+(?=[nN]['’])"
        yield rf"(?<=[\w.)%\]]){CLITIC}"
        yield r"['’][tT](?=(?i:is|was)\b)"


def _structures(rules: TokenizerRules) -> Iterable[str]:
    """Yield the tokens recognised by their form: addresses, emoticons, amounts."""
    yield EMOTICON
    yield URL
    yield DOMAIN
    yield MAIL
    yield r"-[LR][CRS]B-"  # brackets as the Penn Treebank writes them
    yield r"&[a-z]{2,6};"
    signs = ("" if rules.split_hashtags else "#") + ("" if rules.split_handles else "@")
    if signs:
        yield rf"[{signs}]{WORD}++"
    if not rules.split_currency:
        yield rf"{CURRENCY}\d++(?:[.,]\d++)*+\w*+"
    yield r"(?:US|HK|NZ|NT|[ACSR])\$"
    if not rules.split_percent:
        yield r"[-+]?\d++(?:[.,]\d++)*+%"
    if rules.split_units:
        yield rf"\d++(?:[.,:]\d++)*+(?=(?i:{UNITS})(?!\w))"
    yield rf"\d{{1,2}}-(?i:{_MONTH})-\d{{2,4}}(?!\w)"
    yield r"(?<!\w)['’]\d\ds?(?!\w)"


def _periods(rules: TokenizerRules) -> Iterable[str]:
    """Yield the words that keep their period: abbreviations, initials, ordinals."""
    if not rules.split_ordinals:
        yield r"\d{1,2}\.(?=\s[^\W\d_A-Z])|(?<![^\n])\d{1,2}\.(?=\s)"
    if rules.abbreviations:
        forms = {form.removesuffix(".") for form in rules.abbreviations}
        forms |= {form.upper() for form in forms if len(form) > 1}
        table = "|".join(map(re.escape, sorted(forms, key=lambda form: (-len(form), form))))
        tail = "" if rules.split_hyphens else r"(?:-(?![LR][CRS]B-)\w++)*+"
        yield rf"(?=[^\W\d_][\w.]{{0,11}}\.)(?:{table})\.(?!\w){tail}"
        yield rf"(?:[^\W\d_]\.){{2,30}}(?!\w){tail}"
        yield rf"(?:[^\W\d_]\.){{1,30}}+[^\W\d_](?![\w.]){tail}"
        yield r"[Nn]o\.(?=\s?\d)"
        yield r"(?<![\w.'’])(?!I)[A-Z]\.(?=\s?[A-Z][\w.'’]|[,;)])"


def _words(rules: TokenizerRules) -> str:
    """Return the pattern of words and numbers, with the characters that join their parts."""
    joiners = [r"(?<=\d)[.,:/](?=\d)", r"\.(?=[a-z\d])", r"&(?![a-z]{2,6};)"]
    joiners.append(rf"(?!{CLITIC})['’]" if rules.split_contractions else "['’]")
    prefix = trailing = ""
    if rules.split_hyphens:
        joiners.append(r"(?<=\d)-(?=\d)")
        if not rules.split_prefixes:
            prefix = rf"(?:(?=[a-zA-Z]{{1,7}}+-)(?i:{PREFIXES})-(?=[^\W\d_]))?"
    else:
        joiners.append(r"[-‐‑](?![LR][CRS]B-)")
        trailing = r"(?:-(?!\S))?"  # the first half of "part- and full-time"
    if not rules.split_slashes:
        joiners.append(r"\\?/")
    if not rules.split_colons:
        joiners.append(":")
    sign = r"(?:(?<![\w)\]])[-+](?=\.?\d))?(?:(?<!\w)\.(?=\d))?"
    return rf"{sign}{prefix}{WORD}++(?:(?:{'|'.join(joiners)}){WORD}++)*+{trailing}"
