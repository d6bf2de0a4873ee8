"""The cache of forms: bounded, safe for threads and forks."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import numpy as np
import pytest

from tagger.features.forms import FormEncoder
from tagger.features.vocabulary import Vocabulary
from tagger.runtime.engines import form_cache
from tagger.runtime.engines.form_engine import FormEngine


def test_it_is_bounded_and_safe_for_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_cache, "CAPACITY_BYTES", 6000)  # a form and its vector: about 56
    calls = []

    def embed(forms: list[str]) -> np.ndarray:
        calls.append(len(forms))
        return np.array([[float(form)] for form in forms], dtype=np.float32)

    cache = form_cache.FormCache(lambda forms: forms, embed)
    seen: list[tuple[np.ndarray, np.ndarray, list[str]]] = []

    def ask(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(30):
            forms = [str(n) for n in rng.integers(1, 300, 40)]
            seen.append((*cache.lookup(forms), forms))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 120
    # All answers hold still, however often the table was begun anew since.
    for vectors, rows, forms in seen:
        assert vectors[rows, 0].tolist() == [float(form) for form in forms]
        assert not vectors[0].any()
    assert len(cache._table.rows) <= 110
    n_calls = len(calls)
    cache.lookup(seen[-1][2][:5])
    cache.lookup(seen[-1][2][:5])
    assert len(calls) <= n_calls + 1
    many = [str(n) for n in range(1, 500)]  # more than the bound at once
    vectors, rows = cache.lookup(many)
    assert vectors[rows, 0].tolist() == [float(form) for form in many]


def length_of(forms: list[str]) -> np.ndarray:
    return np.array([[float(len(form))] for form in forms], dtype=np.float32)


def test_long_forms_count_as_what_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_cache, "CAPACITY_BYTES", 1_000_000)
    cache = form_cache.FormCache(lambda forms: forms, length_of)
    for i in range(100):
        form = f"{i}" * 50_000
        vectors, rows = cache.lookup(["short", form])
        assert vectors[rows, 0].tolist() == [5, len(form)]
        kept = cache._table.rows if cache._table else {}
        assert sum(map(len, kept)) <= 1_000_000
    vectors, rows = cache.lookup(["x" * 2_000_000])
    assert vectors[rows, 0].tolist() == [2_000_000]
    assert cache._table is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_while_another_thread_looks_up_does_not_hang() -> None:
    inside = threading.Event()

    def slow(forms: list[str]) -> np.ndarray:
        if "slow" in forms:
            inside.set()
            time.sleep(0.5)
        return length_of(forms)

    cache = form_cache.FormCache(lambda forms: forms, slow)
    cache.lookup(["known"])
    thread = threading.Thread(target=cache.lookup, args=(["slow"],))
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        vectors, rows = cache.lookup(["known", "new"])
        os._exit(0 if vectors[rows, 0].tolist() == [5, 3] else 1)
    thread.join()
    assert_ends_well(child)


class LockedBackend:
    """Holds a lock while it computes, as libraries do."""

    name, precision = "onnx", "fp32"

    def __init__(self) -> None:
        self.lock, self.inside = threading.Lock(), threading.Event()

    def embed(self, features: Any) -> np.ndarray:
        return np.zeros((len(features[0]), 1), np.float32)

    def emissions(self, vectors: Any, index: Any, lengths: Any, heads: Any) -> Any:
        with self.lock:
            self.inside.set()
            time.sleep(0.3)
            return {head: np.zeros((*index.shape, 2), np.float32) for head in heads}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_waits_for_threads_that_compute() -> None:
    backend = LockedBackend()
    encoder = FormEncoder(Vocabulary(("a",), ("a",)), max_chars=9, n_affix_buckets=9)
    engine = FormEngine(backend, encoder)

    def compute() -> bool:
        return engine.emissions(["a", "b"], np.array([2]), ["ner"])["ner"].shape == (2, 2)

    threads = [threading.Thread(target=compute) for _ in range(3)]
    for thread in threads:
        thread.start()
    backend.inside.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if compute() else 1)
    for thread in threads:
        thread.join()
    assert compute()
    assert_ends_well(child)


def assert_ends_well(child: int) -> None:
    """Check that a forked process ends soon."""
    for _ in range(100):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        time.sleep(0.1)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert status == 0
