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
