"""Any text and tags through every format and back, and damaged files."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tagger.corpus.conversion import convert
from tagger.errors import TaggerError
from tagger.formats.table import FORMATS
from tagger.text import Tokenizer
from tests.helpers.formats import PRODIGY, char_spans, documents

WRITTEN = [name for name, form in FORMATS.items() if form.is_written]

LABELS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Z", "Cc"]), min_size=1, max_size=8
)


TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\0"),
        st.sampled_from("ab  .[]()\\\n\r\t'-!"),
    ),
    min_size=1,
    max_size=40,
)


QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


Spans = list[tuple[int, int, str]]


@st.composite
def any_spans(draw: Callable, *, on_tokens: bool) -> list[tuple[str, Spans]]:
    """Texts with spans that do not overlap."""
    found = []
    for text in draw(st.lists(TEXTS, min_size=1, max_size=3)):
        tokens = Tokenizer().tokens(text)
        bounds = [at for token in tokens for at in token] if on_tokens else range(len(text) + 1)
        n = draw(st.integers(0, min(3, len(bounds) // 2)))
        places = range(len(tokens)) if on_tokens else range(len(text) + 1)
        chosen = draw(
            st.lists(st.sampled_from(places), min_size=2 * n, max_size=2 * n, unique=not on_tokens)
            if n
            else st.just([])
        )
        chosen.sort()
        spans, past = [], 0
        for first, last in zip(chosen[::2], chosen[1::2], strict=True):
            start = tokens[first][0] if on_tokens else first
            end = tokens[last][1] if on_tokens else last
            if past <= start < end:
                spans.append((start, end, draw(LABELS)))
                past = end
        found.append((text, spans))
    return found


def store(folder: Path, texts: list[tuple[str, Spans]]) -> Path:
    lines = [
        {
            "text": text,
            "spans": [{"start": start, "end": end, "label": label} for start, end, label in spans],
            "units": "characters",  # spans at random may look as if they counted else
        }
        for text, spans in texts
    ]
    path = folder / "in.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize("name", ["prodigy", "doccano", "labelstudio", "brat", "text"])
@QUICK
@given(texts=any_spans(on_tokens=False))
def test_characters_survive(tmp_path_factory, name, texts):
    folder = tmp_path_factory.mktemp("x")
    assume(any(text.strip() for text, _ in texts))
    source = store(folder, texts)
    convert(source, folder / "out", source_format="prodigy", target_format=name)
    convert(folder / "out", folder / "back", source_format=name, target_format="prodigy")
    spans = [spans for _, spans in texts]
    assert char_spans(folder / "out", name) == spans
    assert char_spans(folder / "back", "prodigy") == spans
    found = [document.text for document in documents(folder / "back", "prodigy")]
    spaced = [t.replace("\r", " ").replace("\n", " ") if name == "text" else t for t, _ in texts]
    assert found == spaced


@QUICK
@given(texts=any_spans(on_tokens=True))
def test_spacy_keeps_texts_tokens_and_spans(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("x")
    source = store(folder, texts)
    assume(any(text.strip() for text, _ in texts))
    convert(source, folder / "a.spacy", source_format="prodigy")
    back = documents(folder / "a.spacy", "spacy")
    assert [document.text for document in back] == [text for text, _ in texts]
    assert [document.offsets for document in back] == [Tokenizer().tokens(t) for t, _ in texts]
    assert [[span[:3] for span in document.chars] for document in back] == [s for _, s in texts]
    convert(folder / "a.spacy", folder / "a.conll")
    convert(source, folder / "b.conll", source_format="prodigy")
    assert (folder / "a.conll").read_bytes() == (folder / "b.conll").read_bytes()


@pytest.mark.parametrize("name", ["conll", "conllu", "jsonl"])
@pytest.mark.parametrize("scheme", ["BIO", "IOB1", "BIOES", "BILOU"])
@settings(QUICK, max_examples=20)
@given(texts=any_spans(on_tokens=True))
def test_tokens_and_tags_survive(tmp_path_factory, name, scheme, texts):
    folder = tmp_path_factory.mktemp("x")
    assume(any(text.strip() for text, _ in texts))
    assume(name != "conllu" or not any("|" in label for _, spans in texts for *_, label in spans))
    source = store(folder, texts)
    aligned = folder / "aligned.jsonl"
    convert(source, aligned, source_format="prodigy", target_format="jsonl")
    convert(source, folder / "out", source_format="prodigy", target_format=name, scheme=scheme)
    columns = "token,ner" if name == "conll" else None
    convert(
        folder / "out", folder / "back", source_format=name, target_format="jsonl", columns=columns
    )

    def rows(path: Path) -> list[tuple[list[str], list[str]]]:
        found = [json.loads(line) for line in path.read_text().splitlines()]
        return [(row["tokens"], row.get("ner", ["O"] * len(row["tokens"]))) for row in found]

    assert rows(folder / "back") == rows(aligned)


WORDS = st.lists(
    st.sampled_from(["a", "b.", "[", "]", "\\", "(x)", "😀", "'s", ".", "-"]), min_size=1
)


@pytest.mark.parametrize("name", ["spacy", "prodigy", "jsonl"])
@QUICK
@given(data=st.data(), words=st.lists(WORDS, min_size=1, max_size=3))
def test_columns_survive(tmp_path_factory, name, words, data):
    folder = tmp_path_factory.mktemp("x")
    lines = []
    for sentence in words:
        previous = "O"
        for word in sentence:
            options = ["O", "B-X", "B-Y"] + ([f"I{previous[1:]}"] if previous != "O" else [])
            previous = data.draw(st.sampled_from(options))
            lines.append(f"{word}\t{previous}\n")
        lines.append("\n")
    source = folder / "a.conll"
    source.write_text("".join(lines))
    convert(source, folder / "out", target_format=name, columns="token,ner")
    convert(folder / "out", folder / "b.conll", source_format=name, overlapping="drop")
    found, expected = (folder / "b.conll").read_text(), source.read_text()
    if name == "prodigy":  # which knows of no sentences
        found, expected = (
            [line for line in text.splitlines() if line and "-DOCSTART-" not in line]
            for text in (found, expected)
        )
    assert found == expected


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> dict[str, Path]:
    """The same documents in each format."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "in.jsonl").write_text(PRODIGY)
    for name in WRITTEN:
        convert(folder / "in.jsonl", folder / name, target_format=name)
    return {name: folder / name for name in WRITTEN}


@pytest.mark.parametrize("name", WRITTEN)
@settings(QUICK, max_examples=40)
@given(data=st.data())
def test_damage_is_said_or_harmless(tmp_path_factory, stored, name, data):
    folder = tmp_path_factory.mktemp("x")
    source = folder / "in"
    if name == "brat":
        (folder / "in.txt").write_bytes((stored[name] / "1.txt").read_bytes())
        content = (stored[name] / "1.ann").read_bytes()
        source = folder / "in.ann"
    else:
        content = stored[name].read_bytes()
    is_packed = name == "spacy" and data.draw(st.booleans())
    content = zlib.decompress(content) if is_packed else content
    at = data.draw(st.integers(0, len(content)))
    past = data.draw(st.integers(at, min(at + 8, len(content))))
    content = content[:at] + data.draw(st.binary(max_size=8)) + content[past:]
    content = content[:at] if data.draw(st.booleans()) else content
    source.write_bytes(zlib.compress(content) if is_packed else content)
    with suppress(TaggerError):
        convert(source, folder / "out.jsonl", source_format=name, target_format="doccano")
    with suppress(TaggerError):
        convert(source, folder / "out.conll", target_format="conll")
