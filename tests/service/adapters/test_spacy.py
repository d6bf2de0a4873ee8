from __future__ import annotations

import pytest

import tagger
from tests.helpers.services import ask

spacy = pytest.importorskip("spacy")

TEXTS = [
    "John works at Apple in California. Mary left.",
    "  Zoë 😀  met\n\nŁukasz in Zürich ",
    "",
    " \n",
    "one",
]


@pytest.mark.parametrize("text", TEXTS)
def test_spacy_reads_what_it_would_have_written(service: str, text: str) -> None:
    answer = ask(service, "/spacy", {"text": text}).json
    doc = spacy.tokens.Doc(spacy.vocab.Vocab()).from_json(answer, validate=True)
    expected = tagger.load("en", precision="fp32")(text).to_spacy()
    assert doc.text == text
    assert [str(ent) for ent in doc.ents] == [str(ent) for ent in expected.ents]
    assert [(t.text, t.pos_, t.tag_) for t in doc] == [(t.text, t.pos_, t.tag_) for t in expected]
    if "sents" in answer:
        assert [str(sentence) for sentence in doc.sents] == [str(one) for one in expected.sents]


def test_lists_and_what_is_wrong(service: str) -> None:
    found = ask(service, "/spacy", {"texts": TEXTS}).json
    assert [one["text"] for one in found] == TEXTS
    wrong = ask(service, "/spacy", {"text": "a", "offsets": "byte"})
    assert wrong.json["errors"][0]["pointer"] == "/offsets"
