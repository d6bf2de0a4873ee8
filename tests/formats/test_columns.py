from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.corpus import load_corpus
from tagger.errors import CorpusError, FormatError, UsageError
from tagger.findings import Findings
from tagger.formats import columns as column_files
from tagger.formats.records import Columns, Layout


def rows(path, **options):
    corpus = load_corpus(str(path), **options)
    (data,) = corpus.splits.values()
    return corpus, list(data)


def test_four_columns_with_documents(write):
    path = write(
        "train.txt",
        "-DOCSTART- -X- -X- O\n\nAnn NNP B-NP B-PER\nLee NNP I-NP I-PER\nsings VBZ B-VP O\n\n"
        "-DOCSTART- -X- -X- O\n\nParis NNP B-NP B-LOC\n \n",
    )
    corpus, sentences = rows(path)
    assert corpus.layout.describe() == (
        "space-separated: column 1 token, 2 pos, 3 chunk (BIO), 4 ner (BIO)"
    )
    assert corpus.main_heads == ("ner",)
    assert [(h.name, h.kind, h.scheme) for h in corpus.heads] == [
        ("pos", "token", None),
        ("chunk", "span", "BIO"),
        ("ner", "span", "BIO"),
    ]
    assert sentences == [
        {
            "tokens": ["Ann", "Lee", "sings"],
            "pos": ["NNP", "NNP", "VBZ"],
            "chunk": ["B-NP", "I-NP", "B-VP"],
            "ner": ["B-PER", "I-PER", "O"],
            "document": 0,
            "line": 3,
        },
        {
            "tokens": ["Paris"],
            "pos": ["NNP"],
            "chunk": ["B-NP"],
            "ner": ["B-LOC"],
            "document": 1,
            "line": 9,
        },
    ]


def test_a_docstart_need_not_be_followed_by_an_empty_line(write):
    _, sentences = rows(write("train.txt", "-DOCSTART- -DOCSTART- O\nAnn N B-PER\nis V O\n"))
    assert [s["tokens"] for s in sentences] == [["Ann", "is"]]
    assert (sentences[0]["document"], sentences[0]["line"]) == (0, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"Ann\tB-PER\r\nsings\tO\r\n\r\nParis\tB-LOC\r\n\r\n",  # Windows
        b"\xef\xbb\xbfAnn\tB-PER\nsings\tO\n\nParis\tB-LOC\n",  # BOM
        b"Ann\tB-PER\nsings\tO\n\nParis\tB-LOC",  # no final newline
        b"\n\nAnn\tB-PER\nsings\tO\n \t \n\n\t\nParis\tB-LOC\n",  # empty lines with spaces
    ],
)
def test_line_ends(write, content):
    corpus, sentences = rows(write("train.tsv", content))
    assert [s["tokens"] for s in sentences] == [["Ann", "sings"], ["Paris"]]
    assert [s["ner"] for s in sentences] == [["B-PER", "O"], ["B-LOC"]]
    assert corpus.layout.describe() == "tab-separated: column 1 token, 2 ner (BIO)"


def test_only_newlines_end_lines_and_only_tabs_part_columns(write):
    tokens = ["a\u2028b", "c\u00a0d", "e f", "g\x85h", "i\x0cj"]
    _, sentences = rows(write("train.tsv", "".join(f"{token}\tO\n" for token in tokens)))
    assert sentences[0]["tokens"] == tokens


def test_no_break_spaces_do_not_part_columns(write):
    _, sentences = rows(write("train.txt", "a\u00a0b  O\nc O \n"))
    assert sentences[0]["tokens"] == ["a\u00a0b", "c"]


def test_hashes_are_tokens_where_they_have_columns(write):
    path = write(
        "train.tsv",
        "# newdoc id = 1\n# text = # a#b\n#\tO\na#b\tB-X\n\n"
        "# a comment\n# text = differs\n#tag\tO\n",
    )
    _, sentences = rows(path)
    assert [s["tokens"] for s in sentences] == [["#", "a#b"], ["#tag"]]
    assert [s["space_after"] for s in sentences] == [[True, True], None]
    assert [s["document"] for s in sentences] == [0, 0]
    assert [s["line"] for s in sentences] == [3, 8]


def test_comments_between_spaces(write):
    """A comment of CoNLL-U has as many words here as a line has columns."""
    path = write("train.txt", "# sent_id = 7\n# B-X O O\nb c O O\n\n# c O B-X\n")
    _, sentences = rows(path, columns="token,pos,-,ner")
    assert [s["tokens"] for s in sentences] == [["#", "b"], ["#"]]


