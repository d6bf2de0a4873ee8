"""Vocabularies: which words have ids, and that ids stay."""

from __future__ import annotations

from collections import Counter

from tagger.features.vocabulary import Vocabulary

FORMS = Counter({"The": 5, "the": 3, "Apple": 2, "B-52": 1})


def test_words_are_normalised_and_the_most_frequent_come_first() -> None:
    assert Vocabulary.from_counts(FORMS, min_count=1).words == ("the", "apple", "b-00")


def test_rare_words_have_no_id_unless_they_are_known() -> None:
    assert Vocabulary.from_counts(FORMS, min_count=2).words == ("the", "apple")
    known = Vocabulary.from_counts(FORMS, min_count=2, known={"b-00"})
    assert known.words == ("the", "apple", "b-00")


def test_a_vocabulary_that_follows_changes_no_id() -> None:
    first = Vocabulary.from_counts(FORMS, min_count=1)
    both = first.followed_by(Vocabulary(["zebra", "the"], ["z", "T"]))
    assert {word: both.word_ids[word] for word in first.words} == first.word_ids
    assert {char: both.char_ids[char] for char in first.chars} == first.char_ids
    assert both.words == (*first.words, "zebra")
