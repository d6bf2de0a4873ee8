"""`tagger.distill`: from teachers and text to a student."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest

import tagger
from tagger.config import Config, merge_overrides
from tagger.distillation import answering
from tagger.distillation.teachers.own import OwnTeacher
from tagger.errors import (
    ConfigError,
    CorpusError,
    Interrupted,
    ModelError,
    TaggerError,
    UsageError,
)
from tagger.model.directory import read_model
from tagger.training.loop import EpochDone, StepDone
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import small_config, write_corpus
from tests.helpers.distillation import StopAnswers, write_texts


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_texts(tmp_path_factory.mktemp("texts") / "news.txt")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "BLOCK", 10)


def student_config(**training: object) -> Config:
    config = merge_overrides(small_config(**training), {"heads": []})
    return merge_overrides(config, {"distillation": {"held_out": 0.1}})


def assert_equal_weights(one: Path, other: Path) -> None:
    a, b = read_model(one).weights, read_model(other).weights
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_a_student_learns_what_its_teacher_knows(model: Path, texts: Path, tmp_path: Path) -> None:
    distilled = tagger.distill(
        texts, tmp_path / "student", teachers=model, config=student_config(epochs=20)
    )
    student = tagger.load(distilled.path)
    assert {head.name for head in student.heads} == {"ner", "upos"}
    found = student("Kim works at Apple in Berlin .").entities
    assert [(entity.text, entity.label) for entity in found] == [
        ("Kim", "PER"),
        ("Apple", "ORG"),
        ("Berlin", "LOC"),
    ]
    measures = {measure.name: measure for measure in distilled.measures}
    assert measures["agreement ner"].student == 1.0
    assert measures["words/s"].teacher > 0
    assert measures["MB"].student > 0
    assert sorted(path.name for path in distilled.path.iterdir() if path.is_dir()) == []
    assert not (distilled.path / "distill.json").exists()


@pytest.mark.slow
def test_labels_of_texts_are_learned(intent_model: Path, utterances: Path, tmp_path: Path) -> None:
    lines = (utterances / "train.jsonl").read_text(encoding="utf-8").splitlines()
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"{' '.join(json.loads(x)['tokens'])}\n" for x in lines * 5))
    config = student_config(epochs=15)
    for corpora in ((), (utterances,)):
        found = tagger.distill(
            texts, tmp_path / "s", teachers=intent_model, config=config, corpora=corpora, force=True
        )
        scores = {one.name: one for one in found.measures}
        assert (scores["agreement intent"].student or 0) > 0.8
    gold = scores["utterances dev intent"]
    assert gold.teacher == tagger.evaluate(intent_model, utterances, "dev").texts["intent"].accuracy
    assert tagger.load(tmp_path / "s")("book a ticket to Boston").labels["intent"].label == "book"


def test_a_teacher_may_be_an_object(model: Path, texts: Path, tmp_path: Path) -> None:
    by_name = tagger.distill(texts, tmp_path / "a", teachers=model, config=student_config(epochs=1))
    teacher = OwnTeacher(str(model), device="cpu", threads=1)
    by_object = tagger.distill(
        texts, tmp_path / "b", teachers=[teacher], config=student_config(epochs=1)
    )
    assert_equal_weights(by_name.path, by_object.path)
    with pytest.raises(UsageError, match=r"teachers\[0\]"):
        tagger.distill(texts, tmp_path / "c", teachers=[3])  # type: ignore[list-item]


def test_gold_corpora_are_learned_too_and_decide(
    model: Path, texts: Path, corpus: Path, tmp_path: Path
) -> None:
    distilled = tagger.distill(
        texts,
        tmp_path / "student",
        teachers=model,
        corpora=corpus,
        heads=["ner"],
        config=student_config(epochs=20),
    )
    names = [measure.name for measure in distilled.measures]
    assert names[:2] == [f"{corpus.name} dev ner", f"{corpus.name} test ner"]
    assert distilled.measures[0].teacher == 1.0
    assert distilled.test[corpus.name].main["ner"] == distilled.measures[1].student
    assert [record.name for record in distilled.meta.corpora] == [corpus.name, "news.txt"]


class StopTraining(StopAnswers):
    """Presses Ctrl-C after some events of the training."""

    def answered(self, tally: answering.Tally, n_texts: int) -> None:
        pass

    def event(self, event: StepDone | EpochDone) -> None:
        super().answered(answering.Tally(), 1)


@pytest.mark.usefixtures("small_blocks")
def test_stopped_at_any_moment_and_resumed_it_is_as_if_it_never_had_been(
    model: Path, corpus: Path, texts: Path, tmp_path: Path
) -> None:
    config = student_config(epochs=2)
    arguments: dict[str, Any] = {"teachers": model, "config": config}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    tagger.distill(texts, whole, answers=tmp_path / "answers", **arguments)
    with pytest.raises(Interrupted):
        tagger.distill(texts, parts, reporter=StopAnswers(2), **arguments)
    with pytest.raises(UsageError):
        tagger.distill(texts, parts, **arguments)
    with pytest.raises(UsageError) as caught:
        tagger.distill(output=parts, resume=True, seed=7)
    assert caught.value.path == str(parts)  # not a file that is not there
    with pytest.raises(Interrupted):
        tagger.distill(output=parts, resume=True, reporter=StopTraining(5))
    for other in ({"resume": True}, {"force": True}):
        with pytest.raises(UsageError, match="unfinished distillation"):
            tagger.train([corpus], parts, **other)
    resumed = tagger.distill(output=parts, resume=True)
    assert_equal_weights(whole, parts)
    assert resumed.teachers == (str(model),)
    assert sorted(path.name for path in (tmp_path / "answers").iterdir()) == [
        "answers.json",
        "held-out.arrow",
        "held-out.arrow.seal",
        "job.json",
        "train.arrow",
        "train.arrow.seal",
    ]


@pytest.mark.usefixtures("small_blocks")
def test_damaged_answers_of_an_unfinished_run_are_not_used(
    model: Path, texts: Path, tmp_path: Path
) -> None:
    config = student_config(epochs=1)
    names = ("train.arrow", "held-out.arrow")
    expected: list[bytes] = []
    for folder in (tmp_path / "whole", tmp_path / "damaged"):
        arguments: dict[str, Any] = {"teachers": model, "config": config}
        with pytest.raises(Interrupted):
            tagger.distill(texts, folder, reporter=StopAnswers(3), **arguments)
        answers = folder / "answers"
        if expected:
            parts = sorted(answers.glob("part-*.arrow"))
            for i, path in enumerate(parts):
                content = bytearray(path.read_bytes())
                if i % 2:
                    del content[-100:]
                else:  # in a tag, a probability or a token
                    content[-200] ^= 1
                path.write_bytes(content)
        with pytest.raises(Interrupted):
            tagger.distill(output=folder, resume=True, reporter=StopTraining(1))
        expected += [(answers / name).read_bytes() for name in names]
    assert expected[:2] == expected[2:]


@pytest.mark.usefixtures("small_blocks")
def test_answers_are_used_again(model: Path, texts: Path, tmp_path: Path) -> None:
    config = student_config(epochs=1)
    answers = tmp_path / "answers"
    arguments: dict[str, Any] = {"teachers": model, "answers": answers}
    tagger.distill(texts, tmp_path / "one", config=config, **arguments)
    before = (answers / "train.arrow").stat().st_mtime_ns
    tagger.distill(texts, tmp_path / "two", config=config, seed=3, **arguments)
    assert (answers / "train.arrow").stat().st_mtime_ns == before
    right = (answers / "train.arrow").read_bytes()
    (answers / "train.arrow").write_bytes(right[:-200] + bytes([right[-200] ^ 1]) + right[-199:])
    tagger.distill(texts, tmp_path / "healed", config=config, **arguments)
    assert (answers / "train.arrow").read_bytes() == right
    other = write_texts(tmp_path / "other.txt", 20)
    with pytest.raises(UsageError) as caught:
        tagger.distill(other, tmp_path / "three", config=config, **arguments)
    assert caught.value.path == str(answers)


def test_what_is_held_out_is_not_learned_from_in_another_place(
    model: Path, texts: Path, tmp_path: Path
) -> None:
    twice = tmp_path / "twice.txt"
    twice.write_text(texts.read_text(encoding="utf-8") * 2, encoding="utf-8")
    arguments: dict[str, Any] = {"teachers": model, "config": student_config(epochs=1)}
    tagger.distill(twice, tmp_path / "student", answers=tmp_path / "answers", **arguments)
    learned, held_out = (
        {tuple(tokens) for tokens in datasets.Dataset.from_file(str(path))["tokens"]}
        for path in (tmp_path / "answers" / name for name in (answering.TRAIN, answering.HELD_OUT))
    )
    assert held_out
    assert not learned & held_out


def test_texts_may_be_the_sentences_of_a_corpus(model: Path, corpus: Path, tmp_path: Path) -> None:
    distilled = tagger.distill(
        corpus, tmp_path / "m", teachers=model, config=student_config(epochs=1)
    )
    assert distilled.meta.corpora[0].n_sentences["train"] == 4


def test_labels_are_mapped_and_dropped(model: Path, texts: Path, tmp_path: Path) -> None:
    lines = {"train": ["John/B-WHO sleeps/O", "Mary/B-WHO left/O"], "dev": ["Kim/B-WHO left/O"]}
    gold = write_corpus(tmp_path / "gold", lines)
    arguments: dict[str, Any] = {
        "teachers": model,
        "corpora": gold,
        "heads": ["ner"],
        "config": student_config(epochs=1),
    }
    with pytest.raises(UsageError) as caught:
        tagger.distill(texts, tmp_path / "m", **arguments)
    assert {"LOC", "ORG", "PER"} <= set(caught.value.message.replace(",", "").split())
    assert caught.value.expected == ("WHO",)
    assert not (tmp_path / "m").exists()
    with pytest.raises(UsageError):
        tagger.distill(texts, tmp_path / "m", label_map="PER=WHO", **arguments)
    tagger.distill(texts, tmp_path / "m", label_map={"PER": "WHO"}, unmapped="drop", **arguments)
    assert tagger.load(tmp_path / "m").heads[0].labels == ("WHO",)
    tagger.distill(
        texts, tmp_path / "n", label_map={"PER": "WHO", "LOC": ""}, unmapped="keep", **arguments
    )
    assert tagger.load(tmp_path / "n").heads[0].labels == ("ORG", "WHO")


def test_the_names_of_other_teachers_are_hinted_at(texts: Path, tmp_path: Path) -> None:
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text('{"model_type": "bert"}')
    for name in (str(tmp_path / "bert"), "dslim/bert-base-NER"):
        with pytest.raises(ModelError) as caught:
            tagger.distill(texts, tmp_path / "m", teachers=name)
        assert f"hf:{name}" in (caught.value.hint or "")


def test_the_mean_of_several_teachers(model: Path, texts: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "copy")
    distilled = tagger.distill(
        texts,
        tmp_path / "m",
        teachers=[model, tmp_path / "copy"],
        config=student_config(epochs=1),
    )
    assert distilled.teachers == (str(model), str(tmp_path / "copy"))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"teachers": ()}, UsageError),
        ({"teachers": "no-such-model"}, ModelError),
        ({"texts": ()}, UsageError),
        ({"texts": "-"}, UsageError),
        ({"texts": "no/such/file.txt"}, CorpusError),
        ({"texts": "nothing*.txt"}, CorpusError),
        ({"heads": ["chunk"]}, UsageError),
        ({"label_map": "PER"}, UsageError),
        ({"label_map": "PERSON=PER"}, UsageError),
        ({"label_map": "PER=,LOC=,ORG=", "heads": ["ner"]}, UsageError),
        ({"label_map": "PER=B-PERSON"}, UsageError),
        ({"label_map": "PER=O,LOC=O,ORG=O", "heads": ["ner"]}, UsageError),
        ({"teachers": "spacy:"}, UsageError),
        ({"teachers": "hf:"}, UsageError),
        ({"teachers": "file:"}, UsageError),
        ({"base": "en-base", "settings": {"embedder.word_dim": 3}}, ConfigError),
        ({"unmapped": "maybe"}, UsageError),
        ({"output": None}, UsageError),
        ({"resume": True}, UsageError),
        ({"settings": {"distillation.temperatur": 2}}, UsageError),
    ],
)
def test_wrong_arguments_are_errors_and_leave_nothing(
    arguments: dict[str, Any],
    error: type[TaggerError],
    model: Path,
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"texts": texts, "output": tmp_path / "m", "teachers": model, **arguments}
    with pytest.raises(error) as caught:
        tagger.distill(**given)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("with_answers", [False, True])
def test_answers_that_teach_nothing_leave_nothing(
    with_answers: bool, model: Path, texts: Path, tmp_path: Path
) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text('{"text": "Kim left", "spans": [[0, 3, "PER"]]}\n')
    output, folder = tmp_path / "m", tmp_path / "kept"
    shutil.copytree(model, output)
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    arguments: dict[str, Any] = {"answers": folder} if with_answers else {}
    with pytest.raises(CorpusError, match="know nothing"):
        tagger.distill(texts, output, teachers=f"file:{answers}", force=True, **arguments)
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before
    assert not folder.is_dir() or not list(folder.iterdir())


def test_answers_to_another_job_leave_no_unfinished_output(
    model: Path, texts: Path, tmp_path: Path
) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "job.json").write_text("{}")
    arguments: dict[str, Any] = {"teachers": model, "config": student_config(epochs=1)}
    with pytest.raises(UsageError, match="another job"):
        tagger.distill(texts, tmp_path / "m", answers=tmp_path / "answers", **arguments)
    assert not (tmp_path / "m").exists()
    with pytest.raises(UsageError, match="is a file"):
        tagger.distill(texts, tmp_path / "m", answers=texts, **arguments)
    assert not (tmp_path / "m").exists()


def test_too_long_sentences_are_named(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("and Berlin " * 200 + "\n" + "or Ohio " * 200 + "\n")
    with pytest.raises(CorpusError, match="longer than"):
        tagger.distill(path, tmp_path / "m", teachers=model)
    assert not (tmp_path / "m").exists()


def test_a_student_replaces_neither_its_teacher_nor_its_base(model: Path, texts: Path) -> None:
    before = {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}
    for arguments in ({"teachers": model}, {"teachers": "en", "base": model}):
        with pytest.raises(UsageError, match="name another folder"):
            tagger.distill(texts, model, force=True, **arguments)  # type: ignore[arg-type]
    after = {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}
    assert after == before


@pytest.mark.parametrize("name", ["texts.csv", "folder/notes.log"])
def test_what_is_neither_text_nor_a_corpus(name: str, model: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("id,text\n1,Kim left\n2,Mary left\n")
    given = path.parent if "/" in name else path
    with pytest.raises(CorpusError) as caught:
        tagger.distill(given, tmp_path / "m", teachers=model)
    assert ".txt" in (caught.value.hint or "")


@pytest.mark.parametrize("content", ["", "\n \n", "one text\n", "the same\nthe same\n"])
def test_too_little_text(content: str, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(content)
    with pytest.raises(CorpusError) as caught:
        tagger.distill(path, tmp_path / "m", teachers=model)
    assert caught.value.path == str(path)


def test_teachers_without_a_common_head(
    model: Path, corpus: Path, texts: Path, tmp_path: Path
) -> None:
    arguments: dict[str, Any] = {"config": small_config(epochs=1)}
    for head in ("ner", "upos"):
        tagger.train(corpus, tmp_path / head, heads=[head], **arguments)
    with pytest.raises(UsageError) as caught:
        tagger.distill(texts, tmp_path / "m", teachers=[tmp_path / "ner", tmp_path / "upos"])
    assert "upos" in caught.value.message


def test_the_command(run: Any, model: Path, texts: Path, tmp_path: Path) -> None:
    result = run(
        *("distill", texts, "--teacher", model, "-o", tmp_path / "m", "--heads", "ner"),
        *("--epochs", 1, "--set", "distillation.held_out=0.1", "--seed", 3),
    )
    assert result.code == 0
    assert "agreement ner" in result.out
    assert f"tagger predict -m {tmp_path / 'm'}" in result.out
    result = run("distill", texts, "--teacher", model, "-o", tmp_path / "m")
    assert_one_line(result, 2, "--force")
    result = run("distill", texts, "--teacher", "nobody", "-o", tmp_path / "n")
    assert_one_line(result, 1, "nobody")
