"""Texts made from tokens, and their offsets."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.text import Tokenizer, TokenizerRules, detokenize

TOKENIZER = Tokenizer()


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("I do n't know .", "I don't know."),
        ("You can not ; they 're Ann 's .", "You cannot; they're Ann's."),
        ('He said " yes " , and " no " .', 'He said "yes", and "no".'),
        ("( or [ so ] ) ?", "(or [so])?"),
        ("$ 5.50 , or 3.5 % !", "$5.50, or 3.5%!"),
        ("`` Go '' , he said ...", "``Go'', he said..."),
        ("“ Go ” «так» said", "“Go” «так» said"),
        ("well - known - as it is", "well - known - as it is"),
        ("¿ Qué ? ¡ Bien !", "¿Qué? ¡Bien!"),
        ("我 喜欢 北京 。 好 ！", "我喜欢北京。好！"),
        ("mail a@b.org :)", "mail a@b.org :)"),
        ("U.S. dogs 're here", "U.S. dogs're here"),
    ],
)
def test_natural_text_that_cuts_into_the_same_tokens(tokens: str, text: str) -> None:
    found, spans = detokenize(tokens.split())
    assert found == text
    assert [found[start:end] for start, end in spans] == tokens.split()
    if "我" not in text and "«" not in text:
        assert TOKENIZER.tokens(found) == spans


@pytest.mark.parametrize(
    ("rules", "tokens", "text"),
    [
        ({"split_hyphens": True}, "a well - known man", "a well-known man"),
        ({"split_slashes": True}, "this and / or that", "this and/or that"),
        ({"split_everything": True}, "p < 0 . 05 , T - cell .", "p < 0.05, T-cell."),
    ],
)
def test_what_the_rules_cut_is_written_together(
    rules: dict[str, bool], tokens: str, text: str
) -> None:
    fitted = TokenizerRules(**rules)  # type: ignore[arg-type]
    found, spans = detokenize(tokens.split(), rules=fitted)
    assert found == text
    assert Tokenizer(fitted).tokens(found) == spans


def test_given_spaces_are_kept() -> None:
    assert detokenize(["a", ",", "b"], [True, False, True]) == (
        "a ,b",
        [(0, 1), (2, 3), (3, 4)],
    )
    assert detokenize([]) == ("", [])
    with pytest.raises(ValueError, match="2 tokens but 1"):
        detokenize(["a", "b"], [True])


@given(st.lists(st.text(min_size=1, max_size=5), max_size=12), st.data())
def test_offsets_are_true(tokens: list[str], data: st.DataObject) -> None:
    n = len(tokens)
    spaces = data.draw(st.none() | st.lists(st.booleans(), min_size=n, max_size=n))
    text, spans = detokenize(tokens, spaces)
    assert [text[start:end] for start, end in spans] == tokens
    assert text.replace(" ", "") == "".join(tokens).replace(" ", "")


def test_time_is_linear_where_all_tokens_are_quotes() -> None:
    def seconds(n: int) -> float:
        begun = time.process_time()
        detokenize(['"', "'", "*"] * n)
        return time.process_time() - begun

    seconds(100)
    assert seconds(20_000) < 3 * seconds(10_000)
