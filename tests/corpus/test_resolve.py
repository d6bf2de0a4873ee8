from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tagger.corpus import CorpusEntry, list_corpora, load_corpus
from tagger.corpus.catalogue import REGISTRY
from tagger.corpus.resolve import find_splits, resolve, split_of
from tagger.errors import CorpusError, UsageError

TSV = "a\tO\nb\tB-X\n"


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.txt", "train"),
        ("valid.txt", "dev"),
        ("devel.tsv", "dev"),
        ("eng.testa", "dev"),
        ("ned.testb", "test"),
        ("esp.train", "train"),
        ("en_ewt-ud-train.conllu", "train"),
        ("da_ddt-ud-test.iob2", "test"),
        ("emerging.dev.conll", "dev"),
        ("emerging.test.annotated", "test"),
        ("wnut17train.conll", "train"),
        ("trivia10k13test.bio", "test"),
        ("latest.txt", None),
        ("train-test.txt", None),
        ("README.md", None),
    ],
)
def test_split_of(name, split):
    assert split_of(Path(name)) == split


def test_a_folder_with_other_files(write):
    for name in ("x-ud-train.conllu", "x-ud-train.txt", "x-ud-dev.conllu", "LICENSE.txt"):
        folder = write(f"UD_X/{name}", "").parent
    assert {split: path.name for split, path in find_splits(folder).items()} == {
        "train": "x-ud-train.conllu",
        "dev": "x-ud-dev.conllu",
    }


def test_a_folder_with_two_corpora(write):
    write("c/esp.train", TSV)
    folder = write("c/ned.train", TSV).parent
    with pytest.raises(CorpusError, match=r"2 files for train \(esp.train, ned.train\)"):
        load_corpus(str(folder))


def test_a_folder_without_any(write):
    folder = write("c/train.xls", b"").parent
    with pytest.raises(CorpusError, match=r"no file is named after a split.*there: train.xls"):
        load_corpus(str(folder))


def test_compressed_files(write):
    folder = write("c/train.tsv.gz", gzip.compress(TSV.encode())).parent
    assert load_corpus(str(folder)).splits["train"][0]["ner"] == ["O", "B-X"]


def test_several_files(write):
    a, b = write("a/train.tsv", TSV), write("b/unlabelled", TSV)
    corpus = load_corpus(f"{a},{b}")
    assert corpus.files == {"train": str(a), "dev": str(b)}
    corpus = load_corpus(f"test={a}, train={b}")
    assert corpus.files == {"train": str(b), "test": str(a)}
    with pytest.raises(CorpusError, match="given twice for train"):
        load_corpus(f"{a},{a}")
    with pytest.raises(CorpusError, match="nowhere: no such file"):
        load_corpus(f"{a},nowhere")


def test_a_single_file_is_the_split_it_is_named_for(write):
    assert list(load_corpus(str(write("mine.tsv", TSV))).splits) == ["train"]
    assert list(load_corpus(str(write("x.test.tsv", TSV))).splits) == ["test"]


def test_the_order_of_places(write, monkeypatch):
    places = {}
    for place in ("given", "env", "here/data"):
        places[place] = write(f"{place}/wnut17/emerging.dev.conll", TSV).parent.parent
    monkeypatch.chdir(places["here/data"].parent)
    assert load_corpus("wnut17").files["dev"] == str(Path("data/wnut17/emerging.dev.conll"))
    monkeypatch.setenv("TAGGER_DATA", str(places["env"]))
    assert load_corpus("wnut17").files["dev"].startswith(str(places["env"]))
    corpus = load_corpus("wnut17", data_dir=places["given"])
    assert corpus.files["dev"].startswith(str(places["given"]))
    assert corpus.licence == "CC BY 4.0"
    assert "W-NUT" in corpus.citation
    corpus = load_corpus("wnut17", data_dir=places["given"] / "wnut17")
    assert corpus.files["dev"].startswith(str(places["given"]))