def test_a_comment_within_a_sentence_is_a_line_with_missing_columns(write):
    path = write("train.tsv", "a\tO\n# b O\n")
    with pytest.raises(FormatError, match=r"train.tsv:2: 1 column where 2 are expected"):
        load_corpus(str(path))


def test_tag_first_when_told_and_when_not(write):
    path = write("train.bio", "O\tfilms\r\nO\tby\r\nB-Director\tann\r\nI-Director\tlee\r\n\r\n")
    for columns in ("ner,token", None):
        corpus, sentences = rows(path, columns=columns)
        assert sentences[0]["tokens"] == ["films", "by", "ann", "lee"]
        assert sentences[0]["ner"] == ["O", "O", "B-Director", "I-Director"]
        assert corpus.layout.describe() == "tab-separated: column 1 ner (BIO), 2 token"


def test_columns_can_be_named_and_skipped(write):
    path = write("train.txt", "a x O NN\nb y B-Q VB\n")
    corpus, sentences = rows(path, columns="token,_,slot,xpos")
    assert corpus.layout.describe() == (
        "space-separated: column 1 token, 3 slot (BIO), 4 xpos; 2 skipped"
    )
    assert sentences[0]["slot"] == ["O", "B-Q"]
    assert corpus.main_heads == ("xpos",)


@pytest.mark.parametrize("suffix", [".iob2", ".IOB2"])
def test_iob2_of_universal_ner(write, suffix):
    path = write(
        f"xx_y-ud-dev{suffix}",
        "# sent_id = 1\n# text = Ann's dog.\n1\tAnn\tB-PER\tO#O\ts\n2\t's\tO\tO#O\ts\n"
        "3\tdog\tO\tO#O\ts\n4\t.\tO\tO#O\ts\n",
    )
    corpus, sentences = rows(path)
    assert corpus.layout.describe() == (
        "tab-separated: column 2 token, 3 ner (BIO); 1, 4, 5 skipped"
    )
    assert list(corpus.splits) == ["dev"]
    assert sentences[0]["space_after"] == [False, True, False, True]


def test_more_columns_are_shown_by_their_number(write):
    path = write(
        "train.txt",
        "1 a NOUN n - B-NP B-PER O\n2 b VERB v - B-VP O O\n3 c NOUN n - B-NP O B-Q\n",
    )
    corpus, _ = rows(path)
    assert corpus.layout.describe() == (
        "space-separated: column 2 token, 3 upos, 4 pos, 6 chunk (BIO), 7 column7 (BIO), "
        "8 ner (BIO); 1, 5 skipped"
    )


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB1", ["I-A", "B-A", "O", "I-B"]),
        ("BIO", ["B-A", "B-A", "O", "B-B"]),
        ("BIOES", ["S-A", "S-A", "O", "S-B"]),
        ("BILOU", ["U-A", "U-A", "O", "U-B"]),
    ],
)
def test_schemes_are_detected_and_given_as_bio(write, scheme, tags):
    path = write("train.tsv", "".join(f"w\t{tag}\n" for tag in tags))
    corpus, sentences = rows(path)
    assert corpus.heads[0].scheme == scheme
    assert scheme in corpus.layout.describe()
    assert sentences[0]["ner"] == ["B-A", "B-A", "O", "B-B"]


def test_one_scheme_over_all_splits(write):
    """The test part alone could be BIO."""
    train = write("c/train.tsv", "a\tO\nb\tI-X\n\nc\tI-X\nd\tB-X\n")
    write("c/test.tsv", "c\tI-X\nd\tB-X\n\ne\tB-X\n")
    corpus = load_corpus(str(train.parent))
    assert corpus.heads[0].scheme == "IOB1"
    assert corpus.findings[0].count == 1
    assert corpus.splits["test"]["ner"][:] == [["B-X", "B-X"], ["B-X"]]


def test_tags_outside_the_scheme_are_counted(write):
    path = write("train.tsv", "a\tB-X\nb\tI-Y\n\nc\tO\nd\tI-X\ne\tI-X\n\nf\tB-X\ng\tB-X\n")
    corpus, sentences = rows(path)
    assert [s["ner"] for s in sentences][:2] == [["B-X", "B-Y"], ["O", "B-X", "I-X"]]
    (finding,) = corpus.findings
    assert (finding.head, finding.count, finding.where()) == ("ner", 2, f"{path}:2")
    assert finding.example == "I-Y after B-X"
    with pytest.raises(FormatError, match="outside its scheme") as caught:
        load_corpus(str(path), strict=True)
    assert (caught.value.path, caught.value.line) == (str(path), 2)
    assert "strict" in caught.value.hint


