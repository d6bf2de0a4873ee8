"""The checks report exceptions, not what a corpus does throughout or may do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tagger
from tests.helpers.corpora import write_files


def lint(tmp_path: Path, text: str, *codes: str, name: str = "train.conll") -> list[str]:
    (tmp_path / name).write_text(text)
    found = tagger.lint(tmp_path / name, select=list(codes))
    return [f"{one.line} {one.code} {one.example}" for one in found.findings]


def column(*tokens: str, tag: str = "O") -> str:
    return "".join(f"{token}\t{tag}\n" for token in tokens) + "Oslo\tB-LOC\n"


@pytest.mark.parametrize(
    "token",
    [
        "می\u200cروم",
        "👩\u200d👩\u200d👧",
        "β-catenin",
        "IFN-γ",
        "naïve",
        "Größe",
        "€5",
        "“",
        "Łódź",
        "µm",
    ],
)
def test_characters_that_are_meant(token: str, tmp_path: Path) -> None:
    assert lint(tmp_path, column(token), "S1") == []


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("\u0430pple", "S105"),
        ("Αpple", "S105"),
        ("Mосква", "S105"),
        ("cafÃ©", "S106"),
        ("itâ€™s", "S106"),
        ("a\x07", "S103"),
        ("a\ufeff", "S104"),
    ],
)
def test_characters_that_are_not(token: str, code: str, tmp_path: Path) -> None:
    assert [line.split()[1] for line in lint(tmp_path, column(token), "S1")] == [code]


def test_decomposed_letters_may_be_usual(tmp_path: Path) -> None:
    assert lint(tmp_path, column("cafe\u0301", "cafe\u0301", "café"), "S108") == []
    assert len(lint(tmp_path, column("cafe\u0301", "café", "café"), "S108")) == 1


@pytest.mark.parametrize(
    "token", ["http://a.b/c,", "@kim:", "U.S.", "approx.", ":-)", "3,5", "..."]
)
def test_tokens_that_are_one(token: str, tmp_path: Path) -> None:
    marks = [",", ".", ":", ")", "x"] * 200
    assert lint(tmp_path, column(*marks, token), "S4") == []


@pytest.mark.parametrize("token", ["Oslo,", "end.The", "“Kim", "Kim's", "left)"])
def test_tokens_that_are_several(token: str, tmp_path: Path) -> None:
    marks = [",", ".", "“", "'s", ")"] * 200
    (only,) = lint(tmp_path, column(*marks, token), "S4")
    assert token in only


def test_attached_marks_may_be_usual(tmp_path: Path) -> None:
    assert lint(tmp_path, column(*[",", "Oslo,"] * 100), "S4") == []


def test_the_rarer_label_is_reported_with_all_its_lines(tmp_path: Path) -> None:
    text = "Acme\tB-ORG\nx\tO\n\n" * 40 + "Acme\tB-LOC\ny\tO\n\n" * 2 + "Acme\tO\nz\tO\n\n"
    found = lint(tmp_path, text, "C2")
    assert found[0] == "121 C201 'Acme' is ORG 40 times and LOC 2: lines 121, 124"
    assert found[1] == "127 C202 'Acme' is ORG 40 times and O 1"


def test_an_ambiguous_form_is_not_reported(tmp_path: Path) -> None:
    text = "Acme\tB-ORG\nx\tO\n\n" * 6 + "Acme\tB-LOC\ny\tO\n\n" * 4 + "Acme\tO\nz\tO\n\n" * 4
    assert lint(tmp_path, text, "C2") == []


def test_a_form_within_a_longer_entity_is_not_missed(tmp_path: Path) -> None:
    text = "York\tB-LOC\nx\tO\n\n" * 20 + "New\tB-ORG\nYork\tI-ORG\nTimes\tI-ORG\n\n"
    assert lint(tmp_path, text, "C202") == []


def test_an_article_that_always_belongs_is_not_reported(tmp_path: Path) -> None:
    text = "The\tB-LOC\nHague\tI-LOC\n\n" * 20 + "the\tO\nOslo\tB-LOC\n\n" * 20
    assert lint(tmp_path, text, "C3") == []


def test_names_of_labels_that_differ(tmp_path: Path) -> None:
    text = "Kim\tB-PER\nx\tO\n\n" * 99 + "Lee\tB-PRE\nx\tO\n\n" + "Ann\tB-per\n"
    codes = [line.split()[2] for line in lint(tmp_path, text, "C4")]
    assert sorted(codes) == ["PRE", "per"]


def test_parts_of_speech_one_letter_apart_are_not_a_slip(tmp_path: Path) -> None:
    text = (
        "dog\tNN\tO\nruns\tVBZ\tO\nOslo\tNNP\tB-LOC\n\n" * 99 + "dogs\tNNS\tO\nOslo\tNNP\tB-LOC\n"
    )
    assert lint(tmp_path, text, "C4") == []


def test_a_column_of_words_as_tags_takes_no_long(tmp_path: Path) -> None:
    text = "".join(f"w\tword{i}\nx\tO\n\n" for i in range(5000))
    (tmp_path / "my.conll").write_text(text)
    found = tagger.lint(tmp_path / "my.conll", select=["S3"], columns="token,ner")
    assert found.report.counts == {"S302": 5000}


def test_a_few_tags_in_another_spelling(tmp_path: Path) -> None:
    text = "Kim\tPER-B\nLee\tPER-I\nx\tO\n\n" * 9 + "Ann\tB-PER\n"
    (tmp_path / "my.conll").write_text(text)
    (only,) = tagger.lint(tmp_path / "my.conll", select=["S3"], columns="token,ner").findings
    assert (only.line, only.code, only.example) == (37, "S302", "'B-PER'")


def test_duplicates_are_found_across_splits(tmp_path: Path) -> None:
    words = ["the", "old", "ferry", "to", "Oslo", "leaves", "each", "morning", "at", "nine"]
    rows = "\n".join(f"{word}\t{'B-LOC' if word == 'Oslo' else 'O'}" for word in words) + "\n\n"
    (tmp_path / "train.conll").write_text(rows + "Kim\tB-PER\n\n" + rows)
    (tmp_path / "test.conll").write_text(rows + rows.replace("the\t", "our\t"))
    found = tagger.lint(tmp_path, select=["D1", "D2"])
    assert found.report.counts == {"D101": 1, "D201": 1, "D202": 1}
    near = next(one for one in found.findings if one.code == "D202")
    assert (Path(near.path).name, near.line) == ("test.conll", 12)


def test_near_duplicates_of_very_many_equal_patterns_stay_linear(tmp_path: Path) -> None:
    text = "".join(
        "".join(f"{word}\tO\n" for word in f"it rained all day on day {i} of may in".split())
        + "Oslo\tB-LOC\n\n"
        for i in range(3000)
    )
    assert len(lint(tmp_path, text, "D102")) < 3000


def test_empty_splits_are_one_line(run, tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text("Kim\tB-PER\n")
    (tmp_path / "test.conll").write_text("")
    result = run("lint", tmp_path)
    assert result.code == 1
    assert "test.conll: S201" in result.out


def test_labels_of_texts_that_differ_only_in_their_spelling(tmp_path):
    labels = ["book it", "book  it", "book_it", "caf\u00e9", "cafe\u0301", *["\x1b[31m"] * 2]
    rows = [json.dumps({"text": f"say {i} now", "intent": one}) for i, one in enumerate(labels)]
    found = tagger.lint(write_files(tmp_path / "my", {"train.jsonl": "\n".join(rows)}))
    assert found.report.counts == {"C401": 3}
    assert {finding.line for finding in found.findings} == {2, 3, 5}


def test_facts_do_not_act_on_a_terminal(run, tmp_path):
    rows = [json.dumps({"text": "say it", "intent": one}) for one in ("\x1b[31m", "book")]
    folder = write_files(tmp_path / "my", {"train.jsonl": "\n".join(rows)})
    assert "\x1b" not in run("lint", folder).out


def test_labels_of_texts(tmp_path):
    lines = [
        ("Fly to Oslo now. Please do it.", "book"),
        ("Fly to Oslo now. Please do it.", "Book"),
        ("Stop it at once, I say, and go home.", None),
    ]
    rows = [json.dumps({"text": text, "intent": label}) for text, label in lines]
    folder = write_files(tmp_path / "my", {"train.jsonl": "\n".join(rows)})
    found = tagger.lint(folder)
    assert found.report.counts == {"S304": 1, "D101": 1, "C102": 1, "C401": 1}
    assert found.report.facts == ["intent: 2 labels, 2 in all: book 50.0%, Book 50.0%"]
    places = {finding.code: (finding.line, finding.head) for finding in found.findings}
    assert places["S304"] == (3, "intent")
    assert places["C102"] == (2, "intent")


def test_splits_without_a_label_of_texts(tmp_path):
    train, test = ("text,label\n" + "".join(f"some text {i},{label}\n" for i, label in rows)
                   for rows in (enumerate("ab" * 20), enumerate("ac" * 2)))  # fmt: skip
    folder = write_files(tmp_path / "my", {"train.csv": train, "test.csv": test})
    found = tagger.lint(folder, select=["D301"])
    assert [finding.example for finding in found.findings] == ["c, 2 times in test"]
