"""The models that ship: their size and licence, and their scores on held-out sentences."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import tagger
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import evaluate_split
from tagger.model.directory import read_model
from tagger.paths import shipped
from tagger.runtime.export import equal_tags
from tagger.runtime.info import describe_model
from tagger.runtime.tagger import Tagger
from tagger.sharing.finding import find_model

HELD_OUT = Path(__file__).parent / "held_out"
# The scores of models/en when it was committed (docs/results.md), minus two points: each of these
# files has about forty entities.
FLOORS = {
    "plain": 0.87,
    "lower": 0.74,
    "upper": 0.76,
    "tweets": 0.73,
    "mail": 0.85,
    "headlines": 0.71,
    "names": 0.94,
    "noisy": 0.61,
    "today": 0.90,
}


@pytest.fixture(scope="module")
def en() -> Tagger:
    return tagger.load("en")


def test_what_ships_is_small_and_complete() -> None:
    for name in ("en", "en-base", "en-fast"):
        directory = shipped("models", name)
        assert directory is not None
        files = list(directory.iterdir())
        assert sum(path.stat().st_size for path in files) < 12_000_000
        assert "LICENSE" in {path.name for path in files}
        assert read_model(directory).meta.corpora
        assert "research" in describe_model(directory).licence


def test_no_name_of_today_that_is_held_out_is_among_those_that_models_are_taught() -> None:
    lines = (HELD_OUT / "today.txt").read_text(encoding="utf-8").splitlines()
    held_out = {line.split()[0].lower() for line in lines if line and not line.endswith("O")}
    names = Path(__file__).parents[1] / "models" / "names.txt"
    if not names.is_file():
        pytest.skip("a source distribution has no recipes of models")
    listed = names.read_text(encoding="utf-8").splitlines()
    words = {word.lower() for line in listed for word in line.split()[1:]}
    assert len(words) > 400
    assert not words & held_out


def test_the_first_sentence_of_the_readme(en: Tagger) -> None:
    document = en("John works at Apple in California")
    assert [(str(e.text), e.label) for e in document.entities] == [
        ("John", "PER"),
        ("Apple", "ORG"),
        ("California", "LOC"),
    ]
    assert [head.name for head in en.heads] == ["ner", "upos", "xpos"]


def test_names_from_every_continent_are_usually_found(en: Tagger) -> None:
    sentences = [
        "Rhiannon Llewellyn teaches chemistry in Cardiff.",
        "We met Chukwuemeka Okonkwo at the station in Enugu.",
        "The prize went to Thamizhselvi Murugan of Madurai.",
        "My neighbour Nguyen Thi Hoa sells bread.",
        "Aroha Ngata wrote the report with Siaosi Tuilagi.",
    ]
    names = [
        "Rhiannon Llewellyn", "Chukwuemeka Okonkwo", "Thamizhselvi Murugan", "Nguyen Thi Hoa",
        "Aroha Ngata", "Siaosi Tuilagi",
    ]  # fmt: skip
    found = {e.text for s in sentences for e in en(s).entities if e.label == "PER"}
    assert len(found & set(names)) >= 4, found


def test_addresses_are_no_entities(en: Tagger) -> None:
    for text in (
        "john.smith@acme.com",
        "info@okafor.org or press@google.com",
        "Write to john.smith@acme.com or info@deloitte.co.uk.",
        "Visit www.acme.com or https://acme.com/shop today.",
        "Thanks @acme and @john_smith!",
        "Call 555-1234 or +44 20 7946 0958.",
    ):
        assert not en(text).entities, text


def test_titles_are_no_part_of_names(en: Tagger) -> None:
    found = en("Dr Lindqvist and Mr. Bluetooth met Ms Okafor.").entities
    assert [str(e.text) for e in found] == ["Lindqvist", "Bluetooth", "Okafor"]


@pytest.mark.parametrize("group", sorted(FLOORS))
def test_outside_its_corpora(en: Tagger, group: str) -> None:
    path = HELD_OUT / f"{group}.txt"
    data, heads, *_ = select_split(find_model("en"), en, str(path), None, ["ner"])
    scores = evaluate_split(en, data, heads)[0].spans["ner"]
    assert scores.micro.f1 >= FLOORS[group], scores


@pytest.mark.slow
@pytest.mark.parametrize(
    ("corpus", "head", "floor"),
    [("conll2003", "ner", 0.895), ("ud_en_ewt", "upos", 0.957), ("uner_en_ewt", "ner", 0.73)],
)
def test_on_real_corpora(en: Tagger, corpus: str, head: str, floor: float) -> None:
    if not Path(os.environ.get("TAGGER_DATA", "none"), corpus).is_dir():
        pytest.skip(f"no {corpus} under $TAGGER_DATA")
    data, heads, _, left_out, *_ = select_split(find_model("en"), en, corpus, None, [head])
    assert evaluate_split(en, data, heads, left_out)[0].main[head] >= floor


@pytest.mark.slow
def test_engines_agree_on_thousands_of_sentences() -> None:
    at_hand = Path(os.environ.get("TAGGER_DATA", "none"), "conll2003").is_dir()
    name = "conll2003" if at_hand else "sample"
    on_torch = tagger.load("en", engine="torch")
    data, heads, *_ = select_split(find_model("en"), on_torch, name, "test", ["ner"])
    sentences = data[:]["tokens"]
    expected = on_torch.tag(sentences)
    single = tagger.load("en", precision="fp32").tag(sentences)
    eight = tagger.load("en", precision="int8").tag(sentences)
    assert single == expected
    shares = equal_tags(expected, eight)
    assert shares["ner"] >= 0.998
    assert min(shares["upos"], shares["xpos"]) >= 0.995
    if not at_hand:
        return  # of the sample one entity is more than a tenth of a point
    f1 = [
        evaluate_split(tagger.load("en", precision=p), data, heads)[0].spans["ner"].micro.f1
        for p in ("fp32", "int8")
    ]
    assert abs(f1[0] - f1[1]) < 0.001
