from __future__ import annotations

import json

import pytest

from tagger.corpus import load_corpus
from tagger.errors import FormatError


def test_heads_are_the_lists_as_long_as_the_tokens(write):
    path = write(
        "train.jsonl",
        '{"tokens": ["Ann Lee", "sings"], "ner_tags": ["S-PER", "O"], "upos": ["PROPN", null], '
        '"id": "1", "refs": ["x"]}\n\n{"tokens": ["A"], "upos": ["X"], "ner_tags": ["O"]}\n'
        '{"tokens": [], "upos": [], "ner_tags": []}\n',
    )
    corpus = load_corpus(str(path))
    assert corpus.layout.describe() == "JSON lines: token, ner (BIOES), upos"
    assert list(corpus.splits["train"]) == [
        {
            "tokens": ["Ann Lee", "sings"],
            "ner": ["B-PER", "O"],
            "upos": ["PROPN", None],
            "document": -1,
            "line": 1,
        },
        {"tokens": ["A"], "ner": ["O"], "upos": ["X"], "document": -1, "line": 3},
    ]


GOOD = '{"tokens": ["a", "b"], "ner": ["O", "O"]}\n'


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (GOOD + '{"tokens": ["a"]', 2, "not a JSON object a line"),
        (GOOD + '["a"]', 2, "where the JSON object"),
        (GOOD + '{"tokens": ["a"]}', 2, "no 'ner', which the first sentence has"),
        (GOOD + '{"tokens": ["a"], "ner": []}', 2, "0 tags in 'ner' for 1 token"),
        (GOOD + '{"tokens": ["a"], "ner": [1]}', 2, "'ner' is not a list of strings"),
        (GOOD + '{"tokens": ["a", "b"], "ner": ["B-X", "X-Y"]}', 2, "ner tag 'X-Y'"),
        (GOOD + '{"words": "a", "ner": ["O"]}', 2, "no list of strings"),
        (GOOD + '{"tokens": ["a", ""], "ner": ["O", "O"]}', 2, "no list of strings, none of them"),
        ('{"tokens": ["a"], "ner": [0]}', 1, "'ner' are numbers without names"),
        ("\n", None, "no documents or sentences"),
        ('{"tokens": ["a"], "upos": ["X"]}\n{"tokens": ["a"], "upos": ["X"], "ner": ["O"]}', 2,
         "'ner', which the first sentence does not"),
    ],
)  # fmt: skip
def test_errors_have_path_and_line(write, content, line, what):
    path = write("train.jsonl", content)
    with pytest.raises(FormatError) as caught:
        load_corpus(str(path))
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert what in caught.value.message


def test_sentences_in_an_array(write):
    path = write("train.json", f"[{GOOD},\n{GOOD}]")
    assert list(load_corpus(str(path)).splits["train"]["line"]) == [1, 3]


NUMBERS = '{"tokens": ["Kim", "left"], "ner_tags": [1, 0], "pos_tags": [3, 4]}\n'
FEATURES = {"ner_tags": {"feature": {"names": ["O", "B-PER"], "_type": "ClassLabel"}}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("id2label.json", {"0": "O", "1": "B-PER"}),
        ("label2id.json", {"O": 0, "B-PER": 1}),
        ("labels.json", ["O", "B-PER"]),
        ("labels.txt", "O\nB-PER\n"),
        ("ner_tags.json", {"names": ["O", "B-PER"]}),
        ("config.json", {"model_type": "bert", "id2label": {"0": "O", "1": "B-PER"}}),
        ("dataset_info.json", {"features": FEATURES}),
        ("dataset_infos.json", {"default": {"features": FEATURES}}),
        ("../dataset_info.json", {"features": [
            {"name": "ner_tags", "sequence": {"class_label": {"names": {"0": "O", "1": "B-PER"}}}}
        ]}),
    ],
)  # fmt: skip
def test_numbers_have_their_names_beside_the_file(write, name, content):
    path = write("a/train.jsonl", '{"tokens": ["Kim", "left"], "ner_tags": [1, 0]}\n')
    write(f"a/{name}", content if isinstance(content, str) else json.dumps(content))
    (row,) = load_corpus(str(path)).splits["train"]
    assert row["ner"] == ["B-PER", "O"]


@pytest.mark.parametrize("key", ["id2label", "names", "ner_tags_names"])
def test_numbers_have_their_names_in_the_file(write, key):
    names = {"0": "O", "1": "B-PER"} if key == "id2label" else ["O", "B-PER"]
    record = {"tokens": ["Kim"], "ner_tags": [1]}
    for content in ([{**record, key: names}], {"data": [record], key: names}):
        if isinstance(content, dict) and key == "ner_tags_names":
            continue
        (row,) = load_corpus(str(write("train.json", json.dumps(content)))).splits["train"]
        assert row["ner"] == ["B-PER"]


def test_names_that_change_are_read_again(write):
    path = write("train.jsonl", NUMBERS)
    for label in ("PER", "ORG"):
        write("id2label.json", json.dumps({"0": "O", "1": f"B-{label}"}))
        corpus = load_corpus(str(path))
        (row,) = corpus.splits["train"]
        assert row["ner"] == [f"B-{label}", "O"]
        # These names are not those of parts of speech.
        assert [(f.kind, f.head) for f in corpus.findings] == [("numbers without names", "pos")]


@pytest.mark.parametrize(
    ("names", "line", "words"), [(None, 1, "'ner_tags'"), ({"1": "B-PER"}, 1, "tag 0 of 'ner'")]
)
def test_numbers_without_names(write, names, line, words):
    path = write("train.jsonl", '{"tokens": ["Kim", "left"], "ner_tags": [1, 0]}\n')
    if names:
        write("id2label.json", json.dumps(names))
    with pytest.raises(FormatError) as caught:
        load_corpus(str(path))
    assert (caught.value.line, words in caught.value.message) == (line, True)


KIM = ["Kim", "Berg", "left", "Oslo"]
KIM_TAGS = ["B-PER", "I-PER", "O", "B-LOC"]


@pytest.mark.parametrize(
    "record",
    [
        {"text": " ".join(KIM), "tokens": KIM, "ner_tags": KIM_TAGS},
        {"id": "7", "text": " ".join(KIM), "words": KIM, "labels": KIM_TAGS},
        {"sentence": " ".join(KIM), "tokens": KIM, "labels": KIM_TAGS},
        {"text": KIM, "labels": KIM_TAGS},
        {"sentence": KIM, "tags": KIM_TAGS},
    ],
)
def test_tags_of_tokens_with_a_text_beside_them(write, record):
    (row,) = load_corpus(str(write("a.jsonl", json.dumps(record)))).splits["train"]
    assert (row["tokens"], row["ner"]) == (KIM, KIM_TAGS)


def test_null_is_not_known_though_there_is_no_outside(write):
    record = {"tokens": ["Kim", "Berg", "left"], "ner_tags": ["B-PER", "I-PER", None]}
    (row,) = load_corpus(str(write("a.jsonl", json.dumps(record)))).splits["train"]
    assert row["ner"] == ["B-PER", "I-PER", None]
