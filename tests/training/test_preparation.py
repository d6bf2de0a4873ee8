"""Corpora that teach nothing are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.config import Config, merge_overrides
from tagger.errors import CorpusError
from tagger.training.preparation import prepare
from tests.helpers.corpora import TOKENS, small_config, write_corpus

ALLOWED = small_config(allow_empty=True)
NO_ENTITY = ["so/ADV/O", "it/PRON/O is/VERB/O"]


def test_a_corpus_without_entities_is_refused(tmp_path: Path) -> None:
    empty = write_corpus(tmp_path / "empty", {"train": NO_ENTITY})
    full = write_corpus(tmp_path / "full", {"train": TOKENS["train"]})
    for sources in ([empty], [full, empty]):
        names = [str(source) for source in sources]
        with pytest.raises(CorpusError) as caught:
            prepare(names, small_config())
        assert Path(caught.value.path or "").parent == empty
        assert "{allow_empty=True}" in (caught.value.hint or "")
        assert prepare(names, ALLOWED).heads
    annotates = {str(empty): {"annotates": ["PER"]}}
    assert prepare([str(full), str(empty)], merge_overrides(small_config(), {"corpora": annotates}))


def test_a_head_with_one_tag_is_refused(tmp_path: Path) -> None:
    lines = ["Kim/PROPN/B-PER left/PROPN/O", "Mary/PROPN/B-PER"]
    folder = write_corpus(tmp_path / "c", {"train": lines})
    with pytest.raises(CorpusError, match="upos") as caught:
        prepare([str(folder)], small_config())
    assert "{allow_empty=True}" in (caught.value.hint or "")
    assert prepare([str(folder)], ALLOWED).heads[1].tags == ("PROPN",)


def test_the_command_line_names_its_option(run, tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "c", {"train": NO_ENTITY})
    result = run("train", folder, "--columns", "token,upos,ner", "-o", tmp_path / "m")
    assert result.code == 1
    assert "--allow-empty" in result.err


@pytest.mark.parametrize(
    ("dev", "note"),
    [
        ("a\tB-X\nb\tO\n\nc\tO\n", "all 2 dev sentences are in train"),
        ("c\tO\n\nd\tB-X\n", "1 of 2 dev sentences are in train"),
        ("d\tB-X\n", None),
    ],
)
def test_dev_sentences_in_train_are_reported(tmp_path, dev, note):
    (tmp_path / "train.tsv").write_text("a\tB-X\nb\tO\n\nc\tO\n\ne\tO\n")
    (tmp_path / "dev.tsv").write_text(dev)
    notes = [one for one in prepare([str(tmp_path)], Config()).notes if "are in train" in one]
    assert len(notes) == (note is not None)
    assert all(note in one and one.startswith("warning") for one in notes)


def recipe(**training: object) -> Config:
    return merge_overrides(Config(), {"training": training})


def sparse(tmp_path: Path, n_annotated: int, n: int = 20) -> Path:
    """Write sentences of which only the first ones have entities."""
    lines = [f"w{i}\t{'B-X' if i < n_annotated else 'O'}\n" for i in range(n)]
    path = tmp_path / "sparse.tsv"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("seed", range(1, 13))
def test_dev_that_is_cut_off_leaves_entities_on_both_sides(tmp_path, seed):
    for n_annotated, n_dev in ((1, 0), (2, 1), (3, 1)):
        path = sparse(tmp_path, n_annotated)
        config = recipe(seed=seed, dev_fraction=0.5)
        prepared = prepare([str(path)], config)
        splits = prepared.corpora[0].splits
        found = [sum(tags == ["B-X"] for tags in splits[name]["ner"]) for name in ("train", "dev")]
        assert sum(found) == n_annotated
        assert found[0] >= 1
        assert found[1] >= n_dev
        assert sorted(t for name in splits for (t,) in splits[name]["tokens"]) == sorted(
            f"w{i}" for i in range(20)
        )
        if n_annotated == 1:
            assert any(note.startswith("warning: dev has no spans") for note in prepared.notes)


def test_an_ordinary_dev_is_cut_as_always(tmp_path):
    """What a seed cuts off does not depend on the entities."""
    import datasets

    path = sparse(tmp_path, 20)
    cut = datasets.Dataset.from_dict({"i": range(20)}).train_test_split(test_size=2, seed=5)
    dev = prepare([str(path)], recipe(seed=5)).corpora[0].splits["dev"]
    assert [tokens for (tokens,) in dev["tokens"]] == [f"w{i}" for i in cut["test"]["i"]]


def test_no_entity_in_train_names_where_there_are_some(tmp_path):
    (tmp_path / "train.tsv").write_text("a\tO\nb\tO\n")
    (tmp_path / "dev.tsv").write_text("a\tB-X\nb\tO\n")
    with pytest.raises(CorpusError, match=r"in the 1 training sentence .*some in dev"):
        prepare([str(tmp_path)], Config())
    path = sparse(tmp_path, 2, n=400)
    with pytest.raises(CorpusError, match=r"share of 0.01") as caught:
        prepare([str(path)], recipe(fraction=0.01))
    assert "share" in (caught.value.hint or "")