def test_two_corpora_in_one_folder(write):
    for prefix in ("esp", "ned"):
        for part in ("train", "testa", "testb"):
            data = write(f"conll2002/{prefix}.{part}", f"{prefix} N O\nb N B-X\n").parent.parent
    corpus = load_corpus("conll2002-nl", data_dir=data)
    assert corpus.splits["test"][0]["tokens"][0] == "ned"
    assert list(corpus.splits) == ["train", "dev", "test"]


def test_treebanks_by_their_id(write):
    tree = "1\ta\t_\tX\tY\t_\t_\t_\t_\t_\n"
    data = write("UD_Xx-Yy/xx_yy-ud-train.conllu", tree).parent.parent
    assert load_corpus("ud_xx_yy", data_dir=data).main_heads == ("upos", "xpos")
    write("uner_xx_yy/xx_yy-ud-test.iob2", "1\ta\tO\n2\tb\tB-X\n")
    corpus = load_corpus("uner_xx_yy", data_dir=data)
    assert (corpus.main_heads, list(corpus.splits)) == (("ner",), ["test"])
    with pytest.raises(
        CorpusError, match=r"ud_zz_zz is not found: tried .*no such folder.*univers"
    ):
        load_corpus("ud_zz_zz", data_dir=data)


def test_folders_beside_known_corpora_are_found_by_name(write):
    data = write("films/x13train.bio", "O\ta\nB-X\tb\n").parent.parent
    corpus = load_corpus("films", data_dir=data, columns="ner,token")
    assert corpus.splits["train"][0]["tokens"] == ["a", "b"]
    with pytest.raises(UsageError, match="did you mean 'films'"):
        load_corpus("flims", data_dir=data)


def test_unknown_names():
    with pytest.raises(UsageError, match=r"unknown corpus 'conl2003': did you mean 'conll2003'\?"):
        load_corpus("conl2003")
    with pytest.raises(CorpusError, match=r"no such file or folder"):
        load_corpus("nowhere/train.txt")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_no_permission(write):
    path = write("c/train.tsv", TSV)
    path.chmod(0)
    with pytest.raises(CorpusError, match=r"no permission.*chmod"):
        load_corpus(str(path))


def test_no_permission_in_words(write, monkeypatch):
    path = write("c/train.tsv", TSV)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CorpusError, match=r"train.tsv: no permission to read it"):
        load_corpus(str(path))


def test_a_folder_in_the_place_of_a_file(write):
    folder = write("c/train.tsv/x", "").parent.parent
    with pytest.raises(CorpusError, match="no file in it has a known format"):
        load_corpus(str(folder))


def test_list_corpora(write):
    data = write("btc/btc.train", TSV).parent.parent
    write("uner_xx_yy/xx_yy-ud-test.iob2", "1\ta\tO\n")
    write("UD_Z-WW/zz_ww-ud-dev.conllu", "")
    write("UNER_Z-WW/zz_ww-ud-dev.iob2", "1\ta\tO\n")
    listed = {entry.name: entry for entry in list_corpora(data)}
    assert listed.keys() >= {*REGISTRY, "uner_xx_yy", "ud_zz_ww", "uner_zz_ww"}
    assert listed["ud_zz_ww"].at_hand == str(data / "UD_Z-WW")
    assert listed["btc"].at_hand == str(data / "btc")
    assert listed["conll2003"].at_hand is None
    assert all(isinstance(entry, CorpusEntry) for entry in listed.values())


@pytest.mark.parametrize("entry", REGISTRY.values(), ids=REGISTRY)
def test_entries_are_complete(entry):
    assert set(entry.main_heads) <= set(entry.heads)
    assert entry.licence
    assert entry.source
    if entry.columns:
        in_comments = {"intent"} & set(entry.heads)
        columns = set(entry.columns.split(",")) - {"token", "-"}
        assert columns == set(entry.heads) - in_comments


ONE, TWO, THREE = (f"{token}\tO\nb\tB-X\n\n" for token in "123")
MARKED = "-DOCSTART-\tO\n\n{}-DOCSTART-\tO\n\n{}"


