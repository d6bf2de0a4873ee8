"""Synthetic corpora: their tags are what they claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tagger.corpus.synthetic import N_TOKENS, Task, make_corpus, parse_task
from tagger.errors import UsageError


def test_names() -> None:
    assert parse_task("brackets") == Task("brackets", 0, 100)
    assert parse_task("brackets-1000") == Task("brackets", 0, 1000)
    assert parse_task("lookahead-5") == Task("lookahead", 5, 100)
    assert parse_task("agreement-3-10") == Task("agreement", 3, 10)
    assert parse_task("first-symbol-1000") == Task("first-symbol", 0, 1000)
    for name in ("conll2003", "lookahead", "brackets-", "next", "lookahead-x", "lookback-1-2-3"):
        assert parse_task(name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lookahead-0", "the distance is 0"),
        ("lookback-100", "they have 101 to 10,000, as in lookback-100-101"),
        ("agreement-5-10", "they have 11 to 10,000, as in agreement-5-100"),
        ("brackets-2", "they have 3 to 10,000, as in brackets-100"),
        ("brackets-100000", "they have 3 to 10,000"),
    ],
)
def test_impossible_names(name: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_task(name)
    assert said in str(error.value)


@pytest.mark.parametrize("length", [10, 100, 1000])
@pytest.mark.parametrize("kind", ["lookahead-4", "lookback-4", "agreement-4"])
def test_tags_follow_from_words_at_a_distance(kind: str, length: int) -> None:
    data = load_corpus(f"{kind}-{length}").splits["dev"]
    assert len(data) == N_TOKENS["dev"] // length
    for row in data.select(range(min(len(data), 5))):
        words, tags = row["tokens"], row["tag"]
        assert len(words) == length
        for t, tag in enumerate(tags):
            before = words[t - 4][0] if t >= 4 else None
            after = words[t + 4][0] if t + 4 < length else None
            if kind.startswith("lookahead"):
                assert tag == after
            elif kind.startswith("lookback"):
                assert tag == before
            elif before is None or after is None:
                assert tag is None
            else:
                assert tag == ("yes" if before == after else "no")


@pytest.mark.parametrize("kind", ["first-symbol", "next-symbol"])
def test_labels_of_sentences(kind: str) -> None:
    corpus = load_corpus(f"{kind}-20")
    assert [(head.name, head.kind) for head in corpus.heads] == [("label", "text")]
    after: dict[tuple[str, ...], set[str]] = {}
    for row in corpus.splits["dev"]:
        assert len(row["tokens"]) == 20
        assert kind == "next-symbol" or row["label"] == row["tokens"][0]
        after.setdefault(tuple(row["tokens"][-2:]), set()).add(row["label"])
    assert all(len(labels) == 1 for labels in after.values()) == (kind == "next-symbol")


def test_long_sentences_are_enough_to_learn_from(tmp_path: Path) -> None:
    files = make_corpus(Task("first-symbol", 0, 1000), tmp_path)
    assert [path.read_text().count("\n") for path in files.values()] == [500, 100, 100]


def test_what_is_inside_of_brackets() -> None:
    kinds = set()
    for row in load_corpus("brackets-30").splits["train"]:
        words, tags = row["tokens"], row["tag"]
        is_open, is_closed = "(" in words, ")" in words
        kinds.add((is_open, is_closed))
        expected = ["outside"] * len(words)
        if is_open and is_closed:
            first, last = words.index("("), words.index(")")
            expected[first : last + 1] = ["inside"] * (last + 1 - first)
        assert tags == expected
    assert len(kinds) == 4


def test_the_same_everywhere(tmp_path: Path) -> None:
    task = Task("agreement", 2, 10)
    one, other = make_corpus(task, tmp_path / "a"), make_corpus(task, tmp_path / "b")
    for split, path in one.items():
        assert path.read_bytes() == other[split].read_bytes()
    assert len({path.read_bytes()[:200] for path in one.values()}) == 3
