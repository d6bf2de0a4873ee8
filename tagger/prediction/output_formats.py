"""Tagged documents as text, CoNLL columns, or a coloured view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from tagger.formats.brackets import bracketed
from tagger.model.heads import HeadSpec
from tagger.runtime.results import Document, Entity, Labels, each_label
from tagger.tables import plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType

COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red", "bright_cyan", "bright_magenta")


Name: TypeAlias = str | int | None


def as_json(document: Document, heads: Sequence[HeadSpec], name: Name = None) -> str:
    """Render one JSON object on a line, with the id of the text if it has one."""
    return document.to_json(name)


def json_line(data: dict[str, Any], name: Name = None) -> str:
    """Render an object as JSON on a line, with the id of the text if it has one."""
    return msgspec.json.encode(data if name is None else {"id": name, **data}).decode()


def as_text(document: Document, heads: Sequence[HeadSpec], name: Name = None) -> str:
    """Render the text on one line, entities as ``[Apple](ORG)``, else each token as ``works/VERB``.

    Brackets of the text itself have a backslash before them, so that the line can be read again.
    Labels of the text follow after a tab, as in ``intent=book``.

    >>> from tagger.runtime.results import Document, Entity
    >>> as_text(Document("John works", [], [Entity("John", "PER", 0, 4, 0, 1)], []), [])
    '[John](PER) works'
    """
    kinds = {head.kind for head in heads}
    if "token" in kinds and "span" not in kinds:
        parts, position = [], 0
        for token in document.tokens:
            tags = "/".join(token.tags.values())
            parts += [document.text[position : token.start], f"{token.text}/{tags}"]
            position = token.end
        line = "".join([*parts, document.text[position:]])
    else:
        line = bracketed(document.text, document.entities)
    if document.labels:
        labels = " ".join(f"{head}={_shown(found)}" for head, found in document.labels.items())
        line = f"{line}\t{labels}"
    return " ".join(line.splitlines()) if "\n" in line or "\r" in line else line


def _shown(found: Labels) -> str:
    """Return the labels of a head in one word: commas between several, a dash for none."""
    return ",".join("_".join(one.label.split()) for one in each_label(found)) or "-"


def as_conll(document: Document, heads: Sequence[HeadSpec], name: Name = None) -> str:
    """Render a token and its tags per line, separated by tabs, with empty lines after sentences.

    The id of a text stands before it, as in ``# newdoc id = 17``.
    """
    if name is None:
        return document.to_conll()
    return f"# newdoc id = {' '.join(str(name).split())}\n{document.to_conll()}"


FORMATS: dict[str, Callable[[Document, Sequence[HeadSpec], Name], str]] = {
    "text": as_text,
    "json": as_json,
    "conll": as_conll,
}

DOCBIN = "spacy"
"""The format of spaCy, whose file is written when all texts are tagged."""

_SUFFIXES = {".spacy": DOCBIN, ".jsonl": "json", ".ndjson": "json", ".json": "json"}


def format_of(output: Path | None) -> str:
    """Return the format that the name of an output stands for: text where it has none."""
    from tagger.formats.table import FORMATS as INPUT_FORMATS

    suffix = output.suffix.lower() if output else ""
    is_columns = suffix != ".txt" and INPUT_FORMATS["conll"].has_suffix(suffix)
    return "conll" if is_columns else _SUFFIXES.get(suffix, "text")


def view(document: Document, heads: Sequence[HeadSpec]) -> RenderableType:
    """Render for a terminal: the text with its entities in colour, and tables of what was found."""
    from rich.console import Group
    from rich.text import Text

    colours = {
        label: COLOURS[i % len(COLOURS)]
        for i, label in enumerate(
            dict.fromkeys(label for h in heads if h.kind == "span" for label in h.labels)
        )
    }
    text = Text()
    position = 0
    for entity in document.entities:
        text.append(document.text[position : entity.start])
        text.append(entity.text, style=f"bold {colours[entity.label]}")
        text.append(f" {entity.label}", style=f"reverse {colours[entity.label]}")
        position = entity.end
    text.append(document.text[position:])
    parts: list[RenderableType] = [text, ""]
    if any(head.kind == "token" for head in heads):
        parts.append(_token_table(document, heads))
    if document.entities and (len(parts) == 2 or document.entities[0].confidence is not None):
        parts.append(_entity_table(document.entities))
    if document.labels:
        parts.append(_label_table(document.labels))
    return Group(*parts)


def _label_table(labels: Mapping[str, Labels]) -> RenderableType:
    rows = []
    for head, found in labels.items():
        rows += [[head, one.label, f"{one.prob:.3f}"] for one in each_label(found)] or [
            [head, "-", ""]
        ]
    return plain_table(["head", "label", "probability"], rows, left=range(2))


def _entity_table(entities: Sequence[Entity]) -> RenderableType:
    header = ["entity", "label", "start", "end"]
    if any(entity.confidence is not None for entity in entities):
        header.append("confidence")
    rows = []
    for entity in entities:
        sure = [] if entity.confidence is None else [f"{entity.confidence:.3f}"]
        rows.append([entity.text, entity.label, str(entity.start), str(entity.end), *sure])
    return plain_table(header, rows, left=range(4))


def _token_table(document: Document, heads: Sequence[HeadSpec]) -> RenderableType:
    header = ["token", *(head.name for head in heads if head.kind != "text")]
    rows = [[token.text, *token.tags.values()] for token in document.tokens]
    return plain_table(header, rows, left=range(len(header)))
