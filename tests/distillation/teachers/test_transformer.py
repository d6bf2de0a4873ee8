"""Transformers as teachers: a tiny one with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.distillation.teachers.transformer import TransformerTeacher, _begun, _head, _is_here
from tagger.errors import ModelError
from tagger.hub import UnreachableError
from tagger.runtime.cutting import cut_texts
from tagger.text import Tokenizer

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "mary", "jones", "left", "oh", "##io", ".")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    transformers: Any = pytest.importorskip("transformers", reason="needs the extra transformers")
    folder = tmp_path_factory.mktemp("bert")
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    tokenizer = transformers.BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True)
    tokenizer.save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=12,
        id2label=dict(enumerate(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])),
    )
    transformers.BertForTokenClassification(config).save_pretrained(folder)
    return folder


def test_a_word_has_the_tag_of_its_first_piece(folder: Path) -> None:
    teacher = TransformerTeacher(str(folder), [], device="cpu")
    (head,) = teacher.heads
    assert head.tags == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    texts = ["Mary Jones left Ohio .", "Ohio left.", " ".join(["left"] * 15)]
    cut = cut_texts(texts, Tokenizer())
    probs, known = teacher.answer(cut, ["ner"])["ner"]
    assert known.tolist() == [True] * 8 + [True] * 10 + [False] * 5  # no more pieces fit
    np.testing.assert_allclose(probs[known].sum(axis=1), 1, rtol=1e-5)
    alone = teacher.answer(cut_texts(texts[:1], Tokenizer()), ["ner"])["ner"].probs
    np.testing.assert_allclose(alone, probs[:5], rtol=1e-4)


def test_models_that_cannot_be_loaded(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError) as caught:
        TransformerTeacher(str(tmp_path), [], device="cpu")
    assert "\n" not in str(caught.value)


def test_the_hub_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hub: Any = pytest.importorskip("huggingface_hub")
    pytest.importorskip("transformers", reason="needs the extra transformers")
    asked = []

    def ask(call: object) -> None:
        asked.append(call)
        raise UnreachableError("no network")

    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("tagger.distillation.teachers.transformer.ask", ask)
    with pytest.raises(ModelError, match="no network") as caught:
        TransformerTeacher("some/model", [], device="cpu")
    assert (caught.value.path, len(asked)) == ("some/model", 1)
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda *_: "config.json")
    assert _is_here("some/model")  # from the cache, without further requests


def test_a_folder_without_a_tokenizer_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(ModelError, match="tokenizer"):
        TransformerTeacher(str(tmp_path), [], device="cpu")


def test_labels_of_any_scheme() -> None:
    columns, head = _head(["B-X", "I-X", "L-X", "U-X", "O"], [])
    assert (head.name, head.kind, head.tags) == ("ner", "span", ("O", "B-X", "I-X"))
    assert columns.tolist() == [1, 2, 2, 1, 0]
    columns, head = _head(["O", "X"], ["names"])
    assert (head.name, head.tags, columns.tolist()) == ("names", ("O", "B-X", "I-X"), [0, 2])
    assert _head(["NOUN", "VERB"], [])[1].kind == "token"
    columns, head = _head(["o", "b-x", "i-x"], [])
    assert (head.kind, head.tags, columns.tolist()) == ("span", ("O", "B-x", "I-x"), [0, 1, 2])


def test_what_nothing_begins_begins() -> None:
    _, head = _head(["O", "X"], [])
    inside = np.array([[0, 0, 1], [0, 0, 1], [1, 0, 0], [0, 0, 1]], dtype=np.float32)
    assert _begun(inside, head).argmax(axis=1).tolist() == [1, 2, 0, 1]
