"""A pipeline of spaCy as a teacher. It has no probabilities: what it finds is certain."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.distillation.teachers.protocol import Opinion, TeacherHead
from tagger.distillation.teachers.spans import ScoredSpan, span_opinion
from tagger.errors import ModelError, first_line
from tagger.runtime.cutting import CutTexts
from tagger.schemes import Scheme, tag_inventory

if TYPE_CHECKING:
    from spacy.tokens import Doc

UPOS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN"),
    *("PUNCT", "SCONJ", "SYM", "VERB", "X"),
)
SPAN_PIPES = ("ner", "entity_ruler", "span_ruler", "beam_ner")
POS_PIPES = ("tagger", "morphologizer", "attribute_ruler")
BATCH = 64


class SpacyTeacher:
    """A pipeline of spaCy.

    Args:
        source: A folder or an installed package.
        heads: The heads that are asked for; empty for ``ner``, or else parts of speech.

    Raises:
        ModelError: It is missing or cannot be loaded, or has no such parts.
    """

    is_model = True
    rules = None

    def __init__(self, source: str, heads: Sequence[str]) -> None:
        import spacy

        self.name = f"spacy:{source}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # versions that differ a little
                self._nlp = spacy.load(source)
        except Exception as error:  # of spaCy, or of any part of the pipeline
            raise ModelError(
                f"spaCy cannot load it ({first_line(error)})",
                path=source,
                hint="name an installed package or the folder of a pipeline",
            ) from None
        offered = self._offered()
        if not heads or "all" in heads:
            heads = ["ner"] if "ner" in offered and not heads else list(offered)
        self.heads = tuple(offered[name] for name in heads if name in offered)
        if not self.heads:
            raise ModelError(
                f"this pipeline has no {', '.join(heads) or 'tags'} "
                f"(there: {', '.join(offered) or ', '.join(self._nlp.pipe_names) or 'nothing'})",
                path=source,
                expected=offered,
            )
        needed = {head.kind for head in self.heads}
        unused = [
            name
            for name in self._nlp.pipe_names
            if name in ("parser", "lemmatizer", "trainable_lemmatizer", "textcat")
            or (name in SPAN_PIPES and "span" not in needed)
            or (name in POS_PIPES and "token" not in needed)
        ]
        self._nlp.select_pipes(disable=unused)
        folder = self._nlp.path or Path(source)
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        self.n_bytes = sum(path.stat().st_size for path in files)
        digest = hashlib.blake2b(digest_size=16)
        for path in files:
            if path.suffix != ".pyc":
                digest.update(path.read_bytes())
        self.fingerprint = digest.hexdigest()

    def answer(self, cut: CutTexts, heads: Sequence[str]) -> dict[str, Opinion]:
        """Tag texts; see `tagger.distillation.teachers.protocol.Teacher`."""
        chosen = [head for head in self.heads if head.name in heads]
        spans: list[list[ScoredSpan]] = []
        ids = {
            head.name: np.full(len(cut.forms), -1, dtype=np.int64)
            for head in chosen
            if head.kind == "token"
        }
        columns = {head.name: {tag: i for i, tag in enumerate(head.tags)} for head in chosen}
        past = 0
        docs = self._nlp.pipe(cut.texts, batch_size=BATCH)
        for doc, offsets in zip(docs, cut.offsets, strict=True):
            start, past = past, past + len(offsets)
            spans.append([ScoredSpan(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents])
            places = {bounds: start + i for i, bounds in enumerate(offsets)}
            for name, found in ids.items():
                for bounds, tag in _tags(doc, name):
                    if bounds in places:
                        found[places[bounds]] = columns[name].get(tag, -1)
        answers: dict[str, Opinion] = {}
        for head in chosen:
            if head.kind == "span":
                answers[head.name] = span_opinion(cut, spans, head.tags)
            else:
                found = ids[head.name]
                probs = np.eye(len(head.tags), dtype=np.float32)[found]
                answers[head.name] = Opinion(probs, found >= 0)
        return answers

    def _offered(self) -> dict[str, TeacherHead]:
        offered = {}
        labels = {
            label
            for name, pipe in self._nlp.pipeline
            if name in SPAN_PIPES
            for label in getattr(pipe, "labels", ())
        }
        if labels:
            tags = tuple(tag_inventory(labels, Scheme.BIO))
            offered["ner"] = TeacherHead("ner", "span", tags)
        names = self._nlp.pipe_names
        if "morphologizer" in names or {"tagger", "attribute_ruler"} <= set(names):
            offered["upos"] = TeacherHead("upos", "token", UPOS)
        if "tagger" in names:
            pipe: Any = self._nlp.get_pipe("tagger")
            offered["xpos"] = TeacherHead("xpos", "token", tuple(sorted(pipe.labels)))
        return offered


def _tags(doc: Doc, head: str) -> list[tuple[tuple[int, int], str]]:
    return [
        ((token.idx, token.idx + len(token)), token.pos_ if head == "upos" else token.tag_)
        for token in doc
    ]
