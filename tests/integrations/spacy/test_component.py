"""The component in pipelines: spaCy's ways of calling, saving and loading it."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from tagger.integrations.spacy.errors import ComponentError
from tests.helpers.pipelines import (
    TEXT,
    TEXTS,
    annotations,
    entities,
    pipeline,
)


@pytest.mark.slow
def test_a_plain_install_is_enough(model: Path) -> None:
    code = (
        "import spacy, sys\nnlp = spacy.blank('en')\n"
        f"nlp.add_pipe('recurrent_tagger', config={{'model': {str(model)!r}}})\n"
        f"print([(e.text, e.label_) for e in nlp({TEXT!r}).ents])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[('John', 'PER'), ('Apple', 'ORG'), ('California', 'LOC')]\n"


def test_entities_parts_of_speech_and_sentences(nlp: Language) -> None:
    doc = nlp(TEXTS[2])
    expected = [("Kim", "PER"), ("New York", "LOC"), ("Berlin", "LOC"), ("Siemens", "ORG")]
    assert entities(doc)[:4] == expected
    assert [t.pos_ for t in doc][:4] == ["PROPN", "VERB", "PROPN", "PROPN"]
    assert [s.text for s in doc.sents] == ["Kim left New York for Berlin .", "Siemens hired Mary ."]
    assert set(nlp.get_pipe("recurrent_tagger").labels) >= {"PER", "ORG", "LOC", "PROPN"}
    assert nlp.pipe_labels["recurrent_tagger"]


def test_pipe_equals_call_in_every_way(nlp: Language) -> None:
    expected = [annotations(nlp(text)) for text in TEXTS]
    assert [annotations(doc) for doc in nlp.pipe(TEXTS)] == expected
    assert [annotations(doc) for doc in nlp.pipe(TEXTS, batch_size=2)] == expected
    found = list(nlp.pipe([(text, i) for i, text in enumerate(TEXTS)], as_tuples=True))
    assert [(annotations(doc), i) for doc, i in found] == [(a, i) for i, a in enumerate(expected)]
    docs = [nlp.make_doc(text) for text in TEXTS]
    assert [annotations(doc) for doc in nlp.pipe(docs)] == expected


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forks, spaCy's own
def test_several_processes(nlp: Language) -> None:
    expected = [annotations(nlp(text)) for text in TEXTS * 3]
    found = nlp.pipe(TEXTS * 3, n_process=2, batch_size=4)
    assert [annotations(doc) for doc in found] == expected


def test_pipes_are_selected_and_analyzed(nlp: Language) -> None:
    with nlp.select_pipes(disable=["recurrent_tagger"]):
        assert not nlp(TEXT).ents
    assert nlp(TEXT).ents
    analysis = nlp.analyze_pipes()
    assert "doc.ents" in analysis["summary"]["recurrent_tagger"]["assigns"]
    assert analysis["problems"]["recurrent_tagger"] == []


def test_spaces_and_odd_documents(nlp: Language) -> None:
    doc = nlp("John  works\n\nat \t Apple")
    assert entities(doc)[0] == ("John", "PER")
    assert {t.pos_ for t in doc if t.is_space} == {"SPACE"}
    assert not any(t.ent_type_ for t in doc if t.is_space)
    spaces = nlp("   \n ")
    assert not spaces.ents
    assert len(nlp("")) == 0
    # A span continues across white space between its tokens.
    new_york = nlp("He left New  York")
    assert [e.text for e in new_york.ents] in (["New  York"], ["New", "York"], [])


def test_sentences_of_the_document_are_kept(model: Path) -> None:
    nlp = pipeline(model)
    nlp.add_pipe("sentencizer", before="recurrent_tagger", config={"punct_chars": ["works"]})
    doc = nlp(TEXT)
    assert [s.text for s in doc.sents] == ["John works", "at Apple in California"]
    without = pipeline(model, set_sentences=False)(TEXTS[2])
    assert not without.has_annotation("SENT_START")


def test_line_ends(model: Path) -> None:
    text = "Mary Jones\nJohn Smith"
    assert len(list(pipeline(model)(text).sents)) == 2
    assert len(list(pipeline(model, newline="space")(text).sents)) == 1
    with pytest.raises(ValueError, match="newline"):  # spaCy checks it
        pipeline(model, newline="wrap")


def test_retokenized_documents(model: Path) -> None:
    nlp = pipeline(model)
    doc = nlp.make_doc("Kim left New York")
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[2:4])
    nlp.get_pipe("recurrent_tagger")(doc)
    assert [t.text for t in doc] == ["Kim", "left", "New York"]
    assert all(t.pos_ for t in doc)


def test_documents_from_a_generator(nlp: Language) -> None:
    component = nlp.get_pipe("recurrent_tagger")
    docs = [nlp.make_doc(text) for text in TEXTS]
    scores = component.predict(doc for doc in docs)
    component.set_annotations((doc for doc in docs), scores)
    assert [annotations(doc) for doc in docs] == [annotations(nlp(text)) for text in TEXTS]


@pytest.mark.slow
def test_a_document_of_fifty_thousand_tokens(nlp: Language) -> None:
    nlp.max_length = 10**7
    doc = nlp(" ".join(["John", "works", "at", "Apple"] * 12_500))
    assert len(doc) == 50_000
    assert len(doc.ents) > 10_000


def test_a_saved_pipeline_is_the_same_when_loaded(nlp: Language, tmp_path: Path) -> None:
    expected = [annotations(nlp(text)) for text in TEXTS]
    nlp.to_disk(tmp_path / "p")
    loaded = spacy.load(tmp_path / "p")
    in_bytes = pipeline("none-of-that-name").from_bytes(nlp.to_bytes())
    for other in (loaded, in_bytes, pickle.loads(pickle.dumps(nlp))):
        assert [annotations(other(text)) for text in TEXTS] == expected
    # The pipeline carries the model and no longer needs the original.
    config = (tmp_path / "p" / "config.cfg").read_text()
    (tmp_path / "p" / "config.cfg").write_text(
        config.replace(nlp.get_pipe("recurrent_tagger").settings.model, "gone")
    )
    assert annotations(spacy.load(tmp_path / "p")(TEXT)) == expected[0]
    names = {path.suffix for path in (tmp_path / "p" / "recurrent_tagger").iterdir()}
    assert names == {".json", ".md", ".onnx", ".safetensors"}  # data, nothing that runs


def test_nothing_remains_of_a_model_that_is_overwritten(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recurrent_tagger"
    component = pipeline(model).get_pipe("recurrent_tagger")
    component.to_disk(folder)
    (folder / "LICENSE").write_text("of another model")
    (folder / "graph.int8.onnx").write_text("of another model")
    component.files.pop("graph.int8.onnx", None)
    component.to_disk(folder)
    assert {path.name for path in folder.iterdir()} == {*component.files, "component.json"}


def test_error_handlers_are_called(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = pipeline(model)
    component = nlp.get_pipe("recurrent_tagger")
    handled = []
    component.set_error_handler(lambda name, proc, docs, error: handled.append((name, len(docs))))
    predict = component.predict

    def fail(docs: list[Doc]) -> object:
        if any("bad" in doc.text for doc in docs):
            raise RuntimeError("bad")
        return predict(docs)

    monkeypatch.setattr(component, "predict", fail)
    docs = list(nlp.pipe(["John left", "bad", TEXT], batch_size=1))
    assert handled == [("recurrent_tagger", 1)]
    assert len(docs[2].ents) == 3


def test_warns_of_another_language(model: Path) -> None:
    nlp = pipeline(model)
    text = "Der Vogel fliegt hoch über dem stillen Wald dahin " * 40
    with pytest.warns(UserWarning, match="another language"):
        nlp(text)


def test_warns_where_a_large_vocabulary_has_words_of_other_languages() -> None:
    nlp = pipeline("en")
    german = "der Vogel fliegt mit der Firma und die neue Leute über dem Wald dahin " * 20
    with warnings.catch_warnings(action="error"):
        nlp("the bird flies with the company and the new people over the forest " * 20)
    nlp = pipeline("en")
    with pytest.warns(UserWarning, match="another language"):
        nlp(german)


def test_a_package_requires_this_one(model: Path, tmp_path: Path) -> None:
    from spacy.cli.package import get_meta

    pipeline(model).to_disk(tmp_path / "p")
    [requirement] = get_meta(tmp_path / "p", {})["requirements"]
    assert "tagger>=" in requirement


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model": "none-of-that-name"}, "none-of-that-name"),
        ({"model": ""}, "no model yet"),
        ({"engine": "onxx"}, "engine"),
        ({"threads": -1}, "threads"),
        ({"labels": {"PER": ""}}, "empty"),
    ],
)
def test_a_wrong_configuration_is_refused(
    model: Path, config: dict[str, object], words: str
) -> None:
    with pytest.raises(ComponentError, match=words) as caught:
        pipeline(**{"model": model, **config})(TEXT)
    assert isinstance(caught.value, ValueError)
    assert caught.value.component == "recurrent_tagger"


def test_labels_that_the_model_lacks_are_refused(model: Path) -> None:
    with pytest.raises(ComponentError, match="PRE") as caught:
        pipeline(model, labels={"PRE": "PERSON"})(TEXT)
    assert {"PER", "ORG", "LOC"} < set(caught.value.expected)


def test_damaged_bytes_are_refused(model: Path) -> None:
    whole = pipeline(model).get_pipe("recurrent_tagger").to_bytes()
    for damaged in (b"", b"no bytes", whole[:-1000]):
        with pytest.raises(ComponentError, match="damaged") as caught:
            pipeline(model).get_pipe("recurrent_tagger").from_bytes(damaged)
        assert caught.value.hint


def test_damaged_folders_are_refused(model: Path, tmp_path: Path) -> None:
    component = pipeline(model).get_pipe("recurrent_tagger")
    (tmp_path / "component.json").write_text("{}")
    with pytest.raises(ComponentError) as caught:
        component.from_disk(tmp_path)
    assert caught.value.path == str(tmp_path)
    component.to_disk(tmp_path)
    for settings in ('{"threads": "many"}', '{"threads"'):
        (tmp_path / "component.json").write_text(settings)
        with pytest.raises(ComponentError, match="damaged") as caught:
            component.from_disk(tmp_path)
        assert caught.value.path == "component.json"
