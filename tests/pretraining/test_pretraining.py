"""Raw text in, a base out: what is read, what is learned, what a training takes over."""

import gzip
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pyarrow
import pytest
import torch

import tagger
from tagger.config import Config, Merge, config_from_dict
from tagger.errors import Interrupted, ModelError, TaggerError, TrainingError, UsageError
from tagger.features.forms import CASES, FormFeatures
from tagger.features.vocabulary import normalize
from tagger.model.cells import cell_key
from tagger.model.directory import read_model
from tagger.model.encoder import RecurrentEncoder
from tagger.model.meta import FILES
from tagger.pretraining import static
from tagger.pretraining import text as text_module
from tagger.pretraining.encoding import EncodedText, encode_texts
from tagger.pretraining.language_model import LanguageModel
from tagger.pretraining.reporting import PretrainingReporter
from tagger.pretraining.run import pretrain
from tagger.pretraining.text import read_lines
from tagger.runtime.engines.building import form_encoder
from tagger.training.output import Run
from tests.helpers.corpora import small_config

LINES = [
    "The ship left Aberdeen in March. Its captain, Ewan Grant, had sailed before.",
    "Nobody in the town of Luleå knew why the bells rang!",
    'She said: "We shall see." Then she left for Kyoto.',
    "Prices rose 3.5 % in 1996 and fell again.",
] * 12


def small(**pretraining: object) -> Config:
    settings = {"vector_epochs": 0, "min_count": 2, "batch_tokens": 100, **pretraining}
    small = small_config()
    return msgspec.structs.replace(
        config_from_dict({"pretraining": settings}),
        embedder=small.embedder,
        encoder=small.encoder,
        training=small.training,
    )


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.txt"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


def test_a_text_is_the_same_however_it_is_packed(raw: Path, tmp_path: Path) -> None:
    content = raw.read_bytes()
    (tmp_path / "raw.txt.gz").write_bytes(gzip.compress(content))
    (tmp_path / "raw.txt.zst").write_bytes(pyarrow.compress(content, "zstd", asbytes=True))
    (tmp_path / "windows.txt").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n\r\n"))
    for name in ("raw.txt", "raw.txt.gz", "windows.txt"):
        assert list(read_lines(str(tmp_path / name))) == LINES, name


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"One line.\nTwo\0lines.\n", r"t\.txt:2: a NUL byte"),
        (b"One line.\nTw\xff\n", r"t\.txt:2: not UTF-8"),
        (b"One line.\n" + b"long " * 20_000, r"t\.txt:2: a line of more than"),
        (b"One line.\n", r"t\.txt: 1 sentences are too few"),
        (b"", r"t\.txt: empty"),
        (b" \n\n \n", r"t\.txt: 0 sentences are too few"),
    ],
)
def test_what_is_no_text_is_refused_and_leaves_no_model(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "MAX_LINE", 50_000)
    path = tmp_path / "t.txt"
    path.write_bytes(content)
    with pytest.raises(TaggerError, match=said):
        pretrain([str(path)], tmp_path / "base", small())
    assert not (tmp_path / "base").exists()


def test_an_old_model_stays_until_there_is_text_to_learn_from(raw: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    pretrain([str(raw)], base, small())
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    (tmp_path / "bad.txt").write_bytes(raw.read_bytes() + b"Tw\xff\n")
    with pytest.raises(TaggerError, match="not UTF-8"):
        pretrain([str(tmp_path / "bad.txt")], base, small(), force=True)
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before


@pytest.mark.parametrize(
    ("direction", "said"), [("bi", "A bidirectional language"), ("forward", "A forward language")]
)
def test_the_card_says_how_the_text_was_read(
    raw: Path, tmp_path: Path, direction: str, said: str
) -> None:
    config = small()
    encoder = msgspec.structs.replace(config.encoder, direction=direction)
    pretrain([str(raw)], tmp_path / "base", msgspec.structs.replace(config, encoder=encoder))
    assert said in read_model(tmp_path / "base").card


def test_stopped_while_reading_nothing_is_kept(raw: Path, tmp_path: Path) -> None:
    class Stop(PretrainingReporter):
        def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
            assert stage == "reading"
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted, match="nothing of it is kept"):
        pretrain([str(raw)], tmp_path / "base", small(), reporter=Stop())
    assert not (tmp_path / "base").exists()