def test_empty_tokens_are_counted(write):
    path = write("train.tsv", "a\tO\n\tO\nb\tB-X\n")
    corpus, sentences = rows(path)
    assert sentences[0]["tokens"] == ["a", "\ufffd", "b"]
    (finding,) = corpus.findings
    assert (finding.kind, finding.where(), finding.count) == ("empty token", f"{path}:2", 1)
    with pytest.raises(FormatError, match="empty token") as caught:
        load_corpus(str(path), strict=True)
    assert (caught.value.path, caught.value.line) == (str(path), 2)


OUTSIDE = "x\tO\n" * 20


@pytest.mark.parametrize(
    ("content", "line", "what", "hint"),
    [
        (OUTSIDE + "a\tB_PER\nb\tB-PER\n", 21, "ner tag 'B_PER'", "write 'B-PER'"),
        ("a\tB-PER\nb\tO\nc\tB_LOC\nd\tO\n", 3, "ner tag 'B_LOC'", "write 'B-LOC'"),
        (OUTSIDE + "a\tB-X\nb\tX-FOO\n", 22, "ner tag 'X-FOO'", "columns"),
        (OUTSIDE + "a\to\n", 21, "ner tag 'o'", "write 'O'"),
        (OUTSIDE + "x\to\na\tb-per\n", 21, "ner tag 'o'", "write 'O'"),
        (OUTSIDE + "a\tI-X\nb\tPER\n", 22, "ner tag 'PER'", "columns"),
        ("a\tB-X\nb\tE-X\n\nc\tU-X\n", 4, "mix BIOES (E-, S-) and BILOU", None),
        ("a\tO\nb\tO\nc\n", 3, "1 column where 2 are expected", "columns"),
        ("a\tO\nb\t\n", 2, "column 2 (ner) is empty", None),
        ("a\nb\n\nc\n", None, "only one column", "tabs or spaces"),
        ("", None, "no sentences", None),
        ("\n \n# nothing\n", None, "no sentences", None),
        ("-DOCSTART- O\n\n", None, "no sentences", None),
        (b"a\tO\nb\xe9\tO\n", 2, "not UTF-8 (byte 2 of the line)", "iconv -f latin1"),
        (b"a\tO\nb\0\tO\n", 2, "a NUL byte", "UTF-8"),
    ],
)
def test_wrong_content_names_path_and_line(write, content, line, what, hint):
    path = write("train.tsv", content)
    with pytest.raises(FormatError) as caught:
        load_corpus(str(path))
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert what in caught.value.message
    assert (hint or "") in (caught.value.hint or "")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"\x1f\x8b\x08", "damaged"),
        (b"\xfd7zXZ", "xz"),
        ("a\tO".encode("utf-16"), "UTF-16"),
    ],
)
def test_files_that_are_no_text(write, start, message):
    with pytest.raises(CorpusError, match=message):
        load_corpus(str(write("train.tsv", start)))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("pos,ner", "exactly one must be 'token'"),
        ("token,word", "exactly one"),
        ("token,ner,ner", "more than once"),
        ("token,line", "cannot name a head"),
        ("token,N!", "cannot name a head"),
    ],
)
def test_impossible_columns(write, columns, message):
    with pytest.raises(UsageError, match=message):
        load_corpus(str(write("train.tsv", "a\tO\n")), columns=columns)


def test_more_columns_are_wrong_too(write):
    path = write("train.txt", "a N O\nb N O\nc d N O\n")
    with pytest.raises(FormatError, match=":3: 4 columns where 3 are expected"):
        load_corpus(str(path))


def test_columns_that_do_not_fit_the_file(write):
    path = write("train.txt", "a N O\nb N O\n")
    with pytest.raises(
        FormatError, match=r":1: 3 columns where 4 are expected .*token, pos, chunk"
    ):
        load_corpus(str(path), columns="token,pos,chunk,ner")


TOKEN = st.text(
    st.characters(blacklist_characters="\t\r\n\0", blacklist_categories=("Cs",)), min_size=1
).filter(lambda token: token != "-DOCSTART-" and token.strip(" "))


