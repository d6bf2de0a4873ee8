"""The agreement of annotators."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.errors import UsageError
from tagger.evaluation.agreement import agreement
from tests.helpers.commands import assert_one_line

ANNA = "John\tB-PER\nworks\tO\nat\tO\nApple\tB-ORG\n.\tO\n\nIn\tO\nNew\tB-LOC\nYork\tI-LOC\n.\tO\n"


@pytest.fixture
def anna(tmp_path: Path) -> Path:
    path = tmp_path / "anna.tsv"
    path.write_text(ANNA)
    return path


def test_equal_files_agree(anna: Path) -> None:
    head = agreement([anna, anna]).heads["ner"]
    assert head.alpha == 1
    assert head.pairs[0].kappa == head.pairs[0].equal == head.pairs[0].micro.f1 == 1


def test_coefficients_by_hand(anna: Path) -> None:
    ben = anna.with_name("ben.tsv")
    ben.write_text(ANNA.replace("B-ORG", "B-LOC"))
    head = agreement([anna, ben]).heads["ner"]
    pair = head.pairs[0]
    assert pair.equal == pytest.approx(8 / 9)
    # O 5/9 and 5/9, PER 1/9 and 1/9, LOC 2/9 and 3/9
    chance = (5 * 5 + 1 * 1 + 2 * 3) / 81
    assert pair.kappa == pytest.approx((8 / 9 - chance) / (1 - chance))
    # Of 18 values O are 10, PER 2, LOC 5, ORG 1.
    observed = 2 / 18
    expected = 1 - (10 * 9 + 2 * 1 + 5 * 4) / (18 * 17)
    assert head.alpha == pytest.approx(1 - observed / expected)
    assert (pair.spans["LOC"].precision, pair.spans["LOC"].recall) == (0.5, 1)
    assert pair.micro is not None
    assert pair.micro.f1 == pytest.approx(2 / 3)


def test_formats_and_tokens_may_differ(anna: Path) -> None:
    ben = anna.with_name("ben.jsonl")
    ben.write_text(
        '{"text": "John works at Apple. In New York.",'
        ' "entities": [[0, 4, "PER"], [14, 19, "ORG"], [24, 32, "LOC"]]}\n'
    )
    eve = anna.with_name("eve.tsv")
    eve.write_text(
        "John\tB-PER\nworks\tO\nat\tO\nApple\tB-ORG\n.\tO\nIn\tO\nNew\tB-LOC\nYork.\tI-LOC\n"
    )
    head = agreement([anna, ben, eve]).heads["ner"]
    scores = {(Path(p.first).stem, Path(p.second).stem): p.micro.f1 for p in head.pairs if p.micro}
    assert scores[("anna", "ben")] == 1
    assert scores[("anna", "eve")] == scores[("ben", "eve")] == pytest.approx(2 / 3)


def test_a_token_that_one_does_not_annotate_does_not_count(anna: Path) -> None:
    ben = anna.with_name("ben.tsv")
    ben.write_text(ANNA.replace("B-ORG", "?"))
    pair = agreement([anna, ben]).heads["ner"].pairs[0]
    assert (pair.n_units, pair.equal) == (8, 1)
    assert pair.micro is not None
    assert pair.micro.f1 == 1


def test_one_tag_throughout_has_no_coefficient(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("# global.columns = FORM NER\nHello\tO\n\nJohn\tB-PER\n")
    other = tmp_path / "b.conllu"
    other.write_text("1\tHello\t_\tX\t_\t_\t_\t_\t_\t_\n\n1\tJohn\t_\tX\t_\t_\t_\t_\t_\t_\n")
    head = agreement([other, other]).heads["upos"]
    assert head.alpha is None
    assert head.pairs[0].kappa is None
    assert head.pairs[0].equal == 1


def test_other_texts_and_heads_are_refused(run, anna: Path, corpus: Path) -> None:
    other = anna.with_name("other.tsv")
    other.write_text("John\tB-PER\nsleeps\tO\n")
    with pytest.raises(UsageError, match="not the same text: after 4 characters"):
        agreement([anna, other])
    with pytest.raises(UsageError, match="head upos") as caught:
        agreement([anna, anna], ["upos"])
    assert caught.value.expected == ("ner",)
    for arguments, code, word in (
        (["none.tsv"], 1, "none.tsv"),
        ([corpus], 2, "several splits"),
        (["--heads", "ner"], 2, "--heads"),
    ):
        assert_one_line(run("score", str(anna), *map(str, arguments)), code, word)


def test_labels_of_texts(run, tmp_path: Path) -> None:
    files = [tmp_path / "anna.jsonl", tmp_path / "ben.jsonl"]
    for path, others in zip(files, (["ask", ["a", "b"]], ["book", ["b", "a"]]), strict=True):
        lines = [
            json.dumps({"tokens": ["word", str(i)], "intent": label})
            for i, label in enumerate(["book", *others, "book"])
        ]
        path.write_text("\n".join(lines))
    pair = agreement(files).heads["intent"].pairs[0]
    assert (pair.unit, pair.n_units, pair.equal, pair.micro) == ("text", 4, 0.75, None)
    assert "4 texts, 75.00 % with the same tag" in run("score", *files).out


def test_the_command_prints_all(run, anna: Path) -> None:
    result = run("score", str(anna), str(anna))
    assert result.code == 0
    for word in ("PER", "100.00", "kappa 1.000", "alpha 1.000"):
        assert word in result.out
