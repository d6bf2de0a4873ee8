"""Spans from tag ids against the definition of the schemes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.model.heads import HeadSpec
from tagger.runtime.decoding import Viterbi, constrained
from tagger.runtime.tag_table import TagTable
from tagger.schemes import Scheme, spans, tag_inventory


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@given(data=st.data())
def test_bounds_are_those_of_the_scheme(scheme: str, data: st.DataObject) -> None:
    tags = tuple(tag_inventory(["X", "Y"], Scheme(scheme)))
    head = HeadSpec(name="ner", kind="span", decoder="softmax", tags=tags, scheme=scheme)
    lengths = np.array(data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=5)))
    seed = data.draw(st.integers(0, 2**32 - 1))
    emissions = np.random.default_rng(seed).normal(size=(lengths.sum(), len(tags)))
    tag_ids = Viterbi(constrained(head.allowed()))(emissions.astype(np.float32), lengths)
    table = TagTable(head)
    expected, past = [], 0
    for n in lengths.tolist():
        start, past = past, past + n
        of_sentence = [tags[i] for i in tag_ids[start:past]]
        found = spans(of_sentence, Scheme(scheme))
        expected += [(start + span.start, start + span.end - 1, span.label) for span in found]
        in_bio = table.strings(tag_ids[start:past])
        assert spans(in_bio, Scheme.BIO) == found
    assert table.spans(tag_ids) == expected
