"""Labels of whole texts: where they are found, in every format that holds them, and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger import Columns, convert, read
from tagger.corpus import Corpus, load_corpus
from tagger.corpus.hub import HubSource
from tagger.corpus.scan import scan
from tagger.corpus.store import as_row
from tagger.errors import FormatError, UsageError
from tagger.findings import Findings
from tagger.formats.table import FORMATS

COLUMNS = "# intent = book\nfly\tO\nto\tO\nOslo\tB-LOC\n\n# intent = cancel it\nstop\tO\n\n"
CONLLU = (
    "# sent_id = 1\n# intent = book\n1\tfly\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n"
    "# sent_id = 2\n# intent = cancel it\n1\tstop\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n"
)
JSONL = '{"tokens": ["fly", "to"], "intent": "book"}\n{"tokens": ["stop"], "intent": "cancel it"}\n'
PRODIGY = '{"text": "fly. now", "intent": "book"}\n{"text": "stop", "intent": "cancel it"}\n'
CSV = "id,Utterance,intent\n1,fly,book\n2,stop it,cancel it\n3,so be it,book\n"
CHOICES = [
    {"data": {"text": text}, "annotations": [{"result": [
        {"type": "choices", "from_name": "intent", "to_name": "text", "value": {"choices": [label]}}
    ]}]}
    for text, label in (("fly", "book"), ("stop", "cancel it"))
]  # fmt: skip


def labels(corpus: Corpus, head: str = "intent", split: str = "train") -> list[object]:
    return list(corpus.splits[split][:][head])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.conll", COLUMNS),
        ("a.conllu", CONLLU),
        ("a.conll", COLUMNS.replace("\n", "\r\n")),
        ("a.jsonl", JSONL),
        ("a.jsonl", PRODIGY),
        ("a.json", json.dumps(CHOICES)),
        ("a.csv", CSV.replace("3,so be it,book\n", "")),
        ("a.tsv", CSV.replace(",", "\t").replace("3\tso be it\tbook\n", "")),
    ],
)
def test_labels_are_found(write, name, content):
    corpus = load_corpus(str(write(name, content)))
    assert labels(corpus) == ["book", "cancel it"]
    (head,) = (head for head in corpus.heads if head.kind == "text")
    assert (head.name, head.multi_label) == ("intent", False)
    assert "intent" in corpus.main_heads
    assert "intent of each text" in corpus.layout.describe()


CHOSEN = '{"text": "%s", "options": [{"id": "a"}], "accept": %s, "answer": "accept"}\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "__label__a __label__b one text\n__label__c another\n"),
        ("a.jsonl", '{"text": "x", "label": ["a", "b"]}\n{"text": "y", "label": ["c"]}\n'),
        (
            "a.jsonl",
            '{"text": "x", "cats": {"a": 1, "b": 0.9, "d": 0}}\n{"text": "y", "cats": ["c"]}',
        ),
        ("a.conll", "# label = a\n# label = b\nx\tO\n\n# label = c\ny\tO\n"),
        ("a.csv", 'text,label\na b,"[""a"",""b""]"\nc d,c\n'),
        ("a.jsonl", CHOSEN % ("x", '["a", "b"]') + CHOSEN % ("y", '["c"]')),
    ],
)
def test_several_labels(write, name, content):
    corpus = load_corpus(str(write(name, content)))
    (head,) = (head for head in corpus.heads if head.kind == "text")
    assert head.multi_label
    assert labels(corpus, head.name) == [["a", "b"], ["c"]]


def test_labels_stand_beside_tags_and_spans(write):
    line = '{"text": "fly to Oslo", "entities": [[7, 11, "LOC"]], "intent": "book", "score": 0.5}\n'
    corpus = load_corpus(str(write("a.jsonl", line * 2)))
    assert [(head.name, head.kind) for head in corpus.heads] == [
        ("ner", "span"),
        ("intent", "text"),
    ]
    assert corpus.main_heads == ("ner", "intent")


def test_results_of_the_tagger_are_read(write):
    line = {"text": "fly. now", "sentences": [[0, 2], [2, 3]], "entities": [],
            "labels": {"intent": {"label": "book", "prob": 0.9}}}  # fmt: skip
    corpus = load_corpus(str(write("a.jsonl", json.dumps(line) + "\n")))
    assert labels(corpus) == ["book"]
    line["labels"] = {"genre": [{"label": "a", "prob": 0.9}, {"label": "b", "prob": 0.6}]}
    path = write("b.jsonl", json.dumps(line) + "\n")
    assert labels(load_corpus(str(path), columns=stated("genre")), "genre") == [["a", "b"]]


def stated(*names: str) -> Columns:
    return Columns(text_labels=names)


def test_a_text_of_several_sentences_is_one_row(write):
    content = (
        '{"text": "Fly. Now. Please.", "intent": "book"}\n{"text": "I. Do.", "intent": null}\n'
    )
    corpus = load_corpus(str(write("a.jsonl", content)))
    assert [len(tokens) for tokens in corpus.splits["train"][:]["tokens"]] == [6, 4]
    assert labels(corpus) == ["book", None]
    (finding,) = corpus.findings
    assert (finding.head, finding.line, finding.count) == ("intent", 2, 1)


def test_other_keys_are_labels_only_if_named(write):
    path = write(
        "a.jsonl", '{"text": "Fly. Now.", "domain": "air"}\n{"text": "I do", "domain": "x"}\n'
    )
    assert [head.name for head in load_corpus(str(path)).heads] == ["ner"]
    corpus = load_corpus(str(path), columns=stated("domain"))
    assert labels(corpus, "domain") == ["air", "x"]
    assert corpus.main_heads == ("domain",)
    with pytest.raises(UsageError) as caught:
        load_corpus(str(path), columns=stated("domian"))
    assert caught.value.expected == ("domain",)
    assert "did you mean 'domain'" in caught.value.message


def test_comments_of_other_keys_stay_comments(write):
    content = COLUMNS.replace("# intent", "# genre")
    path = str(write("a.conll", content))
    assert [head.name for head in load_corpus(path).heads] == ["ner"]
    assert labels(load_corpus(path, columns=stated("genre")), "genre") == ["book", "cancel it"]


def test_columns_are_named_beside_labels(write):
    path = str(write("a.conll", COLUMNS))
    corpus = load_corpus(path, columns=Columns("token,slots", text_labels=("intent",)))
    assert corpus.main_heads == ("slots", "intent")


def test_a_table_without_a_header(write):
    path = str(write("a.tsv", "book\tfly now\ncancel\tstop it\n"))
    corpus = load_corpus(path, columns=Columns("intent,text"))
    assert labels(corpus) == ["book", "cancel"]
    assert corpus.splits["train"][0]["tokens"] == ["fly", "now"]


def test_tables_whose_labels_are_not_known(write):
    path = str(write("a.csv", "id,text,domain\n1,fly now,air\n2,stop it,x\n"))
    with pytest.raises(FormatError) as caught:
        load_corpus(path)
    assert "id, domain" in caught.value.message
    assert labels(load_corpus(path, columns=stated("domain")), "domain") == ["air", "x"]


@pytest.mark.parametrize(
    ("name", "content", "line", "words"),
    [
        ("a.csv", "text,label\nfly now,x\nstop it\n", 3, "1 column "),
        ("a.csv", 'text,label\nfly now,x\n"stop it,x\n', 3, "1 column "),
        (
            "a.jsonl",
            '{"text": "a", "intent": "b"}\n{"text": "a", "intent": "x\\ty"}\n',
            2,
            "a line",
        ),
    ],
)
def test_bad_rows_name_their_line(write, name, content, line, words):
    path = write(name, content)
    with pytest.raises(FormatError) as caught:
        load_corpus(str(path), columns=stated("intent") if name == "a.jsonl" else None)
    assert (caught.value.line, words in caught.value.message) == (line, True)


def test_columns_that_are_not_read_are_reported(write, tmp_path):
    path = write("a.csv", "id,text,domain\n1,fly now,air\n2,stop it,x\n")
    report = convert(path, tmp_path / "a.jsonl", target_format="prodigy")
    assert [finding.example for finding in report.findings] == ["id, domain"]
    report = convert(path, tmp_path / "b.csv", target_format="table", columns=stated("domain"))
    assert not report.findings


def test_parquet_with_texts(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"sentence": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])}
    )
    rows = {"sentence": ["a film", "", "a play"], "label": [1, 0, -1]}
    data = datasets.Dataset.from_dict(rows, features=features)
    data.to_parquet(str(tmp_path / "train.parquet"))
    corpus = load_corpus(str(tmp_path / "train.parquet"))
    assert labels(corpus, "label") == ["yes", None]
    assert sorted(one.kind for one in corpus.findings) == [
        "label that is missing",
        "text without tokens",
    ]
    source = HubSource.of("me/films", {"train": data})
    found = scan(source)
    (path,) = source.paths.values()
    sentences = list(source.read(path, found.layout, Findings()))
    assert [as_row(one, found)["label"] for one in sentences] == ["yes", None]


def test_gold_sentences_have_labels(write):
    sentence = read(write("a.conll", COLUMNS))[0]
    assert sentence.labels == {"intent": "book"}
    assert sentence.heads.keys() == {"ner"}
    assert repr(sentence) == "fly/O to/O Oslo/B-LOC intent='book'"


HOLDING = [name for name, form in FORMATS.items() if form.labels != "nowhere"]
SOURCES = {
    "one": '{"text": "fly. now", "intent": "book"}\n{"text": "stop it", "intent": "cancel"}\n',
    "several": '{"text": "fly. now", "intent": ["a", "b"]}\n{"text": "stop it", "intent": ["c"]}\n',
    "missing": '{"text": "fly. now", "intent": "a"}\n{"text": "stop it", "intent": null}\n',
}


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("name", HOLDING)
def test_labels_survive(write, tmp_path, name, kind):
    source = write("in.jsonl", SOURCES[kind])
    report = convert(source, tmp_path / "there", target_format=name)
    assert "dropped" not in [finding.action for finding in report.findings]
    convert(tmp_path / "there", tmp_path / "back.jsonl", source_format=name, target_format="jsonl")
    lines = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text().splitlines()]
    expected = [json.loads(line)["intent"] for line in SOURCES[kind].splitlines()]
    head = {"fasttext": "label", "spacy": "cats"}.get(name, "intent")
    found = [line.get(head) for line in lines]
    assert found == expected
    assert lines[0]["tokens"] == ["fly", ".", "now"]


@pytest.mark.parametrize(
    "name", ["wikiner", "opennlp", "webanno", "brat", "text", "inline", "gliner"]
)
def test_what_other_formats_lose_is_counted(write, tmp_path, name):
    report = convert(write("a.conll", COLUMNS), tmp_path / "out", target_format=name)
    (finding,) = (one for one in report.findings if one.head == "intent")
    assert (finding.count, finding.action) == (2, "dropped")


def test_sentences_of_a_document_keep_their_labels(write, tmp_path):
    content = "-DOCSTART-\tO\n\n" + COLUMNS
    convert(write("a.conll", content), tmp_path / "a.jsonl", target_format="doccano")
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [line["intent"] for line in lines] == ["book", "cancel it"]


def test_fasttext_holds_labels_without_white_space(write, tmp_path):
    with pytest.raises(FormatError, match="white space"):
        convert(write("a.conll", COLUMNS), tmp_path / "out", target_format="fasttext")
    assert not Path(tmp_path / "out").exists()


def test_fasttext_may_begin_with_a_text_without_labels(write):
    path = write("a.txt", "no idea\n__label__a go now\n__label__a __label__b stop\n")
    train = load_corpus(str(path)).splits["train"]
    assert [row["label"] for row in train] == [None, ["a"], ["a", "b"]]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (  # as pandas writes whole numbers where some are missing
            "a.jsonl",
            '{"text": "x", "label": 1.0}\n{"text": "y", "label": null}\n{"text": "z", "label": 0}',
            ["1", None, "0"],
        ),
        ("a.jsonl", '{"text": "x", "label": 4.5}\n{"text": "y", "label": true}', ["4.5", "true"]),
        (  # none of several labels
            "a.jsonl",
            '{"text": "x", "intent": ["a", "b", "a"]}\n{"text": "y", "intent": []}\n'
            '{"text": "z", "intent": "a"}',
            [["a", "b"], [], ["a"]],
        ),
        (  # Label Studio's CSV and JSON_MIN
            "a.csv",
            'id,intent,text\n1,a,fly now\n2,"{""choices"": [""a"", ""b""]}",stop it\n',
            [["a"], ["a", "b"]],
        ),
        (
            "a.json",
            '[{"text": "x", "intent": {"choices": ["a", "b"]}}, {"text": "y", "intent": "a"}]',
            [["a", "b"], ["a"]],
        ),
        ("a.jsonl", '{"tokens": [], "label": "a"}\n{"tokens": ["x"], "label": "b"}', ["b"]),
        ("a.txt", "fly now __label__a\n__label__b stop it __label__a\n", [["a"], ["b", "a"]]),
        ("a.conll", "# label = a\n# label = a\nx\tO\n\n# label = b\ny\tO\n", ["a", "b"]),
        (
            "a.csv",
            'text,label\r\n"Say ""hi"",\r\nthen go",a\r\n"go, now",b\r\n',
            ["a", "b"],
        ),
    ],
)
def test_odd_values(write, name, content, expected):
    corpus = load_corpus(str(write(name, content)))
    (head,) = (head for head in corpus.heads if head.kind == "text")
    assert labels(corpus, head.name) == expected


def test_tables_of_numbers_that_lack_some(tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = {
        "text": pa.array(["fly now", "stop it", "go on"]).dictionary_encode(),
        "label": [1.0, float("nan"), 0.0],
    }
    parquet.write_table(pa.table(table), tmp_path / "a.parquet")
    assert labels(load_corpus(str(tmp_path / "a.parquet")), "label") == ["1", None, "0"]


@pytest.mark.parametrize("value", ['{"name": "a"}', '["a", null]'])
def test_values_that_are_not_labels(write, value):
    lines = f'{{"text": "x", "intent": "a"}}\n{{"text": "y", "intent": {value}}}\n'
    corpus = load_corpus(str(write("a.jsonl", lines + '{"text": "z", "entities": []}\n')))
    found = {finding.kind: finding.line for finding in corpus.findings}
    assert found["value that is not a label"] == 2
    tokens = lines.replace('"text": ', '"tokens": [').replace(', "intent"', '], "intent"')
    corpus = load_corpus(str(write("b.jsonl", tokens)))
    assert "value that is not a label" in {finding.kind for finding in corpus.findings}
    with pytest.raises(FormatError, match="neither a label") as caught:
        load_corpus(str(write("c.jsonl", lines.splitlines()[1])))
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text,intent\n", "no sentences"),
        ('text,intent\n"fly now,a\nstop it,b\n', "1 column "),
        ("text,intent,intent\nfly now,a,b\nstop it,b,a\n", "two columns"),
    ],
)
def test_tables_that_cannot_be_read(write, content, words):
    with pytest.raises(FormatError, match=words):
        load_corpus(str(write("a.csv", content)))


def test_a_name_where_nothing_holds_labels(write):
    path = write("a.conll", "# intent: book\nfly\tO\nOslo\tB-LOC\n")
    with pytest.raises(UsageError, match="there is none") as caught:
        load_corpus(str(path), columns=stated("intent"))
    assert "# intent = " in (caught.value.hint or "")


def test_fasttext_refuses_texts_with_words_like_labels(write, tmp_path):
    path = write("a.jsonl", '{"text": "say __label__x", "label": "a"}\n')
    with pytest.raises(FormatError):
        convert(path, tmp_path / "out", target_format="fasttext")


def test_a_label_of_two_lines_is_refused_and_texts_under_such_a_key_are_not_labels(write):
    lines = [json.dumps({"text": f"go {i}", "intent": "book\na room"}) for i in range(9)]
    with pytest.raises(FormatError, match="line end"):
        load_corpus(str(write("a.jsonl", "\n".join(lines))))
    spans = [[0, 2, "VERB"]]
    lines = [
        json.dumps({"text": f"go {i}", "entities": spans, "topic": f"two\nlines {i}"})
        for i in range(50)
    ]
    corpus = load_corpus(str(write("b.jsonl", "\n".join(lines))))
    assert [head.name for head in corpus.heads] == ["ner"]
