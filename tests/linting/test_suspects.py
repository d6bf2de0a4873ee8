"""What a model doubts: exact probabilities, ranking, folds, exports, and the weight in training."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import tagger
from tagger.errors import CorpusError, Interrupted, TaggerError, UsageError
from tagger.linting.folds import split_folds
from tagger.linting.records import GoldCorpus, GoldFile, PlacedSentence
from tagger.linting.suspects import doubts
from tagger.model.heads import HeadSpec
from tagger.runtime.decoding import constrained
from tagger.runtime.predictor import Predictor
from tagger.schemes import Scheme, Span, spans, tag_inventory
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import TOKENS, write_corpus

# -- Probabilities


class Fixed:
    """An engine whose emissions are given."""

    def __init__(self, emissions: np.ndarray) -> None:
        self.given = emissions

    def emissions(self, forms, lengths, heads):
        return dict.fromkeys(heads, self.given)


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.BIOES])
@pytest.mark.parametrize("seed", range(3))
def test_the_probabilities_are_those_of_enumeration(scheme: Scheme, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tags = tuple(tag_inventory(["X", "Y"], scheme))
    head = HeadSpec(name="ner", kind="span", decoder="crf", tags=tags, scheme=scheme)
    n = len(tags)
    transitions = constrained(
        head.allowed(), *(rng.normal(size=size).astype("f") for size in ((n, n), n, n))
    )
    emissions = rng.normal(size=(4, n)).astype("f")
    predictor = Predictor(Fixed(emissions), [head], {"ner": transitions})
    gold = [Span(0, 2, "X"), Span(2, 3, "Y")] if seed else []
    sentence = PlacedSentence(list("abcd"), {"ner": ["O"] * 4}, "a.txt", [1, 2, 3, 4])
    sentence.spans["ner"] = gold

    between, start, end = transitions
    weights: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(n), repeat=4):
        score = start[path[0]] + end[path[-1]] + sum(emissions[i, t] for i, t in enumerate(path))
        score += sum(between[a, b] for a, b in itertools.pairwise(path))
        weights[path] = float(np.exp(np.float64(score)))
    total = sum(weights.values())

    def prob(holds) -> float:
        named = ((([tags[t] for t in path]), w) for path, w in weights.items() if w > 0)
        return sum(w for names, w in named if holds(names)) / total

    found = list(doubts(predictor, head, [sentence]))
    assert [doubt.gold for doubt in found if doubt.gold] == gold
    for doubt in found:
        if doubt.gold:
            expected = prob(lambda names, one=doubt.gold: one in spans(names, scheme))
        else:
            place = range(doubt.predicted.start, doubt.predicted.end)
            expected = prob(lambda names, place=place: all(names[i] == "O" for i in place))
        assert doubt.probability == pytest.approx(expected, abs=1e-5)


# -- With a model

ODD = {
    "train": [
        *TOKENS["train"],
        "Mary/PROPN/B-ORG Jones/PROPN/I-ORG lives/VERB/O in/ADP/O Ohio/PROPN/B-LOC ./PUNCT/O",
        "Kim/PROPN/O lives/VERB/O in/ADP/O Berlin/PROPN/B-LOC",
    ]
}


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "odd", ODD)


def test_a_model_names_what_it_doubts(run, model: Path, odd: Path) -> None:
    out = run("lint", odd, "--model", model, "--select", "M").out
    assert "train.txt:32: M101 ner other label: 'Mary Jones' is ORG" in out
    assert "the model says PER" in out
    assert "M104 ner missed entity: 'Kim' is O" in out
    assert "reviewing the first 2 suspects" in out


def test_suspects_are_ranked(model: Path, odd: Path) -> None:
    found = tagger.lint(odd, model=model, select=["M"])
    probs = [one.probability for one in found.findings]
    assert probs == sorted(probs)
    assert {one.annotated for one in found.findings} == {"ORG", "O"}
    assert found.report.review.n == 2


def test_suspects_in_json(run, model: Path, odd: Path) -> None:
    found = json.loads(run("lint", odd, "-m", model, "--select", "M", "--format", "json").out)
    assert found["findings"][0].keys() >= {"annotated", "predicted", "probability", "sentence"}


def test_against_a_corrected_corpus(run, model: Path, odd: Path, tmp_path: Path) -> None:
    right = write_corpus(
        tmp_path / "right",
        {
            "train": [
                *ODD["train"][:5],
                TOKENS["train"][1],
                ODD["train"][6].replace("Kim/PROPN/O", "Kim/PROPN/B-PER"),
            ]
        },
    )
    found = tagger.lint(odd, model=model, against=right).report.against["ner"]
    assert (found.n_sentences, found.n_corrected, found.n_unmatched) == (7, 2, 0)
    assert found.hits[0].recall == 1.0
    result = run("lint", odd, "-m", model, "--against", right)
    assert "2 of 7 sentences corrected" in result.out
    result = run("lint", odd, "-m", model, "--against", odd)
    assert "none of 7 sentences corrected" in result.out
    assert "recall" not in result.out
    assert_one_line(run("lint", odd, "--against", right), 2, "--model")


@pytest.mark.parametrize(
    ("name", "form"),
    [("s.jsonl", "prodigy"), ("s.jsonl", "doccano"), ("s.json", "labelstudio"), ("s.txt", "text")],
)
def test_what_is_exported_is_read_back(
    name: str, form: str, run, model: Path, odd: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    result = run("lint", odd, "-m", model, "--export", path, "--export-format", form)
    assert "2 sentences" in result.err
    report = tagger.convert(path, tmp_path / "back.conll", source_format=form)
    assert report.sentences == 2
    assert "B-ORG" in (tmp_path / "back.conll").read_text()
    assert_one_line(
        run("lint", odd, "-m", model, "--export", path, "--export-format", form), 2, "--force"
    )


def test_bad_judges(run, model: Path, corpus: Path, odd: Path, tmp_path: Path) -> None:
    assert_one_line(run("lint", odd, "--select", "M"), 2, "--model")
    assert_one_line(run("lint", odd, "-m", model, "--folds", "3"), 2, "--folds")
    assert_one_line(run("lint", odd, "--folds", "1"), 2, "2")
    assert_one_line(run("lint", odd, "-m", model, "--heads", "nr"), 2, "ner")
    assert_one_line(run("lint", odd, "-m", tmp_path / "none"), 1, "none")
    assert_one_line(run("lint", odd, "--export", tmp_path / "a.jsonl"), 2)
    other = write_corpus(tmp_path / "other", {"train": ["Kim/X/B-person left/X/O"] * 3})
    assert_one_line(run("lint", other, "-m", model), 2, "PER", "annotates none")


def test_a_model_without_the_head(run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "chunks.conll"
    path.write_text("Kim\tB-NP\nleft\tB-VP\n\n" * 3)
    result = run("lint", path, "-m", model, "--columns", "token,chunk")
    assert_one_line(result, 2, "chunk", "ner")


# -- Folds


def _corpus(sentences: list[str], *, number: int = -1) -> GoldCorpus:
    corpus = GoldCorpus("my", heads={"ner": "span"})
    file = GoldFile("my.txt", "train")
    for i, text in enumerate(sentences):
        tokens = text.split()
        one = PlacedSentence(tokens, {"ner": ["O"] * len(tokens)}, "my.txt", [i] * len(tokens))
        one.number = i // 2 if number >= 0 else -1
        one.spans["ner"] = []
        file.sentences.append(one)
    corpus.files.append(file)
    return corpus


def test_equal_sentences_are_in_one_fold() -> None:
    parts = split_folds(_corpus(["a b", "c d", "a b", "e f g", "a b"]), 2)
    assert sum(map(len, parts)) == 5
    texts = [{" ".join(one.tokens) for one in part} for part in parts]
    assert not texts[0] & texts[1]


def test_documents_are_in_one_fold() -> None:
    parts = split_folds(_corpus(["a b", "c d", "e f", "g h"], number=0), 2)
    assert [{one.number for one in part} for part in parts] in ([{0}, {1}], [{1}, {0}])


def test_more_folds_than_sentences() -> None:
    with pytest.raises(UsageError) as error:
        split_folds(_corpus(["a b", "c d", "a b"]), 3)
    assert "folds" in str(error.value)


def test_too_few_documents_are_divided_by_sentences() -> None:
    parts = split_folds(_corpus(["a b", "c d", "e f"], number=0), 3)
    assert [len(part) for part in parts] == [1, 1, 1]


def test_a_fold_without_which_there_is_no_entity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No other fold is trained before that is found out.
    monkeypatch.setattr("tagger.training.train.train", lambda *_, **__: pytest.fail("trained"))
    rows = [
        "Kim/X/B-PER left/X/O",
        *[f"it/X/O rained/X/O on/X/O day/X/O {i}/X/O" for i in range(9)],
    ]
    folder = write_corpus(tmp_path / "my", {"train": rows})
    with pytest.raises(CorpusError) as error:
        tagger.lint(folder, folds=2, columns="token,upos,ner")
    assert "fold" in str(error.value)


def test_folds_train_and_are_kept(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["Kim", "Mary", "John", "Lee", "Ann", "Tom"]
    rows = [
        f"{a}/X/B-PER met/X/O {b}/X/B-PER in/X/O {c}/X/B-LOC"
        for a, b in itertools.permutations(names, 2)
        for c in ("Oslo", "Rome")
    ]
    rows[7] = rows[7].replace("B-LOC", "B-PER")
    folder = write_corpus(tmp_path / "my", {"train": rows})
    options = ["--columns", "token,upos,ner", "--select", "M", "--threads", "1", "--format", "json"]
    for setting in ("epochs=4", "epoch_steps=30", "batch_tokens=50", "learning_rate=0.02"):
        options += ["--set", f"training.{setting}"]
    kept = tmp_path / "folds"
    command = ["lint", folder, "--folds", "2", "--set", "encoder.hidden_dim=16", *options]
    command += ["--keep-folds", kept]
    result = run(*command)
    assert "fold 2 of 2" in result.err
    (first, *_) = json.loads(result.out)["findings"]
    assert first["code"] == "M101"
    assert first["line"] == 7 * 6 + 5
    trained = []

    def train(*arguments: object, **options: object) -> None:
        trained.append(arguments)
        raise Interrupted("stopped and saved", hint="resume it with {resume=True}")

    monkeypatch.setattr("tagger.training.train.train", train)
    assert run(*command).out == result.out
    assert not trained
    next(kept.glob("*/model/meta.json")).unlink()
    stopped = run(*command)
    assert (stopped.code, len(trained)) == (130, 1)
    assert "resume" not in stopped.err
    assert "folds" in stopped.err


def test_stopped_folds_are_one_line(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **options: object) -> None:
        raise Interrupted("stopped and saved", hint="resume it with {resume=True}")

    monkeypatch.setattr("tagger.training.train.train", stop)
    with pytest.raises(TaggerError) as error:
        tagger.lint(odd, folds=2)
    assert "resume" not in str(error.value)
