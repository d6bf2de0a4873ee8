"""Answers in a file as a teacher: spans with optional scores, as any service returns them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tagger.distillation.teachers.protocol import Opinion, TeacherHead
from tagger.distillation.teachers.spans import ScoredSpan, span_opinion
from tagger.errors import CorpusError, FormatError
from tagger.lines import BOM, decode, unreadable
from tagger.runtime.cutting import CutTexts
from tagger.schemes import Scheme, is_tag, tag_inventory

SPANS = ("entities", "spans", "ents", "labels", "label")
LABEL = ("label", "type", "entity_group", "entity", "tag")
SCORE = ("score", "confidence", "prob", "probability")
EXAMPLE = '{"text": "…", "entities": [{"start": 0, "end": 4, "label": "PER", "score": 0.9}]}'


class AnswerFile:
    """A file with a JSON object a line: a text and the spans in it.

    Args:
        path: The file.
        heads: The heads that are asked for: a single one is the name of that of the spans.

    Raises:
        CorpusError: It cannot be read, or has no spans.
        FormatError: A line is no answer.
    """

    is_model = False
    rules = None
    n_bytes = 0

    def __init__(self, path: Path, heads: Sequence[str]) -> None:
        self.name = f"file:{path}"
        self._path = path
        self._places: dict[bytes, int] = {}
        labels: set[str] = set()
        digest = hashlib.blake2b(digest_size=16)
        for place, number, line in self._lines():
            digest.update(line)
            text, spans = _parsed(path, number, line)
            self._places[_key(text)] = place
            labels.update(span.label for span in spans or ())
        if not labels:
            raise CorpusError("there is no span in it", path=path, hint=f"write {EXAMPLE}")
        self.fingerprint = digest.hexdigest()
        name = heads[0] if len(heads) == 1 and heads[0] != "all" else "ner"
        self.heads = (TeacherHead(name, "span", tuple(tag_inventory(labels, Scheme.BIO))),)

    def answer(self, cut: CutTexts, heads: Sequence[str]) -> dict[str, Opinion]:
        """Look texts up; see `tagger.distillation.teachers.protocol.Teacher`."""
        spans: list[list[ScoredSpan] | None] = []
        with self._path.open("rb") as file:
            for text in cut.texts:
                place = self._places.get(_key(text))
                if place is None:
                    spans.append(None)
                else:
                    file.seek(place)
                    spans.append(_parsed(self._path, None, file.readline())[1])
        (head,) = self.heads
        return {head.name: span_opinion(cut, spans, head.tags)}

    def _lines(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield the place, the number and the bytes of each line that is not blank."""
        try:
            with self._path.open("rb") as file:
                place = 0
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield place, number, line
                    place += len(line)
        except OSError as error:
            raise unreadable(self._path, error) from None


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _parsed(path: Path, number: int | None, line: bytes) -> tuple[str, list[ScoredSpan] | None]:
    """Read a line: the text, and its spans or None where it has none under any known name."""
    try:
        # A line that was read before may be the first one, but is known to be text.
        record = msgspec.json.decode(decode(line, path, number or 2).removeprefix(BOM))
    except (msgspec.DecodeError, RecursionError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise FormatError(path, number, "no JSON object with 'text'", hint=f"write {EXAMPLE}")
    found = next((record[name] for name in SPANS if isinstance(record.get(name), list)), None)
    if found is None:
        return record["text"], None
    spans = [_span(path, number, item, len(record["text"])) for item in found]
    return record["text"], spans


def _span(path: Path, number: int | None, item: Any, n_chars: int) -> ScoredSpan:
    values: Sequence[Any] = ()
    if isinstance(item, Mapping):
        label = next((item[name] for name in LABEL if name in item), None)
        score = next((item[name] for name in SCORE if item.get(name) is not None), 1.0)
        values = (item.get("start"), item.get("end"), label, score)
    elif isinstance(item, list) and len(item) in (3, 4):
        values = (*item, 1.0)[:4]
    shown = str(item)[:80]
    try:
        span = ScoredSpan(*msgspec.convert(values, tuple[int, int, str, float]))
    except msgspec.ValidationError:
        raise FormatError(path, number, f"not a span: {shown}", hint=f"write {EXAMPLE}") from None
    if wrong := _fault(span, n_chars):
        message, hint = wrong
        raise FormatError(path, number, f"{message}: {shown}", hint=hint)
    return span


def _fault(span: ScoredSpan, n_chars: int) -> tuple[str, str] | None:
    """Return what is wrong with a span, and what to do about it."""
    if not 0 <= span.start < span.end <= n_chars:
        return (
            f"not a span of a text of {n_chars:,} characters",
            "'start' and 'end' count its characters from 0, and 'end' is the first one after",
        )
    if not span.label:
        return "a span without a label", "name one, or leave the span out"
    if is_tag(span.label):
        return (
            f"{span.label!r} is the tag of a token, not the label of a span",
            "write each entity as one span; a pipeline of transformers does so with "
            "aggregation_strategy='simple'",
        )
    if not 0 <= span.prob <= 1:
        return f"the score {span.prob:g} is no probability", "write scores from 0 to 1"
    return None
