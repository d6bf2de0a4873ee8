"""The tokenizer rules of a corpus, inferred from its training tokens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tagger.text.lexicon import MAX_FORM, is_unspaced
from tagger.text.pattern import FUSED, PREFIXES, UNITS
from tagger.text.tokenizer_rules import ABBREVIATIONS, TokenizerRules

__all__ = ["fit_rules"]

MAX_TOKENS = 200_000
_SPACES = re.compile(r"\s+")
_ABBREVIATION = re.compile(r"[^\W\d_](?:[\w.]{0,10}\w)?\.")

# Tokens that show that the corpus does not split there.
_KEPT = {
    "contractions": re.compile(r"\w+(?:n['’]t|['’](?:s|m|d|ll|re|ve))", re.IGNORECASE),
    "fused": re.compile("|".join(map("".join, FUSED)), re.IGNORECASE),
    "ordinals": re.compile(r"\d{1,2}\."),
    "hyphens": re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+"),
    "slashes": re.compile(r"[^\W\d_]+(?:\\?/[^\W\d_]+)+"),
    "colons": re.compile(r"[^\W\d_]+:[^\W\d_]+"),
    "currency": re.compile(r"[$£€]\d[\d.,]*+\w*+"),
    "percent": re.compile(r"[-+]?\d[\d.,]*%"),
    "units": re.compile(rf"\d[\d.,:]*(?:{UNITS})", re.IGNORECASE),
    "hashtags": re.compile(r"#\w+"),
    "handles": re.compile(r"@\w+"),
    "runs": re.compile(r"\.{2,}|[!?]{2,}"),
    "decimals": re.compile(r"\d+[.,]\d+"),
}
# Tokens that show that it does, with patterns of their left and right neighbours.
_ANY, _WORD, _NUMBER = re.compile(""), re.compile(r"[^\W\d_]"), re.compile(r"[\d.,:]+$")
_SPLIT = {
    "contractions": (re.compile(r"n['’]t|['’](?:s|m|d|ll|re|ve)", re.I), _WORD, _ANY),
    "fused": (
        re.compile("|".join(second for _, second in FUSED), re.IGNORECASE),
        re.compile("|".join(rf"{first}$" for first, _ in FUSED), re.IGNORECASE),
        _ANY,
    ),
    "ordinals": (re.compile(r"\."), re.compile(r"\d{1,2}$"), re.compile(r".*[^\W\d_]")),
    "hyphens": (re.compile("-"), _WORD, _WORD),
    "slashes": (re.compile(r"\\?/"), _WORD, _WORD),
    "colons": (re.compile(":"), _WORD, _WORD),
    "currency": (re.compile("[$£€]"), _ANY, _NUMBER),
    "percent": (re.compile("%"), _NUMBER, _ANY),
    "units": (re.compile(UNITS, re.I), _NUMBER, _ANY),
    "hashtags": (re.compile("#"), _ANY, _WORD),
    "handles": (re.compile("@"), _ANY, _WORD),
    "runs": (re.compile(r"[.!?]"), re.compile(r"[.!?]$"), _ANY),
    "decimals": (re.compile("[.,]"), re.compile(r"\d+$"), re.compile(r"\d+$")),
}
_MUST_OUTWEIGH = {"hyphens": (15, 20), "slashes": (5, 20), "colons": (50, 20)}
"""Colons, slashes and hyphens between spaces look like ones that were split off: the ratio to words
kept whole that they must exceed, and their least count."""
_PREFIXED = re.compile(rf"(?:{PREFIXES})-", re.IGNORECASE)


def fit_rules(sentences: Iterable[Sequence[str]]) -> TokenizerRules:
    """Return the rules that most probably made the tokens of ``sentences``.

    Each rule follows the more frequent evidence: tokens that were kept whole, or split there.
    Without evidence it keeps its default. At most about 200,000 tokens are read. Equal sentences
    yield equal rules.
    """
    sample = _sample(sentences)
    kept, split = _count_evidence(sample)
    decided = {}
    for name in _KEPT.keys() - {"decimals", "units"}:
        if split[name] + kept[name] >= 5:
            ratio, least = _MUST_OUTWEIGH.get(name, (1, 0))
            decided[f"split_{name}"] = split[name] > ratio * kept[name] and split[name] >= least
    decided["split_units"] = split["units"] > 5 * kept["units"]
    decided["split_prefixes"] = split["prefixes"] > kept["prefixes"]
    decided["split_everything"] = split["decimals"] > 10 * kept["decimals"] + 5
    return TokenizerRules(
        **decided,
        abbreviations=_fit_abbreviations(sample),
        lexicon=_fit_lexicon(sample),
    )


def _sample(sentences: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    sample: list[Sequence[str]] = []
    n_tokens = 0
    for sentence in sentences:
        if n_tokens >= MAX_TOKENS:
            break
        sample.append(sentence)
        n_tokens += len(sentence)
    return sample


def _count_evidence(sample: list[Sequence[str]]) -> tuple[Counter[str], Counter[str]]:
    kept: Counter[str] = Counter()
    split: Counter[str] = Counter()
    forms = Counter(token for sentence in sample for token in sentence)
    separators: dict[str, list[str]] = {}  # token -> the rules of which it may be evidence
    for form, count in forms.items():
        for name, pattern in _KEPT.items():
            if pattern.fullmatch(form):
                is_prefixed = name == "hyphens" and _PREFIXED.match(form)
                kept["prefixes" if is_prefixed else name] += count
        names = [name for name, (separator, _, _) in _SPLIT.items() if separator.fullmatch(form)]
        if names:
            separators[form] = names
    for sentence in sample:
        for index, token in enumerate(sentence):
            if index and token in separators:
                before, after = sentence[index - 1], sentence[index + 1 : index + 2]
                for name in separators[token]:
                    _, left, right = _SPLIT[name]
                    if left.match(before) and right.match(after[0] if after else ""):
                        is_prefixed = name == "hyphens" and _PREFIXED.fullmatch(before + "-")
                        split["prefixes" if is_prefixed else name] += 1
    return kept, split


def _fit_abbreviations(sample: list[Sequence[str]]) -> tuple[str, ...]:
    """Return the forms that keep their period, with those of the table that the corpus keeps."""
    kept: Counter[str] = Counter()
    split: Counter[str] = Counter()
    for sentence in sample:
        for index, token in enumerate(sentence):
            if token == "." and index:
                split[sentence[index - 1] + "."] += 1
            elif token.endswith(".") and len(token) > 2 and _ABBREVIATION.fullmatch(token):
                kept[token] += 1
    if not kept:
        return () if sum(split.values()) > 100 else ABBREVIATIONS
    fitted = {form for form, count in kept.items() if count > split[form] and count > 1}
    fitted |= {form for form in ABBREVIATIONS if kept[form] >= split[form]}
    return tuple(sorted(fitted))


def _fit_lexicon(sample: list[Sequence[str]]) -> tuple[str, ...]:
    """Return the forms for longest match, most frequent first; empty if none are needed."""
    words: Counter[str] = Counter()
    phrases: Counter[str] = Counter()
    n_tokens = 0
    for sentence in sample:
        n_tokens += len(sentence)
        for token in sentence:
            if is_unspaced(token):
                words[token] += 1
            elif " " in token or "\xa0" in token:
                phrases[_SPACES.sub(" ", token).lower()] += 1
    if words.total() * 20 < n_tokens:
        words.clear()  # a few foreign names do not make a corpus of an unspaced script
    apart = _count_apart(sample, phrases) if phrases else phrases
    forms = words + Counter({form: n for form, n in phrases.items() if n >= apart[form]})
    return tuple(sorted(forms, key=lambda form: (-forms[form], form)))


def _count_apart(sample: list[Sequence[str]], phrases: Counter[str]) -> Counter[str]:
    """Count how often the words of each phrase occur side by side as separate tokens."""
    heads = {phrase.split(" ", 1)[0] for phrase in phrases}
    longest = min(max(phrase.count(" ") + 1 for phrase in phrases), MAX_FORM)
    apart: Counter[str] = Counter()
    for sentence in sample:
        lowered = [token.lower() for token in sentence]
        for index, token in enumerate(lowered):
            if token.split(" ", 1)[0] in heads:
                for stop in range(index + 2, min(index + longest, len(lowered)) + 1):
                    apart[" ".join(lowered[index:stop])] += 1
    return Counter({phrase: apart[phrase] for phrase in phrases if apart[phrase]})
