"""Each number of an explanation is what its name promises."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tagger.errors import UsageError
from tagger.insight.explain import explanation as module
from tagger.insight.explain.emissions import split_emissions, split_hindrance, vectors_of
from tagger.insight.explain.explanation import explain
from tagger.insight.explain.page import explanation_html
from tagger.insight.explain.results import (
    EmissionParts,
    Explanation,
    Sides,
    TokenExplanation,
    WordEffect,
)
from tagger.insight.explain.states import paired_correlation, reach
from tagger.model.directory import read_model
from tagger.runtime.loading import load
from tagger.runtime.tagger import Tagger
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import small_config
from tests.helpers.encoders import build

TEXT = "John works at Apple in California"


@pytest.fixture(scope="module")
def tagger(model: Path) -> Tagger:
    return load(model, precision="fp32")


def probs(tagger: Tagger, words: list[str], t: int, head: str = "ner") -> dict[str, float]:
    """The probabilities of a token's tags, straight from the emissions of the sentence alone."""
    (spec,) = tagger.predictor.choose([head])
    lengths = np.array([len(words)])
    ((emissions, _),) = tagger.predictor.score(words, lengths, [spec])
    found = tagger.predictor.marginals(spec)(emissions[head], lengths)[t]
    shown: dict[str, float] = {}
    for tag, p in zip(spec.tags, found.tolist(), strict=True):
        tag = {"E": "I", "S": "B"}.get(tag[0], tag[0]) + tag[1:]
        shown[tag] = shown.get(tag, 0.0) + p
    return shown


def test_sides_are_those_of_the_shortened_sentences(tagger: Tagger) -> None:
    words = TEXT.split()
    for t, token in enumerate(explain(tagger, TEXT).tokens):
        assert (token.text, token.position) == (words[t], t + 1)
        assert TEXT[token.start : token.end] == token.text
        expected = (
            probs(tagger, words[: t + 1], t),
            probs(tagger, words[t:], 0),
            probs(tagger, words, t),
        )
        for tag, sides in token.tags.items():
            found = (sides.left, sides.right, sides.both)
            assert found == pytest.approx([side[tag] for side in expected], abs=1e-5)
        for side in ("left", "right", "both"):
            assert sum(getattr(p, side) for p in token.tags.values()) == pytest.approx(1)
        assert token.tag == tagger.tag([words])[0]["ner"][t]
        assert list(token.tags.values()) == sorted(token.tags.values(), key=lambda p: -p.both)


def test_each_word_is_left_out_in_turn(tagger: Tagger) -> None:
    words = TEXT.split()
    (token,) = explain(tagger, TEXT, token="Apple").tokens
    whole = probs(tagger, words, 3)
    assert sorted(effect.position for effect in token.words) == [1, 2, 3, 5, 6]
    for effect in token.words:
        j = effect.position - 1
        without = probs(tagger, words[:j] + words[j + 1 :], 3 - (j < 3))
        gains = {tag: whole[tag] - without[tag] for tag in whole}
        assert effect.text == words[j]
        assert effect.change == pytest.approx(gains[token.tag], abs=1e-5)
        assert effect.gain == pytest.approx(max(gains.values()), abs=1e-5)
        assert gains[effect.speaks_for] == pytest.approx(effect.gain, abs=1e-5)
    sizes = [max(abs(effect.change), effect.gain) for effect in token.words]
    assert sizes == sorted(sizes, reverse=True)


def test_eight_bits_are_not_explained(model: Path) -> None:
    with pytest.raises(UsageError, match="precision"):
        explain(load(model, precision="int8"), TEXT)


def test_tags_of_single_tokens_have_probabilities_too(tagger: Tagger) -> None:
    explained = explain(tagger, TEXT, head="upos", token="2")
    (token,) = explained.tokens
    assert token.tag == next(iter(token.tags)) == "VERB"
    assert sum(p.both for p in token.tags.values()) == pytest.approx(1)


