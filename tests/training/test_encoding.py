"""Corpora as ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tagger.training.encoding import recased
from tests.helpers.corpora import small_config


def test_a_sentence_in_another_case_is_learned_with_the_same_tags(corpus: Path) -> None:
    from tagger.corpus import load_corpus
    from tagger.features.vocabulary import Vocabulary
    from tagger.runtime.engines.building import form_encoder
    from tagger.training.encoding import RECASES, EncodedCorpus, FormTable, Inventory

    data = load_corpus(str(corpus)).splits["train"]
    inventory = Inventory()
    inventory.add(data, [])
    vocabulary = Vocabulary.from_counts(inventory.forms, min_count=1)
    encoder = form_encoder(small_config().embedder, vocabulary, ())
    table = FormTable(inventory.forms, encoder, recased=True)
    encoded = EncodedCorpus(data, table, [], recase_prob=1.0)
    tokens = data[0]["tokens"]
    versions = [encoder([recase(form) for form in tokens]).case_ids for recase in RECASES]
    torch.manual_seed(0)
    seen = set()
    for _ in range(50):
        batch = encoded.batch(np.array([0]))
        cases = batch.features.case_ids[batch.form_index[0]]
        seen |= {i for i, version in enumerate(versions) if (cases == version).all()}
        words = batch.features.word_ids[batch.form_index[0]].tolist()
        assert words == encoder(tokens).word_ids.tolist()
    assert seen == {0, 1, 2}
    batch = EncodedCorpus(data, table, []).batch(np.array([0]))
    assert (batch.features.case_ids[batch.form_index[0]] == encoder(tokens).case_ids).all()


def test_recased() -> None:
    tokens = ["New", "york"]
    assert recased(tokens, 0.0) is tokens
    found = {tuple(recased(tokens, 1.0)) for _ in range(50)}
    assert found == {("new", "york"), ("NEW", "YORK"), ("New", "York")}