@given(st.lists(st.lists(TOKEN, min_size=1, max_size=5), max_size=5))
def test_any_token_comes_back_from_a_file_with_tabs(tmp_path_factory, sentences):
    path = tmp_path_factory.mktemp("any") / "train.tsv"
    rows = ["".join(f"{token}\tO\r\n" for token in tokens) for tokens in sentences]
    path.write_bytes("\r\n".join(rows).encode())
    layout = Layout(format="conll", title="", delimiter="tab", columns={1: "token", 2: "ner"})
    found = [one.tokens for one in column_files.read(path, layout, Findings())]
    if sentences and found:  # a byte order mark may begin a file, but is no part of its text
        sentences[0][0] = sentences[0][0].removeprefix("\ufeff")
        found[0][0] = found[0][0].removeprefix("\ufeff")
    assert found == sentences


def test_an_underscore_is_no_tag(write):
    path = write("train.txt", "Ann\tPROPN\n...\t_\n\n")
    (sentence,) = load_corpus(str(path), columns="token,upos").splits["train"]
    assert sentence["upos"] == ["PROPN", None]
    path = write("spans.txt", "Ann\tB-PER\n...\t_\n\n")
    with pytest.raises(FormatError, match=r"spans\.txt:2"):
        load_corpus(str(path), columns="token,ner")


def test_a_sparse_column_without_o_is_in_doubt(write):
    path = write("train.txt", "Ann\tNN\tB-A0\nsang\tVB\t_\n\n")
    with pytest.raises(FormatError, match=r"column 3 .* no O") as caught:
        load_corpus(str(path))
    assert "3: B-A0, _" in caught.value.message
    assert "columns" in caught.value.hint
    corpus, (sentence,) = rows(path, columns="token,pos,role")
    assert {head.name: head.kind for head in corpus.heads}["role"] == "token"
    assert sentence["role"] == ["B-A0", None]


def test_white_space_around_fields_is_no_part_of_them(write):
    path = write("train.tsv", "Kim \tB-PER \nleft\tO\n\nKim\tB-PER\n\u2003Oslo\u00a0\tB-LOC\n")
    corpus, sentences = rows(path)
    assert [s["tokens"] for s in sentences] == [["Kim", "left"], ["Kim", "Oslo"]]
    assert [s["ner"] for s in sentences] == [["B-PER", "O"], ["B-PER", "B-LOC"]]
    assert [(one.kind, one.head, one.count, one.where()) for one in corpus.findings] == [
        ("white space around a token", None, 2, f"{path}:1"),
        ("white space around a tag", "ner", 1, f"{path}:1"),
    ]


def test_a_tab_at_the_end_of_each_line(write):
    _, (sentence,) = rows(write("train.tsv", "Kim\tB-PER\t\nBerg\tI-PER\t\nleft\tO\t\n"))
    assert sentence["ner"] == ["B-PER", "I-PER", "O"]


@pytest.mark.parametrize("name", ["train.tsv", "train.conllu", "train.txt"])
def test_lines_that_end_with_a_carriage_return_alone_are_refused(write, name):
    path = write(name, "Kim\tB-PER\rleft\tO\r\rOslo\tB-LOC\r")
    with pytest.raises(FormatError, match="carriage return") as caught:
        load_corpus(str(path))
    assert (caught.value.path, caught.value.line) == (str(path), 1)


