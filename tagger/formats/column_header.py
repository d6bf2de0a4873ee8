"""The names that headers give to columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tagger.formats.records import RESERVED

__all__ = [
    "DOCUMENT",
    "HEADS",
    "INDEX",
    "MARKS",
    "SENTENCE",
    "SKIPPED",
    "TAGS",
    "head_named",
    "is_header",
]

INDEX, SENTENCE, DOCUMENT = "index", "sentence", "document"
SKIPPED, TAGS, MARKS = "skipped", "tags", "marks"

_ROLES = {
    **dict.fromkeys(("token", "tokens", "word", "words", "form", "forms", "wordform"), "token"),
    **dict.fromkeys(("surface", "term", "char", "character", "characters", "text"), "token"),
    **dict.fromkeys(("sentence", "sentences", "sent", "sid", "sentence_nr"), SENTENCE),
    **{
        f"{stem}{mark}{word}": SENTENCE
        for stem in ("sentence", "sent")
        for mark in ("", "_")
        for word in ("id", "idx", "index", "no", "num", "number", "nr")
    },
    **dict.fromkeys(("doc", "docid", "doc_id", "document", "document_id", "docno"), DOCUMENT),
    **dict.fromkeys(("article_id", "text_id", "file", "filename", "file_name"), DOCUMENT),
    **dict.fromkeys(("", "id", "index", "idx", "nr", "no", "num", "number", "position"), INDEX),
    **dict.fromkeys(
        ("token_id", "tokenid", "word_id", "token_idx", "token_no", "unnamed_0"), INDEX
    ),
    **dict.fromkeys(("lemma", "lemmas", "lemmata", "feats", "head", "deprel", "deps"), SKIPPED),
    **dict.fromkeys(("start", "end", "begin", "offset", "length", "nel_lit", "nel_meto"), SKIPPED),
    **dict.fromkeys(("space_after", "whitespace", "url", "parse", "features"), SKIPPED),
    "misc": MARKS,
    **dict.fromkeys(("tag", "tags", "label", "labels", "target", "class", "y"), TAGS),
    **dict.fromkeys(("ner", "ner_tag", "ner_tags", "ner_label", "ner_labels", "nertag"), "ner"),
    **dict.fromkeys(("ne", "ne_tag", "ne_tags", "named_entity", "entity", "entities"), "ner"),
    **dict.fromkeys(("entity_tag", "entity_label", "bio", "iob", "iob2", "bio_tag"), "ner"),
    **dict.fromkeys(("iob_tag", "bio_label", "ne_coarse_lit"), "ner"),
    **dict.fromkeys(("pos", "pos_tag", "pos_tags", "postag", "postags"), "pos"),
    **dict.fromkeys(("upos", "upos_tag", "upostag", "universal_pos"), "upos"),
    **dict.fromkeys(("xpos", "xpos_tag", "xpostag"), "xpos"),
    **dict.fromkeys(("chunk", "chunks", "chunk_tag", "chunk_tags"), "chunk"),
}


HEADS = frozenset({"ner", "pos", "upos", "xpos", "chunk"})


def head_named(field: str) -> str:
    """Return what a header's field stands for: a role, a head, or its words as a head's name.

    >>> head_named("Sentence #"), head_named("NE-COARSE-LIT"), head_named("NE-FINE-LIT")
    ('sentence', 'ner', 'ne_fine_lit')
    """
    words = re.sub(r"[^a-z0-9]+", "_", field.casefold()).strip("_")
    if words in _ROLES:
        return _ROLES[words]
    return f"{words}_" if words in RESERVED or not words[0].isalpha() else words


def is_header(fields: Sequence[str], following: Sequence[Sequence[str]]) -> bool:
    """Return whether fields name columns: the token's and others', and are no values of them.

    Args:
        fields: The fields of the first line.
        following: Those of other lines.
    """
    if len(fields) < 2 or len({field.strip() for field in fields}) < len(fields):
        return False
    names = [head_named(field) for field in fields]
    if names.count("token") != 1:
        return False
    is_known = [
        field.strip().casefold() != "" and name in _ROLES.values()
        for field, name in zip(fields, names, strict=True)
    ]
    if sum(is_known) < 2:
        return False
    token = names.index("token")
    return not any(
        field == row[i]
        for row in following
        for i, field in enumerate(fields)
        if i != token and field.strip() and i < len(row)
    )