def test_a_long_sentence_is_read_by_its_neighbourhood(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONTEXT", 3)
    words = (TEXT.split() * 4)[:20]
    explained = explain(tagger, " ".join(words), token="10")
    (token,) = explained.tokens
    assert [e.position for e in sorted(token.words, key=lambda e: e.position)] == [
        *(7, 8, 9),
        *(11, 12, 13),
    ]
    left, right = probs(tagger, words[6:10], 3), probs(tagger, words[9:13], 0)
    for tag, sides in token.tags.items():
        assert (sides.left, sides.right) == pytest.approx((left[tag], right[tag]), abs=1e-5)
    assert "3 words on each side" in explained.notes[0]
    assert len(explain(tagger, " ".join(words)).tokens) == 20


def test_positions_count_over_sentences(tagger: Tagger) -> None:
    text = "Kim lives in Berlin. Mary left Siemens."
    tokens = explain(tagger, text).tokens
    assert [token.position for token in tokens] == list(range(1, len(tokens) + 1))
    explained = explain(tagger, text, token="Siemens")
    assert explained.tokens[0].position == tokens[-2].position
    assert explained.context[explained.tokens[0].position - explained.first] == "Siemens"
    assert "Kim" not in explained.context


def test_models_are_named_or_loaded(tagger: Tagger, model: Path) -> None:
    explained = explain(model, TEXT, token=4)
    assert explained.tokens[0].text == "Apple"
    assert explained.tokens[0].emission
    loaded = explain(tagger, TEXT, token="Apple")
    assert loaded.tokens[0].tags == explained.tokens[0].tags
    assert repr(explained).startswith(f"Explanation(ner, {TEXT!r}: TokenExplanation(4 Apple: B-ORG")
    assert repr(explain(tagger, TEXT)) == f"Explanation(ner, {TEXT!r}: 6 tokens)"
    with pytest.raises(UsageError) as error:
        explain(load(model, precision="int8"), TEXT)
    assert "precision=fp32" in (error.value.hint or "")


def test_a_number_is_a_form_first_and_then_a_position(tagger: Tagger) -> None:
    assert explain(tagger, "3 left 12", token="3").tokens[0].text == "3"
    assert explain(tagger, "3 left 12", token="2").tokens[0].text == "left"
    assert explain(tagger, "3 left 3 times", token="3").tokens[0].position == 3
    with pytest.raises(UsageError, match="no token"):
        explain(tagger, "3 left 12", token="9" * 5000)


@pytest.mark.parametrize(
    ("text", "token", "said"),
    [
        ("", None, "no words"),
        ("   ", "1", "no words"),
        (TEXT, "Google", "no token 'Google' in the text (its tokens: 1 John, 2 works"),
        (TEXT, "7", "no token '7'"),
        (TEXT, "0", "no token '0'"),
        ("in Ohio and in Berlin or in York", "in", "occurs 3 times (tokens 1, 4"),
    ],
)
def test_bad_tokens(tagger: Tagger, text: str, token: str | None, said: str) -> None:
    with pytest.raises(UsageError) as error:
        explain(tagger, text, token=token)
    assert said in str(error.value)


def test_one_token_alone(tagger: Tagger) -> None:
    (token,) = explain(tagger, "Apple", token="1").tokens
    assert token.words == ()
    for p in token.tags.values():
        assert p.left == pytest.approx(p.both) == pytest.approx(p.right)


@pytest.mark.parametrize(
    "encoder",
    [
        {},
        {"merge": "sum"},
        {"direction": "forward"},
        {"direction": "backward", "cell": "gru"},
        {"cell": "rnn", "merge": "sum"},
    ],
    ids=str,
)
def test_split_emissions_add_up(corpus: Path, tmp_path: Path, encoder: dict[str, str]) -> None:
    directory = train_with(corpus, tmp_path, encoder)
    tagger, saved = load(directory, precision="fp32"), read_model(directory)
    words = TEXT.split()
    for head in tagger.heads:
        ((emissions, _),) = tagger.predictor.score(words, np.array([len(words)]), [head])
        parts, bias = split_emissions(saved, head, vectors_of(saved, words))
        np.testing.assert_allclose(sum(parts.values()) + bias, emissions[head.name], atol=1e-5)
    (token,) = explain(directory, TEXT, token="Apple").tokens
    assert len(token.emission) == 3
    if encoder.get("direction") == "forward":
        assert all(parts.backward == 0 for parts in token.emission.values())


def train_with(corpus: Path, output: Path, encoder: dict[str, object]) -> Path:
    from tagger.config import merge_overrides
    from tagger.training.run import train

    train(
        [str(corpus)], output / "m", merge_overrides(small_config(epochs=2), {"encoder": encoder})
    )
    return output / "m"


@pytest.mark.parametrize(
    "encoder", [{"n_layers": 2}, {"merge": "product"}, {"merge": "projection"}]
)
def test_what_cannot_be_split_is_said(
    corpus: Path, tmp_path: Path, encoder: dict[str, object]
) -> None:
    directory = train_with(corpus, tmp_path, encoder)
    saved = read_model(directory)
    assert split_hindrance(saved.config.encoder)
    explained = explain(directory, TEXT, token="Apple")
    assert explained.tokens[0].emission == {}
    assert "emissions are not split" in explained.notes[-1]


def test_reach_is_the_norm_of_the_derivative() -> None:
    encoder = build("gru", input_dim=3, hidden_dim=4)
    inputs = torch.randn(5, 3, generator=torch.Generator().manual_seed(3))
    found = reach(encoder, inputs.numpy(), range(len(inputs)))

    def states(x: torch.Tensor) -> torch.Tensor:
        both = encoder.by_direction(x[None], torch.tensor([5]))
        return torch.stack([both["forward"][0], both["backward"][0]])

    jacobian = torch.autograd.functional.jacobian(states, inputs)  # (2, 5, 4, 5, 3)
    exact = jacobian.square().sum((2, 4)).sqrt().numpy()
    for direction, expected in zip(("forward", "backward"), exact, strict=True):
        # No state reaches what is still to be read.
        np.testing.assert_array_equal(found[direction] == 0, expected == 0)
        np.testing.assert_allclose(found[direction], expected, rtol=0.75)
    assert (exact[0][np.triu_indices(5, 1)] == 0).all()
    assert (exact[1][np.tril_indices(5, -1)] == 0).all()


def test_paired_correlation() -> None:
    ahead = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    back = np.stack([ahead[:, 0], -2 * ahead[:, 1] + 1, ahead[::-1, 2], np.ones(9)], axis=1)
    found = paired_correlation(ahead, back)
    expected = np.corrcoef(ahead[:, 2], back[:, 2])[0, 1]
    np.testing.assert_allclose(found, [1, -1, expected, 0], atol=1e-5)


def test_command(run, model: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = run("explain", TEXT, "--token", "Apple", "-m", model, "--html", page)
    assert result.code == 0, result
    assert "B-ORG" in result.out
    assert "the words on the right (in California) speak for" in result.out
    assert "left alone" in result.out
    html = page.read_text(encoding="utf-8")
    assert '<span class="target">Apple</span>' in html
    assert "http" not in html.replace("http-equiv", "")  # nothing beside itself

    result = run("explain", TEXT, "-m", model, "--json", "--head", "upos")
    found = json.loads(result.out)
    assert [token["tag"] for token in found["tokens"]] == [
        *("PROPN", "VERB", "ADP"),
        *("PROPN", "ADP", "PROPN"),
    ]
    assert run("explain", TEXT, "-m", model).out.count("\n") == 8


def test_text_cannot_mark_up_the_page(run, model: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    text = "<script>alert(1)</script> [bold]Kim[/bold] http://x.com/a[/red]b & $x$"
    result = run("explain", text, "-t", "Kim", "-m", model, "--html", page)
    assert result.code == 0, result
    assert "[bold]" in result.out.replace(" ", "")
    assert "<script>" not in page.read_text(encoding="utf-8")
    result = run("explain", "see http://x.com/a[/red]b now", "-m", model)
    assert "http://x.com/a[/red]b" in result.out.replace(" ", ""), result


def test_labels_cannot_mark_up_the_page() -> None:
    tag = "B-<b>R&D</b>"
    token = TokenExplanation(
        text="x", position=1, start=0, end=1, tag=tag, tags={tag: Sides(1, 1, 1)},
        words=(WordEffect("y", 2, 0.5, tag, 0.5),), emission={tag: EmissionParts(1, 1, 1)},
    )  # fmt: skip
    for context in (("x", "y"), ()):
        page = explanation_html(Explanation("x y", "ner", (token,), context, 1, ()), "m")
        assert "<b>R" not in page
        assert "B-&lt;b&gt;R&amp;D" in page


@pytest.mark.slow
def test_states(run, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture, page = tmp_path / "s.png", tmp_path / "s.html"
    result = run("explain", "Kim left 東京 for $x$ 😀", "-m", model, "--states", picture)
    assert result.code == 0, result
    assert picture.read_bytes().startswith(b"\x89PNG")
    result = run("explain", "Kim " * 80, "-m", model, "--states", page, "-t", 79)
    assert "tokens 21 to 80 of a sentence of 80" in result.err
    assert "data:image/png;base64," in page.read_text(encoding="utf-8")
    again = run("explain", "Kim", "-m", model, "--states", picture)
    assert_one_line(again, 2, "exists", "--force")
    result = run("explain", "Kim left. Mary left.", "-m", model, "--states", picture, "--force")
    assert result.code == 0, result
    assert "the first of 2 sentences" in result.err


def test_errors_of_the_command(run, model: Path, tmp_path: Path) -> None:
    assert_one_line(run("explain", TEXT, "-m", model, "--head", "xpos"), 2, "unknown head 'xpos'")
    assert_one_line(run("explain", TEXT, "-m", model, "--states", tmp_path / "s.pdf"), 2, ".png")
    assert_one_line(
        run("explain", TEXT, "-m", model, "--html", tmp_path / "no" / "x.html"), 1, "no such file"
    )
    assert_one_line(run("explain", TEXT, "-m", tmp_path / "none"), 1, "none")
    assert_one_line(run("explain", "caf\udcff", "-m", model, "--json"), 2, "not UTF-8")
    both = ("--html", tmp_path / "s.html", "--states", tmp_path / "s.html")
    assert_one_line(run("explain", TEXT, "-m", model, *both), 2, "name two files")


def test_a_part_of_the_states_is_that_of_the_whole_sentence(
    model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    from tagger.insight.explain import pictures
    from tagger.insight.explain.states import states_of

    drawn = []
    monkeypatch.setattr(pictures, "figure", drawn.append)
    monkeypatch.setattr(pictures, "png", lambda figure: b"")
    monkeypatch.setattr(pictures, "N_SHOWN", 4)
    notes = pictures.draw_states(tmp_path / "s.png", model, "Kim left. " + TEXT, "at")
    assert notes == ("the picture shows tokens 4 to 7 of a sentence of 6",)
    saved = read_model(model)
    whole = states_of(saved, model, TEXT.split())
    (part,) = drawn
    assert part.words == TEXT.split()[:4]
    for way, states in part.states.items():
        np.testing.assert_array_equal(states, whole.states[way][:4])
        np.testing.assert_allclose(part.reach[way], whole.reach[way][:4, :4], atol=1e-6)
