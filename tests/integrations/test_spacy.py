"""The spaCy component in pipelines: spaCy's own ways of calling, saving, loading, training it."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import TOKENS

TEXT = "John works at Apple in California"
TEXTS = [TEXT, "", "Kim left New York for Berlin . Siemens hired Mary .", "  \n", "nothing here ."]


def pipeline(model: Path | str, **config: object) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("recurrent_tagger", config={"model": str(model), "precision": "fp32", **config})
    return nlp


@pytest.fixture(scope="module")
def nlp(model: Path) -> Language:
    return pipeline(model)


def entities(doc: Doc) -> list[tuple[str, str]]:
    return [(entity.text, entity.label_) for entity in doc.ents]


def annotations(doc: Doc) -> list[tuple[object, ...]]:
    return [(t.text, t.ent_iob_, t.ent_type_, t.tag_, t.pos_, t.is_sent_start) for t in doc]


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
    # A span goes on over a space between its tokens.
    new_york = nlp("He left New  York")
    assert [e.text for e in new_york.ents] in (["New  York"], ["New", "York"], [])


def test_bounds_of_sentences_that_are_there_stay(model: Path) -> None:
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
    with pytest.raises(ValueError, match="newline"):
        pipeline(model, newline="wrap")


def test_retokenized_documents(model: Path) -> None:
    nlp = pipeline(model)
    doc = nlp.make_doc("Kim left New York")
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[2:4])
    nlp.get_pipe("recurrent_tagger")(doc)
    assert [t.text for t in doc] == ["Kim", "left", "New York"]
    assert all(t.pos_ for t in doc)


def test_a_white_space_token_with_a_dependency_label(model: Path) -> None:
    component = pipeline(model).get_pipe("recurrent_tagger")
    doc = Doc(component.vocab, words=["Kim", "left", ".", "\n", "Mary", "slept", "."])
    doc[3].dep_ = "dep"
    component(doc)
    assert [token.is_sent_start for token in doc] == [
        True, False, False, False, True, False, False
    ]  # fmt: skip


def test_blocked_tokens_stay_blocked(model: Path) -> None:
    for overwrite in (False, True):
        nlp = pipeline(model, overwrite_ents=overwrite)
        component = nlp.get_pipe("recurrent_tagger")
        doc = nlp.make_doc("Kim left New York for Berlin")
        doc.set_ents([], blocked=[doc[0:1], doc[3:4]])
        component(doc)
        assert entities(doc) == [("Berlin", "LOC")]
        assert [(doc[i].ent_iob_, doc[i].ent_type_) for i in (0, 3)] == [("B", ""), ("B", "")]


def test_documents_from_a_generator(nlp: Language) -> None:
    component = nlp.get_pipe("recurrent_tagger")
    docs = [nlp.make_doc(text) for text in TEXTS]
    scores = component.predict(doc for doc in docs)
    component.set_annotations((doc for doc in docs), scores)
    assert [annotations(doc) for doc in docs] == [annotations(nlp(text)) for text in TEXTS]


def test_sentences_of_a_hook(nlp: Language) -> None:
    component = nlp.get_pipe("recurrent_tagger")
    doc = nlp.make_doc("Kim left New York")
    doc.user_hooks["sents"] = lambda doc: [doc[:2], doc[2:]]
    [(sentences, _)] = component.predict([doc])
    assert sentences == [[0, 1], [2, 3]]


def test_time_is_linear_in_the_length_of_a_document(nlp: Language) -> None:
    component = nlp.get_pipe("recurrent_tagger")

    def seconds(n: int) -> float:
        doc = nlp.make_doc(" ".join([TEXT, "."] * n))
        begun = time.process_time()
        component(doc)
        return time.process_time() - begun

    seconds(10)
    assert seconds(8000) < 3 * 4 * seconds(2000)


@pytest.mark.slow
def test_a_document_of_fifty_thousand_tokens(nlp: Language) -> None:
    nlp.max_length = 10**7
    doc = nlp(" ".join(["John", "works", "at", "Apple"] * 12_500))
    assert len(doc) == 50_000
    assert len(doc.ents) > 10_000


def test_entities_that_are_there_stay_unless_told(model: Path) -> None:
    def given(**config: object) -> list[tuple[str, str]]:
        nlp = pipeline(model, **config)
        doc = nlp.make_doc(TEXT)
        doc.set_ents([Span(doc, 3, 5, "GIVEN")])
        doc[0].pos_ = "X"
        doc = nlp.get_pipe("recurrent_tagger")(doc)
        return [*entities(doc), (doc[0].pos_, doc[1].pos_)]

    assert given() == [
        ("John", "PER"), ("Apple in", "GIVEN"), ("California", "LOC"), ("X", "VERB")
    ]  # fmt: skip
    assert given(overwrite_ents=True, overwrite_tags=True) == [
        ("John", "PER"), ("Apple", "ORG"), ("California", "LOC"), ("PROPN", "VERB")
    ]  # fmt: skip


def test_heads_go_where_the_configuration_says(model: Path) -> None:
    heads = {"ner": "spans:found", "upos": "ext:part"}
    doc = pipeline(model, heads=heads, labels={"PER": "PERSON", "PROPN": "NAME"})(TEXT)
    assert not doc.ents
    assert [(s.text, s.label_) for s in doc.spans["found"]] == [
        ("John", "PERSON"), ("Apple", "ORG"), ("California", "LOC")
    ]  # fmt: skip
    assert doc[0]._.part == "NAME"
    assert not doc[0].pos_
    only = pipeline(model, heads={"upos": "tag"})(TEXT)
    assert only[0].tag_ == "PROPN"
    assert not only.ents


def test_saved_and_loaded_it_is_the_same(nlp: Language, tmp_path: Path) -> None:
    expected = [annotations(nlp(text)) for text in TEXTS]
    nlp.to_disk(tmp_path / "p")
    loaded = spacy.load(tmp_path / "p")
    in_bytes = pipeline("none-of-that-name").from_bytes(nlp.to_bytes())
    for other in (loaded, in_bytes, pickle.loads(pickle.dumps(nlp))):
        assert [annotations(other(text)) for text in TEXTS] == expected
    # The pipeline carries the model: it needs the one it was made of no more.
    config = (tmp_path / "p" / "config.cfg").read_text()
    (tmp_path / "p" / "config.cfg").write_text(
        config.replace(nlp.get_pipe("recurrent_tagger").settings.model, "gone")
    )
    assert annotations(spacy.load(tmp_path / "p")(TEXT)) == expected[0]
    names = {path.suffix for path in (tmp_path / "p" / "recurrent_tagger").iterdir()}
    assert names == {".json", ".md", ".onnx", ".safetensors"}  # data, nothing that runs


def test_saved_over_another_nothing_of_it_stays(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recurrent_tagger"
    component = pipeline(model).get_pipe("recurrent_tagger")
    component.to_disk(folder)
    (folder / "LICENSE").write_text("of another model")
    (folder / "graph.int8.onnx").write_text("of another model")
    component.files.pop("graph.int8.onnx", None)
    component.to_disk(folder)
    assert {path.name for path in folder.iterdir()} == {*component.files, "component.json"}


def test_what_is_wrong_is_said_as_spacy_does(model: Path, tmp_path: Path) -> None:
    for config, message in (
        ({"model": "none-of-that-name"}, "no model 'none-of-that-name'"),
        ({"model": ""}, "there is no model yet"),
        ({"heads": {"nerr": "ents"}}, "unknown head 'nerr': did you mean 'ner'"),
        ({"heads": {"ner": "tag"}}, "has spans, which cannot go to 'tag'"),
        ({"heads": {"upos": "ents"}}, "tags of single tokens"),
        ({"heads": {"upos": "somewhere"}}, "choose ents, spans:KEY"),
        ({"labels": {"PROPN": "NAME"}}, "no part of speech of spaCy's"),
        ({"engine": "onxx"}, "unknown engine"),
        ({"threads": -1}, "threads"),
        ({"labels": {"PRE": "PERSON"}}, "unknown label 'PRE': did you mean 'PER'"),
        ({"labels": {"PER": ""}}, "empty"),
    ):
        with pytest.raises(ValueError, match=message):
            pipeline(**{"model": model, **config})(TEXT)
    whole = pipeline(model).get_pipe("recurrent_tagger").to_bytes()
    for damaged in (b"", b"no bytes", whole[:-1000]):
        with pytest.raises(ValueError, match="no component, or damaged"):
            pipeline(model).get_pipe("recurrent_tagger").from_bytes(damaged)
    (tmp_path / "component.json").write_text("{}")
    with pytest.raises(ValueError, match="not a complete model"):
        pipeline(model).get_pipe("recurrent_tagger").from_disk(tmp_path)
    pipeline(model).get_pipe("recurrent_tagger").to_disk(tmp_path)
    for settings, message in (('{"threads": "many"}', r"threads"), ('{"threads"', "truncated")):
        (tmp_path / "component.json").write_text(settings)
        with pytest.raises(ValueError, match=f"component.json: damaged .*{message}"):
            pipeline(model).get_pipe("recurrent_tagger").from_disk(tmp_path)


def test_error_handlers_hear_of_it(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = pipeline(model)
    component = nlp.get_pipe("recurrent_tagger")
    heard = []
    component.set_error_handler(lambda name, proc, docs, error: heard.append((name, len(docs))))
    predict = component.predict

    def fail(docs: list[Doc]) -> object:
        if any("bad" in doc.text for doc in docs):
            raise RuntimeError("bad")
        return predict(docs)

    monkeypatch.setattr(component, "predict", fail)
    docs = list(nlp.pipe(["John left", "bad", TEXT], batch_size=1))
    assert heard == [("recurrent_tagger", 1)]
    assert len(docs[2].ents) == 3


def test_another_language_is_warned_of(model: Path) -> None:
    nlp = pipeline(model)
    text = "Der Vogel fliegt hoch über dem stillen Wald dahin " * 40
    with pytest.warns(UserWarning, match="another language"):
        nlp(text)


def examples(nlp: Language, n: int = 1) -> list[Example]:
    found = []
    for line in TOKENS["train"] * n:
        words, pos, tags = zip(*(token.split("/") for token in line.split()), strict=True)
        doc = Doc(nlp.vocab, words=words, ents=list(tags), pos=list(pos))
        found.append(Example(Doc(nlp.vocab, words=words), doc))
    return found


SETTINGS = {
    "embedder": {"word_dim": 16, "char_out_dim": 16, "affix_dim": 8, "n_affix_buckets": 64},
    "encoder": {"hidden_dim": 16, "input_dropout": 0.1, "output_dropout": 0.1},
    "training": {"learning_rate": 0.02, "ema_decay": 0.9},
}


@pytest.mark.slow
def test_it_is_trained_the_way_spacy_trains(tmp_path: Path) -> None:
    nlp = pipeline("", settings=SETTINGS)
    data = examples(nlp)
    nlp.initialize(lambda: data)
    first = nlp.evaluate(data)["ents_f"] or 0.0
    for _ in range(150):
        losses: dict[str, float] = {}
        nlp.update(data, losses=losses)
    scores = nlp.evaluate(data)
    assert scores["ents_f"] == 1.0 > first
    assert scores["pos_acc"] == 1.0
    assert losses["recurrent_tagger"] < 0.5
    nlp.to_disk(tmp_path / "p")
    card = (tmp_path / "p" / "recurrent_tagger" / "README.md").read_text()
    assert card.startswith("# A tagger trained by spaCy\n")
    assert "epochs" not in card
    assert "## Scores" not in card
    loaded = spacy.load(tmp_path / "p")
    assert entities(loaded("Mary Jones lives in Ohio .")) == [
        ("Mary Jones", "PER"),
        ("Ohio", "LOC"),
    ]
    # And on from there, with a label more.
    again = examples(loaded)
    optimizer = loaded.resume_training()
    loaded.initialize(lambda: again)
    loaded.update(again, sgd=optimizer)
    assert loaded.evaluate(again)["ents_f"] > 0.5


def test_settings_of_the_training_are_those_of_tagger_train(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tagger.integrations.spacy import training as spacy_training

    seen = set()

    def capitals(tokens: list[str], prob: float) -> list[str]:
        seen.add(prob)
        return tokens

    monkeypatch.setattr(spacy_training, "recased", capitals)
    training = {**SETTINGS["training"], "recase_prob": 0.25}
    nlp = pipeline("", settings={**SETTINGS, "heads": ["ner"], "training": training})
    data = examples(nlp)
    nlp.initialize(lambda: data)
    nlp.update(data)
    assert seen == {0.25}
    assert set(nlp.get_pipe("recurrent_tagger").labels) == {"LOC", "ORG", "PER"}


def test_a_training_starts_from_the_base_rather_than_the_model(model: Path) -> None:
    nlp = pipeline("none-of-that-name", base=str(model))
    nlp.initialize(lambda: examples(nlp))
    assert nlp(TEXT).ents  # what the base has found at once


def losses_of(nlp: Language, n_steps: int = 3, **options: object) -> list[float]:
    data = examples(nlp)
    nlp.initialize(lambda: data)
    return [nlp.update(data, **options)["recurrent_tagger"] for _ in range(n_steps)]


def test_learning_rate_and_dropout_of_spacy_are_honoured() -> None:
    def with_rate(rate: object) -> list[float]:
        nlp = pipeline("", settings={**SETTINGS, "training": {}})
        nlp.config["training"]["optimizer"]["learn_rate"] = rate
        return losses_of(nlp)

    schedule = {"@schedules": "warmup_linear.v1", "initial_rate": 0.3}
    found = [
        *(with_rate(rate) for rate in (0.001, 0.5, 0.9)),
        with_rate({**schedule, "warmup_steps": 2, "total_steps": 100}),
        *(losses_of(pipeline("", settings=SETTINGS), drop=drop) for drop in (0.5, 0.9)),
    ]
    assert len({tuple(losses) for losses in found}) == len(found)
    assert losses_of(pipeline("", settings=SETTINGS), drop=0.1) == losses_of(
        pipeline("", settings=SETTINGS)
    )
    with pytest.raises(ValueError, match="learn_rate: 'high' is not"):
        with_rate("high")


def test_settings_of_the_optimizer_without_effect_are_warned_of() -> None:
    nlp = pipeline("", settings=SETTINGS)
    nlp.config["training"]["optimizer"]["L2"] = 0.5
    with pytest.warns(UserWarning, match="L2 have no effect"):
        nlp.initialize(lambda: examples(nlp))


def test_something_is_learned_in_a_few_steps() -> None:
    nlp = pipeline("")
    data = examples(nlp)
    nlp.initialize(lambda: data)
    for _ in range(30):
        nlp.update(data)
    assert nlp.evaluate(data)["ents_f"] > 0.5


def test_a_training_is_resumed_without_initialize(model: Path) -> None:
    for nlp in (pipeline(model), spacy.blank("en")):
        if not nlp.pipe_names:
            nlp.add_pipe("recurrent_tagger", source=pipeline(model))
        nlp.resume_training()
        data = examples(nlp)
        nlp.update(data)
        assert nlp.evaluate(data)["ents_f"] > 0.5
        reference = nlp.make_doc(TEXT)
        reference.set_ents([Span(reference, 0, 1, "GADGET")])
        with pytest.warns(UserWarning, match="no GADGET"):
            nlp.update([Example(nlp.make_doc(TEXT), reference)])


def test_a_package_requires_this_one(model: Path, tmp_path: Path) -> None:
    from spacy.cli.package import get_meta

    pipeline(model).to_disk(tmp_path / "p")
    [requirement] = get_meta(tmp_path / "p", {})["requirements"]
    assert "tagger>=" in requirement


def test_nothing_to_learn_is_named() -> None:
    nlp = pipeline("", settings=SETTINGS)
    empty = [Example(nlp.make_doc("a b"), nlp.make_doc("a b"))]
    with pytest.raises(ValueError, match="neither entities nor tags"):
        nlp.initialize(lambda: empty)
    bad = pipeline("", settings={"encodr": {}})
    with pytest.raises(ValueError, match="encodr"):
        bad.initialize(lambda: examples(bad))
    for settings, said in (
        ({"heads": ["pos"]}, "unknown head 'pos'"),
        ({"description": 1}, "description"),
        ({"training": {"epochs": 3}}, "epochs has no effect here"),
        ({"training": {"auxiliary_weight": 1.0}}, "auxiliary_weight has no effect here"),
        ({"training": 3}, "training"),
        ({"pretraining": {"window": 3}}, r"\[pretraining\] has no effect here"),
        ({"corpora": {"sample": {}}}, r"\[corpora\] has no effect here"),
        ({"encoder": {"hidden_dim": 9}}, "hidden_dim is 200"),
    ):
        bad = pipeline("", settings=settings, base="en" if "encoder" in settings else "")
        with pytest.raises(ValueError, match=said):
            bad.initialize(lambda: examples(bad))  # noqa: B023
    with pytest.raises(ValueError, match=r"call nlp\.initialize"):
        pipeline("").get_pipe("recurrent_tagger").update(examples(nlp))


def test_init_spacy_writes_what_spacy_trains_on(run, corpus: Path, tmp_path: Path) -> None:
    result = run("init-spacy", corpus, "-o", tmp_path / "p", "--heads", "ner,upos")
    assert result.code == 0, result.err
    assert "python -m spacy train" in result.out
    docs = list(
        DocBin().from_disk(tmp_path / "p" / "train.spacy").get_docs(spacy.blank("en").vocab)
    )
    assert entities(docs[0]) == [("John", "PER"), ("Apple", "ORG"), ("California", "LOC")]
    assert docs[0][0].pos_ == "PROPN"
    assert all(len(list(doc.sents)) == 1 for doc in docs)
    again = run("init-spacy", corpus, "-o", tmp_path / "p")
    assert_one_line(again, 2, "config.cfg: exists", "--force")
    mine = tmp_path / "p" / "train.spacy"
    before = mine.read_bytes()
    (tmp_path / "p" / "config.cfg").unlink()
    assert_one_line(run("init-spacy", corpus, "-o", tmp_path / "p"), 2, "train.spacy: exists")
    same = run("init-spacy", mine, "-o", tmp_path / "p", "--force")
    assert_one_line(same, 2, "is also read")
    same = run("init-spacy", tmp_path / "p", "-o", tmp_path / "p", "--force")
    assert_one_line(same, 2, "is also read")
    assert mine.read_bytes() == before
    odd = tmp_path / "odd.jsonl"
    odd.write_text('{"tokens": ["Ann"], "upos": ["EIGEN"]}\n' * 3)
    own = run("init-spacy", odd, "-o", tmp_path / "q", "--heads", "upos")
    assert_one_line(own, 2, "'EIGEN' is no universal part of speech")
    wrong = run("init-spacy", corpus, "-o", tmp_path / "q", "--language", "klingon")
    assert_one_line(wrong, 2, "klingon")


def test_confidence(model: Path) -> None:
    nlp = spacy.blank("en")
    config = {"model": str(model), "confidence": True, "precision": "fp32"}
    nlp.add_pipe("recurrent_tagger", config=config)
    doc = nlp("Mary Jones left  New York.")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [
        ("Mary Jones", "PER"),
        ("New York", "LOC"),
    ]
    for ent in doc.ents:
        assert 0 < ent._.confidence <= 1
        assert ent[0]._.confidence["ner"] == ent._.confidence
    assert set(doc[2]._.confidence) == {"ner", "upos"}
    assert doc[3].is_space
    assert doc[3]._.confidence is None


def test_confidence_is_that_of_the_span_that_is_kept(model: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "TOWN", "pattern": "New York"}])
    nlp.add_pipe("recurrent_tagger", config={"model": str(model), "confidence": True})
    doc = nlp("Mary Jones left New York.")
    assert {ent.label_: ent._.confidence is None for ent in doc.ents} == {
        "PER": False,
        "TOWN": True,
    }
    nlp = spacy.blank("en")
    heads = {"ner": "spans:names"}
    nlp.add_pipe(
        "recurrent_tagger", config={"model": str(model), "confidence": True, "heads": heads}
    )
    doc = nlp("Mary Jones left New York.")
    assert len(doc.spans["names"]) == 2
    for span in doc.spans["names"]:
        assert 0 < span._.ner_confidence <= 1
        assert span._.confidence is None
    nlp = spacy.blank("en")
    nlp.add_pipe(
        "recurrent_tagger", config={"model": str(model), "heads": {"upos": "ext:confidence"}}
    )
    with pytest.raises(ValueError, match="take another name"):
        nlp("Mary left.")


@pytest.mark.slow
def test_spacy_train(run, corpus: Path, tmp_path: Path) -> None:
    run("init-spacy", corpus, "-o", tmp_path, "--heads", "ner,upos")
    command = [sys.executable, "-m", "spacy", "train", str(tmp_path / "config.cfg"), "-o"]
    options = ["--training.max_steps", "60", "--training.eval_frequency", "30"]
    subprocess.run([*command, str(tmp_path / "out"), *options], check=True, capture_output=True)
    assert spacy.load(tmp_path / "out" / "model-best")(TEXT).has_annotation("ENT_IOB")
