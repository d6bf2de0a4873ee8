"""HTML of explanations and comparisons: text stays text, and marks show sign and size."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tagger.insight.compare.plots import Plot
from tagger.insight.compare.report import html, markdown
from tagger.insight.compare.results import Comparison
from tagger.insight.explain.page import explanation_html
from tagger.insight.explain.results import (
    EmissionParts,
    Explanation,
    Sides,
    TokenExplanation,
    WordEffect,
)
from tagger.insight.html import Layout, shade
from tests.helpers.comparisons import row_result

EVIL = "\"><script>alert(1)</script><img src=x onerror='alert(2)'> & $x$ {{ 7 * 7 }}"
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "pre", "i", "b", "img"),
    *("span", "table", "tr", "th", "td", "div"),
}


class Elements(HTMLParser):
    """Collects the elements and the texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(page: str) -> Elements:
    elements = Elements(page)
    assert {tag for tag, _ in elements.found} <= ELEMENTS
    for tag, attributes in elements.found:
        assert not any(name.startswith("on") for name in attributes)
        if tag == "img":
            assert attributes["src"].startswith("data:image/png;base64,")
    assert "49" not in elements.text
    return elements


def explanation(context: tuple[str, ...], changes: tuple[float, ...] = (0.5,)) -> Explanation:
    tag = f"B-{EVIL}"
    token = TokenExplanation(
        text=EVIL,
        position=1,
        start=0,
        end=len(EVIL),
        tag=tag,
        tags={tag: Sides(0.5, 0.25, 1.0)},
        words=tuple(
            WordEffect(EVIL, i, change, tag, 0.5) for i, change in enumerate(changes, start=2)
        ),
        emission={tag: EmissionParts(1, -1, 0.5)},
    )
    return Explanation(EVIL, "ner", (token,), context, 1, (EVIL,))


def comparison() -> Comparison:
    row = row_result(EVIL, failed=(EVIL,))
    return Comparison(corpus=EVIL, head="ner", measure="F1", split="dev", n_seeds=2, rows=(row,))


@pytest.mark.parametrize("layout", ["page", "snippet"])
@pytest.mark.parametrize("context", [(EVIL, EVIL), ()])
def test_explanations_escape(layout: Layout, context: tuple[str, ...]) -> None:
    page = explanation_html(explanation(context), EVIL, layout=layout)
    elements = assert_harmless(page)
    assert elements.text.count(EVIL) > 5


@pytest.mark.parametrize("layout", ["page", "snippet"])
def test_comparisons_escape(layout: Layout) -> None:
    plots = [[Plot(f"{EVIL}.png", EVIL, b"PNG")]]
    page = html([comparison()], plots, plots[0], EVIL, layout=layout)
    elements = assert_harmless(page)
    captions = [attributes["alt"] for tag, attributes in elements.found if tag == "img"]
    assert captions == [EVIL, EVIL]


def test_notebooks_show_results() -> None:
    for result in (explanation((EVIL, "a")), comparison()):
        elements = assert_harmless(result._repr_html_())
        assert elements.found[0][0] == "style"
        assert "\n" not in repr(result)
        assert len(repr(result)) < 500


def test_markdown_of_comparisons_escapes() -> None:
    text = markdown([comparison()], [[Plot(f"{EVIL}.png", EVIL, b"")]], [], "tagger compare")
    assert "<script" not in text
    assert "<img" not in text


def test_shades_show_size_and_sign() -> None:
    changes = (0.01, 0.1, 0.5, -0.01, -0.5)
    words = (EVIL, *"abcde")
    page = explanation_html(explanation(words, changes))
    sentence = page[page.index('<p class="words">') :]
    sentence = sentence[: sentence.index("</p>")]
    found = re.findall(r'class="(for|against)" style="--shade: ([\d.]+)"', sentence)
    assert [sign for sign, _ in found] == ["for"] * 3 + ["against"] * 2
    strengths = [float(strength) for _, strength in found]
    assert strengths[0] < strengths[1] / 2 < strengths[2] / 3
    assert strengths[:1] + strengths[2:3] == strengths[3:]
    assert float(shade(5)) == float(shade(1)) < 0.9  # text stays readable


def test_bars_start_from_one_line() -> None:
    page = explanation_html(explanation((EVIL, "a", "b"), (0.4, -0.2)))
    bars = re.findall(r'<span class="(for|against)" style="left: ([\d.]+)%; width: ([\d.]+)%', page)
    effects = [(sign, float(left), float(width)) for sign, left, width in bars[:2]]
    assert effects == [("for", 50, 50), ("against", 25, 25)]
    for sign, left, width in bars:
        assert float(left) + (0 if sign == "for" else float(width)) == 50
