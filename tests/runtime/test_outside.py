"""Tokens that are in no span."""

from __future__ import annotations

import numpy as np
import pytest

from tagger.config import OutsideKind
from tagger.model.heads import HeadSpec
from tagger.runtime.outside import Outside
from tagger.schemes import Scheme, tag_inventory

TAGS = tuple(tag_inventory(["PER"], Scheme.BIO))
INSIDE = ["Smith", "AT&T", "Drake", "Msgr.", "Profession", "http", "www", "@", "Hull", "Dr.Who"]


def held(kinds: tuple[OutsideKind, ...], forms: list[str]) -> list[str]:
    head = HeadSpec(name="ner", kind="span", decoder="crf", tags=TAGS, scheme="BIO", outside=kinds)
    emissions = np.ones((len(forms), len(TAGS)), dtype=np.float32)
    Outside(head).apply(forms, emissions)
    o = TAGS.index("O")
    return [
        form
        for form, row in zip(forms, emissions, strict=True)
        if row.argmax() == o and row.min() < -100
    ]


@pytest.mark.parametrize(
    ("kind", "forms"),
    [
        ("addresses", ["a.b@acme.com", "@acme", "http://x.org/a", "HTTPS://x.org", "www.x.org"]),
        ("titles", ["Mr", "Mr.", "MRS.", "ms", "Dr.", "Prof."]),
    ],
)
def test_tokens_of_a_kind_are_outside(kind: OutsideKind, forms: list[str]) -> None:
    assert held((kind,), [*INSIDE, *forms]) == forms
    other: OutsideKind = "titles" if kind == "addresses" else "addresses"
    assert held((other,), [*INSIDE, *forms]) == []


def test_only_spans_have_an_outside() -> None:
    with pytest.raises(ValueError, match="no spans"):
        HeadSpec(name="pos", kind="token", decoder="softmax", tags=("X",), outside=("titles",))
