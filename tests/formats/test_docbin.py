"""spaCy's DocBin."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import msgspec
import pytest

from tagger.corpus import load_corpus
from tagger.errors import FormatError
from tests.helpers.commands import assert_one_line
from tests.helpers.formats import COLUMNS, PRODIGY, documents


def test_spacy_docs(run_convert, tmp_path):
    from spacy.tokens import Doc, DocBin, Span
    from spacy.vocab import Vocab

    vocab = Vocab()
    doc = Doc(
        vocab,
        words=["\n", "John", "\n\n", "sang", ".", "Then", "left"],
        spaces=[False, False, False, False, True, True, False],
        pos=["SPACE", "PROPN", "SPACE", "VERB", "PUNCT", "ADV", "VERB"],
        tags=["_SP", "NNP", "_SP", "VBD", ".", "RB", "VBD"],
        sent_starts=[True, False, False, False, False, True, False],
    )
    doc.set_ents([Span(doc, 1, 2, label="PERSON")])
    doc.user_data["x"] = 1
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "a.spacy")
    assert run_convert(tmp_path / "a.spacy", "out.conllu").code == 0
    assert "1\tJohn\t_\tPROPN\tNNP\t_\t_\t_\t_\tNER=B-PERSON\n" in Path("out.conllu").read_text()
    (first, second) = load_corpus(str(tmp_path / "a.spacy")).splits["train"]
    assert first["tokens"] == ["John", "sang", "."]
    assert first["upos"] == ["PROPN", "VERB", "PUNCT"]
    assert second["ner"] == ["O", "O"]


def test_what_spacy_reads(run_convert, write, tmp_path):
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    text = "\n John  Lee sang.\n\nHe left. "
    path = write("a.jsonl", json.dumps({"text": text, "label": [[2, 11, "PER"]]}))
    assert run_convert(path, tmp_path / "a.spacy").code == 0
    (doc,) = DocBin().from_disk(tmp_path / "a.spacy").get_docs(Vocab())
    assert doc.text == text
    assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == [(2, 11, "PER")]
    assert [sent.text.strip() for sent in doc.sents] == ["John  Lee sang.", "He left."]


def test_columns_without_known_spaces_stay_so_in_spacy(run_convert, write, tmp_path):
    path = write("a.conll", COLUMNS)
    assert run_convert(path, tmp_path / "a.spacy").code == 0
    assert run_convert(tmp_path / "a.spacy", "back.conll").code == 0
    assert Path("back.conll").read_text() == COLUMNS


def test_nothing_in_a_docbin_is_run(write, tmp_path, monkeypatch, run_convert):
    """The data that users stored is never unpacked."""
    import pickle

    class Evil:
        def __reduce__(self):
            return (Path(tmp_path / "run").touch, ())

    assert run_convert(write("a.jsonl", PRODIGY), tmp_path / "a.spacy").code == 0
    content = msgspec.msgpack.decode(zlib.decompress((tmp_path / "a.spacy").read_bytes()))
    bad = pickle.dumps(Evil())
    content["user_data"] = [bad]
    content["cats"] = [{"nd": True, "kind": "O", "type": "O", "shape": [1], "data": bad}]
    path = write("evil.spacy", zlib.compress(msgspec.msgpack.encode(content)))
    assert run_convert(path, "out.conll").code == 0
    assert not (tmp_path / "run").exists()


def test_bad_docbins(run_convert, write, tmp_path):
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

    DocBin(docs=[Doc(Vocab(), words=["a", "b"])]).to_disk(tmp_path / "none.spacy")
    assert_one_line(
        run_convert(tmp_path / "none.spacy", "o.conll"), 1, "none.spacy: a DocBin without entities"
    )
    assert run_convert(write("a.jsonl", PRODIGY), tmp_path / "a.spacy").code == 0
    good = (tmp_path / "a.spacy").read_bytes()
    unpacked = zlib.decompress(good)
    for i, content in enumerate(
        [b"", b"x", good[:-20], zlib.compress(unpacked[:-30]), zlib.compress(b"\x80"),
         zlib.compress(unpacked.replace(b"John", b"Jim ")), zlib.compress(b"\x93" * 5000)]
    ):  # fmt: skip
        path = write(f"bad{i}.spacy", content)
        with pytest.raises(FormatError, match="not a spaCy DocBin, or damaged") as caught:
            documents(path, "spacy")
        assert caught.value.path == str(path)


CATS = [
    ({"a": 1.0, "b": 0.0}, {"a": 0.1, "b": 0.9}, {}),
    ({"a": 1.0, "b": 1.0}, {"a": 0.0, "b": 0.0}, {}),
]


@pytest.mark.parametrize("cats", CATS, ids=["one", "several"])
@pytest.mark.parametrize("has_spaces", [True, False])
def test_categories(run_convert, tmp_path, cats, has_spaces):
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

    vocab = Vocab()
    docs = []
    for of_doc in cats:
        spaces = [True, False, False] if has_spaces else None
        doc = Doc(vocab, ["Go", "now", "."], spaces, sent_starts=[True, True, False])
        doc.cats = of_doc
        docs.append(doc)
    DocBin(docs=docs).to_disk(tmp_path / "a.spacy")
    assert run_convert(tmp_path / "a.spacy", "out.jsonl", "--to", "jsonl").code == 0
    rows = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    is_one = cats is CATS[0]
    assert [row["cats"] for row in rows] == (["a", "b", None] if is_one else [["a", "b"], [], None])
    assert [len(row["tokens"]) for row in rows] == [3, 3, 3]
    assert "cats" in load_corpus(str(tmp_path / "a.spacy")).splits["train"].column_names
    assert run_convert("out.jsonl", tmp_path / "back.spacy").code == 0
    back = DocBin().from_disk(tmp_path / "back.spacy").get_docs(Vocab())
    rounded = [{cat: float(prob >= 0.5) for cat, prob in of_doc.items()} for of_doc in cats]
    assert [doc.cats for doc in back] == rounded


def test_each_labelled_sentence_is_a_document(run_convert, write, tmp_path):
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    lines = ["# newdoc id = d", "# intent = go", "# mood = bad", "1\tGo" + "\t_" * 8, ""]
    lines += ["# intent = stop", "1\tStop" + "\t_" * 8, "", ""]
    path = write("a.conllu", "\n".join(lines))
    result = run_convert(
        path, tmp_path / "a.spacy", "--text-label", "intent", "--text-label", "mood"
    )
    assert result.code == 0
    assert "label of a text that the format cannot hold" in result.err + result.out
    docs = list(DocBin().from_disk(tmp_path / "a.spacy").get_docs(Vocab()))
    assert [(doc.text.strip(), doc.cats) for doc in docs] == [
        ("Go", {"go": 1.0, "stop": 0.0}),
        ("Stop", {"go": 0.0, "stop": 1.0}),
    ]
