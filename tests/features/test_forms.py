"""Forms as ids."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tagger.features.forms import FormEncoder, take_forms
from tagger.features.vocabulary import UNKNOWN, Vocabulary

VOCABULARY = Vocabulary.from_counts({"The": 5, "the": 3, "Apple": 2, "B-52": 1}, min_count=1)


def encoder(max_chars: int = 40) -> FormEncoder:
    return FormEncoder(VOCABULARY, max_chars=max_chars, n_affix_buckets=100)


def test_words_are_looked_up_in_lower_case_with_digits_as_zero() -> None:
    ids = encoder()(["THE", "the", "B-17", "unseen"]).word_ids
    assert ids[0] == ids[1] != UNKNOWN
    assert ids[2] == VOCABULARY.word_ids["b-00"]
    assert ids[3] == UNKNOWN


@given(st.lists(st.text(min_size=1, max_size=100), min_size=1, max_size=8, unique=True))
def test_a_form_is_encoded_alone_as_among_others(forms: list[str]) -> None:
    encode = encoder(max_chars=10)
    together = encode(forms)
    for i, form in enumerate(forms):
        alone = encode([form])
        taken = take_forms(together, np.array([i]))
        for one, other in zip(alone, taken, strict=True):
            np.testing.assert_array_equal(one, other)
        assert (alone.char_ids != 0).sum() == min(len(form), 10)


def test_long_forms_keep_both_ends() -> None:
    ids = encoder(max_chars=4)(["ThxxxxxxxeB"]).char_ids[0]
    assert ids.tolist() == [VOCABULARY.char_ids[char] for char in "TheB"]
