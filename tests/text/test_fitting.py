"""The rules that are inferred from the tokens of a corpus."""

from __future__ import annotations

import pytest

from tagger.text import TokenizerRules, fit_rules


def repeat(*sentences: str, times: int = 30) -> list[list[str]]:
    return [sentence.split(" ") for sentence in sentences] * times


def test_without_evidence_the_rules_are_the_defaults() -> None:
    assert fit_rules([]) == TokenizerRules()
    assert fit_rules([["a", "word"]]) == TokenizerRules()


@pytest.mark.parametrize(
    ("sentence", "field", "value"),
    [
        ("they do n't say", "split_contractions", True),
        ("they don't say", "split_contractions", False),
        ("you cannot go", "split_fused", False),
        ("a well - known man", "split_hyphens", True),
        ("a well-known man", "split_hyphens", False),
        ("a / b and c / d", "split_slashes", True),
        ("for 5% more", "split_percent", False),
        ("for $5 more", "split_currency", False),
        ("the # tag", "split_hashtags", True),
        ("by @ name", "split_handles", True),
        ("what ! ! !", "split_runs", True),
        ("den 3. maj", "split_ordinals", False),
        ("EU:s pengar", "split_colons", False),
        ("at 5 pm sharp", "split_units", True),
        ("was 0 . 5 there", "split_everything", True),
    ],
)
def test_fit_counts_evidence(sentence: str, field: str, value: object) -> None:
    assert getattr(fit_rules(repeat(sentence)), field) == value


def test_fit_finds_abbreviations() -> None:
    rules = fit_rules(repeat("det er bl.a. her .", "og saa videre ."))
    assert "bl.a." in rules.abbreviations
    assert "videre." not in rules.abbreviations
    assert fit_rules(repeat("by Mr . Doe .", times=200)).abbreviations == ()


def test_fit_finds_a_lexicon_only_where_one_is_needed() -> None:
    assert fit_rules(repeat("an English line")).lexicon == ()
    vietnamese = [["học sinh", "đi", "học"], ["Học sinh", "giỏi"]]
    assert fit_rules(vietnamese).lexicon == ("học sinh",)
    chinese = [["我", "喜欢", "北京", "。"], ["我", "去", "北京", "GPS"]]
    assert fit_rules(chinese).lexicon == ("北京", "我", "去", "喜欢")
    # Words that more often stand apart are not joined.
    assert fit_rules([["a b"], ["a", "b"], ["a", "b"]]).lexicon == ()


def test_fit_is_deterministic_and_bounded() -> None:
    sentences = repeat("they do n't say - well", "a co-op / b", "U.S. 5 pm", times=50)
    assert fit_rules(iter(sentences)) == fit_rules(sentences)

    def endless() -> object:
        while True:
            yield ["a", "word"] * 500

    assert fit_rules(endless()) == TokenizerRules()  # type: ignore[arg-type]
