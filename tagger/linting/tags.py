"""Checks of tags: whether they are tags of spans, of one scheme, and allowed where they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Set
from functools import partial
from typing import NamedTuple

from tagger.formats.records import SPAN_HEADS, TOKEN_HEADS
from tagger.formats.spelling import Spelling, find_spelling, looks_like_spans
from tagger.linting.records import Collector, Edit, GoldCorpus, GoldFile, PlacedSentence
from tagger.schemes import (
    OUTSIDE,
    Scheme,
    convert,
    convert_partial,
    detect,
    is_allowed,
    is_tag,
    spans,
)

__all__ = ["check_tags"]

Pair = tuple[str | None, str | None]

_MANY = 200_000
"""Different tags that are no tags but free text, as lemmas are."""

_ODD = 50
"""Odd tags that are left out one by one, before all are."""

_MIN_FOREIGN = 3
"""Tags of another scheme that are no accident."""

_ENDS = {"E": "BIOES", "S": "BIOES", "L": "BILOU", "U": "BILOU"}


class _Counts(NamedTuple):
    """The tags of a head in one file."""

    tags: Counter[str]
    pairs: Counter[Pair]


def check_tags(corpus: GoldCorpus, found: Collector) -> None:
    """Find the kind and scheme of each head, check its tags, and read the spans of sentences."""
    names = {head: None for sentence in corpus.sentences() for head in sentence.tags}
    for head in names:
        counts = {file.path: _count(file, head) for file in corpus.files}
        all_tags: Counter[str] = Counter()
        for one in counts.values():
            all_tags.update(one.tags)
        corpus.heads[head] = "span" if _is_span_head(head, all_tags) else "token"
        if corpus.heads[head] == "span":
            _check_spans(corpus, head, counts, all_tags, found)


def _count(file: GoldFile, head: str) -> _Counts:
    tags: Counter[str] = Counter()
    pairs: Counter[Pair] = Counter()
    for sentence in file.sentences:
        own = [tag or "" for tag in sentence.tags.get(head, ())]
        if not own:
            continue
        tags.update(own)
        pairs.update(zip([None, *own], [*own, None], strict=True))
    return _Counts(tags, pairs)


def _is_span_head(head: str, counts: Mapping[str, int]) -> bool:
    if head in SPAN_HEADS:
        return True
    if head in TOKEN_HEADS or len(counts) > _MANY:
        return False
    return looks_like_spans(counts)


def _check_spans(
    corpus: GoldCorpus,
    head: str,
    counts: Mapping[str, _Counts],
    all_tags: Counter[str],
    found: Collector,
) -> None:
    spelling, odd = _spelling(all_tags)
    guesses = {tag: _guess(tag, spelling) for tag in odd}
    mixed = _usual_letters(spelling)
    usual_of: dict[str | None, str] = {
        tag: mixed.get(usual[0], usual[0]) + usual[1:]
        for tag, usual in spelling.tags.items()
        if usual
    }
    usual_of.update((tag, guess or OUTSIDE) for tag, guess in guesses.items())
    # Repairs are spelled as usual: not in BMES, say.
    can_edit = not mixed and all(tag == one for tag, one in spelling.tags.items() if one and tag)
    schemes = {
        file.path: _scheme(corpus.files, file, counts, spelling, found, head)
        for file in corpus.files
        if file.sentences
    }
    for file in corpus.files:
        own, _ = _pairs([counts[file.path]], spelling)
        is_clean = all(_fits(schemes[file.path], pair) for pair in own)
        for sentence in file.sentences:
            tags = sentence.tags.get(head)
            if tags is None:
                sentence.spans[head] = []
                continue
            usual = [usual_of.get(tag) for tag in tags]
            for i, tag in enumerate(tags):
                if tag in odd:
                    guess = guesses[tag]
                    _report_odd(file, sentence, i, head, tag, guess, found, can_edit=can_edit)
            scheme = schemes[file.path]
            if not is_clean or odd:
                _check_transitions(file, sentence, head, usual, scheme, found, can_edit=can_edit)
            known = [tag for tag in usual if tag is not None]
            if len(known) == len(usual):
                sentence.spans[head] = spans(known, scheme)
            else:
                partial = [tag or OUTSIDE for tag in convert_partial(usual, scheme)]
                sentence.spans[head] = spans(partial, Scheme.BIO)


def _spelling(counts: Counter[str]) -> tuple[Spelling, set[str]]:
    """Return the spelling of nearly all tags, and the tags that it leaves out."""
    known = {tag: n for tag, n in counts.items() if tag}
    shaped = {tag for tag in known if is_tag(tag) and tag != OUTSIDE}
    others = known.keys() - shaped - {OUTSIDE}
    kinds: list[Set[str]] = sorted((shaped, others), key=lambda tags: sum(known[t] for t in tags))
    rarest = sorted(known, key=lambda tag: known[tag])
    # One of two kinds, or else the rarest tags, one of which does not fit.
    tried = [set(), *kinds, *(set(rarest[:n]) for n in range(1, min(len(rarest), _ODD)))]
    for odd in tried:
        found = find_spelling({tag: n for tag, n in known.items() if tag not in odd})
        if found is not None:
            return found, set(odd)
    return Spelling("", {OUTSIDE: OUTSIDE}), set(known) - {OUTSIDE}


def _guess(tag: str, spelling: Spelling) -> str | None:
    """Return the tag that an odd one stands for, if it is like one that occurs."""
    known = {usual for usual in spelling.tags.values() if usual}
    if tag.strip() in ("o", "0"):
        return OUTSIDE
    match = re.fullmatch(r"([BIESLUbieslu])\s*[-_/:. ]\s*(.+)", tag)
    if match is None:
        return None
    guess = f"{match[1].upper()}-{match[2]}"
    labels = {usual[2:] for usual in known}
    by_case = {label.casefold(): label for label in labels}
    label = by_case.get(match[2].strip().casefold())
    return f"{guess[0]}-{label}" if label else None


def _report_odd(
    file: GoldFile,
    sentence: PlacedSentence,
    i: int,
    head: str,
    tag: str | None,
    guess: str | None,
    found: Collector,
    *,
    can_edit: bool,
) -> None:
    edit = None
    if guess is not None and file.has_rows and can_edit:
        edit = Edit(file.path, sentence.lines[i], head, partial(_replaced, guess))
    more = f", probably {guess}" if guess and guess != tag else ""
    found.at("S302", sentence, i, f"{tag!r}{more}", head=head, edit=edit)


def _usual_letters(spelling: Spelling) -> dict[str, str]:
    """Return the letters to replace where BIOES and BILOU are mixed: the rarer ones."""
    letters = Counter(_ENDS.get(tag[0]) for tag in spelling.tags.values() if tag)
    if letters["BIOES"] and letters["BILOU"]:
        if letters["BIOES"] >= letters["BILOU"]:
            return {"L": "E", "U": "S"}
        return {"E": "L", "S": "U"}
    return {}


def _scheme(
    files: list[GoldFile],
    file: GoldFile,
    counts: Mapping[str, _Counts],
    spelling: Spelling,
    found: Collector,
    head: str,
) -> Scheme:
    """Return the scheme of a file: that of the corpus, unless it clearly has another."""
    own, letters = _pairs([counts[file.path]], spelling)
    if letters:
        rare = min(letters, key=lambda scheme: letters[scheme][0])
        n, example = letters[rare]
        usual = "BILOU" if rare == "BIOES" else "BIOES"
        found.add(
            "S303", file.path, None, f"{n:,} tags of {rare}, as {example}, in {usual}", head=head
        )
    everything, _ = _pairs(list(counts.values()), spelling)
    usual_scheme = detect(everything)
    best = detect(own)
    if best == usual_scheme or letters:
        return usual_scheme

    def n_wrong(scheme: Scheme) -> int:
        try:
            return sum(n for pair, n in own.items() if not is_allowed(scheme, *pair))
        except ValueError:
            return sum(own.values())

    wrong = sum(n for pair, n in own.items() if not _fits(usual_scheme, pair))
    if wrong >= _MIN_FOREIGN and 10 * n_wrong(best) < wrong:
        others = ", ".join(other.path for other in files if other is not file)
        found.add("S303", file.path, None, f"{best} here, {usual_scheme} in {others}", head=head)
        return best
    return usual_scheme


def _fits(scheme: Scheme, pair: Pair) -> bool:
    try:
        return is_allowed(scheme, *pair)
    except (KeyError, ValueError):
        return False


def _pairs(
    counts: list[_Counts], spelling: Spelling
) -> tuple[Counter[Pair], dict[str, tuple[int, str]]]:
    """Count neighbouring tags in the usual spelling, mixed letters replaced; and the mixed ones."""
    replaced = _usual_letters(spelling)
    n_of: Counter[str] = Counter()
    example: dict[str, str] = {}
    pairs: Counter[Pair] = Counter()
    for one in counts:
        for pair, n in one.pairs.items():
            usual: list[str | None] = []
            for tag in pair:
                new = spelling.tags.get(tag) if tag else None
                if tag is not None and new is None:
                    break
                if new is not None:
                    new = replaced.get(new[0], new[0]) + new[1:]
                usual.append(new)
            else:
                pairs[usual[0], usual[1]] += n
        for tag, n in one.tags.items():
            usual_tag = spelling.tags.get(tag)
            kind = _ENDS.get(usual_tag[0]) if usual_tag else None
            if kind is not None:
                n_of[kind] += n
                example.setdefault(kind, tag)
    mixed = {kind: (n, example[kind]) for kind, n in n_of.items()} if len(n_of) == 2 else {}
    return pairs, mixed


def _check_transitions(
    file: GoldFile,
    sentence: PlacedSentence,
    head: str,
    usual: list[str | None],
    scheme: Scheme,
    found: Collector,
    *,
    can_edit: bool,
) -> None:
    previous: str | None = None
    repaired: list[str] | None = None
    has_gap = False
    for i, tag in enumerate([*usual, None]):
        is_end = i == len(usual)
        if tag is None and not is_end:
            previous, has_gap = None, True
            continue
        if not has_gap and not _fits(scheme, (previous, tag)):
            at = min(i, len(usual) - 1)
            edit = None
            if file.has_rows and can_edit and None not in usual:
                if repaired is None:
                    known = [one or OUTSIDE for one in usual]
                    repaired = convert(known, scheme, scheme)
                place = i - 1 if is_end or usual[i] == repaired[i] else i
                if usual[place] != repaired[place]:
                    edit = Edit(
                        file.path, sentence.lines[place], head, partial(_replaced, repaired[place])
                    )
            found.at("S301", sentence, at, _words(previous, tag, is_end), head=head, edit=edit)
        previous, has_gap = tag, False


def _replaced(new: str, old: str) -> str:
    return new


def _words(previous: str | None, tag: str | None, is_end: bool) -> str:
    if is_end:
        return f"{previous} at the end of a sentence"
    if previous is None:
        return f"{tag} at the start of a sentence"
    return f"{tag} after {previous}"
