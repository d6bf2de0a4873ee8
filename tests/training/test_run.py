"""Trainings: they learn, can be stopped at any moment, and are reproducible."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

import tagger
from tagger.config import config_to_toml
from tagger.errors import Interrupted, TaggerError, UsageError
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import evaluate_split
from tagger.files import existing_directory
from tagger.model.directory import read_model
from tagger.training.loop import EpochDone, StepDone
from tagger.training.reporting import Reporter
from tagger.training.run import train
from tagger.training.threads import use_threads
from tests.helpers.corpora import TOKENS, small_config, write_corpus
from tests.helpers.interrupts import Stop


class Crash(Stop):
    """Dies after some batches without a chance to save."""

    def event(self, event: StepDone | EpochDone) -> None:
        self.left -= 1
        if self.left == 0:
            raise RuntimeError("killed")


def assert_equal_weights(one: Path, other: Path) -> None:
    a, b = read_model(one).weights, read_model(other).weights
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_five_sentences_are_learned_by_heart(model: Path, corpus: Path) -> None:
    loaded = tagger.load(model)
    for line in TOKENS["train"]:
        tokens, upos, ner = zip(*(token.split("/") for token in line.split()), strict=True)
        (tags,) = loaded.tag([tokens])
        assert tags == {"ner": list(ner), "upos": list(upos)}
    names = {path.name for path in model.iterdir()}
    assert names == {
        "config.json", "vocab.json", "heads.json", "tokenizer.json", "weights.safetensors",
        "meta.json", "README.md", "log.csv", "graph.onnx", "graph.int8.onnx",
    }  # fmt: skip


def test_the_same_seed_gives_the_same_weights(corpus: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        train([str(corpus)], tmp_path / name, small_config(epochs=3))
    assert_equal_weights(tmp_path / "a", tmp_path / "b")
    train([str(corpus)], tmp_path / "c", small_config(epochs=3, seed=2))
    with pytest.raises(AssertionError):
        assert_equal_weights(tmp_path / "a", tmp_path / "c")


@pytest.mark.parametrize(("optimizer", "after"), [("adamw", 1), ("adamw", 2), ("sgd", 5)])
def test_resuming_equals_never_having_stopped(
    corpus: Path, tmp_path: Path, optimizer: str, after: int
) -> None:
    config = small_config(epochs=4, optimizer=optimizer)
    train([str(corpus)], tmp_path / "whole", config)
    with pytest.raises(Interrupted) as caught:
        train([str(corpus)], tmp_path / "parts", config, reporter=Stop(after))
    assert caught.value.path == str(tmp_path / "parts")
    assert "{resume=True}" in str(caught.value.hint)
    torch.manual_seed(99)  # whatever the process did in between
    train([str(corpus)], tmp_path / "parts", config, resume=True)
    assert_equal_weights(tmp_path / "whole", tmp_path / "parts")
    logs = [(tmp_path / name / "log.csv").read_text().split("\n") for name in ("whole", "parts")]
    assert [row.split(",")[:5] for row in logs[0]] == [row.split(",")[:5] for row in logs[1]]


@pytest.mark.parametrize("after", [1, 4, 6])
def test_a_crash_loses_at_most_an_epoch(corpus: Path, tmp_path: Path, after: int) -> None:
    config = small_config(epochs=4)
    train([str(corpus)], tmp_path / "whole", config)
    with pytest.raises(RuntimeError, match="killed"):
        train([str(corpus)], tmp_path / "parts", config, reporter=Crash(after))
    train([str(corpus)], tmp_path / "parts", config, resume=True)
    assert_equal_weights(tmp_path / "whole", tmp_path / "parts")


def test_a_resumed_training_must_be_the_same(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        train([str(corpus)], tmp_path / "m", small_config(epochs=4), reporter=Stop(1))
    with pytest.raises(UsageError, match=r"\[training\] epochs changed"):
        train([str(corpus)], tmp_path / "m", small_config(epochs=5), resume=True)
    other = write_corpus(tmp_path / "tiny", {**TOKENS, "train": TOKENS["train"][:4]})
    with pytest.raises(UsageError, match="changed"):
        train([str(other)], tmp_path / "m", small_config(epochs=4), resume=True)
    with pytest.raises(UsageError, match="unfinished training"):
        train([str(corpus)], tmp_path / "m", small_config(epochs=4))


def test_nothing_is_overwritten_unasked(model: Path, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        train([str(corpus)], model, small_config())
    assert caught.value.hint == "replace it with {force=True}"
    with pytest.raises(UsageError, match="training has ended"):
        train([str(corpus)], model, small_config(), resume=True)
    (tmp_path / "diary.txt").write_text("dear")
    with pytest.raises(UsageError, match=r"holds no model, but diary\.txt"):
        train([str(corpus)], tmp_path, small_config())
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"holds no model, but README\.md"):
        train([str(corpus)], tmp_path, small_config(), force=True)
    assert (tmp_path / "README.md").read_text() == "mine"
    (tmp_path / "README.md").unlink()
    train([str(corpus)], tmp_path, small_config(epochs=1), force=True)
    assert (tmp_path / "diary.txt").read_text() == "dear"


def test_a_failed_corpus_leaves_the_old_model(model: Path, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a\tB-X\nb\tI-X\tz\n")
    before = read_model(model).meta
    with pytest.raises(TaggerError, match=r"train\.txt:2"):
        train([str(tmp_path)], model, small_config(), force=True)
    assert read_model(model).meta == before


def test_without_dev_it_is_cut_from_train(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "c", {"train": TOKENS["train"]})
    heard: list[str] = []

    class Hear(Reporter):
        def note(self, text: str) -> None:
            heard.append(text)

    meta, tests, _ = train([str(folder)], tmp_path / "m", small_config(epochs=1), reporter=Hear())
    assert any("no dev split; 1 of 5 training sentences become dev" in line for line in heard)
    assert meta.corpora[0].n_sentences == {"train": 4, "dev": 1}
    assert tests == {}


@pytest.mark.slow
def test_two_corpora_make_one_model(corpus: Path, tmp_path: Path) -> None:
    chunks = tmp_path / "chunks"
    chunks.mkdir()
    for split in ("train", "dev"):
        (chunks / f"{split}.jsonl").write_text(
            '{"tokens": ["the", "old", "man", "sleeps"],'
            ' "chunk": ["B-NP", "I-NP", "I-NP", "B-VP"]}\n' * 4
        )
    config = small_config(epochs=40)
    import msgspec

    config = msgspec.structs.replace(config, heads=("ner", "upos", "chunk"))
    meta, *_ = train([str(corpus), str(chunks)], tmp_path / "m", config)
    loaded = tagger.load(tmp_path / "m")
    document = loaded("the old man sleeps")
    assert [(span.text, span.label) for span in document.spans["chunk"]] == [
        ("the old man", "NP"),
        ("sleeps", "VP"),
    ]
    assert [entity.label for entity in loaded("John works at Apple").entities] == ["PER", "ORG"]
    assert set(meta.dev_scores) == {"ner", "upos", "chunk"}


def test_renamed_labels_and_heads(corpus: Path, tmp_path: Path) -> None:
    import msgspec

    from tagger.config import CorpusConfig

    entry = CorpusConfig(labels={"PER": "PERSON"}, heads={"upos": "pos"})
    config = msgspec.structs.replace(
        small_config(epochs=1), heads=("ner", "pos"), corpora={"tiny": entry}
    )
    train([str(corpus)], tmp_path / "m", config)
    heads = {head.name: head.labels for head in read_model(tmp_path / "m").heads}
    assert heads["ner"] == ("LOC", "ORG", "PERSON")
    assert "pos" in heads
    without = msgspec.structs.replace(config, corpora={"tiny": CorpusConfig(labels={"PER": "O"})})
    train([str(corpus)], tmp_path / "o", msgspec.structs.replace(without, heads=("ner",)))
    (head,) = read_model(tmp_path / "o").heads
    assert head.labels == ("LOC", "ORG")
    wrong = msgspec.structs.replace(config, corpora={"tiny": CorpusConfig(labels={"PRE": "X"})})
    with pytest.raises(UsageError, match="unknown label 'PRE': did you mean 'PER'"):
        train([str(corpus)], tmp_path / "n", wrong)


def test_a_training_is_not_given_up_before_it_has_learned_anything(
    corpus: Path, tmp_path: Path
) -> None:
    import msgspec

    config = small_config(epochs=4, patience=1, learning_rate=1e-9)
    config = msgspec.structs.replace(
        config,
        heads=("ner",),
        # Without letters, words or affixes all that is left to go by says nothing.
        embedder=msgspec.structs.replace(
            config.embedder, word_dim=0, affix_dim=0, char_encoder="none", shape_dim=0
        ),
    )
    meta, *_ = train([str(corpus)], tmp_path / "m", config)
    assert meta.dev_scores == {"ner": 0.0}
    assert meta.epochs == 4


def test_single_heads_have_weights_and_the_card_a_description(corpus: Path, tmp_path: Path) -> None:
    import msgspec

    config = small_config(epochs=1, loss_weights={"upso": 0.1})
    with pytest.raises(UsageError, match="unknown head 'upso': did you mean 'upos'"):
        train([str(corpus)], tmp_path / "m", config)
    config = small_config(epochs=1, loss_weights={"upos": 0.0}, weight_decay=0.0)
    config = msgspec.structs.replace(config, description="For letters of the 18th century.")
    train([str(corpus)], tmp_path / "a", config)
    assert "For letters of the 18th century." in (tmp_path / "a" / "README.md").read_text()
    train([str(corpus)], tmp_path / "b", small_config(epochs=1, weight_decay=0.0))
    a, b = (read_model(tmp_path / name).weights for name in "ab")
    # Without a loss a head stays as it was made: the layer's bound is 1 / sqrt(32 inputs).
    assert np.abs(a["head_upos.linear.weight"]).max() <= 32**-0.5 + 1e-3
    assert not np.allclose(a["head_upos.linear.weight"], b["head_upos.linear.weight"], atol=1e-3)


@pytest.mark.slow
def test_from_a_model_to_new_labels(model: Path, corpus: Path, tmp_path: Path) -> None:
    new = {
        split: [line.replace("B-ORG", "B-FIRM") for line in lines]
        for split, lines in TOKENS.items()
    }
    new["dev"] = new["train"]  # what decides is that they are learned
    folder = write_corpus(tmp_path / "firms", new)
    train([str(folder)], tmp_path / "m", small_config(epochs=60), base=model)
    saved = read_model(tmp_path / "m")
    ner = next(head for head in saved.heads if head.name == "ner")
    assert set(ner.labels) == {"LOC", "ORG", "PER", "FIRM"}
    found = tagger.load(tmp_path / "m")("John works at Apple in California").entities
    assert [entity.label for entity in found] == ["PER", "FIRM", "LOC"]


def test_a_corpus_learned_from_twice_is_named_once(corpus: Path, tmp_path: Path) -> None:
    for base, name in ((None, "a"), ("a", "b"), ("b", "c")):
        start = tmp_path / base if base else None
        train([str(corpus)], tmp_path / name, small_config(epochs=1), base=start)
    saved = read_model(tmp_path / "c")
    (record,) = saved.meta.all_corpora
    assert saved.card.count(f"\n| {record.name} | ") == 1
    assert f"It started from a model that had learned from {record.name}.\n" in saved.card


def test_no_space_left_keeps_the_last_checkpoint(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tagger.training.checkpoint as state

    write, writes = state.write_file, []

    def full(path: Path, content: bytes) -> None:
        writes.append(path)
        if len(writes) > 3:
            raise OSError(28, "No space left on device", str(path))
        write(path, content)

    config = small_config(epochs=4)
    monkeypatch.setattr(state, "write_file", full)
    with pytest.raises(OSError, match="No space left"):
        train([str(corpus)], tmp_path / "m", config)
    monkeypatch.setattr(state, "write_file", write)
    assert not list(tmp_path.glob("m/*.tmp"))
    train([str(corpus)], tmp_path / "m", config, resume=True)
    train([str(corpus)], tmp_path / "whole", config)
    assert_equal_weights(tmp_path / "whole", tmp_path / "m")


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_the_same(corpus: Path, tmp_path: Path) -> None:
    config = small_config(epochs=150)
    train([str(corpus)], tmp_path / "whole", config)
    (tmp_path / "c.toml").write_text(config_to_toml(config))
    output = tmp_path / "parts"
    command = [sys.executable, "-m", "tagger", "train", str(corpus), "-o", str(output)]
    start = [*command, "--config", str(tmp_path / "c.toml")]
    rng = np.random.default_rng(0)
    kills = 0
    while not (output / "meta.json").is_file():
        begun = existing_directory(output / "last") is not None
        process = subprocess.Popen([*command, "--resume"] if begun else start)
        with contextlib.suppress(subprocess.TimeoutExpired):
            # Until it has begun to save, a kill only shows that nothing happened yet.
            process.wait(timeout=rng.uniform(2.5, 5.0) if kills < 4 else 120)
        if process.poll() is None:
            process.kill()
            process.wait()
            kills += 1
            if not begun and existing_directory(output / "last") is None:
                shutil.rmtree(output, ignore_errors=True)
    assert kills > 0
    assert_equal_weights(tmp_path / "whole", output)


class Notes(Reporter):
    """Keeps what is said and which epochs were the best."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.best: list[int] = []

    def note(self, text: str) -> None:
        self.said.append(text)

    def event(self, event: StepDone | EpochDone) -> None:
        if isinstance(event, EpochDone) and event.is_kept:
            self.best.append(event.record.epoch)


