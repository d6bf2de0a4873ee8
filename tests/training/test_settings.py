"""The settings of a training, from files and arguments."""

from __future__ import annotations

from pathlib import Path

from tagger.training.settings import settings


def test_columns_are_those_of_the_command_line_whatever_the_table_is_called(
    corpus: Path, tmp_path: Path
) -> None:
    table = tmp_path / "config.toml"
    table.write_text(f'[corpora."{corpus.name}".labels]\nPER = "PERSON"\n')
    chosen = settings([str(corpus)], config=table, columns="token,-,ner")
    (entry,) = chosen.config.corpora.values()
    assert (entry.columns, entry.labels) == ("token,-,ner", {"PER": "PERSON"})
