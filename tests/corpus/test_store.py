from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tagger.corpus import load_corpus, scan, store
from tagger.errors import CorpusError, FormatError
from tagger.formats import columns

TSV = "a\tO\nb\tB-X\n\nc\tO\n"


def test_the_package_imports_nothing_heavy():
    code = (
        "import sys, tagger.corpus; "
        "print({'datasets', 'torch', 'conllu', 'pyarrow', 'huggingface_hub'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def count_reads(monkeypatch) -> list[Path]:
    read = []
    original = columns.read

    def reading(path, *others):
        read.append(path)
        return original(path, *others)

    monkeypatch.setattr(columns, "read", reading)
    return read


def test_files_are_read_once_and_the_dataset_is_mapped(write, monkeypatch):
    path = write("train.tsv", TSV)
    read = count_reads(monkeypatch)
    first = load_corpus(str(path))
    assert len(read) == 2
    again = load_corpus(str(path))
    assert len(read) == 2
    assert first.fingerprint == again.fingerprint
    assert list(first.splits["train"]) == list(again.splits["train"])
    (file,) = again.splits["train"].cache_files
    assert file["filename"].startswith(os.environ["TAGGER_CACHE"])


def test_equal_files_elsewhere_share_the_cache_but_not_the_paths(write, monkeypatch):
    content = TSV + "d\tI-X\n"
    load_corpus(str(write("a/train.tsv", content)))
    read = count_reads(monkeypatch)
    path = write("b/train.tsv", content)
    corpus = load_corpus(str(path))
    assert not read
    assert corpus.findings[0].where() == f"{path}:5"


def test_a_changed_file_is_read_again(write):
    path = write("train.tsv", TSV)
    before = path.stat()
    old = load_corpus(str(path))
    write("train.tsv", TSV.replace("c", "d"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # the same time and size
    new = load_corpus(str(path))
    assert new.splits["train"][1]["tokens"] == ["d"]
    assert new.fingerprint != old.fingerprint


def test_options_and_versions_have_their_own_cache(write, monkeypatch):
    path = str(write("train.tsv", TSV))
    prints = {
        load_corpus(path).fingerprint,
        load_corpus(path, columns="token,slot").fingerprint,
    }
    monkeypatch.setattr(store, "READER_VERSION", -1)
    prints.add(load_corpus(path).fingerprint)
    assert len(prints) == 3


def test_a_file_that_changes_while_it_is_read(write, monkeypatch):
    path = write("train.tsv", TSV)
    original = scan.scan

    def scan_and_change(*args):
        found = original(*args)
        write("train.tsv", TSV + "\ne\tO\n")
        return found

    monkeypatch.setattr(store, "scan", scan_and_change)
    with pytest.raises(CorpusError, match="changed while it was read"):
        load_corpus(str(path))


def test_a_build_that_fails_leaves_nothing(write, monkeypatch):
    path = write("train.tsv", TSV)
    original = columns.read
    calls = []

    def fail_in_the_second_pass(path, *others):
        calls.append(path)
        for i, sentence in enumerate(original(path, *others)):
            if len(calls) == 2 and i == 1:
                raise FormatError(path, 4, "made up")
            yield sentence

    monkeypatch.setattr(columns, "read", fail_in_the_second_pass)
    with pytest.raises(FormatError, match=r"train.tsv:4: made up") as info:
        load_corpus(str(path))
    assert info.value.__cause__ is None
    assert len(load_corpus(str(path)).splits["train"]) == 2


@pytest.mark.slow
def test_a_build_that_is_killed_leaves_nothing(write):
    path = write("train.tsv", "a\tO\n\n" * 5000)
    code = f"""
import os, tagger.formats.columns as columns
from tagger.corpus import load_corpus
original, calls = columns.read, []
def read(path, *others):
    calls.append(path)
    for i, sentence in enumerate(original(path, *others)):
        if len(calls) == 2 and i == 4000:
            os._exit(9)
        yield sentence
columns.read = read
load_corpus({str(path)!r})
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert len(load_corpus(str(path)).splits["train"]) == 5000


@pytest.mark.slow
def test_reading_at_once_from_several_processes(write):
    path = write("train.tsv", "a\tO\nb\tB-X\n\n" * 3000)
    code = (
        "from tagger.corpus import load_corpus; "
        f"print(len(load_corpus({str(path)!r}).splits['train']))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert [process.communicate() for process in running] == [("3000\n", "")] * 3


def test_reading_at_once_from_several_threads(write):
    path = write("train.tsv", "a\tO\nb\tB-X\n\n" * 500)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(len(load_corpus(str(path)).splits["train"])))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [500] * 4


def test_nothing_is_printed(write, capfd):
    load_corpus(str(write("train.tsv", TSV)))
    assert capfd.readouterr() == ("", "")


def test_a_damaged_scan_is_made_again(write):
    path = write("train.tsv", TSV)
    load_corpus(str(path))
    (kept,) = Path(os.environ["TAGGER_CACHE"]).rglob("scan.json")
    kept.write_text("{")
    assert len(load_corpus(str(path)).splits["train"]) == 2


def test_a_cache_that_cannot_be_written(write, tmp_path, monkeypatch):
    path = write("train.tsv", TSV)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TAGGER_CACHE", str(tmp_path / "file"))
    with pytest.raises(CorpusError, match=r"cache cannot be written .*set TAGGER_CACHE"):
        load_corpus(str(path))


def test_a_scan_without_its_arrow_files_is_no_obstacle(write):
    path = write("train.tsv", TSV)
    load_corpus(str(path))
    for folder in Path(os.environ["TAGGER_CACHE"]).rglob("train"):
        shutil.rmtree(folder)
    assert len(load_corpus(str(path)).splits["train"]) == 2


def test_the_cache_of_the_user(monkeypatch):
    monkeypatch.delenv("TAGGER_CACHE")
    assert store.cache_dir().parts[-2:] == ("tagger", "corpora")
