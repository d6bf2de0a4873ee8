from __future__ import annotations

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
        (GOOD + '{"tokens": ["a"], "ner": []}', 2, "0 tags in 'ner' where there are 1 tokens"),
        (GOOD + '{"tokens": ["a"], "ner": [1]}', 2, "'ner' is not a list of strings"),
        (GOOD + '{"tokens": ["a"], "ner": [null]}', 2, "ner tag is missing"),
        (GOOD + '{"tokens": ["a"], "ner": ["X-Y"]}', 2, "ner tag 'X-Y'"),
        (GOOD + '{"words": "a", "ner": ["O"]}', 2, "no list of strings"),
        (GOOD + '{"tokens": ["a", ""], "ner": ["O", "O"]}', 2, "no list of strings, none of them"),
        ('{"tokens": ["a"], "ner": [0]}', 1, "no list of tags as long as"),
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