KINDS = {
    "index": ("a.csv", "id,sent_id,words,labels\n0,1,Kim,B-PER\n1,1,left,O\n2,2,Rain,O\n"),
    "pandas without a name": ("a.csv", ",Sentence,Word,Tag\n0,1,Kim,PER\n1,1,left,O\n2,2,Rain,O\n"),
    "empty rows": ("a.csv", "word;ner\nKim;B-PER\nleft;O\n;\nRain;O\n"),
    "documents": (
        "a.tsv",
        "d1\t1\tKim\tB-PER\nd1\t1\tleft\tO\nd2\t1\tRain\tO\nd2\t1\tfell\tO\nd2\t2\tx\tO\n",
    ),
    "restarting index": ("a.txt", "1 Kim B-PER\n2 left O\n1 Rain O\n"),
    "named sentences": ("a.tsv", "sent 1\tKim\tB-PER\nsent 1\tleft\tO\nsent 2\tRain\tO\n"),
    "offsets": ("a.tsv", "Kim\t0\t3\tB-PER\nleft\t4\t8\tO\n\nRain\t0\t4\tO\n"),
    "tabs in comments": ("a.tsv", "# id 7\td=en\nKim\tB-PER\nleft\tO\n\n# id 8\td=en\nRain\tO\n"),
    "addresses": ("a.tsv", "#\thttp://x.y\nKim\tB-PER\nleft\tO\n\n#\thttp://x.z\nRain\tO\n"),
    "CoNLL-U Plus": ("a", "# global.columns = FORM NER\nKim\tB-PER\nleft\tO\n\nRain\tO\n"),
    "lower case": ("a.tsv", "Kim\tb_PER\nleft\to\n\nRain\to\n"),
    "colons": ("a.tsv", "Kim\tB:PER\nleft\tO\n\nRain\tO\n"),
    "single by W": ("a.tsv", "Kim\tW-PER\nleft\tO\n\nRain\tO\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_columns(write, kind):
    name, content = KINDS[kind]
    corpus, sentences = rows(write(name, content))
    assert [s["tokens"] for s in sentences][:2] == [["Kim", "left"], sentences[1]["tokens"]]
    assert sentences[1]["tokens"][0] == "Rain"
    assert sentences[0]["ner"] == ["B-PER", "O"]
    assert corpus.layout.why


def test_what_is_stated_about_columns(write):
    path = write("a.data", "Wort|Art\n%% note\nKim|PER\nleft|O\nher|O\n")
    stated = Columns(header=True, delimiter="|", comment_prefix="%%")
    corpus, (sentence,) = rows(path, columns=stated)
    assert sentence["tokens"] == ["Kim", "left", "her"]
    assert corpus.layout.describe() == "pipe-separated: column 1 token, 2 ner (IO)"
    _, (sentence,) = rows(path, columns=Columns("token,x", delimiter="pipe", comment_prefix="%%"))
    assert sentence["tokens"][0] == "Wort"
    with pytest.raises(UsageError, match="delimiter"):
        load_corpus(str(path), columns=Columns(delimiter="dot"))


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        ("Kim\t1\nleft\t0\n\nOslo\t2\n", "1: Kim, left, Oslo; 2: 1, 0, 2", "columns"),
        ("Wort\tArt\nKim\tB-PER\nleft\tO\nx\tO\n", "'Art' is not a tag", "header"),
    ],
)
def test_columns_in_doubt(write, content, what, hint):
    with pytest.raises(FormatError) as caught:
        load_corpus(str(write("train.tsv", content)))
    assert what in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("n", [3, 101])
def test_a_file_without_empty_lines(write, n):
    corpus, _ = rows(write("a.tsv", "Kim\tB-PER\nleft\tO\n.\tO\n" * n))
    assert [finding.kind for finding in corpus.findings] == [column_files.NO_BLANK_LINES]


HIPE = (
    "TOKEN\tNE-COARSE-LIT\tMISC\nBasel\tB-loc\tNoSpaceAfter|EndOfLine\n"
    ".\tO\tEndOfSentence\nRain\tO\t_\n"
)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (HIPE, None),
        (HIPE.split("\n", 1)[1], None),
        (HIPE.split("\n", 1)[1], "token,ner,-"),
        (HIPE.replace("NoSpaceAfter|EndOfLine", "SpaceAfter=No"), None),
    ],
)
def test_marks_of_hipe(write, columns, content):
    corpus = load_corpus(str(write("a.tsv", content)), columns=columns)
    rows = list(corpus.splits["train"])
    assert [row["tokens"] for row in rows] == [["Basel", "."], ["Rain"]]
    assert [row["space_after"] for row in rows] == [[False, True], [True]]


def test_marks_without_spaces_leave_them_open(write):
    content = HIPE.replace("NoSpaceAfter|", "")
    corpus = load_corpus(str(write("a.tsv", content)))
    assert "space_after" not in corpus.splits["train"].column_names


def test_spaces_of_hipe_are_written(run_convert, write):
    path = write("a.tsv", HIPE)
    assert run_convert(path, "o.conllu").code == 0
    assert (
        "1\tBasel\t_\t_\t_\t_\t_\t_\t_\tNER=B-loc|SpaceAfter=No\n" in Path("o.conllu").read_text()
    )
    assert run_convert(path, "o.txt", "--to", "text").code == 0
    assert Path("o.txt").read_text().startswith("[Basel](loc).\n")