def test_word_vectors_that_a_full_disk_has_cut_off_are_refused(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = """
import sys
with open(sys.argv[2], "w") as file:
    file.write("3 2\\nthe 0.1 0.2\\nship 0.1 0")
"""
    monkeypatch.setattr(static, "_PROGRAM", program)
    config = small(vector_epochs=1)
    with pytest.raises(TrainingError, match="2 of 3 word vectors were written"):
        pretrain([str(raw)], tmp_path / "base", config)
    monkeypatch.undo()
    pytest.importorskip("floret")
    pretrain([str(raw)], tmp_path / "base", config, resume=True)
    assert read_model(tmp_path / "base").vocabulary.words


def test_a_damaged_archive_a_folder_and_no_file_are_refused(raw: Path, tmp_path: Path) -> None:
    packed = tmp_path / "raw.gz"
    packed.write_bytes(gzip.compress(raw.read_bytes() * 100)[:-20])
    for path, said in (
        (packed, r"raw\.gz: damaged"),
        (tmp_path, "a folder"),
        (tmp_path / "none.txt", "no such file"),
    ):
        with pytest.raises(TaggerError, match=said):
            pretrain([str(path)], tmp_path / "base", small())
    with pytest.raises(UsageError, match="name a file"):
        pretrain([], tmp_path / "base", small())


def test_every_token_of_the_text_is_learned_from(raw: Path, tmp_path: Path) -> None:
    inventory = encode_texts([str(raw), str(raw)], tmp_path, report=lambda n: None)
    assert inventory.n_tokens == sum(inventory.forms.values())
    assert inventory.forms["Aberdeen"] == 2 * 12
    forms = list(inventory.forms)
    vocabulary = tagger.features.vocabulary.Vocabulary.from_counts(inventory.forms, min_count=1)
    encoder = form_encoder(small().embedder, vocabulary, ())
    encoded = EncodedText(tmp_path, inventory, encoder)
    assert encoded.lengths.sum() == inventory.n_tokens
    batch = encoded.batch(np.array([0, 1, 2]))
    first = [vocabulary.words[i - 1] for i in batch.features.word_ids[batch.form_index[0]].tolist()]
    assert " ".join(first[: batch.lengths[0]]) == "the ship left aberdeen in march ."
    lines = (tmp_path / "words.txt").read_text("utf-8").splitlines()
    assert sum(len(line.split()) for line in lines) == inventory.n_tokens
    assert {word for line in lines for word in line.split()} == {normalize(f) for f in forms}


@pytest.mark.parametrize("merge", get_args(Merge))
@pytest.mark.parametrize("n_layers", [1, 2])
def test_each_direction_is_blind_to_the_other_side(merge: str, n_layers: int) -> None:
    torch.manual_seed(0)
    encoder = RecurrentEncoder(
        input_dim=5, cell="lstm", direction="bi", hidden_dim=4, n_layers=n_layers, merge=merge,
        layer_dropout=0.0,
    ).eval()  # fmt: skip
    inputs = torch.randn(2, 7, 5)
    lengths = torch.tensor([7, 4])
    changed = inputs.clone()
    changed[:, 2] += 1.0
    for way, seen in (("forward", slice(2, None)), ("backward", slice(None, 3))):
        before = encoder.one_sided(way, inputs, lengths)
        after = encoder.one_sided(way, changed, lengths)
        differs = ((before - after).abs().sum(2) > 1e-7)[0]
        expected = torch.zeros(7, dtype=torch.bool)
        expected[seen] = True
        assert differs.tolist() == expected.tolist()
    if n_layers == 1 and merge == "concat":
        outputs = [encoder.one_sided(each, inputs, lengths) for each in encoder.directions]
        torch.testing.assert_close(torch.cat(outputs, 2), encoder(inputs, lengths))


def language_model(n_words: int, n_sampled: int) -> LanguageModel:
    from tagger.features.vocabulary import Vocabulary
    from tagger.model.network import build_network

    torch.manual_seed(0)
    config = small()
    vocabulary = Vocabulary([f"w{i}" for i in range(n_words)], "abc")
    network = build_network(config, vocabulary, ())
    frequencies = torch.cat([torch.zeros(1), torch.arange(n_words, 0, -1)]).double()
    return LanguageModel(
        network,
        vectors=torch.randn(n_words + 1, 16),
        frequencies=frequencies / frequencies.sum(),
        n_cases=len(CASES),
        n_sampled=n_sampled,
    ).eval()


def features_of(n_words: int) -> FormFeatures[torch.Tensor]:
    ids = torch.arange(n_words + 1)
    affixes = torch.zeros(len(ids), 8, dtype=torch.int64)
    return FormFeatures(ids, ids * 0, affixes[:, :3] + 2, affixes, ids * 0, ids % len(CASES))


def test_with_all_words_sampled_the_loss_is_that_of_the_full_softmax() -> None:
    n_words = 6
    model = language_model(n_words, n_sampled=5000)
    features = features_of(n_words)
    form_index = torch.tensor([[3, 1, 0, 2, 2], [4, 5, 6, 3, 3]])  # 0 is the unknown word
    lengths = torch.tensor([4, 3])
    losses = model(features, form_index, lengths)
    inputs = model.network.embedder(features)[form_index]
    for direction, following in (
        ("forward", [(0, 0, 1), (0, 2, 2), (0, 3, 0), (1, 0, 5), (1, 1, 6), (1, 2, 0)]),
        ("backward", [(0, 0, 0), (0, 1, 3), (0, 2, 1), (1, 0, 0), (1, 1, 4), (1, 2, 5)]),
    ):  # (sentence, token, the word that is told; 0 the sentence's bound); never the unknown word
        states = model.network.encoder.one_sided(direction, inputs, lengths)
        projected = model.projections[cell_key(direction)](states)
        scores = projected @ model.outputs.weight.T + model.biases.weight[:, 0]
        log_probs = scores.log_softmax(2)
        expected = -torch.stack([log_probs[i, t, word] for i, t, word in following]).mean()
        torch.testing.assert_close(losses[direction][0], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.slow
def test_a_base_is_learned_and_started_from(raw: Path, corpus: Path, tmp_path: Path) -> None:
    from tagger.training.run import train

    base = tmp_path / "base"
    heard: list[dict[str, str]] = []

    class Ear(PretrainingReporter):
        def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
            if stage == "language model":
                heard.append(details)

    pretrain([str(raw)], base, small(epochs=60), licence="CC0", reporter=Ear())
    assert float(heard[-1]["loss forward"]) < 0.75 * float(heard[0]["loss forward"])
    assert float(heard[-1]["loss backward"]) < 0.75 * float(heard[0]["loss backward"])
    assert sorted(path.name for path in base.iterdir()) == sorted(FILES)
    assert "CC0" in (base / "README.md").read_text("utf-8")
    with pytest.raises(ModelError, match="a base without heads"):
        tagger.load(base)

    config = msgspec.structs.replace(small_config(epochs=2), embedder=small().embedder)
    train([str(corpus)], tmp_path / "m", config, base=base)
    old, new = read_model(base), read_model(tmp_path / "m")
    words = "embedder.parts.word_ids.weight"
    trained = {normalize(w) for w in ["John", "works", "at", "Apple", "in", "California"]}
    outside = [word for word in old.vocabulary.words if word in ("aberdeen", "bells", "kyoto")]
    assert len(outside) == 3
    assert not trained & set(outside)
    for word in outside:
        np.testing.assert_array_equal(
            old.weights[words][old.vocabulary.word_ids[word]],
            new.weights[words][new.vocabulary.word_ids[word]],
        )
    assert new.meta.earlier_corpora == old.meta.corpora
    assert f"| raw.txt | {old.meta.corpora[0].n_sentences['text']} text | CC0 |" in new.card


def test_without_a_terminal_each_stage_says_a_line_at_once(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    from tagger.pretraining.reporting import Terminal

    pytest.importorskip("floret")
    pretrain(
        [str(raw)],
        tmp_path / "base",
        small(vector_epochs=1),
        reporter=Terminal(Console(stderr=True, width=200)),
    )
    lines = capsys.readouterr().err.splitlines()
    stages = [
        "reading: ",
        "raw.txt: ",
        "word vectors: begins",
        "word vectors: ",
        "language model: ",
    ]
    for line, stage in zip(lines, stages, strict=False):
        assert line.startswith(stage), lines


@pytest.mark.slow
def test_a_stopped_pretraining_goes_on_as_if_it_never_had_been(raw: Path, tmp_path: Path) -> None:
    from tagger.training.output import stored_run as run_of_training

    config = small(epochs=4)
    pretrain([str(raw)], tmp_path / "whole", config)

    class Stop(PretrainingReporter):
        def __init__(self) -> None:
            self.n = 0

        def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
            self.n += stage == "language model"
            if self.n == 11:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted) as caught:
        pretrain([str(raw)], tmp_path / "parts", config, reporter=Stop())
    assert caught.value.path == str(tmp_path / "parts")
    assert "{resume=True}" in str(caught.value.hint)
    with pytest.raises(UsageError, match=r"\[pretraining\] epochs changed since"):
        pretrain([str(raw)], tmp_path / "parts", small(epochs=5), resume=True)
    with pytest.raises(UsageError, match="the texts changed since"):
        pretrain([str(raw)] * 2, tmp_path / "parts", config, resume=True)
    with pytest.raises(ModelError, match=r"if it is a pretraining, resume with `tagger pretrain`"):
        run_of_training(tmp_path / "parts")
    pretrain([str(raw)], tmp_path / "parts", config, licence="CC0", resume=True)
    assert "CC0" in (tmp_path / "parts" / "README.md").read_text("utf-8")
    whole, parts = read_model(tmp_path / "whole"), read_model(tmp_path / "parts")
    assert whole.vocabulary.words == parts.vocabulary.words
    for name, weight in whole.weights.items():
        np.testing.assert_array_equal(weight, parts.weights[name], err_msg=name)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (msgspec.json.encode(Run(config=Config(), sources=("sample",), fingerprints=())),
         r"if it is a training, resume with `tagger train`"),
        (b'{"config"', "damaged"),
    ],
)  # fmt: skip
def test_only_a_pretraining_is_resumed(
    raw: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "base" / "last").mkdir(parents=True)
    (tmp_path / "base" / "run.json").write_bytes(content)
    with pytest.raises(ModelError, match=said):
        pretrain([str(raw)], tmp_path / "base", small(), resume=True)


def test_word_vectors_are_where_the_language_model_starts(raw: Path, tmp_path: Path) -> None:
    pytest.importorskip("floret")
    config = small(vector_epochs=1, epochs=1, learning_rate=1e-6)
    pretrain([str(raw)], tmp_path / "base", config)
    model = read_model(tmp_path / "base")
    table = model.weights["embedder.parts.word_ids.weight"][1:]
    # The mean row has the length of one, where a random start of 16 values has 0.4.
    assert 0.9 < np.linalg.norm(table, axis=1).mean() < 1.1
