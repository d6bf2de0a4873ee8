"""Temperatures: fitted on a corpus, stored in a model, without any effect on tags."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

import tagger
from tagger.errors import CorpusError, ModelError, UsageError
from tagger.evaluation.calibrate import calibrate
from tagger.evaluation.calibration import SpanSample, TokenSample, calibration_of, fit_temperature
from tagger.evaluation.reliability import reliability
from tagger.files import content_hash, write_file
from tagger.model.directory import read_model, write_meta
from tagger.model.heads import HeadSpec
from tagger.model.meta import FILES, META
from tagger.runtime.candidates import Spans
from tagger.runtime.decoding import Viterbi, constrained
from tagger.runtime.predictor import Predictor
from tests.helpers.crfs import BIOES

POS = HeadSpec(name="pos", kind="token", decoder="softmax", tags=("A", "B", "C"))


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "copy"))


def drawn_tokens(temperature: float, seed: int = 0, n: int = 4000) -> TokenSample:
    """Tokens whose right tags are drawn with the probabilities at a temperature."""
    rng = np.random.default_rng(seed)
    emissions = 4 * rng.standard_normal((n, 3)).astype(np.float32)
    weights = np.exp(emissions / temperature)
    shares = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    gold = (rng.random((n, 1)) > shares).sum(axis=1)
    predictor = Predictor(None, [POS], {})  # type: ignore[arg-type]  # emissions are given
    return TokenSample(predictor, POS, emissions, np.full(n // 10, 10), np.minimum(gold, 2))


def drawn_spans(temperature: float, seed: int = 0, n: int = 3000) -> SpanSample:
    """Sentences of two tokens whose right tags are drawn as a temperature makes them probable."""
    rng = np.random.default_rng(seed)
    n_tags = len(BIOES.tags)
    emissions = 4 * rng.standard_normal((n, 2, n_tags)).astype(np.float32)
    scores = (emissions[:, 0, :, None] + emissions[:, 1, None, :]) / temperature
    allowed = BIOES.allowed()
    valid = allowed[:-1, :-1] & allowed[-1, :-1, None] & allowed[None, :-1, -1]
    weights = np.where(valid, np.exp(scores), 0).reshape(n, -1)
    shares = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    drawn = (rng.random((n, 1)) > shares).sum(axis=1)
    tag_ids = np.stack([drawn // n_tags, drawn % n_tags], axis=1).reshape(-1)
    transitions = constrained(allowed)
    predictor = Predictor(None, [BIOES], {"ner": transitions})  # type: ignore[arg-type]
    first, last = predictor.tables["ner"].bounds(tag_ids)
    gold = Spans(first, last, np.zeros(len(first), dtype=np.int64), np.ones(len(first)))
    flat = emissions.reshape(-1, n_tags)
    return SpanSample(predictor, BIOES, flat, np.full(n, 2), gold)


@pytest.mark.parametrize("drawn", [drawn_tokens, drawn_spans])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_true_temperature_is_found(drawn, temperature: float) -> None:
    assert fit_temperature([drawn(temperature)]) == pytest.approx(temperature, rel=0.1)
    two = calibration_of([drawn(temperature, seed) for seed in (1, 2)], ["one", "other"])
    assert two is not None
    assert two.temperature == pytest.approx(temperature, rel=0.1)
    assert two.ece_after < 0.03
    if temperature != 1:
        assert two.ece_after < two.ece_before / 2
        assert two.brier_after < two.brier_before


def test_few_sentences_hardly_move_it() -> None:
    assert 0.5 < fit_temperature([drawn_tokens(0.2, n=10)]) < 2
    assert fit_temperature([]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("temperature", [0.2, 1.7, 10.0])
def test_no_temperature_changes_the_best_tags(temperature: float) -> None:
    rng = np.random.default_rng(0)
    emissions = rng.standard_normal((40, 5)).astype(np.float32)
    lengths = np.array([10, 1, 29])
    transitions = constrained(BIOES.allowed())
    warm = Predictor(None, [BIOES], {"ner": transitions}, {"ner": temperature})  # type: ignore[arg-type]
    best = warm.decode(BIOES, emissions, lengths)
    assert (best == Viterbi(transitions)(emissions, lengths)).all()
    probs = warm.marginals(BIOES)(emissions, lengths)
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    assert probs[0, BIOES.tags.index("I-X")] == 0  # what the scheme forbids stays so


def test_reliability() -> None:
    found = reliability([0.95, 0.95, 0.05, 1.0, 0.0], [True, False, False, True, False])
    assert found.n == sum(one.n for one in found.bins) == 5
    assert found.brier == pytest.approx((0.05**2 + 0.95**2 + 0.05**2) / 5)
    assert found.ece == pytest.approx((abs(2.9 - 2) + 0.05) / 5)
    assert reliability([], []).ece == 0


def test_a_training_calibrates_its_heads(model: Path) -> None:
    fitted = read_model(model).meta.calibration
    assert fitted.keys() == {"ner", "upos"}
    assert all(one.temperature > 0 and one.corpora == ("tiny dev",) for one in fitted.values())
    assert tagger.load(model).predictor.temperatures == {
        h: c.temperature for h, c in fitted.items()
    }
    assert "## Confidence" in (model / "README.md").read_text()


def test_calibrating_changes_confidence_and_nothing_else(copy: Path, corpus: Path) -> None:
    texts = ["Mary Jones lives in Ohio.", "Kim works at Apple"]
    meta = msgspec.structs.replace(read_model(copy).meta, calibration={})
    write_meta(copy, meta, (copy / "README.md").read_text())
    before = {name: content_hash(copy / name) for name in FILES}
    uncalibrated = tagger.load(copy)
    fitted = calibrate(copy, corpus, "train", heads=["ner"])
    after = {name: content_hash(copy / name) for name in FILES}
    assert {name for name in FILES if before[name] != after[name]} == {META, "README.md"}
    loaded = {name: tagger.load(copy, engine=name) for name in ("onnx", "torch")}
    for one in loaded.values():
        assert one.predictor.temperatures == {"ner": fitted["ner"].temperature, "upos": 1.0}
        assert one.batch(texts) == uncalibrated.batch(texts)
    sure, other = (
        [e.confidence for d in one.batch(texts, confidence=True) for e in d.entities]
        for one in (loaded["onnx"], uncalibrated)
    )
    assert sure != other
    again = calibrate(copy, corpus, "train", heads=["upos"])
    assert set(again) == {"upos"}
    assert set(read_model(copy).meta.calibration) == {"ner", "upos"}
    assert (copy / "README.md").read_text().count("## Confidence") == 1


def test_a_copy_is_calibrated(model: Path, corpus: Path, tmp_path: Path) -> None:
    before = content_hash(model / META)
    target = tmp_path / "calibrated"
    calibrate(model, [corpus], "train", output=target)
    assert content_hash(model / META) == before != content_hash(target / META)
    assert tagger.load(target)("Kim left").n_tokens == 2
    with pytest.raises(UsageError, match="exists"):
        calibrate(model, [corpus], "train", output=target)


def test_what_cannot_be_calibrated(copy: Path, corpus: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.conll"
    empty.write_text("nothing\tO\nhere\tO\n\n" * 3)
    before = content_hash(copy / META)
    with pytest.raises((CorpusError, UsageError)):
        calibrate(copy, empty, heads=["ner"])
    with pytest.raises(UsageError, match="chunk"):
        calibrate(copy, corpus, heads=["chunk"])
    with pytest.raises(CorpusError):
        calibrate(copy, tmp_path / "missing")
    with pytest.raises(ModelError, match="base"):
        calibrate("en-base", corpus)
    with pytest.raises(UsageError, match="output"):
        calibrate("hub:someone/model", corpus)
    assert content_hash(copy / META) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_model_that_cannot_be_written_stays(copy: Path, corpus: Path) -> None:
    before = content_hash(copy / META)
    copy.chmod(0o500)
    try:
        with pytest.raises(OSError, match="copy"):
            calibrate(copy, corpus, "train")
    finally:
        copy.chmod(0o700)
    assert content_hash(copy / META) == before


@pytest.mark.parametrize("n_written", [0, 1])
def test_an_interrupt_leaves_a_model_that_tags(
    run, copy: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, n_written: int
) -> None:
    before = tagger.load(copy)("Kim left Ohio").to_dict()
    left = [n_written]

    def write_or_stop(path: Path, content: bytes) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write_file(path, content)

    monkeypatch.setattr("tagger.model.directory.write_file", write_or_stop)
    for output in (copy.parent / "new", None):
        given = () if output is None else ("-o", output)
        left[0] = n_written
        result = run("calibrate", copy, corpus, "--split", "train", *given)
        assert (result.code, result.out, result.err) == (130, "", "interrupted\n")
        assert [path.name for path in copy.parent.iterdir()] == ["copy"]
    assert tagger.load(copy)("Kim left Ohio").to_dict() == before


def test_the_command(run, copy: Path, corpus: Path, caplog: pytest.LogCaptureFixture) -> None:
    shown = run("calibrate", copy, corpus, "--split", "train")
    assert "temperature" in shown.out
    assert "says little" in caplog.text
    fitted = json.loads(run("calibrate", copy, corpus, "--split", "train", "--json").out)
    assert fitted["ner"]["corpora"] == ["tiny train"]
    assert "ECE" in run("evaluate", copy, corpus, "--split", "train").out
