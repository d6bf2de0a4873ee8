"""Engines give the same tags: whatever the network, the batch, the length, the precision."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

import tagger
from tagger.config import Config, config_from_dict
from tagger.errors import ModelError, TaggerError, UsageError
from tagger.features.forms import FormFeatures
from tagger.model.cells import CELLS
from tagger.model.directory import read_model
from tagger.model.meta import GRAPHS, WEIGHTS
from tagger.model.weights import read_tensors
from tagger.runtime.engines import onnx_runtime as onnx_engine
from tagger.runtime.engines.building import form_encoder
from tagger.runtime.export import export
from tagger.runtime.tagger import Tagger
from tests.helpers.networks import (
    VOCABULARY,
    WORDS,
    build_from,
    emissions,
    on_onnx_runtime,
    random_sentences,
)

NETWORKS = [
    *(
        {"cell": cell, "direction": direction, "merge": "concat", "n_layers": 2}
        for cell in CELLS
        for direction in ("forward", "backward", "bi")
    ),
    *({"merge": merge, "n_layers": 2} for merge in ("sum", "product", "projection")),
]


def both(config: Config, folder: Path, precision: str = "fp32") -> tuple[Tagger, Tagger]:
    """A network on PyTorch and on ONNX Runtime."""
    network, on_torch = build_from(config)
    return on_torch, on_onnx_runtime(config, network, folder / GRAPHS[precision], precision)


@pytest.mark.parametrize("encoder", NETWORKS, ids=lambda e: "-".join(map(str, e.values())))
def test_engines_agree_alone_in_batches_and_in_pieces(
    encoder: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_from_dict({"encoder": {"hidden_dim": 12, **encoder}})
    on_torch, on_onnx = both(config, tmp_path)
    texts = random_sentences()
    assert on_torch.tag(texts) == on_onnx.tag(texts)
    expected = emissions(on_torch, texts)
    whole = emissions(on_onnx, texts)
    alone = [emissions(on_onnx, [text])[0] for text in texts]
    monkeypatch.setattr(onnx_engine, "MAX_TOKENS", 7)
    in_pieces = emissions(on_onnx, texts)
    for a, b, c, d in zip(expected, whole, alone, in_pieces, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
        np.testing.assert_allclose(b, c, atol=1e-6)
        np.testing.assert_allclose(b, d, atol=1e-6)


@pytest.mark.parametrize("char_encoder", ["cnn", "lstm", "none"])
def test_forms_are_embedded_alike(char_encoder: str, tmp_path: Path) -> None:
    config = config_from_dict({"embedder": {"char_encoder": char_encoder}})
    on_torch, on_onnx = both(config, tmp_path)
    features = form_encoder(config.embedder, VOCABULARY, ())([*WORDS, "x"])
    expected = on_torch.engine.backend.embed(features)
    assert expected.shape[1] == on_onnx.engine.backend._embedder.dim
    np.testing.assert_allclose(on_onnx.engine.backend.embed(features), expected, atol=1e-5)
    nothing = FormFeatures(*(ids[:0] for ids in features))
    assert on_onnx.engine.backend.embed(nothing).shape == (0, expected.shape[1])


@pytest.mark.parametrize("n_bits", [8, 7])
def test_eight_bits_stay_near(n_bits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_engine, "multiplies_8_bits", lambda: n_bits == 8)
    config = config_from_dict({"encoder": {"hidden_dim": 64}})
    on_torch, on_onnx = both(config, tmp_path, "int8")
    texts = random_sentences()
    expected = np.concatenate(emissions(on_torch, texts))
    found = np.concatenate(emissions(on_onnx, texts))
    error = np.abs(expected - found).max()
    assert 0 < error < 0.1 * expected.std()  # it is not single precision, and it is near


def test_threads_change_nothing(model: Path) -> None:
    texts = random_sentences(300)
    one, two = (tagger.load(model, threads=n, precision="int8") for n in (1, 2))
    assert one.engine.precision == "int8"
    a, b = ([t.tag(texts[:50]), t.tag(texts)] for t in (one, two))
    assert a == b


def lines_and_imports(*arguments: str) -> tuple[list[str], set[str]]:
    """Return the output of a command, and all modules that it has imported."""
    code = (
        f"import sys; from tagger.cli import main; sys.argv = {['tagger', *arguments]!r}\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, modules = done.stdout.splitlines()
    return lines, set(modules.split())


def test_a_prediction_imports_nothing_heavy(model: Path) -> None:
    lines, modules = lines_and_imports(
        "predict", "-m", str(model), "John works at Apple in California"
    )
    assert lines == ["[John](PER) works at [Apple](ORG) in [California](LOC)"]
    heavy = {"torch", "spacy", "datasets", "onnx", "pandas", "seqeval", "rich", "json"}
    assert sorted(heavy & modules) == []


def test_an_evaluation_imports_no_torch(model: Path) -> None:
    lines, modules = lines_and_imports("evaluate", str(model), "sample", "--split", "dev", "--json")
    assert len(lines) == 1
    assert "torch" not in modules


@pytest.mark.slow
def test_a_training_leaves_graphs_that_agree(model: Path) -> None:
    assert all((model / name).stat().st_size < 10_000 for name in GRAPHS.values())
    default = tagger.load(model)
    assert (default.engine.name, default.engine.precision) == ("onnx", "int8")
    texts = random_sentences(100)
    expected = tagger.load(model, engine="torch").tag(texts)
    assert tagger.load(model, precision="fp32").tag(texts) == expected


def test_what_a_model_or_machine_lacks_is_named(model: Path, tmp_path: Path) -> None:
    for wrong, message in (
        ({"engine": "onxx"}, "unknown engine 'onxx': did you mean 'onnx'"),
        ({"precision": "fp16"}, "unknown precision 'fp16'"),
        ({"engine": "onnx", "device": "cuda"}, "runs on the cpu"),
        ({"engine": "torch", "precision": "int8"}, "no precision int8"),
    ):
        with pytest.raises(UsageError, match=message):
            tagger.load(model, **wrong)
    copy = shutil.copytree(model, tmp_path / "m")
    (copy / GRAPHS["int8"]).unlink()
    assert tagger.load(copy).engine.precision == "fp32"
    with pytest.raises(ModelError, match="differed too much"):
        tagger.load(copy, precision="int8")
    (copy / GRAPHS["fp32"]).write_bytes(b"no graph")
    with pytest.raises(ModelError, match=r"graph\.onnx: damaged.*tagger export"):
        tagger.load(copy)
    (copy / GRAPHS["fp32"]).unlink()
    assert tagger.load(copy).engine.name == "torch"
    with pytest.raises(ModelError, match="write one with `tagger export"):
        tagger.load(copy, engine="onnx")
    kept = export(copy, [["John", "works", "at", "Apple", "in", "California"]])
    assert [e.path != "" for e in kept] == [True, True]
    assert tagger.load(copy).engine.precision == "int8"


@pytest.mark.slow
def test_a_graph_in_eight_bits_that_disagrees_is_not_kept(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(model, tmp_path / "m")
    monkeypatch.setattr(onnx_engine, "multiplies_8_bits", lambda: True)
    right = onnx_engine.initializers

    def coarse(*arguments: object, **options: object) -> dict[str, np.ndarray]:
        return right(*arguments, **{**options, "n_bits": 2})

    monkeypatch.setattr(onnx_engine, "initializers", coarse)
    single, eight = export(copy, random_sentences(200))
    assert single.path
    assert not eight.path
    assert "tags agree, not" in eight.note
    assert not (copy / GRAPHS["int8"]).exists()


def test_a_graph_is_there_only_once_its_tags_agree(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(model, tmp_path / "m")
    (copy / GRAPHS["int8"]).unlink()
    kept = (copy / GRAPHS["fp32"]).read_bytes()

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tagger.runtime.export.equal_tags", stopped)
    with pytest.raises(KeyboardInterrupt):
        export(copy, random_sentences(10))
    assert not (copy / GRAPHS["int8"]).exists()
    assert (copy / GRAPHS["fp32"]).read_bytes() == kept


def test_cells_without_an_operator_in_eight_bits_say_so(tmp_path: Path, corpus: Path) -> None:
    from tagger.training.run import train

    config = config_from_dict(
        {
            "encoder": {"cell": "gru", "hidden_dim": 8},
            "training": {"epochs": 1, "epoch_steps": 0, "threads": 1},
            "heads": ["ner"],
        }
    )
    train([str(corpus)], tmp_path / "m", config)
    assert tagger.load(tmp_path / "m").engine.precision == "fp32"
    with pytest.raises(ModelError, match="no 8-bit operator for gru cells"):
        tagger.load(tmp_path / "m", precision="int8")
    assert read_model(tmp_path / "m").config.encoder.cell == "gru"


def test_out_of_memory_a_batch_goes_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    network, on_torch = build_from(Config())
    texts = random_sentences(30)
    expected = on_torch.tag(texts)
    encode, seen = network.encode, []

    def small(vectors: torch.Tensor, index: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        seen.append(len(lengths))
        if len(lengths) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(vectors, index, lengths)

    monkeypatch.setattr(network, "encode", small)
    with pytest.warns(UserWarning, match="out of memory: .* two halves"):
        assert on_torch.tag(texts) == expected
    assert max(seen) > 3 >= min(seen)

    def never(*arguments: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(network, "encode", never)
    with pytest.raises(TaggerError, match="4 tokens"):
        on_torch.tag([WORDS[:4]])


def rewritten(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    data = json.loads((folder / name).read_bytes())
    change(data)
    (folder / name).write_text(json.dumps(data))


def without_a_number(folder: Path) -> None:
    path = folder / WEIGHTS
    tensors = {name: weight.copy() for name, weight in read_tensors(path).items()}
    tensors["head_upos.linear.bias"][1] = np.nan
    path.write_bytes(save(tensors))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            lambda m: rewritten(m, "config.json", lambda c: c["encoder"].update(cell="gru")),
            r"encoder\.layers\.0\.backward_cell\.\w+ is 64, and should be 48",
        ),
        (
            lambda m: rewritten(m, "config.json", lambda c: c["encoder"].update(merge="sum")),
            r"head_ner\.linear\.weight is .* × 32, and should be .* × 16",
        ),
        (lambda m: rewritten(m, "vocab.json", lambda v: v["words"].pop()), "word_ids"),
        (lambda m: rewritten(m, "vocab.json", lambda v: v["chars"].append("𝔞")), "char_ids"),
        (lambda m: rewritten(m, "heads.json", lambda h: h[0]["tags"].pop()), "the tags of head"),
        (lambda m: rewritten(m, "heads.json", lambda h: h.pop()), "should be missing"),
        (without_a_number, r"damaged.*head_upos\.linear\.bias has NaN"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    model: Path, tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    copy = shutil.copytree(model, tmp_path / "m")
    damage(copy)
    with pytest.raises(ModelError, match=words) as caught:
        tagger.load(copy)
    assert Path(str(caught.value.path)).parent == copy


FORKED = """
import os, signal, sys, tagger
model = tagger.load(sys.argv[1], engine="torch", threads=2)
texts = ["John works at Apple in California"] * 50
expected = model.batch(texts)
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(0 if model.batch(texts) == expected else 1)
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.slow
def test_pytorch_with_threads_tags_in_a_forked_process(model: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED, str(model)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n", done.stderr


def test_pytorch_keeps_its_threads_and_stays_in_evaluation(model: Path) -> None:
    before = torch.get_num_threads()
    loaded = tagger.load(model, engine="torch")
    assert torch.get_num_threads() == before
    network = loaded.engine.backend.network
    assert not network.training
    expected = loaded.tag(random_sentences())
    threads = [threading.Thread(target=loaded.tag, args=(random_sentences(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not network.training
    assert loaded.tag(random_sentences()) == expected


WATCHED = """
import os, sys, time, tagger
tagger.load(sys.argv[1])("John works at Apple in California")
end = time.monotonic() + 3
found = set()
while time.monotonic() < end:
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    time.sleep(0.02)
print(len(found))
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc here")
@pytest.mark.slow
def test_onnx_runtime_sends_nothing(model: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(model)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "0\n"
    assert list(tmp_path.iterdir()) == []
