"""Files as people have them, with the right answer beside them in ``tests/cases``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tagger.corpus.conversion import convert
from tagger.errors import FormatError
from tagger.schemes import Scheme, spans

CASES = Path(__file__).parents[1] / "cases"
KIM = ["[Kim Berg](PER) left Oslo."]


def texts(path: Path, tmp_path: Path, **options: str) -> list[str]:
    """Return the texts of a file, with their spans in brackets."""
    target = tmp_path / "texts"
    convert(path, target, target_format="text", force=True, **options)
    return [line.strip() for line in target.read_text().splitlines()]


def entities(path: Path) -> list[list[tuple[str, str]]]:
    """Return the entities of each sentence of a corpus."""
    return [
        [
            (" ".join(row["tokens"][start:end]), label)
            for start, end, label in spans([tag or "O" for tag in row["ner"]], Scheme.BIO)
        ]
        for row in load_corpus(str(path)).splits["train"]
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("17-hf-ids-gliner-dygie/arr.json", ["[Kim](PER) left", "Rain fell"]),
        ("17-hf-ids-gliner-dygie/gliner.json", ["[Kim Berg](PER) left [Oslo](LOC)"]),
        ("18-spacy-v2-and-other-json/newdoccano.jsonl", KIM),
        ("18-spacy-v2-and-other-json/olddoccano.jsonl", KIM),
        ("18-spacy-v2-and-other-json/spacyv2docs.json", ["[Kim](PER) left"]),
        ("18-spacy-v2-and-other-json/tecoholic.json", KIM),
        (
            "18-spacy-v2-and-other-json/v2.json",
            ["[Kim Berg](PER) left [Oslo](LOC).", "Rain fell."],
        ),
        ("19-brat-newline-gap/docs", ["The [Royal Danish Bank](ORG) opened. Rain fell."]),
        (
            "19-brat-newline-gap/crlf",
            ["The [Royal Danish Bank](ORG) opened. Rain fell on [Oslo](LOC)."],
        ),
        ("20-webanno-tsv/a.tsv", ["[Kim Berg](PER) left [Oslo](LOC). Rain fell."]),
        ("21-labelstudio-odd/c.json", KIM),
        ("21-labelstudio-odd/g.json", KIM),
        ("22-json-unknown-span-key/annotations.jsonl", KIM * 4),
        ("25-sentence-per-line-formats/inline.xml", ["[Kim Berg](PER) sings in [Oslo](LOC)."] * 3),
        (
            "25-sentence-per-line-formats/opennlp.train",
            ["[Kim Berg](person) sings in [Oslo](location)."] * 3,
        ),
        (
            "25-sentence-per-line-formats/wikiner.iob",
            ["[Kim Berg](PER) sings.", "Rain fell in [Oslo](LOC)."] * 3,
        ),
    ],
)
def test_the_right_answer(tmp_path, name, expected):
    assert texts(CASES / name, tmp_path) == expected
    found = entities(CASES / name)
    assert sum(map(len, found)) == "".join(expected).count("](")


def test_spans_of_a_document_that_spacy_wrote(tmp_path):
    found = texts(CASES / "22-json-unknown-span-key/spacy_tojson.jsonl", tmp_path)
    assert found[:3] == [
        "[Kim Berg](PER) left [Oslo](LOC).",
        "[Ada](PER) sang in [Rome](LOC).",
        "Rain fell.",
    ]


def test_nested_spans_are_named(tmp_path):
    path = CASES / "19-brat-newline-gap/nested"
    with pytest.raises(FormatError) as caught:
        texts(path, tmp_path)
    assert caught.value.line == 2
    assert "overlapping" in (caught.value.hint or "")
    assert texts(path, tmp_path, overlapping="drop") == ["The [Bank of Oslo](ORG) opened."]


def test_inclusive_ends_are_refused(tmp_path):
    with pytest.raises(FormatError) as caught:
        load_corpus(str(CASES / "22-json-unknown-span-key/inclusive.jsonl"))
    assert "exclusive" in (caught.value.hint or "")


def test_predictions_alone_are_refused(tmp_path):
    with pytest.raises(FormatError, match="only predictions") as caught:
        texts(CASES / "21-labelstudio-odd/d.json", tmp_path)
    assert caught.value.line == 1


def test_white_space_in_a_span_is_removed():
    assert entities(CASES / "21-labelstudio-odd/a.json") == [[("Kim Berg", "PER")]]


def record(start: int, end: int, answer: str = "accept", **more: object) -> str:
    spans = [{"start": start, "end": end, "label": "PER"}]
    text = {"text": "Kim Berg met Ada in Oslo.", "spans": spans, "answer": answer}
    return json.dumps({**text, **more}) + "\n"


KIM_SPAN, ADA_SPAN = (0, 8), (13, 16)
KIM_AND_ADA = ["B-PER", "I-PER", "O", "B-PER", "O", "O", "O"]
UNKNOWN_ADA = ["B-PER", "I-PER", "O", None, "O", "O", "O"]


@pytest.mark.parametrize(
    ("content", "tags"),
    [
        (record(*KIM_SPAN, _input_hash=1) + record(*ADA_SPAN, _input_hash=1), KIM_AND_ADA),
        (record(*KIM_SPAN) + record(*ADA_SPAN), KIM_AND_ADA),
        (record(*KIM_SPAN) + record(*KIM_SPAN), ["B-PER", "I-PER", "O", "O", "O", "O", "O"]),
        (record(*KIM_SPAN) + record(*ADA_SPAN, answer="reject"), UNKNOWN_ADA),
        (record(*ADA_SPAN, answer="ignore") + record(*KIM_SPAN), UNKNOWN_ADA),
        (
            record(0, 3, _session_id="a") + record(*KIM_SPAN, _session_id="b"),
            [None, None, "O", "O", "O", "O", "O"],
        ),
        (
            record(*KIM_SPAN, _session_id="a", _view_id="ner")
            + record(*ADA_SPAN, _session_id="b", _view_id="ner"),
            KIM_AND_ADA,
        ),
    ],
)
def test_records_of_one_text_are_merged(write, content, tags):
    corpus = load_corpus(str(write("a.jsonl", content)))
    assert list(corpus.splits["train"]["ner"]) == [tags]
    kinds = {finding.kind for finding in corpus.findings}
    assert kinds <= {
        "further record of a text",
        "span answered with 'reject'",
        "span answered with 'ignore'",
        "span on which annotators disagree",
        "tag that is not known",
    }
    assert kinds


def test_two_annotators(tmp_path):
    path = CASES / "22-json-unknown-span-key/twoann.jsonl"
    report = convert(path, tmp_path / "a.conll")
    assert "span on which annotators disagree" in [finding.kind for finding in report.findings]
    assert (tmp_path / "a.conll").read_text().splitlines()[:2] == ["Kim\t?", "Berg\t?"]


V2 = [["Kim left.", {"entities": [[0, 3, "PER"]]}], ["Rain.", {"entities": []}]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(V2)),
        ("a.json", json.dumps(V2, indent=2)),
        ("a.jsonl", "\n".join(map(json.dumps, V2))),
        ("a.json", json.dumps([[text, found["entities"]] for text, found in V2])),
        ("a.json", json.dumps({"classes": ["PER"], "annotations": [*V2, None]}, indent=1)),
        ("train.py", "TRAIN_DATA = [\n  ('Kim left.', {'entities': [(0, 3, 'PER')]}),\n"
                     "  # none\n  ('Rain.', {'entities': []}),\n]\n"),
        ("a.txt", "[(\"Kim left.\", {\"entities\": [(0, 3, \"PER\")]}), ('Rain.', {})]"),
        ("a.json", json.dumps({"data": [{"text": "Kim left.", "label": [[0, 3, "PER"]]},
                                        {"text": "Rain.", "label": []}]}, indent=2)),
        ("a.json", "\n".join(json.dumps({"text": text, "spans": [
            {"start": s, "end": e, "label": label} for s, e, label in found["entities"]]}, indent=1)
            for text, found in V2)),
        ("a.jsonl", '{"text": "Kim left.", "entities": [{"start": 0, "end": 3, "type": "PER"}]}\n'
                    '{"text": "Rain.", "entities": []}\n'),
        ("a.xml", "<?xml version='1.0'?>\n<doc>\n<s><ENAMEX TYPE=\"PER\">Kim</ENAMEX> left.</s>\n"
                  "<s>Rain.</s>\n</doc>\n"),
        ("a.txt", "<b>Kim</b> left.\nRain.\n".replace("b>", "PER>")),
    ],
)  # fmt: skip
def test_variants_of_texts_with_spans(tmp_path, write, name, content):
    assert texts(write(name, content), tmp_path) == ["[Kim](PER) left.", "Rain."]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"tokenized_text": ["Kim", "Berg", "left"], "ner": [[0, 1, "PER"]]}'),
        ("a.json", '{"doc_key": "a", "sentences": [["Rain"], ["Kim", "Berg", "left"]], '
                   '"ner": [[], [[1, 2, "PER"]]]}'),
        ("a.json", '[{"tokens": ["Kim", "Berg", "left"], "relations": [], '
                   '"entities": [{"type": "PER", "start": 0, "end": 2}]}]'),
        ("a.jsonl", '{"tokens": ["Kim", "Berg", "left"], '
                    '"entity_mentions": [{"entity_type": "PER", "start": 0, "end": 2}]}'),
        ("a.json", '{"id": ["1", "2"], "tokens": [["Kim", "Berg", "left"], ["Rain"]], '
                   '"ner_tags": [["B-PER", "I-PER", "O"], ["O"]]}'),
        ("a.txt", "<START:PER>Kim Berg<END> left\n"),
        ("a.txt", "Kim|B-PER Berg|I-PER left|O\n"),
        ("a.txt", "Kim/NNP/I-PER Berg/NNP/I-PER left/VBD/O\n"),
        ("a.txt", "Kim_NNP_B-PER Berg_NNP_I-PER left_VBD_O\n"),
        ("a.tsv", "#FORMAT=WebAnno TSV 3.2\n#T_SP=a.b.POS|PosValue\n"
                  "#T_SP=webanno.custom.Name|kind\n"
                  "#T_RL=a.Dependency|type|BT_a.b.POS\n\n\n#Text=Kim Berg left\n"
                  "1-1\t0-3\tKim\tNNP\tPER[2]\t_\t_\t\n1-2\t4-8\tBerg\tNNP\tPER[2]|X\t_\t_\t\n"
                  "1-2.1\t4-6\tBe\t_\t_\t_\t_\t\n1-3\t9-13\tleft\tVBD\t_\tdep\t1-1\t\n"),
    ],
)  # fmt: skip
def test_variants_of_sentences(write, name, content):
    (found,) = [one for one in entities(write(name, content)) if one]
    assert found == [("Kim Berg", "PER")]


def test_units_and_escapes_of_webanno(tmp_path, write):
    lines = [
        "#FORMAT=WebAnno TSV 3.3",
        "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value",
        "",
        "#Text=\U0001f600 a\\\\_b ok",
        "1-1\t0-2\t\U0001f600\t_\t_\t",
        "1-2\t3-6\ta\\_b\t*\tX\\_1\t",
        "1-3\t7-9\tok\t*\t*\t",
    ]
    path = write("a.tsv", "\n".join(lines) + "\n")
    assert texts(path, tmp_path) == ["\U0001f600 [a_b](X_1) ok"]
    report = convert(path, tmp_path / "again", target_format="webanno")
    assert "annotation without a label" in [finding.kind for finding in report.findings]
    assert texts(tmp_path / "again", tmp_path) == ["\U0001f600 [a_b](X_1) ok"]


@pytest.mark.parametrize(
    ("name", "content", "line", "words"),
    [
        ("a.txt", "<START:a> b <END> c\nd <END>\n", 2, "without <START>"),
        ("a.txt", "<START:a> b <END>\n<START:a> c\n", 2, "without <END>"),
        ("a.txt", "<A>b</A>\n<A>b</C>\n", 2, "</C>"),
        ("a.txt", "<A>b</A>\nc <A>d\n", 2, "not closed"),
        ("a.tsv", "#FORMAT=WebAnno TSV 2.0\n\n1-1\ta\n", 1, "WebAnno TSV 2.0"),
        ("a.tsv", "#FORMAT=WebAnno TSV 3.3\n#T_SP=a.N|value\n\n1-1\t0-1\ta\n", 4, "1 column "),
        ("a.json", '[\n{"tokenized_text": ["a"], "ner": [[0, 1, "X"]]}]', 2, "1 token,"),
        ("a.json", '[["a", {"entities": []}],\n["b", {"cats": []}]]', 2, "'cats'"),
        ("a.py", "A = [\n('a', {}),\n('b', f()),\n]", None, "literals"),
        ("a.txt", "a|N|O b|N|O\n" * 1001 + "a|O\n", 1002, "'a|O'"),
    ],
)
def test_bad_input_names_its_line(tmp_path, write, name, content, line, words):
    with pytest.raises(FormatError) as caught:
        texts(write(name, content), tmp_path)
    assert caught.value.line == line
    assert words in caught.value.message


def test_texts_without_spans_are_converted(tmp_path, write):
    path = write("a.jsonl", '{"id": 17, "text": "Kim left."}\n{"id": "b", "text": "Rain."}\n')
    report = convert(path, tmp_path / "a.jsonl", target_format="doccano")
    assert [finding.kind for finding in report.findings] == ["document without spans"]
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [(line["id"], line["text"]) for line in lines] == [("17", "Kim left."), ("b", "Rain.")]
    with pytest.raises(FormatError, match="'mentions'"):
        convert(
            write("b.jsonl", '{"text": "Kim", "mentions": [{"from": 0}]}'), tmp_path / "b.conll"
        )


def test_a_whole_document_is_converted(tmp_path, write):
    path = write("a.txt", "Kim left\nfor Oslo. Rain fell.\n")
    report = convert(path, tmp_path / "a.jsonl", target_format="prodigy", document=True)
    assert (report.documents, report.sentences, report.tokens) == (1, 2, 8)
