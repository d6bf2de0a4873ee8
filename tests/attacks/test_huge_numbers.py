"""Numbers of thousands of digits, which Python refuses to convert, wherever a file has numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import assert_one_line

HUGE = "9" * 5000

READ = {
    "a.conllu": f"1\ta\t_\tNOUN\t_\t_\t0\troot\t_\t_\n{HUGE}\tb\t_\tNOUN\t_\t_\t1\tdep\t_\t_\n\n",
    "range.conllu": f"1-{HUGE}\tab\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\t_\tNOUN\t_\t_\t0\troot\t_\t_\n\n",
    "numbered.tsv": f"1\ta\tO\n{HUGE}\tb\tB-X\n\n1\tc\tO\n",
}
REFUSED = {
    "offsets.tsv": "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|value\n\n"
    f"1-1\t0-{HUGE}\ta\tPER\t\n",
    "spans.jsonl": f'{{"text": "a", "spans": [{{"start": 0, "end": {HUGE}, "label": "X"}}]}}\n',
    "tags.jsonl": f'{{"tokens": ["a"], "ner_tags": [{HUGE}]}}\n',
    "a.json": f'[{{"text": "a", "label": [[0, {HUGE}, "X"]]}}]\n',
}


@pytest.mark.parametrize("name", READ)
def test_numbers_that_only_count_are_read(tmp_path: Path, run: Callable[..., Any], name: str):
    (tmp_path / name).write_text(READ[name])
    result = run("convert", tmp_path / name, tmp_path / "out.conll")
    assert result.code == 0, result


@pytest.mark.parametrize("name", REFUSED)
def test_numbers_that_say_where_are_refused(tmp_path: Path, run: Callable[..., Any], name: str):
    (tmp_path / name).write_text(REFUSED[name])
    assert_one_line(run("convert", tmp_path / name, tmp_path / "out.tsv", "--to", "conll"), 1, name)
    assert not (tmp_path / "out.tsv").exists()


def test_names_of_numbers(tmp_path: Path, run: Callable[..., Any]):
    (tmp_path / "train.jsonl").write_text('{"tokens": ["a"], "ner_tags": [0]}\n')
    (tmp_path / "id2label.json").write_text(f'{{"0": "O", "{HUGE}": "B-X"}}')
    assert run("convert", tmp_path / "train.jsonl", tmp_path / "out.conll").code == 0


@pytest.mark.parametrize("content", [f"x = {HUGE}", f"[training]\nepochs = {HUGE}"])
def test_configurations(tmp_path: Path, run: Callable[..., Any], corpus: Path, content: str):
    config = tmp_path / "config.toml"
    config.write_text(content)
    result = run("train", corpus, "-o", tmp_path / "model", "--config", config)
    assert_one_line(result, 2, "config.toml")
    setting = f"training.epochs={HUGE}"
    assert_one_line(run("train", corpus, "-o", tmp_path / "model", "--set", setting), 2, "epochs")


def test_ids_of_texts(tmp_path: Path, run: Callable[..., Any], model: Path):
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"id": 123456789012345678901234567890, "text": "John"}\n')
    result = run("predict", "-m", model, "--file", texts, "--format", "json")
    assert result.code == 0, result
    assert '"123456789012345678901234567890"' in result.out