def firsts(source: str | Path) -> dict[str, list[str]]:
    """Return the first token of each sentence of the splits."""
    splits = load_corpus(str(source)).splits
    return {split: [row["tokens"][0] for row in rows] for split, rows in splits.items()}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{}/a/one.tsv,{}/a/two.tsv", {"train": ["1"], "dev": ["2"]}),
        ("train={}/a/one.tsv,train={}/a/two.tsv", {"train": ["1", "2"]}),
        ("train={}/a/two.tsv,dev={}/b/dev.tsv,train={}/a/one.tsv",
         {"train": ["2", "1"], "dev": ["3"]}),
        ("{}/a/*.tsv", {"train": ["1", "2"]}),
        ("train={}/a/*.tsv,dev={}/b/*", {"train": ["1", "2"], "dev": ["3"]}),
        ("{}/a/*.tsv,{}/b/dev.tsv", {"train": ["1", "2"], "dev": ["3"]}),
        ("train={}/a,dev={}/b", {"train": ["1", "2"], "dev": ["3"]}),
        ("{}/a", {"train": ["1", "2"]}),
        ("{}/c", {"train": ["1", "2"], "test": ["3"]}),
        ("{}/d", {"train": ["1", "2"], "dev": ["3"]}),
        ("{}/[bd]/dev*.tsv", {"dev": ["3", "3"]}),
        ("{}/**/two.tsv", {"train": ["2"]}),
    ],
)  # fmt: skip
def test_many_files_are_one_split(write, source, expected):
    for name, content in {
        "a/one.tsv": ONE, "a/two.tsv": TWO, "a/README.md": "text", "a/notes.txt": "plain text\n",
        "b/dev.tsv": THREE,
        "c/train/x1.jsonl": '{"tokens": ["1"], "ner": ["O"]}\n',
        "c/train/x2.jsonl": '{"tokens": ["2"], "ner": ["B-X"]}\n',
        "c/test/x1.jsonl": '{"tokens": ["3"], "ner": ["B-X"]}\n',
        "d/train-00000-of-00002.tsv": ONE, "d/train-00001-of-00002.tsv": TWO, "d/dev.tsv": THREE,
    }.items():  # fmt: skip
        root = write(name, content).parents[1]
    assert firsts(source.replace("{}", str(root))) == expected


def test_files_of_a_split_keep_their_documents_and_places(write):
    a = write("a.tsv", MARKED.format(ONE, TWO))
    b = write("b.tsv", MARKED.format(THREE, "x\tI-X\ny\tB-X\n\n"))
    corpus = load_corpus(f"train={a},train={b}")
    assert corpus.splits["train"]["document"] == [0, 1, 2, 3]
    assert corpus.files == {"train": str(a), "train#2": str(b)}
    (finding,) = corpus.findings
    assert (finding.path, finding.line) == (str(b), 8)


def test_a_pattern_without_files(write):
    with pytest.raises(CorpusError, match="no file matches"):
        load_corpus(str(write("a.tsv", TSV).parent / "*.conll"))


def test_a_split_in_another_format_is_not_left_out_silently(write):
    row = '{"text": "fly now", "intent": "a"}\n{"text": "stop it", "intent": "b"}\n'
    write("my/train.csv", "text,intent\nfly now,a\nstop it,b\n")
    test = write("my/test.jsonl", row)
    with pytest.raises(CorpusError, match="differ in format") as caught:
        resolve(str(test.parent))
    source = (caught.value.hint or "").split()[-1]
    assert set(load_corpus(source).splits) == {"train", "test"}


def test_files_of_different_formats(write):
    a = write("a.tsv", TSV)
    b = write("b.jsonl", '{"tokens": ["1"], "ner": ["O"]}\n')
    with pytest.raises(UsageError, match="JSON lines") as caught:
        load_corpus(f"train={a},train={b}")
    assert caught.value.path == str(b)