def test_where_dev_says_nothing_the_last_epoch_is_kept(tmp_path: Path) -> None:
    plain = ["nothing/PRON/O happened/VERB/O"]
    folder = write_corpus(tmp_path / "c", {"train": TOKENS["train"], "dev": plain})
    config = msgspec.structs.replace(small_config(epochs=3), heads=("ner",))
    notes = Notes()
    train([str(folder)], tmp_path / "m", config, reporter=notes)
    assert notes.best == [1, 2, 3]
    assert any("dev has no spans of ner" in line for line in notes.said)


@pytest.mark.slow
def test_what_another_corpus_annotates_does_not_count(corpus: Path, tmp_path: Path) -> None:
    without = [line.replace("B-LOC", "O").replace("I-LOC", "O") for line in TOKENS["train"]]
    folder = write_corpus(tmp_path / "c", {"train": without, "dev": without, "test": without})
    output = tmp_path / "m"
    _, tests, _ = train([str(corpus), str(folder)], output, small_config(epochs=40))
    scored = tests["c"].spans["ner"]
    loaded = tagger.load(output)
    data, heads, _, left_out, *_ = select_split(output, loaded, str(folder), "test", ["ner"])
    assert left_out == {"ner": {"LOC"}}
    assert scored == evaluate_split(loaded, data, heads, left_out)[0].spans["ner"]
    assert scored.not_scored


@pytest.mark.slow
def test_a_training_goes_on_with_other_threads(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        train([str(corpus)], tmp_path / "m", small_config(epochs=3), reporter=Stop(3))
    train([str(corpus)], tmp_path / "m", small_config(epochs=3, threads=2), resume=True)
    assert read_model(tmp_path / "m").meta.epochs == 3


def test_threads_are_those_that_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    try:
        monkeypatch.setenv("OMP_NUM_THREADS", "3")
        use_threads(0)
        assert torch.get_num_threads() == 3
        use_threads(1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
