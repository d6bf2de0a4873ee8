"""The error report: its numbers, its page, and its command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tagger
from tagger.errors import UsageError
from tagger.insight.report.curves import curve
from tagger.insight.report.groups import Grouping
from tagger.insight.report.intervals import f1_interval
from tagger.insight.report.outcomes import ALL, LabelledSpan
from tagger.insight.report.results import ErrorReport
from tests.helpers.browser import browser_page
from tests.helpers.commands import assert_one_line

EVIL = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def errors() -> ErrorReport:
    return tagger.report("en", "sample", "dev", heads=["ner"], compare="en")


@pytest.fixture
def mistakes(tmp_path: Path) -> Path:
    """A corpus whose gold tags the small model cannot have learned."""
    path = tmp_path / "mistakes.tsv"
    path.write_text(
        f"Mary\tB-LOC\nlives\tO\nin\tO\nParis\tB-LOC\n{EVIL}\tO\n\nNobody\tB-PER\nlives\tO\n"
    )
    return path


def test_scores_are_those_of_evaluate(errors: ErrorReport) -> None:
    scores = tagger.evaluate("en", "sample", "dev", heads=["ner"]).spans["ner"]
    labels = errors.spans["ner"].labels
    assert labels[ALL].score.f1 == pytest.approx(scores.micro.f1)
    assert {label: row.score.n_gold for label, row in labels.items() if label != ALL} == {
        label: row.n_gold for label, row in scores.labels.items()
    }
    strict = errors.spans["ner"].matchings["strict"]
    assert strict.f1 == pytest.approx(scores.micro.f1)
    assert labels[ALL].low < labels[ALL].score.f1 < labels[ALL].high


def test_groups_add_up(errors: ErrorReport) -> None:
    head = errors.spans["ner"]
    assert "genre" not in head.groups
    for groups in head.groups.values():
        assert sum(row.n_gold for row in groups.values()) == head.labels[ALL].score.n_gold
        assert sum(row.n_predicted for row in groups.values()) == head.labels[ALL].score.n_predicted
    counted = sum(n for row in head.confusion.values() for n in row.values())
    assert counted == len(head.outcomes)


def test_genres_of_documents(model: Path, tmp_path: Path) -> None:
    sentence = "1\tKim\t_\tPROPN\t_\t_\t0\troot\t_\tNER=B-PER\n\n"
    starts = ("newdoc id = GUM_news_a", "newdoc id = b\n# genre = letter", "newdoc id = c", "x = y")
    path = tmp_path / "test.conllu"
    path.write_text("".join(f"# {start}\n{sentence}" for start in starts))
    found = tagger.report(model, path, heads=["ner"]).spans["ner"].groups["genre"]
    assert {genre: score.n_gold for genre, score in found.items()} == {"letter": 1, "news": 1}


def test_a_model_does_not_differ_from_itself(errors: ErrorReport) -> None:
    other = errors.spans["ner"].comparison
    assert other is not None
    assert (other.p, other.n_fixed, other.n_broken, other.predicted) == (1, 0, 0, {})


def test_groups_of_a_span() -> None:
    grouping = Grouping({("new", "york"): {"LOC"}}, {"New", "York"}.__contains__)
    tokens = ["In", "New", "York", "USA", "iPhone"]
    assert grouping.of(tokens, LabelledSpan(1, 3, "LOC")) == {
        "length": "2",
        "in training": "with this label",
        "words": "all known",
        "case": "Title",
        "sentence": "to 10",
    }
    assert grouping.of(tokens, LabelledSpan(1, 3, "ORG"))["in training"] == "with another"
    usa = grouping.of(tokens, LabelledSpan(3, 4, "LOC"))
    assert (usa["case"], usa["in training"], usa["words"]) == ("UPPER", "never", "some unknown")
    assert grouping.of(tokens, LabelledSpan(4, 5, "ORG"))["case"] == "mixed"
    assert "in training" not in Grouping().of(tokens, LabelledSpan(0, 1, "LOC"))


def test_curve_by_hand() -> None:
    points = curve([(0.9, True), (0.5, False), (0.5, True), (0.1, False)], 4)
    assert [(p.threshold, p.precision, p.recall) for p in points] == [
        (0.9, 1.0, 0.25),
        (0.5, 2 / 3, 0.5),
        (0.1, 0.5, 0.5),
    ]
    assert curve([], 3) == ()


def test_interval_is_that_of_a_binomial() -> None:
    # A span in each of 400 sentences, 80 % right: the standard error is 0.02.
    counts = np.array([[i % 5 != 0, 1, 1] for i in range(400)], dtype=np.float64)
    low, high = f1_interval(counts)
    assert low == pytest.approx(0.8 - 1.96 * 0.02, abs=0.008)
    assert high == pytest.approx(0.8 + 1.96 * 0.02, abs=0.008)
    assert f1_interval(np.zeros((3, 3))) == (0, 0)


def test_page_is_self_contained_and_escapes(model: Path, mistakes: Path) -> None:
    page = tagger.report(model, mistakes).html()
    assert "<img" not in page
    assert page.count("</script>") == 2
    assert "src=" not in page.replace("img src=x", "")
    assert "lives" not in tagger.report(model, mistakes).html(n_sentences=0)


def test_cells_open_their_sentences(model: Path, mistakes: Path) -> None:
    report = tagger.report(model, mistakes)
    with browser_page(width=400) as page:
        page.set_content(report.html())
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        sentences = page.locator(".browser ol > li")
        assert sentences.count() == 2
        page.locator(".confusion button:not(.diagonal button)").first.click()
        assert "gold" in page.locator(".shown").inner_text()
        page.locator(".errors").click()
        page.locator("input[type=search]").fill("nobody")
        assert sentences.count() == 1
        assert "missed: Nobody (PER)" in sentences.first.inner_text()
        assert page.locator(".shown").inner_text() == "all errors: 1 sentence"
        page.locator("input[type=search]").fill("mary")
        assert EVIL in sentences.first.inner_text()
        assert page.locator("img").count() == 0


def test_command_writes_page_and_json(run, tmp_path: Path) -> None:
    page = tmp_path / "errors.html"
    arguments = ("evaluate", "en", "sample", "--split", "dev", "--heads", "ner")
    result = run(*arguments, "--report", page)
    assert result.code == 0, result
    assert "spans are right" in result.out
    assert page.read_text().startswith("<!doctype html>")
    assert_one_line(run(*arguments, "--report", page), 2, str(page), "--force")
    found = json.loads(run(*arguments, "--compare", "en", "--json").out)
    assert found["spans"]["ner"]["comparison"]["n_fixed"] == 0


def test_bad_requests(run, model: Path, corpus: Path, tmp_path: Path) -> None:
    report = ("--report", tmp_path / "none" / "r.html")
    for options, code, word in (
        (["--heads", "upos", *report], 2, "upos"),
        (["--raw", *report], 2, "--raw"),
        (["--sentences", "3"], 2, "--report"),
        (["--compare", "nosuch"], 1, "nosuch"),
        (report, 1, "r.html"),
    ):
        assert_one_line(run("evaluate", model, corpus, "--split", "dev", *options), code, word)
    with pytest.raises(UsageError):
        tagger.report(model, corpus, "dev", heads=["upos"])
