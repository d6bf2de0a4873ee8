from __future__ import annotations

import pytest

from tagger.corpus import load_corpus
from tagger.errors import FormatError, UsageError

TREES = """\
# newdoc id = d
# sent_id = 1
# text = Vámonos al mar  ya.
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\tV\t_\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_
3-4\tal\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
3\ta\ta\tADP\tS\t_\t5\tcase\t_\t_
4\tel\tel\tDET\tD\t_\t5\tdet\t_\t_
4.1\tnada\tnada\tNOUN\tN\t_\t_\t_\t0:dep\t_
5\tmar  ya\tmar\tNOUN\tN\t_\t1\tobl\t_\tNER=B-LOC|SpaceAfter=No
6\t.\t.\tPUNCT\tF\t_\t1\tpunct\tgarbage:::\t_

# sent_id = 2
1\tNo\tno\tINTJ\tI\t_\t0\troot\t_\tNER=O
"""


def load(path):
    corpus = load_corpus(str(path))
    return corpus, list(corpus.splits["train"])


@pytest.mark.parametrize("tag", ["NER", "NER=", "NER=?"])
@pytest.mark.parametrize("begin", ["B", "U"])
def test_an_entity_without_a_tag_is_not_known(write, tag: str, begin: str) -> None:
    trees = (
        f"1\tKim\t_\tPROPN\t_\t_\t0\troot\t_\tNER={begin}-PER\n"
        f"2\tleft\t_\tVERB\t_\t_\t1\tdep\t_\t{tag}\n"
        "3\tnow\t_\tADV\t_\t_\t1\tdep\t_\tNER=O\n\n"
    )
    _, [sentence] = load(write("x-train.conllu", trees))
    assert sentence["ner"] == ["B-PER", None, "O"]


def test_ranges_empty_nodes_and_spaces(write):
    corpus, (first, second) = load(write("x_y-ud-train.conllu", TREES))
    assert first["tokens"] == ["Vamos", "nos", "a", "el", "mar  ya", "."]
    assert first["space_after"] == [False, True, False, False, False, True]
    assert first["upos"] == ["VERB", "PRON", "ADP", "DET", "NOUN", "PUNCT"]
    assert first["xpos"] == ["V", None, "S", "D", "N", "F"]
    assert first["ner"] == ["O", "O", "O", "O", "B-LOC", "O"]
    assert (first["document"], first["line"], second["line"]) == (0, 5, 15)
    assert corpus.layout.describe() == ("CoNLL-U: column 2 token, 4 upos, 5 xpos, 10 ner (BIO)")
    assert corpus.main_heads == ("ner",)


def test_columns_that_are_empty_everywhere_are_no_heads(write):
    path = write("x-ud-train.conllu", "1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n")
    corpus, _ = load(path)
    assert [head.name for head in corpus.heads] == ["upos"]


@pytest.mark.parametrize("key", ["NER", "Entity", "Name", "ner"])
def test_entities_in_misc(write, key):
    rows = [f"{i}\tw\t_\tX\t_\t_\t_\t_\t_\t{key}={tag}" for i, tag in enumerate("BIO", start=1)]
    content = "\n".join(row.replace("=B", "=B-A").replace("=I", "=I-A") for row in rows)
    _, (sentence,) = load(write("train.conllu", content))
    assert sentence["ner"] == ["B-A", "I-A", "O"]


def test_coreference_marks_are_no_entities(write):
    path = write("train.conllu", "1\ta\t_\tX\t_\t_\t_\t_\t_\tEntity=(e1-person-1\n")
    corpus, _ = load(path)
    assert [head.name for head in corpus.heads] == ["upos"]


def test_by_content_without_the_suffix(write):
    corpus, _ = load(write("train.txt", TREES))
    assert corpus.layout.format == "conllu"


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("1\ta\t_\n", 1, "3 columns where CoNLL-U has 10"),
        (TREES + "x\ta\t_\tX\t_\t_\t_\t_\t_\t_\n", 16, "'x' in column 1"),
        (TREES + "2\t\t_\tX\t_\t_\t_\t_\t_\t_\n", 16, "column 2 (FORM) is empty"),
        (TREES + "2\ta\t_\tX\t_\t_\t_\t_\t_\tNER=X\n", 16, "ner tag 'X'"),
        ("# global.columns = ID FORM\n1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n", 1, "CoNLL-U Plus"),
        ("# text = nothing\n\n", None, "no sentences"),
    ],
)
def test_errors_have_path_and_line(write, content, line, what):
    path = write("train.conllu", content)
    with pytest.raises(FormatError) as caught:
        load_corpus(str(path))
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert what in caught.value.message


def test_columns_cannot_be_given(write):
    with pytest.raises(UsageError, match="columns cannot be named"):
        load_corpus(str(write("train.conllu", TREES)), columns="token,ner")


def test_a_file_that_is_silent_on_spaces_says_nothing_of_them(write):
    bare = "".join(
        line for line in TREES.splitlines(keepends=True) if not line.startswith("# text")
    )
    _, (_, second) = load(write("said-train.conllu", bare))
    assert second["space_after"] == [True]  # SpaceAfter=No stands in the other sentence
    corpus, _ = load(write("silent-train.conllu", bare.replace("SpaceAfter=No", "_")))
    assert "space_after" not in corpus.splits["train"].column_names
