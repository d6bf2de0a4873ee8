"""spaCy's ``Doc`` from a text with tokens, entities and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tagger.errors import UsageError
from tagger.schemes import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

__all__ = ["spacy_document", "split_words"]


def split_words(
    text: str, offsets: Sequence[tuple[int, int]]
) -> tuple[list[str], list[bool], list[int]]:
    """Split a text into words that add up to it, as spaCy needs them.

    White space other than single spaces becomes words, as in spaCy.

    Args:
        text: The text.
        offsets: The characters of each token.

    Returns:
        The words, whether a space follows each, and the word of each token.

    >>> split_words("a  b", [(0, 1), (3, 4)])
    (['a', ' ', 'b'], [True, False, False], [0, 2])
    """
    words: list[str] = []
    spaces: list[bool] = []
    places: list[int] = []
    position = 0
    for start, end in [*offsets, (len(text), len(text))]:
        gap = text[position:start]
        if words and gap.startswith(" "):
            spaces[-1] = True
            gap = gap[1:]
        if gap:
            words.append(gap)
            spaces.append(False)
        if start < end:
            places.append(len(words))
            words.append(text[start:end])
            spaces.append(False)
        position = end
    return words, spaces, places


def spacy_document(
    vocab: Vocab | None,
    words: Sequence[str],
    spaces: Sequence[bool] | None,
    places: Sequence[int],
    *,
    sentence_starts: Iterable[int],
    entities: Iterable[Span] | None,
    tags: Mapping[str, Sequence[str | None]],
    unknown: Iterable[int] = (),
) -> Doc:
    """Build a ``Doc``.

    Args:
        vocab: Its vocabulary; None for a new one.
        words: As `split_words` returns them.
        spaces: As `split_words` returns them; None where they are unknown.
        places: As `split_words` returns them.
        sentence_starts: The first token of each sentence.
        entities: Spans of tokens; None where entities are unknown.
        tags: By head the tag of each token: ``upos`` becomes ``pos_``, ``xpos`` or else ``pos``
            becomes ``tag_``.
        unknown: Tokens outside of ``entities`` which may be in some.

    Raises:
        UsageError: A part of speech that spaCy does not have.
    """
    from spacy.parts_of_speech import IDS
    from spacy.tokens import Doc
    from spacy.tokens import Span as Entity
    from spacy.vocab import Vocab

    begins = {places[first] for first in sentence_starts}
    if begins:
        begins = begins - {min(begins)} | {0}  # also where white space comes first
    doc = Doc(
        Vocab() if vocab is None else vocab,
        words=list(words),
        spaces=None if spaces is None else list(spaces),
        sent_starts=[i in begins for i in range(len(words))],
    )
    doc.set_ents(
        [
            Entity(doc, places[start], places[end - 1] + 1, label=label)
            for start, end, label in entities or ()
        ],
        missing=[doc[places[i] : places[i] + 1] for i in sorted(unknown)],
        default="missing" if entities is None else "outside",
    )
    for head, of_head in tags.items():
        for place, tag in zip(places, of_head, strict=True):
            if head == "upos" and tag not in (None, "_"):
                if tag not in IDS:
                    raise UsageError(f"spaCy has no part of speech {tag!r}", expected=IDS)
                doc[place].pos_ = tag
            elif head in ("xpos", "pos") and tag:
                doc[place].tag_ = tag
    return doc
