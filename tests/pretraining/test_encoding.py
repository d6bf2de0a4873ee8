"""Raw text as numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tagger.features.vocabulary import Vocabulary, normalize
from tagger.pretraining.encoding import EncodedText, encode_texts
from tagger.runtime.engines.building import form_encoder
from tests.helpers.pretraining import small


def test_every_token_of_the_text_is_learned_from(raw: Path, tmp_path: Path) -> None:
    inventory = encode_texts([str(raw), str(raw)], tmp_path, report=lambda n: None)
    assert inventory.n_tokens == sum(inventory.forms.values())
    assert inventory.forms["Aberdeen"] == 2 * 12
    forms = list(inventory.forms)
    vocabulary = Vocabulary.from_counts(inventory.forms, min_count=1)
    encoder = form_encoder(small().embedder, vocabulary, ())
    encoded = EncodedText(tmp_path, inventory, encoder)
    assert encoded.lengths.sum() == inventory.n_tokens
    batch = encoded.batch(np.array([0, 1, 2]))
    first = [vocabulary.words[i - 1] for i in batch.features.word_ids[batch.form_index[0]].tolist()]
    assert " ".join(first[: batch.lengths[0]]) == "the ship left aberdeen in march ."
    lines = (tmp_path / "words.txt").read_text("utf-8").splitlines()
    assert sum(len(line.split()) for line in lines) == inventory.n_tokens
    assert {word for line in lines for word in line.split()} == {normalize(f) for f in forms}
