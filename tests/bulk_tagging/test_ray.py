"""Bulk taggings on Ray."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import tagger
from tagger.errors import TaggerError
from tests.helpers.clusters import show_code
from tests.helpers.tables import write_parquet

if find_spec("ray") is None:
    pytest.skip("needs the extra ray", allow_module_level=True)

pytestmark = [
    pytest.mark.slow,
    # Of Ray itself: it announces changes, and leaves sockets and processes to the collector.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ray's processes find this code."""
    show_code(monkeypatch)


def outputs(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.glob("*.parquet")}


def test_results_equal_those_of_processes(code: None, model: Path, tmp_path: Path) -> None:
    table = write_parquet(tmp_path / "a.parquet", 60, group=10)
    tagger.bulk(table, tmp_path / "local", model=model, workers=1)
    summary = tagger.bulk(table, tmp_path / "ray", model=model, executor="ray", workers=2)
    assert summary.n_now == 6
    assert outputs(tmp_path / "ray") == outputs(tmp_path / "local")


def test_an_address_that_nobody_answers(model: Path, tmp_path: Path) -> None:
    table = write_parquet(tmp_path / "a.parquet", 5)
    with pytest.raises(TaggerError, match="no Ray cluster answers") as error:
        tagger.bulk(table, tmp_path / "out", model=model, executor="ray", ray_address="127.0.0.1:9")
    assert error.value.path == "127.0.0.1:9"
    assert not (tmp_path / "out").exists()


@pytest.fixture
def cluster(code: None) -> Iterator[object]:
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield started
    started.shutdown()


def test_a_node_that_is_lost(cluster, model: Path, tmp_path: Path) -> None:
    """A node of a cluster of three is killed in the middle; nothing is lost."""
    table = write_parquet(tmp_path / "a.parquet", 3000, group=50)
    tagger.bulk(table, tmp_path / "local", model=model, workers=1)
    lost = cluster.add_node(num_cpus=1)
    cluster.add_node(num_cpus=1)
    out = tmp_path / "ray"

    def lose() -> None:
        while len(list((out / "_done").glob("*"))) < 5:
            time.sleep(0.05)
        cluster.remove_node(lost, allow_graceful=False)

    thread = threading.Thread(target=lose, daemon=True)
    thread.start()
    summary = tagger.bulk(table, out, model=model, executor="ray", ray_address=cluster.address)
    thread.join(60)
    assert not thread.is_alive()
    assert summary.n_finished == summary.n_shards == 60
    assert outputs(out) == outputs(tmp_path / "local")
