"""`tagger convert` as a user meets it, and the same formats in a corpus."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tagger.corpus import load_corpus
from tagger.corpus.alignment import Aligner
from tagger.corpus.conversion import convert
from tagger.errors import FormatError, TaggerError, UsageError
from tagger.formats.documents import Document
from tagger.formats.table import FORMATS
from tagger.text import Tokenizer
from tests.helpers.commands import assert_one_line

TEXT = "John works at Apple. He left New York for Berlin!"
SPANS = [(0, 4, "PER"), (14, 19, "ORG"), (29, 37, "LOC"), (42, 48, "LOC")]
PRODIGY = (
    json.dumps(
        {"text": TEXT, "spans": [{"start": s, "end": e, "label": label} for s, e, label in SPANS]}
    )
    + "\n"
)
OFF_BOUNDS = PRODIGY + '{"text": "Johnny sang.", "spans": [{"start":0,"end":4,"label":"PER"}]}\n'
OVERLAP = '{"text": "New York Times", "label": [[0,8,"LOC"],[0,14,"ORG"],[9,14,"X"]]}\n'
COLUMNS = (
    "John\tB-PER\nworks\tO\nat\tO\nApple\tB-ORG\n.\tO\n\n"
    "He\tO\nleft\tO\nNew\tB-LOC\nYork\tI-LOC\nfor\tO\nBerlin\tB-LOC\n!\tO\n\n"
)


@pytest.fixture
def run(run):
    """Run `tagger convert` in this process."""
    return partial(run, "convert")


def documents(path: Path, name: str) -> list[Document]:
    return list(FORMATS[name].read(path, Counter()))


def char_spans(path: Path, name: str) -> list[list[tuple[int, int, str]]]:
    return [sorted(tuple(span[:3]) for span in d.chars) for d in documents(path, name)]


def sentences(path: Path) -> list[tuple[list[str], list[str]]]:
    rows = load_corpus(str(path)).splits["train"]
    return [(row["tokens"], row["ner"]) for row in rows]


# --- what comes out


def test_offsets_to_columns(run, write):
    path = write("my.jsonl", PRODIGY)
    result = run(path, "out.conll")
    assert result.code == 0, result.err
    assert Path("out.conll").read_text() == "-DOCSTART-\tO\n\n" + COLUMNS
    assert result.out == (
        f"{path} (prodigy) -> out.conll (conll)\ndocuments 1, sentences 2, tokens 12, spans 4\n"
    )


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("BIO", "B-LOC I-LOC"),
        ("IOB1", "I-LOC I-LOC"),
        ("BIOES", "B-LOC E-LOC"),
        ("BILOU", "B-LOC L-LOC"),
    ],
)
@pytest.mark.parametrize("name", ["conll", "conllu", "jsonl"])
def test_schemes(run, write, scheme, tags, name):
    path = write("my.jsonl", PRODIGY)
    assert run(path, "out.x", "--to", name, "--scheme", scheme).code == 0
    found = Path("out.x").read_text()
    assert all(tag in found for tag in tags.split())
    back = run("out.x", "back.jsonl", "--from", name, "--to", "jsonl", "--json")
    assert json.loads(back.out)["spans"] == 4


def test_iob1_begins_anew_with_each_sentence(run, write):
    path = write("a.conll", "a\tB-X\nb\tB-X\n\nc\tB-X\n\n" * 2)
    assert run(path, "out.conll", "--scheme", "IOB1").code == 0
    assert Path("out.conll").read_text() == "a\tI-X\nb\tB-X\n\nc\tI-X\n\n" * 2


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_goes_to_every_other_and_back(run, write, tmp_path, name):
    source = write("my.jsonl", PRODIGY)
    there, back = tmp_path / "there", tmp_path / "back.conll"
    assert run(source, there, "--to", name).code == 0
    result = run(there, back, "--from", name, "--json")
    assert result.code == 0, result.err
    report = json.loads(result.out)
    assert (report["tokens"], report["spans"], report["problems"]) == (12, 4, [])
    assert report["sentences"] == 2
    assert back.read_text().removeprefix("-DOCSTART-\tO\n\n") == COLUMNS


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", PRODIGY),
        ("a.jsonl", PRODIGY.replace("\n", "\r\n")),
        ("a.json", "[\n " + PRODIGY + "]"),
        ("a.jsonl", json.dumps({"text": TEXT, "label": SPANS})),
        ("a.jsonl", json.dumps({"text": TEXT, "labels": SPANS})),
        (
            "a.jsonl",
            json.dumps(
                {
                    "text": TEXT,
                    "entities": [
                        {"id": 1, "start_offset": s, "end_offset": e, "label": label}
                        for s, e, label in SPANS
                    ],
                    "relations": [],
                }
            ),
        ),
        (
            "a.json",
            json.dumps(
                [
                    {
                        "text": TEXT,
                        "label": [{"start": s, "end": e, "labels": [x]} for s, e, x in SPANS],
                    }
                ]
            ),
        ),
        (
            "a.txt",
            "[John](PER) works at [Apple](ORG). He left [New York](LOC) for [Berlin](LOC)!\r\n",
        ),
    ],
)
def test_kinds_of_exports(run, write, name, content):
    path = write(name, content)
    assert run(path, "out.conll").code == 0
    assert Path("out.conll").read_text().endswith(COLUMNS)
    corpus = load_corpus(str(path))
    (first, second) = corpus.splits["train"]
    assert first["ner"] == ["B-PER", "O", "O", "B-ORG", "O"]
    assert second["space_after"] == [True] * 5 + [False, True]
    assert corpus.main_heads == ("ner",)


def test_prodigy_tokens_and_answers(run, write):
    tokens = [
        {"text": t, "start": s, "end": s + len(t)} for t, s in (("ab", 0), ("c", 2), (" ", 3))
    ]
    lines = [
        {"text": "abc d", "tokens": [*tokens, {"start": 4, "end": 5}], "spans": []},
        {"text": "no", "spans": [], "answer": "reject"},
        {"text": "x", "spans": [{"start": 0, "end": 1, "label": "A"}], "answer": "accept"},
    ]
    path = write("a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    result = run(path, "out.conll")
    assert Path("out.conll").read_text() == "ab\tO\nc\tO\nd\tO\n\nx\tB-A\n\n"
    assert "examples answered with 'reject': 1" in result.out


def test_what_predict_prints_as_json(write):
    from tagger.runtime.results import Document as Answer
    from tagger.runtime.results import Entity, Token

    tokens = [Token("a.b", 0, 3, {"ner": "B-X"}), Token("c", 4, 5, {"ner": "O"})]
    answer = Answer("a.b c", tokens, [Entity("a.b", "X", 0, 3, 0, 1)], [(0, 1), (1, 2)])
    assert sentences(write("a.jsonl", answer.to_json())) == [(["a.b"], ["B-X"]), (["c"], ["O"])]


def label_studio(text: str, results: list[dict], **more: object) -> dict:
    return {"id": 7, "data": {"text": text}, "annotations": [{"result": results}], **more}


def region(start: int, end: int, text: str, label: str = "PER") -> dict:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"type": "labels", "from_name": "l", "to_name": "t", "value": value}


def test_label_studio(run, write):
    tasks = [
        label_studio("John sang", [region(0, 4, "John"), {"type": "relation"}]),
        {"id": 8, "data": {"text": "new"}, "annotations": []},
        {
            "id": 9,
            "data": {"review": "Kim"},
            "annotations": [
                {"was_cancelled": True, "result": []},
                {"result": [region(0, 3, "Kim")]},
                {"result": []},
            ],
        },
    ]
    path = write("a.json", json.dumps(tasks, indent=1))
    result = run(path, "out.conll")
    assert Path("out.conll").read_text() == "John\tB-PER\nsang\tO\n\nKim\tB-PER\n\n"
    for note in ("tasks that nobody annotated: 1", "'relation', not 'labels': 1", "cancelled: 1"):
        assert note in result.out
    assert "further annotations of the same task: 1" in result.out


def test_offsets_that_count_utf16_units(run, write):
    """Label Studio tells by the covered text, doccano by the bounds of words."""
    text = "😀 Kim 👍🏽 and Lee"
    start = len(text[: text.index("Lee")].encode("utf-16-le")) // 2
    task = label_studio(text, [region(3, 6, "Kim"), region(start, start + 3, "Lee")])
    path = write("a.json", json.dumps([task]))
    result = run(path, "out.jsonl", "--to", "doccano")
    assert char_spans(Path("out.jsonl"), "doccano") == [[(2, 5, "PER"), (13, 16, "PER")]]
    assert "UTF-16" in result.out
    path = write(
        "b.jsonl", json.dumps({"text": text, "label": [[3, 6, "A"], [start, start + 3, "B"]]})
    )
    assert char_spans(path, "doccano") == [[(2, 5, "A"), (13, 16, "B")]]
    path = write("c.jsonl", json.dumps({"text": text, "label": [[2, 5, "A"]]}))
    assert char_spans(path, "doccano") == [[(2, 5, "A")]]


def test_a_span_joins_the_sentences_that_it_crosses(run, write):
    text = "It is by Ann. Lee wrote it. Good."
    path = write("a.jsonl", json.dumps({"text": text, "label": [[9, 17, "PER"]]}))
    result = run(path, "out.conll", "--json")
    report = json.loads(result.out)
    assert report["sentences"] == 2
    assert report["notes"] == {"sentences joined to the next, as a span crosses their bound": 1}
    assert "Ann\tB-PER\n.\tI-PER\nLee\tI-PER\nwrote\tO" in Path("out.conll").read_text()


# --- spans that do not fit


def test_misaligned_is_an_error_unless_a_policy_is_stated(run, write):
    path = write("my.jsonl", OFF_BOUNDS)
    assert_one_line(
        run(path, "out.conll"), 1, f"{path}:2: 1 span not on token bounds: 'John' 0–4 PER in",
        "document 2", "--misaligned expand or drop",
    )  # fmt: skip
    assert not Path("out.conll").exists()
    result = run(path, "out.conll", "--misaligned", "drop")
    assert "spans not on token bounds, dropped: 1" in result.out
    assert "Johnny\tO\n" in Path("out.conll").read_text()
    result = run(path, "out.conll", "--misaligned", "expand", "--force", "--json")
    assert "Johnny\tB-PER\n" in Path("out.conll").read_text()
    assert json.loads(result.out)["problems"] == [
        {
            "kind": "misaligned",
            "document": "2",
            "path": str(path),
            "line": 2,
            "start": 0,
            "end": 4,
            "label": "PER",
            "text": "John",
            "done": "expanded",
        }
    ]


def test_all_misaligned_spans_are_counted_and_some_named(run, write):
    line = '{"text": "Johnny", "label": [[0,4,"PER"]]}\n'
    result = run(write("a.jsonl", line * 30), "out.conll")
    assert_one_line(result, 1, "a.jsonl:1: 30 spans", "document 5 and 25 more")
    result = run(write("a.jsonl", line * 30), "out.conll", "--misaligned", "drop")
    assert "a.jsonl:20: 'John'" in result.out
    assert "  and 10 more; --json lists all\n" in result.out


def test_between_formats_of_characters_spans_stay_unless_asked(run, write):
    path = write("my.jsonl", OFF_BOUNDS)
    result = run(path, "out.jsonl", "--to", "doccano")
    assert "kept as they stand: 1" in result.out
    assert char_spans(Path("out.jsonl"), "doccano")[1] == [(0, 4, "PER")]
    run(path, "out.jsonl", "--to", "doccano", "--misaligned", "expand", "--force")
    assert char_spans(Path("out.jsonl"), "doccano")[1] == [(0, 6, "PER")]
    result = run(path, "out.jsonl", "--to", "doccano", "--misaligned", "error", "--force")
    assert_one_line(result, 1, "my.jsonl:2")


def test_a_span_of_white_space_has_no_token_to_expand_to(run, write):
    path = write("a.jsonl", '{"text": "a  b", "label": [[1,3,"X"]]}')
    result = run(path, "out.conll", "--misaligned", "expand")
    assert "spans not on token bounds, dropped: 1" in result.out


def test_overlapping_spans(run, write):
    path = write("a.jsonl", OVERLAP)
    result = run(path, "out.conll")
    assert_one_line(result, 1, "a.jsonl:1: 2 spans that overlap", "'New York' 0–8 LOC", "drop")
    result = run(path, "out.conll", "--overlapping", "drop")
    assert "spans that overlap with others, dropped: 2" in result.out
    assert Path("out.conll").read_text() == "New\tB-ORG\nYork\tI-ORG\nTimes\tI-ORG\n\n"
    assert_one_line(run(path, "out.txt", "--to", "text"), 1, "a.jsonl:1", "overlap")
    assert run(path, "out.json").code == 0
    assert char_spans(Path("out.json"), "labelstudio") == char_spans(path, "doccano")


def test_a_span_that_is_there_twice_is_taken_once(run, write):
    path = write("a.jsonl", '{"text": "a b", "label": [[0,1,"X"],[0,1,"X"]]}')
    assert "spans that were there twice: 1" in run(path, "out.conll").out


# --- brat


@pytest.fixture
def brat(write) -> Path:
    write("brat/a.txt", "John and\r\nMary Lee sang.\n")
    write("brat/a.ann", "T1\tPER 0 4\tJohn\r\nR1\tknows Arg1:T1 Arg2:T2\nT2\tPER 10 18\tMary Lee\n")
    write("brat/b.txt", "left and right arm")
    write("brat/b.ann", "T1\tORGAN 0 4;15 18\tleft arm\n#1\tAnnotatorNotes T1\tx\n")
    return write("brat/c.txt", "alone").parent


def test_brat_folder(run, brat):
    result = run(brat, "out.conll")
    assert_one_line(result, 1, "b.ann:1: 1 span with gaps", "document b")
    result = run(brat, "out.conll", "--misaligned", "expand")
    assert (
        "left\tB-ORGAN\nand\tI-ORGAN\nright\tI-ORGAN\narm\tI-ORGAN\n"
        in Path("out.conll").read_text()
    )
    assert "spans with gaps, expanded to whole tokens: 1" in result.out
    for note in ("brat's relations: 1", "brat's notes: 1", "without a file of annotations: 1"):
        assert note in result.out
    assert "with gaps, dropped: 1" in run(brat, "x.conll", "--misaligned", "drop").out
    # No other format has gaps, and they are not closed unless asked.
    assert_one_line(run(brat, "x.json"), 1, "with gaps")


@pytest.mark.parametrize("end", [".txt", ".ann"])
def test_brat_pair(run, brat, end):
    assert run(brat / f"a{end}", "out.conll").code == 0
    assert "Mary\tB-PER\nLee\tI-PER\n" in Path("out.conll").read_text()


def test_brat_offsets_of_a_text_that_got_windows_newlines(run, write):
    write("a.txt", "John\r\nMary\r\n")
    path = write("a.ann", "T1\tPER 0 4\tJohn\nT2\tPER 5 9\tMary\n")
    assert run(path, "out.conll").code == 0
    assert Path("out.conll").read_text().count("B-PER") == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("T1\tPER 0 4\tJohn\nT2\tPER 0 4\tMary\n", "a.ann:2: 'John' is at 0–4 in the text, not"),
        ("T1\tPER 0 99\tx\n", "a.ann:1: document a: the span 0–99 (PER) goes past the text's end"),
        ("T1\tPER 4 4\tx\n", "a.ann:1: document a: the span 4–4 (PER) ends before it begins"),
        ("T1 PER 0 4 John\n", "a.ann:1: 'T1 PER 0 4 John' is no annotation of brat"),
        ("T1\tPER 0\tJ\n", "a.ann:1: "),
        ("\0\n", "a.ann:1: a NUL byte"),
    ],
)
def test_bad_brat(run, write, content, message):
    write("a.txt", "John sang")
    assert_one_line(run(write("a.ann", content), "out.conll"), 1, message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("John\ncaf\xe9".encode("latin1"), "a.txt:2: not UTF-8 (byte 4 of the line)"),
        ("John".encode("utf-16"), "a.txt: encoded in UTF-16"),
    ],
)
def test_bad_brat_texts(run, write, content, message):
    write("a.txt", content)
    assert_one_line(run(write("a.ann", "T1\tPER 0 4\tJohn\n"), "out.conll"), 1, message)


def test_brat_without_its_text_or_annotations(run, write, tmp_path):
    assert_one_line(run(write("x/a.ann", ""), "o.conll"), 1, "a.txt: no such file")
    (tmp_path / "empty").mkdir()
    assert_one_line(run(tmp_path / "empty", "o.conll"), 1, "no .ann files in this folder")


def test_brat_folders_are_whole_and_nothing_else_is_lost(run, write, tmp_path):
    path = write("my.jsonl", PRODIGY * 11)
    out = tmp_path / "out"
    assert run(path, out, "--to", "brat").code == 0
    assert (out / "01.ann").read_text().startswith("T1\tPER 0 4\tJohn\n")
    assert "[entities]\nLOC\nORG\nPER\n" in (out / "annotation.conf").read_text()
    assert_one_line(run(path, out, "--to", "brat"), 2, "exists", "--force")
    (out / "mine.py").write_text("")
    assert_one_line(run(path, out, "--to", "brat", "--force"), 2, "mine.py", "another folder")
    (out / "mine.py").unlink()
    # Its own source is a text without annotations, or lies in the folder as something else.
    for name in ("mine.txt", "mine.ann"):
        source = out / name
        source.write_text("John B-PER\n")
        options = ("--from", "conll", "--to", "brat", "--force")
        assert_one_line(run(source, out, *options), 2, "another")
        assert source.read_text() == "John B-PER\n"
        source.unlink()
    assert run(write("one.jsonl", PRODIGY), out, "--to", "brat", "--force").code == 0
    assert sorted(path.name for path in out.iterdir()) == ["1.ann", "1.txt", "annotation.conf"]
    assert_one_line(run(path, "a.ann", "--to", "brat"), 2, "to a folder")
    label = write("l.jsonl", PRODIGY.replace("PER", "my label"))
    assert_one_line(run(label, tmp_path / "x", "--to", "brat"), 1, "'my label'", "cannot hold")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".", "x"))] == []


def test_ids_become_file_names(run, write, tmp_path):
    lines = [
        {"id": name, "text": "a", "label": []} for name in ("../x", "../x", "A", "a", "é" * 99)
    ]
    path = write("a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    assert run(path, tmp_path / "out", "--to", "brat").code == 0
    names = {path.stem for path in (tmp_path / "out").glob("*.txt")}
    assert names == {"_x", "_x-2", "A", "a-2", "é" * 50}


# --- spaCy


def test_spacy_docs(run, tmp_path):
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
    assert run(tmp_path / "a.spacy", "out.conllu").code == 0
    assert "1\tJohn\t_\tPROPN\tNNP\t_\t_\t_\t_\tNER=B-PERSON\n" in Path("out.conllu").read_text()
    (first, second) = load_corpus(str(tmp_path / "a.spacy")).splits["train"]
    assert first["tokens"] == ["John", "sang", "."]
    assert first["upos"] == ["PROPN", "VERB", "PUNCT"]
    assert second["ner"] == ["O", "O"]


def test_what_spacy_reads(run, write, tmp_path):
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    text = "\n John  Lee sang.\n\nHe left. "
    path = write("a.jsonl", json.dumps({"text": text, "label": [[2, 11, "PER"]]}))
    assert run(path, tmp_path / "a.spacy").code == 0
    (doc,) = DocBin().from_disk(tmp_path / "a.spacy").get_docs(Vocab())
    assert doc.text == text
    assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == [(2, 11, "PER")]
    assert [sent.text.strip() for sent in doc.sents] == ["John  Lee sang.", "He left."]


def test_columns_without_known_spaces_stay_so_in_spacy(run, write, tmp_path):
    path = write("a.conll", COLUMNS)
    assert run(path, tmp_path / "a.spacy").code == 0
    assert run(tmp_path / "a.spacy", "back.conll").code == 0
    assert Path("back.conll").read_text() == COLUMNS


def test_nothing_in_a_docbin_is_run(write, tmp_path, monkeypatch, run):
    """What users stored is not even unpacked, whatever is in it."""
    import pickle

    class Evil:
        def __reduce__(self):
            return (Path(tmp_path / "run").touch, ())

    assert run(write("a.jsonl", PRODIGY), tmp_path / "a.spacy").code == 0
    content = msgspec.msgpack.decode(zlib.decompress((tmp_path / "a.spacy").read_bytes()))
    bad = pickle.dumps(Evil())
    content["user_data"] = [bad]
    content["cats"] = [{"nd": True, "kind": "O", "type": "O", "shape": [1], "data": bad}]
    path = write("evil.spacy", zlib.compress(msgspec.msgpack.encode(content)))
    assert run(path, "out.conll").code == 0
    assert not (tmp_path / "run").exists()


def test_bad_docbins(run, write, tmp_path):
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

    DocBin(docs=[Doc(Vocab(), words=["a", "b"])]).to_disk(tmp_path / "none.spacy")
    assert_one_line(
        run(tmp_path / "none.spacy", "o.conll"), 1, "none.spacy: a DocBin without entities"
    )
    assert run(write("a.jsonl", PRODIGY), tmp_path / "a.spacy").code == 0
    good = (tmp_path / "a.spacy").read_bytes()
    unpacked = zlib.decompress(good)
    for i, content in enumerate(
        [b"", b"x", good[:-20], zlib.compress(unpacked[:-30]), zlib.compress(b"\x80"),
         zlib.compress(unpacked.replace(b"John", b"Jim ")), zlib.compress(b"\x93" * 5000)]
    ):  # fmt: skip
        path = write(f"bad{i}.spacy", content)
        assert_one_line(run(path, "o.conll"), 1, f"bad{i}.spacy: no spaCy DocBin, or a damaged one")
    assert not Path("o.conll").exists()


# --- text with brackets


@pytest.mark.parametrize(
    ("line", "text", "spans"),
    [
        ("[John](PER) works", "John works", [(0, 4, "PER")]),
        ("see [1] and [Ann](PER)", "see [1] and Ann", [(12, 15, "PER")]),
        (r"see \[a\](b) [Ann](A\)B)", "see [a](b) Ann", [(11, 14, "A)B")]),
        (r"C:\new \\server [x\\](Y)", "C:\\new \\\\server x\\", [(16, 18, "Y")]),
        ("[[x](Y)]", "[x]", [(1, 2, "Y")]),
        ("", "", []),
    ],
)
def test_brackets(write, line, text, spans):
    path = write("a.txt", line + "\n")
    (document,) = documents(path, "text")
    assert document.text == text
    assert [span[:3] for span in document.chars] == spans


def test_bad_brackets(run, write):
    path = write("a.txt", "[a](X)\nb](X)\n")
    assert_one_line(run(path, "o.conll"), 1, "a.txt:2: '](' without '[' before it", r"\[ and \]")
    path = write("a.txt", "[a](X)\n[](X)\n")
    assert_one_line(run(path, "o.conll"), 1, "a.txt:2: an empty span")


def test_line_ends_within_a_text_become_spaces_and_are_counted(run, write):
    path = write("a.jsonl", '{"text": "a\\r\\nb", "label": [[3,4,"X"]]}')
    result = run(path, "o.txt", "--to", "text")
    assert Path("o.txt").read_text() == "a  [b](X)\n"
    assert "line ends within texts, written as spaces: 2" in result.out


def test_columns_become_a_sentence_a_line(run, write):
    path = write("a.conll", "-DOCSTART- O\n\n" + COLUMNS.replace("\t", " "))
    assert run(path, "o.txt", "--to", "text").code == 0
    assert Path("o.txt").read_text() == (
        "[John](PER) works at [Apple](ORG).\nHe left [New York](LOC) for [Berlin](LOC)!\n"
    )


# --- heads


def test_heads_beside_entities(run, write):
    content = "a\tNOUN\tB-NP\tB-X\nb\tVERB\tB-VP\tO\n\n"
    path = write("a.conll", content)
    assert run(path, "o.conll").code == 0
    assert Path("o.conll").read_text() == content
    result = run(path, "o.conllu")
    assert "1\ta\t_\tNOUN\t_\t_\t_\t_\t_\tNER=B-X\n" in Path("o.conllu").read_text()
    assert "spans of the head chunk, which the format cannot hold: 2" in result.out
    result = run(path, "o.jsonl", "--to", "prodigy")
    assert "tags of the head upos, which the format cannot hold: 2" in result.out
    assert run(path, "o2.jsonl", "--to", "jsonl").code == 0
    assert json.loads(Path("o2.jsonl").read_text()) == {
        "tokens": ["a", "b"], "upos": ["NOUN", "VERB"], "chunk": ["B-NP", "B-VP"],
        "ner": ["B-X", "O"],
    }  # fmt: skip


def test_repairs_are_counted(run, write):
    path = write("a.conll", "a\tB-X\nb\tI-X\nc\tO\n\nd\tO\ne\tI-X\nf\tB-X\n\n" * 3)
    result = run(path, "o.conll")
    assert (
        f"ner tags outside their scheme, which begin a span (the first at {path}:6): 3"
        in result.out
    )


def test_columns_by_name(run, write):
    path = write("a.tsv", "x\ta\tB-X\ny\tb\tO\n")
    assert run(path, "o.conll", "--columns", "-,token,ner").code == 0
    assert Path("o.conll").read_text() == "a\tB-X\nb\tO\n\n"
    result = run(write("a.jsonl", PRODIGY), "p.conll", "--columns", "token,ner")
    assert_one_line(result, 2, "--columns is for conll")


# --- what is refused


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("a.jsonl", PRODIGY + PRODIGY[:50], ["a.jsonl:2: not a JSON object a line", "cut off"]),
        ("a.json", "[\n" + PRODIGY + ",\n" + PRODIGY[:50], ["a.json:4: the JSON is cut off"]),
        ("a.json", "[\n" + PRODIGY + ",", ["a.json:3: the JSON is cut off"]),
        ("a.json", "[\n" + PRODIGY + "x", ["a.json:3: 'x' where"]),
        ("a.json", "[\n" + PRODIGY + "] x", ["a.json:3: more after the end"]),
        ("a.json", "[1]", ["a.json:1: 1 where the JSON object"]),
        ("a.jsonl", PRODIGY + "[" * 9000, ["a.jsonl:2: not a JSON object"]),
        ("a.json", "[" + "[" * 90000, ["a.json:1: "]),
        ("a.jsonl", PRODIGY + '{"text": 1}', ["a.jsonl:2: no string under 'text'"]),
        ("a.jsonl", PRODIGY + '"x"', ["a.jsonl:2: 'x' where"]),
        ("a.json", '[{"text": "a\\ud800b", "spans": []}]', [":1: half a surrogate"]),
        ("a.jsonl", '{"text": "ab", "tokens": [{"start": 1, "end": 3}]}', [":1:", "the token"]),
        ("a.jsonl", '{"body": "ab"}', [":1: JSON with 'body'", "--from"]),
        ("a.jsonl", "", ["the file has no documents"]),
        ("a.jsonl", "\n\n", ["the file has no documents"]),
        ("a.json", "[]", ["the file has no documents"]),
        ("a.jsonl", '{"text": " ", "spans": []}', ["nothing to convert"]),
        ("a.json", json.dumps([label_studio("ab", [region(0, 1, "b")])]), ["but 'b' in the"]),
        ("a.json", '[{"data": {}, "annotations": []}]', [":1: task 1: no string under data.text"]),
        ("a.json", '[{"data": {"text": "a"}, "annotations": [{"result": [1]}]}]', ["no object"]),
        ("a.conll", "", ["a.conll: the file has no sentences"]),
        ("a.conll", "a\tO\nb\n", ["a.conll:2: 1 column where 2"]),
        ("a.conllu", "1\ta\n", ["a.conllu:1: 2 columns where CoNLL-U has 10"]),
        ("a.txt", "", ["its format cannot be told", "--from", "prodigy"]),
        ("a.txt", "some plain text\nof no format at all\n", ["its format cannot be told"]),
        ("a.jsonl", b"\xff\xfe\x00", ["UTF-16"]),
        ("a.jsonl", "{\"text\": \"caf\xe9\"}".encode("latin1"), ["a.jsonl:1", "UTF-8"]),
        ("a.conll", b"\xfd7zXZ", ["unxz"]),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_errors(run, write, name, content, parts):
    path = write(name, content)
    before = sorted(Path.cwd().iterdir())
    result = run(path, "out.jsonl", "--to", "prodigy")
    assert_one_line(result, 2 if "told" in parts[0] else 1, str(path), *parts)
    assert sorted(Path.cwd().iterdir()) == before


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ('[[0, 9, "X"]]', "document 1: the span 0–9 (X) goes past the text's end at 2"),
        ('[[1, 1, "X"]]', "document 1: the span 1–1 (X) ends before it begins, or is empty"),
        ('[[2, 1, "X"]]', "document 1: the span 2–1 (X) ends before it begins, or is empty"),
        ('[[-1, 1, "X"]]', "document 1: the span -1–1 (X)"),
        ("[[0, 1, 3]]", "document 1: the span 0–1 has the label 3; write its name"),
        ('[[0, 1, ""]]', "document 1: the span 0–1 has the label ''; write its name"),
        ('[[0.0, 1, "X"]]', "document 1: a span from 0.0 to 1, no whole numbers"),
        ('[[true, 2, "X"]]', "document 1: a span from True to 2, no whole numbers"),
        ('[{"start": 0}]', "document 1: a span from 0 to None, no whole numbers"),
        ('[{"start": 0, "end": 1, "label": null}]', "document 1: the span 0–1 has the label None"),
        ('[{"start": 0, "end": 1, "label": "\\ud800"}]', "half a surrogate pair"),
        ('[[1, "X"]]', "span 1 is not [start, end, label] but [1, 'X']"),
        ('["positive"]', "span 1 is not [start, end, label] but 'positive'"),
        ('"positive"', "'label' is not a list of spans"),
    ],
)
def test_bad_spans_are_one_line_errors(run, write, spans, message):
    path = write("a.json", f'[{{"text": "a"}},\n{{"text": "ab", "label": {spans}}}]')
    message = message.replace("document 1", "document 2")
    assert_one_line(run(path, "out.conll"), 1, f"error: {path}:2: {message}")
    assert not Path("out.conll").exists()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["o.conll", "--from", "prodgy"], ["unknown format 'prodgy'", "'prodigy'", "labelstudio"]),
        (["o.conll", "--to", "iob"], ["unknown format 'iob'", "conll, conllu, jsonl"]),
        (["o.jsonl"], [".jsonl leaves the format open", "jsonl, prodigy, doccano"]),
        (["o.ndjson"], [".ndjson leaves the format open", "jsonl, prodigy, doccano"]),
        (["o.txt"], ["conll, text"]),
        (["o.ann"], ["name a folder"]),
        (["o.xyz"], ["its name tells no format", "--to", "conll, conllu", "text"]),
        (["o.conll", "--scheme", "BIOS"], ["unknown scheme 'BIOS'"]),
        (["o.spacy", "--scheme", "BIO"], ["--scheme is for conll, conllu, jsonl"]),
        (["o.conll", "--misaligned", "expnd"], ["--misaligned", "'expand'"]),
        (["o.conll", "--overlapping", "x"], ["--overlapping", "error, drop"]),
        (["no/o.conll"], ["there is no folder no"]),
        ([".", "--to", "conll"], ["is a folder"]),
    ],
)
def test_mistakes(run, write, arguments, parts):
    assert_one_line(run(write("my.jsonl", PRODIGY), *arguments), 2, *parts)
    assert list(Path.cwd().iterdir()) == []


def test_what_is_there_is_replaced_with_force_alone(run, write):
    path = write("my.jsonl", PRODIGY)
    Path("o.conll").write_text("mine")
    assert_one_line(run(path, "o.conll"), 2, "o.conll: exists", "--force")
    assert Path("o.conll").read_text() == "mine"
    assert run(path, "o.conll", "--force").code == 0
    assert run(path, path, "--to", "doccano", "--force").code == 0
    assert char_spans(path, "doccano") == [SPANS]


def test_files_that_cannot_be_read_or_written(run, write, monkeypatch):
    path = write("my.jsonl", PRODIGY)
    assert_one_line(run("none.jsonl", "o.conll"), 1, "none.jsonl: no such file")

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)
        assert_one_line(run(path, "o.conll"), 1, "no permission to read it")
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", refuse)
        assert_one_line(run(path, "o.conll"), 1, "o.conll: permission denied")
    assert list(Path.cwd().iterdir()) == []


def test_a_token_that_columns_take_for_a_mark(run, write):
    path = write("a.jsonl", '{"tokens": ["-DOCSTART-"], "ner": ["O"]}')
    assert_one_line(
        run(path, "o.conll"), 1, "a.jsonl:1: document 1:", "has '-DOCSTART-' in it", "cannot hold"
    )


@pytest.mark.parametrize(
    ("text", "label", "name"),
    [
        ("a\0b", "X", "conll"),
        ("a\0b", "X", "text"),
        ("abc", "a\tb", "conll"),
        ("abc", "a|b", "conllu"),
        ("abc", "a\nb", "text"),
    ],
)
def test_what_a_format_cannot_hold(run, write, text, label, name):
    end = len(text)
    path = write("a.jsonl", json.dumps({"text": text, "label": [[0, end, label]]}))
    result = run(path, "o.x", "--to", name, "--misaligned", "expand")
    assert_one_line(result, 1, "a.jsonl:1: document 1:", "cannot hold", "--to")


# --- in a corpus


def test_training_on_an_export_says_what_became_of_spans(write):
    path = write("my.jsonl", OFF_BOUNDS + OVERLAP)
    for _ in range(2):  # read, and then from the cache
        corpus = load_corpus(str(path))
        assert corpus.layout.describe() == (
            "Prodigy's JSON lines: ner; 1 span off token bounds expanded to whole tokens, the "
            f"first at {path}:2: 'John' 0–4 PER in document 2; 2 spans dropped, as they overlap "
            f"with longer ones, the first at {path}:3: 'New York' 0–8 LOC in document 3"
        )
    rows = list(corpus.splits["train"])
    assert [(row["document"], row["line"]) for row in rows] == [(0, 1), (0, 1), (1, 2), (2, 3)]
    assert rows[2]["ner"] == ["B-PER", "O", "O"]
    with pytest.raises(FormatError, match=r"my.jsonl:2: 1 span not .* leave out --strict"):
        load_corpus(str(path), strict=True)


def test_documents_are_aligned_once_a_pass(write, monkeypatch):
    aligned = []
    original = Aligner.align
    monkeypatch.setattr(Aligner, "align", lambda *of: aligned.append(1) or original(*of))
    path = write("my.jsonl", PRODIGY)
    for n in (3, 0):  # heads and spans, schemes and counts, sentences; then the cache
        load_corpus(str(path), strict=True)
        assert len(aligned) == n
        aligned.clear()
    assert load_corpus(str(path)).layout.format == "documents"
    again = write("elsewhere/my.jsonl", PRODIGY)
    load_corpus(str(again))  # what is said of its spans names the path
    assert len(aligned) == 1


def test_strict_names_overlaps(write):
    with pytest.raises(FormatError, match=r"my.jsonl:1: 2 spans that overlap .* out --strict"):
        load_corpus(str(write("my.jsonl", OVERLAP)), strict=True)


def test_splits_of_documents(write, tmp_path, run):
    folder = write("c/train.jsonl", PRODIGY).parent
    write("c/dev.jsonl", PRODIGY)
    assert set(load_corpus(str(folder)).splits) == {"train", "dev"}
    (tmp_path / "s").mkdir()
    for split in ("train", "test"):
        assert run(folder / "train.jsonl", tmp_path / "s" / f"{split}.spacy").code == 0
        (tmp_path / "b").mkdir(exist_ok=True)
        assert run(folder / "train.jsonl", tmp_path / "b" / split, "--to", "brat").code == 0
    for name in "sb":
        splits = load_corpus(str(tmp_path / name)).splits
        assert {split: len(rows) for split, rows in splits.items()} == {"train": 2, "test": 2}
    corpus = load_corpus(str(tmp_path / "b" / "train"))
    assert corpus.name == "train"
    assert len(corpus.splits["train"]) == 2
    both = f"train={folder / 'train.jsonl'},dev={tmp_path / 's' / 'test.spacy'}"
    assert load_corpus(both).layout.describe() == "Prodigy's JSON lines and spaCy's DocBin: ner"


@pytest.mark.parametrize("suffix", [".ndjson", ".JSONL"])
@pytest.mark.parametrize("content", [PRODIGY, '{"tokens": ["a", "b"], "ner": ["B-X", "O"]}\n'])
def test_json_lines_by_any_suffix(write, suffix, content):
    folder = write(f"c/train{suffix}", content).parent
    rows = list(load_corpus(str(folder)).splits["train"])
    assert rows == list(load_corpus(str(folder / f"train{suffix}")).splits["train"])
    assert rows[0]["ner"][0].startswith("B-")


def test_the_help_names_all_formats(run):
    text = run("--help").out
    assert all(name in text for name in FORMATS)


def test_a_head_that_only_one_file_has(write, tmp_path, run):
    train = write("train.conll", "a\tNOUN\tB-X\nb\tVERB\tO\n\n")
    assert run(train, tmp_path / "train.spacy").code == 0
    dev = write("dev.jsonl", PRODIGY)
    corpus = load_corpus(f"{tmp_path / 'train.spacy'},{dev}")
    assert corpus.splits["train"][0]["upos"] == ["NOUN", "VERB"]
    assert corpus.splits["dev"][0]["upos"] == [None] * 5


def test_a_changed_folder_is_read_again(brat):
    assert len(load_corpus(str(brat)).splits["train"]) == 2
    (brat / "c.ann").write_text("")
    assert len(load_corpus(str(brat)).splits["train"]) == 3


def test_options_that_documents_do_not_have(write):
    path = str(write("my.jsonl", PRODIGY))
    with pytest.raises(UsageError, match="columns cannot be given for documents"):
        load_corpus(path, columns="token,ner")
    mixed = f"train={path},dev={write('a.conll', COLUMNS)}"
    with pytest.raises(UsageError, match=r"a.conll: holds sentences.*tagger convert"):
        load_corpus(mixed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PRODIGY + PRODIGY[:40], ":2: not a JSON object a line"),
        ('{"text": "a", "label": [[0, 5, "X"]]}', ":1: document 1"),
        ('{"text": "", "spans": []}', ": the file has no sentences"),
    ],
)
def test_errors_in_a_corpus_have_path_and_line(write, content, message):
    path = write("train.jsonl", content)
    with pytest.raises(FormatError, match="^" + str(path) + message):
        load_corpus(str(path))


def test_columns_with_brackets_are_columns_still(write):
    content = "[a](b)\tO\nc\tB-X\n\n" * 3
    assert len(sentences(write("train.txt", content))) == 3


# --- round trips

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


# --- whatever the bytes


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> dict[str, Path]:
    """The same documents in each format."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "in.jsonl").write_text(PRODIGY)
    for name in FORMATS:
        convert(folder / "in.jsonl", folder / name, target_format=name)
    return {name: folder / name for name in FORMATS}


@pytest.mark.parametrize("name", list(FORMATS))
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


def test_what_predict_says_of_tokens_is_kept(run, write):
    token = {"text": "Ann", "start": 0, "end": 3, "upos": "PROPN"}
    path = write("predicted.jsonl", json.dumps({"text": "Ann", "tokens": [token]}) + "\n")
    assert run(path, "out.conll").code == 0
    assert Path("out.conll").read_text() == "Ann\tPROPN\n\n"
    assert "tags of the head upos, which the format cannot hold: 1" in run(path, "o.json").out


def test_entities_that_people_mended_are_those_of_the_spans(run, write):
    token = {"text": "Ann", "start": 0, "end": 3, "ner": "B-PER", "upos": "PROPN"}
    document = {"text": "Ann", "tokens": [token]}
    mended = [{"start": 0, "end": 3, "label": "NAME"}]
    lines = [{**document, "entities": mended}, {**document, "entities": []}]
    path = write("mended.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    assert run(path, "out.conll").code == 0
    assert Path("out.conll").read_text() == "Ann\tPROPN\tB-NAME\n\nAnn\tPROPN\tO\n\n"
    rows = load_corpus(str(path)).splits["train"]
    assert [row["ner"] for row in rows] == [["B-NAME"], ["O"]]
