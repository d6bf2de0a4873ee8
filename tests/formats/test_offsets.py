"""JSON by offsets: Prodigy, doccano, and the output of ``tagger predict``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tagger.corpus.conversion import convert
from tagger.errors import FormatError
from tests.helpers.commands import assert_one_line
from tests.helpers.formats import (
    COLUMNS,
    PRODIGY,
    SPANS,
    TEXT,
    char_spans,
    label_studio,
    region,
    sentences,
)
from tests.helpers.formats import (
    documents as documents_of,
)


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
def test_kinds_of_exports(run_convert, write, name, content):
    path = write(name, content)
    assert run_convert(path, "out.conll").code == 0
    assert Path("out.conll").read_text().endswith(COLUMNS)
    corpus = load_corpus(str(path))
    (first, second) = corpus.splits["train"]
    assert first["ner"] == ["B-PER", "O", "O", "B-ORG", "O"]
    assert second["space_after"] == [True] * 5 + [False, True]
    assert corpus.main_heads == ("ner",)


def test_prodigy_tokens_and_answers(run_convert, write):
    tokens = [
        {"text": t, "start": s, "end": s + len(t)} for t, s in (("ab", 0), ("c", 2), (" ", 3))
    ]
    lines = [
        {"text": "abc d", "tokens": [*tokens, {"start": 4, "end": 5}], "spans": []},
        {"text": "no", "spans": [], "answer": "reject"},
        {"text": "x", "spans": [{"start": 0, "end": 1, "label": "A"}], "answer": "accept"},
    ]
    path = write("a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    result = run_convert(path, "out.conll")
    assert Path("out.conll").read_text() == "ab\tO\nc\tO\nd\tO\n\nx\tB-A\n\n"
    assert "a.jsonl:2: example answered with 'reject' (ignored)" in result.out


def test_what_predict_prints_as_json(write):
    from tagger.runtime.results import Document as Answer
    from tagger.runtime.results import Entity, Token

    tokens = [Token("a.b", 0, 3, {"ner": "B-X"}), Token("c", 4, 5, {"ner": "O"})]
    answer = Answer("a.b c", tokens, [Entity("a.b", "X", 0, 3, 0, 1)], [(0, 1), (1, 2)])
    assert sentences(write("a.jsonl", answer.to_json())) == [(["a.b"], ["B-X"]), (["c"], ["O"])]


def test_offsets_that_count_utf16_units(run_convert, write):
    """Label Studio tells by the covered text, doccano by the bounds of words."""
    text = "😀 Kim 👍🏽 and Lee"
    start = len(text[: text.index("Lee")].encode("utf-16-le")) // 2
    task = label_studio(text, [region(3, 6, "Kim"), region(start, start + 3, "Lee")])
    path = write("a.json", json.dumps([task]))
    result = run_convert(path, "out.jsonl", "--to", "doccano")
    assert char_spans(Path("out.jsonl"), "doccano") == [[(2, 5, "PER"), (13, 16, "PER")]]
    assert "UTF-16" in result.out
    path = write(
        "b.jsonl", json.dumps({"text": text, "label": [[3, 6, "A"], [start, start + 3, "B"]]})
    )
    assert char_spans(path, "doccano") == [[(2, 5, "A"), (13, 16, "B")]]
    path = write("c.jsonl", json.dumps({"text": text, "label": [[2, 5, "A"]]}))
    assert char_spans(path, "doccano") == [[(2, 5, "A")]]


@pytest.mark.parametrize(
    ("spans", "what"),
    [
        ('[[0, 9, "X"]]', "document 2: the span 0–9 (X) ends after the text"),
        ('[[1, 1, "X"]]', "document 2: the span 1–1 (X) ends before it begins, or is empty"),
        ('[[2, 1, "X"]]', "document 2: the span 2–1 (X) ends before it begins, or is empty"),
        ('[[-1, 1, "X"]]', "document 2: the span -1–1 (X)"),
        ("[[0, 1, 3]]", "document 2: the span 0–1 has the label 3"),
        ('[[0, 1, ""]]', "document 2: the span 0–1 has the label ''"),
        ('[[0.0, 1, "X"]]', "document 2: a span from 0.0 to 1"),
        ('[[true, 2, "X"]]', "document 2: a span from True to 2"),
        ('[{"start": 0}]', "document 2: span 1 without 'start' or 'end'; its keys are 'start'"),
        ('[{"start": 0, "end": 1, "label": null}]', "document 2: the span 0–1 has the label None"),
        ('[{"start": 0, "end": 1, "label": "\\ud800"}]', "half a surrogate pair"),
        ('[[1, "X"]]', "span 1 is not [start, end, label] but [1, 'X']"),
        ('[["positive"]]', "span 1 is not [start, end, label] but ['positive']"),
        ('{"a": "b"}', "'label' is neither a label nor a list of spans"),
    ],
)
def test_bad_spans(write, spans, what):
    path = write("a.json", f'[{{"text": "a"}},\n{{"text": "ab", "label": {spans}}}]')
    with pytest.raises(FormatError) as caught:
        convert(path, "out.conll")
    assert (caught.value.path, caught.value.line) == (str(path), 2)
    assert what in caught.value.message
    assert not Path("out.conll").exists()


def test_what_predict_says_of_tokens_is_kept(run_convert, write):
    token = {"text": "Ann", "start": 0, "end": 3, "upos": "PROPN"}
    path = write("predicted.jsonl", json.dumps({"text": "Ann", "tokens": [token]}) + "\n")
    assert run_convert(path, "out.conll").code == 0
    assert Path("out.conll").read_text() == "Ann\tPROPN\n\n"
    assert "upos tag that the format cannot hold (dropped)" in run_convert(path, "o.json").out


def test_corrected_entities_are_those_of_the_spans(run_convert, write):
    token = {"text": "Ann", "start": 0, "end": 3, "ner": "B-PER", "upos": "PROPN"}
    document = {"text": "Ann", "tokens": [token]}
    corrected = [{"start": 0, "end": 3, "label": "NAME"}]
    lines = [{**document, "entities": corrected}, {**document, "entities": []}]
    path = write("corrected.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    assert run_convert(path, "out.conll").code == 0
    assert Path("out.conll").read_text() == "Ann\tPROPN\tB-NAME\n\nAnn\tPROPN\tO\n\n"
    rows = load_corpus(str(path)).splits["train"]
    assert [row["ner"] for row in rows] == [["B-NAME"], ["O"]]


KIM = "Kim Berg left Oslo."
KIM_SPANS = [(0, 8, "PER"), (14, 18, "LOC")]


@pytest.mark.parametrize("key", ["ents", "annotations", "ner", "entities"])
def test_spans_under_other_keys(write, key):
    spans = [{"start": s, "end": e, "label": label} for s, e, label in KIM_SPANS]
    path = write("a.jsonl", json.dumps({"text": KIM, key: spans, "sents": [], "cats": {}}))
    assert char_spans(path, "prodigy") == [KIM_SPANS]


def test_spans_of_json_min_stand_under_the_name_of_the_control(write):
    spans = [{"start": s, "end": e, "text": KIM[s:e], "labels": [x]} for s, e, x in KIM_SPANS]
    path = write("a.json", json.dumps([{"id": 1, "text": KIM, "my_control": spans}]))
    assert char_spans(path, "prodigy") == [KIM_SPANS]


def test_documents_without_any_spans_are_refused(write):
    path = write("a.jsonl", json.dumps({"text": KIM, "marks": [[0, 8, "PER"]]}) + "\n")
    with pytest.raises(FormatError, match="'marks'") as caught:
        load_corpus(str(path))
    assert (caught.value.path, caught.value.line) == (str(path), 1)
    assert "spans" in caught.value.expected


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Dear all,\r\n\r\nof Kim Berg\r\nmoved to Oslo.\r\nAda", "CRLF as one character"),
        ("Für Kim Berg, später Oslo: Ada", "bytes"),
        ("😀 for Kim Berg, 👍🏽 Oslo: Ada", "UTF-16 units"),
    ],
)
def test_offsets_that_count_something_else(write, text, unit):
    names = ["Kim Berg", "Oslo", "Ada"]
    encode = {
        "CRLF as one character": lambda part: len(part.replace("\r\n", "\n")),
        "bytes": lambda part: len(part.encode()),
        "UTF-16 units": lambda part: len(part.encode("utf-16-le")) // 2,
    }[unit]
    starts = [encode(text[: text.index(name)]) for name in names]
    spans = [[at, at + encode(name), "X"] for at, name in zip(starts, names, strict=True)]
    path = write("a.jsonl", json.dumps({"text": text, "label": spans}) + "\n")
    ((*found,),) = char_spans(path, "doccano")
    assert [text[start:end] for start, end, _ in found] == names
    (finding,) = load_corpus(str(path)).findings
    assert finding.kind == f"offsets count {unit}"


def test_a_file_whose_spans_are_all_off_is_refused(write):
    """Their ends are inclusive."""
    line = json.dumps({"text": KIM, "label": [[0, 7, "PER"]]}) + "\n"
    with pytest.raises(FormatError, match="3 of 3 spans") as caught:
        load_corpus(str(write("a.jsonl", line * 3)))
    assert "exclusive" in caught.value.hint


UNITS = {
    "CRLF as one character": ("Dear all,\r\n", lambda part: len(part.replace("\r\n", "\n"))),
    "bytes": ("Für alle: ", lambda part: len(part.encode())),
    "UTF-16 units": ("😀 all: ", lambda part: len(part.encode("utf-16-le")) // 2),
}


def drifted(unit: str, before: str = "") -> tuple[str, list[tuple[int, int, str]]]:
    """Return a text, and its spans as they are counted in a unit."""
    greeting, length = UNITS[unit]
    text = f"{before}{greeting}for Kim Berg, and Oslo: Ada"
    places = [(text.index(name), name) for name in ("Kim Berg", "Oslo", "Ada")]
    found = [(length(text[:at]), length(text[: at + len(name)])) for at, name in places]
    return text, [(start, end, "X") for start, end in found]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("form", ["doccano", "objects", "labelstudio", "spacy2", "brat"])
def test_what_a_file_counts_is_found_once(write, tmp_path, unit, form):
    """A slip in one document, or a document that fits by chance, does not keep the others off."""
    plain = ("Kim Berg left Oslo", [(0, 8, "X"), (14, 18, "X")])
    slip = ("Für Kim 😀 Berg\r\nleft", [(4, 7, "X")])
    documents = [plain, slip, *[drifted(unit, f"{i} ") for i in range(5)]]
    names = ["Kim Berg", "Oslo", "Ada"]
    if form == "brat":
        for number, (text, spans) in enumerate(documents):
            write(f"d/{number}.txt", text.encode())
            covered = names if number > 1 else [text[start:end] for start, end, _ in spans]
            if number == 1:
                spans = []
            write(
                f"d/{number}.ann",
                "".join(
                    f"T{i}\tX {start} {end}\t{name}\n"
                    for i, ((start, end, _), name) in enumerate(zip(spans, covered, strict=False))
                ),
            )
        path = tmp_path / "files" / "d"
    elif form == "spacy2":
        path = write("a.json", json.dumps([[text, {"entities": s}] for text, s in documents]))
    elif form == "labelstudio":
        tasks = [
            label_studio(text, [
                {"type": "labels", "value": {"start": s, "end": e, "labels": [x]}}
                for s, e, x in spans
            ])
            for text, spans in documents
        ]  # fmt: skip
        path = write("a.json", json.dumps(tasks))
    else:
        key, make = "label", list
        if form == "objects":
            key, make = (
                "entities",
                lambda one: dict(zip(("start", "end", "label"), one, strict=True)),
            )
        lines = [json.dumps({"text": t, key: [make(one) for one in s]}) for t, s in documents]
        path = write("a.jsonl", "\n".join(lines))
    name = {"objects": "prodigy"}.get(form, form)
    found = documents_of(path, name)
    for document in found[2:]:
        text = document.text or ""
        assert [text[span.start : span.end] for span in sorted(document.chars)] == names
    (finding,) = [one for one in load_corpus(str(path)).findings if "count" in one.kind]
    assert finding.kind == f"offsets count {unit}"
    assert finding.count >= 5


def test_a_slip_of_an_annotator_is_not_another_unit(write):
    """Most spans after the first umlaut fit as characters."""
    right = {"text": "Für Kim Berg", "label": [[4, 7, "X"]]}
    slip = {"text": "Für Kim", "label": [[5, 8 - 1, "X"]]}
    path = write("a.jsonl", "\n".join(map(json.dumps, [right, right, slip])))
    assert char_spans(path, "doccano") == [[(4, 7, "X")]] * 2 + [[(5, 7, "X")]]


def test_most_spans_off_are_not_expanded_on_demand(run_convert, write):
    line = json.dumps({"text": KIM, "label": [[0, 7, "PER"]]}) + "\n"
    path = write("a.jsonl", line * 3)
    result = run_convert(path, "o.conll", "--misaligned", "expand")
    assert_one_line(result, 1, "3 of 3 spans are off token bounds", "exclusive")
    assert run_convert(path, "o.conll", "--misaligned", "drop").code == 0


@pytest.mark.parametrize(
    "keys",
    [("start_char", "end_char", "type"), ("begin", "end", "category"), ("from", "to", "label")],
)
@pytest.mark.parametrize("key", ["sentence", "content", "text"])
def test_other_names_of_texts_and_bounds(write, key, keys):
    spans = [dict(zip(keys, span, strict=True)) for span in KIM_SPANS]
    path = write("a.jsonl", json.dumps({key: KIM, "entities": spans}))
    assert char_spans(path, "prodigy") == [KIM_SPANS]
    assert len(load_corpus(str(path)).splits["train"]) == 1


def test_the_text_of_json_min_stands_under_any_key(write):
    spans = [{"start": s, "end": e, "text": KIM[s:e], "labels": [x]} for s, e, x in KIM_SPANS]
    record = {"id": 1, "annotator": "ann", "review": KIM, "my_control": spans}
    path = write("a.json", json.dumps([record]))
    assert char_spans(path, "prodigy") == [KIM_SPANS]
    assert len(load_corpus(str(path)).splits["train"]) == 1


def test_labels_in_lists(write):
    spans = [{"start": s, "end": e, "label": [x]} for s, e, x in KIM_SPANS]
    assert char_spans(write("a.jsonl", json.dumps({"text": KIM, "spans": spans})), "prodigy") == [
        KIM_SPANS
    ]
