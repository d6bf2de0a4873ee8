"""Explanations as a page that needs nothing beside itself."""

from __future__ import annotations

from html import escape
from pathlib import Path

from tagger.files import write_file
from tagger.insight.explain.highlights import (
    LEAST,
    best_alone,
    context_sides,
    most_probable,
    side_effects,
    telling,
)
from tagger.insight.explain.results import Explanation, TokenExplanation
from tagger.insight.html import html_table, page


def write_page(path: Path, explanation: Explanation, model: str) -> None:
    """Write an explanation as a page.

    Raises:
        OSError: It cannot be written; what was there stays.
    """
    write_file(path, explanation_page(explanation, model).encode())


def explanation_page(explanation: Explanation, model: str) -> str:
    """An explanation as a page of HTML."""
    parts = [f"<h1>{escape(explanation.head)}, by {escape(model)}</h1>"]
    if explanation.context:
        parts += _token(explanation, explanation.tokens[0])
    else:
        parts += _overview(explanation)
    parts += [f'<p class="note">{escape(note)}</p>' for note in explanation.notes]
    return page(f"{explanation.head}: {explanation.text[:60]}", "\n".join(parts))


def _token(explanation: Explanation, token: TokenExplanation) -> list[str]:
    changes = {word.position: word.change for word in token.words}
    words = []
    for position, word in enumerate(explanation.context, start=explanation.first):
        change = changes.get(position, 0.0)
        if position == token.position:
            words.append(f'<span class="target">{escape(word)}</span>')
        elif abs(change) >= LEAST:
            colour = "43,147,72" if change > 0 else "193,53,43"
            words.append(
                f'<span style="background:rgba({colour},{0.15 + 0.7 * min(abs(change), 1):.2f})" '
                f'title="{_points(change)}">{escape(word)}</span>'
            )
        else:
            words.append(f"<span>{escape(word)}</span>")
    sides = context_sides(explanation)
    said = [
        f"<p>What stands {side} of it (<i>{escape(' '.join(sides[side]))}</i>) speaks for "
        f"<b>{escape(tag)}</b>: {_points(gain)}.</p>"
        for side, (tag, gain) in side_effects(token).items()
        if sides[side] and gain >= LEAST
    ]
    parts = [
        f'<p class="sentence">{" ".join(words)}</p>',
        f"<p><b>{escape(token.text)}</b> (token {token.position}) is <b>{escape(token.tag)}</b> "
        f"with a probability of {_percent(token.tags[token.tag].both)}. Words on green speak for "
        "it, words on red against it.</p>",
        "<h2>From the left alone, from the right alone, from both</h2>",
        html_table(
            ("tag", "left alone", "right alone", "both"),
            (
                (
                    escape(tag),
                    *(f"{_bar(share)} {_percent(share)}" for share in (p.left, p.right, p.both)),
                )
                for tag, p in most_probable(token)
            ),
            chosen=escape(token.tag),
        ),
        *said,
    ]
    if shown := telling(token.words):
        parts += [
            "<h2>Each word left out in turn</h2>",
            html_table(
                ("word", "", f"changes {token.tag} by", "speaks for", "by"),
                (
                    (
                        escape(word.text),
                        str(word.position),
                        f"{_bar(word.change)} {_points(word.change)}",
                        escape(word.speaks_for),
                        _points(word.gain),
                    )
                    for word in shown
                ),
            ),
        ]
    if token.emission:
        parts += [
            "<h2>The emission, split exactly by direction</h2>",
            html_table(
                ("tag", "forward", "backward", "bias", "emission"),
                (
                    (
                        escape(tag),
                        *(f"{v:+.2f}" for v in (e.forward, e.backward, e.bias, e.total)),
                    )
                    for tag, e in token.emission.items()
                ),
            ),
            '<p class="note">In the model\'s own scheme, where S is a span of one token. What '
            "follows and precedes a tag adds to it before the probabilities above.</p>",
        ]
    return parts


def _overview(explanation: Explanation) -> list[str]:
    rows = []
    for token in explanation.tokens:
        cells = [f"{_bar(token.tags[token.tag].both)} {_percent(token.tags[token.tag].both)}"]
        cells += [f"{escape(tag)} {_percent(share)}" for tag, share in best_alone(token)]
        rows.append((str(token.position), escape(token.text), escape(token.tag), *cells))
    columns = ("", "token", "tag", "probability", "left alone", "right alone")
    return [f"<p>{escape(explanation.text)}</p>", html_table(columns, rows)]


def _bar(share: float) -> str:
    kind = "bar" if share >= 0 else "bar against"
    return f'<span class="{kind}" style="width:{80 * min(abs(share), 1):.0f}px"></span>'


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(change: float) -> str:
    return f"{100 * change:+.1f} points"
