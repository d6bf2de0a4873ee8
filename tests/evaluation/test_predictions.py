"""Files of gold and predicted tags."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from tagger.errors import CorpusError, FormatError
from tagger.evaluation.predictions import score_file, write_predictions
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import evaluate_split
from tests.helpers.commands import assert_one_line


def test_predictions_file_scores_as_the_evaluation_did(
    model: Path, corpus: Path, tmp_path: Path
) -> None:
    loaded = tagger.load(model)
    data, heads, *_ = select_split(model, loaded, str(corpus), "dev")
    evaluation, tagged = evaluate_split(loaded, data, heads)
    path = tmp_path / "out.txt"
    write_predictions(path, tagged, ["ner"])
    assert path.read_text().splitlines()[0] == "Mary\tB-PER\tB-PER"
    assert score_file(path).spans["tags"] == evaluation.spans["ner"]
    write_predictions(path, tagged, ["ner", "upos"])
    again = score_file(path)
    assert again.spans["ner"] == evaluation.spans["ner"]
    assert again.tokens["upos"].accuracy == evaluation.tokens["upos"].accuracy


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        (b"a O\n", 1, "columns"),
        (b"a O O\nb O\n", 2, "columns"),
        (b"", None, "empty"),
        (b"\n\n", None, "empty"),
        (b"a O O\n\xff O O\n", 2, "UTF-8"),
    ],
)
def test_bad_files_name_the_line(
    tmp_path: Path, content: bytes, line: int | None, word: str
) -> None:
    path = tmp_path / "out.txt"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=word) as caught:
        score_file(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        score_file(tmp_path / "none.txt")
    assert caught.value.path == str(tmp_path / "none.txt")


def test_predictions_replace_nothing_unasked(run, model: Path, corpus: Path) -> None:
    gold = corpus / "test.txt"
    before = gold.read_bytes()
    options = ("evaluate", model, gold, "--heads", "ner", "--predictions", gold)
    assert_one_line(run(*options), 2, "exists", "--force")
    assert_one_line(run(*options, "--force"), 2, "also read")
    options = ("evaluate", model, corpus, "--heads", "ner", "--predictions", gold)
    assert_one_line(run(*options, "--force"), 2, "also read")
    assert gold.read_bytes() == before


@pytest.mark.parametrize("separator", ["\t", " "])
def test_comments_are_no_tokens(tmp_path: Path, separator: str) -> None:
    lines = ["# sent 1", "Kim B-PER B-PER", "left O O", "", "# sent 2", "# O O", "Oslo B-LOC B-LOC"]
    path = tmp_path / "out.tsv"
    path.write_text("\n".join(x if "sent" in x else x.replace(" ", separator) for x in lines))
    evaluation = score_file(path)
    assert evaluation.spans["tags"].micro.f1 == 1.0
    assert (evaluation.n_tokens, evaluation.n_sentences) == (4, 2)


@pytest.mark.parametrize(
    ("tags", "label"),
    [
        ("B I O B / B O O B", "ENTITY"),
        ("P P O Q / P O O Q", "P"),
        ("b-x i-x o b-x / b-x o o b-x", "x"),
    ],
)
def test_spans_in_other_spellings_are_scored_as_spans(
    tmp_path: Path, tags: str, label: str
) -> None:
    gold, predicted = (part.split() for part in tags.split(" / "))
    path = tmp_path / "out.tsv"
    rows = ["\t".join(row) for row in zip("abcd", gold, predicted, strict=True)]
    path.write_text("\n".join(rows))
    (scores,) = score_file(path).spans.values()
    assert (scores.micro.precision, scores.micro.recall) == (0.5, 0.5)
    assert label in scores.labels


def test_tokens_without_a_gold_tag_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "out.tsv"
    path.write_text("a\tB-X\tB-X\nb\t_\tO\nc\t?\tB-X\nd\tO\tI-X\ne\tB-X\tO\n")
    (scores,) = score_file(path).spans.values()
    assert (scores.micro.n_gold, scores.micro.n_predicted) == (2, 1)
    assert (scores.micro.precision, scores.micro.recall) == (1.0, 0.5)
    assert (scores.accuracy, scores.n_tokens) == (1 / 3, 3)


@pytest.mark.parametrize("tags", ["", "\tB-city\tB-city"])
def test_labels_of_texts_are_scored(tmp_path: Path, tags: str) -> None:
    lines = [
        f"# intent = {gold}\t{found}\nBoston{tags}\n"
        for gold, found in (
            ("book a trip", "book a trip"),
            ("greet", "book a trip"),
            ("_", "greet"),
        )
    ]
    path = tmp_path / "p.tsv"
    path.write_text("\n".join(lines) + "\n")
    scores = score_file(path)
    assert (scores.texts["intent"].accuracy, scores.texts["intent"].n_missing) == (0.5, 1)
    assert (scores.n_sentences, scores.n_tokens, bool(scores.spans)) == (3, 3, bool(tags))
    path.write_text("# intent = a|b\ta\nx\n\n# intent = c\tc\ny\n")
    assert score_file(path).texts["intent"].multi_label
