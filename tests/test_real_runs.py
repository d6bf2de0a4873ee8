"""Every corpus that is at hand trains; only where ``$TAGGER_DATA`` leads to corpora."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

import tagger
from tagger.config import CorpusConfig, config_from_dict
from tagger.training.run import train

DATA = Path(os.environ.get("TAGGER_DATA", ""))
CORPORA = (
    "conll2003", "conll2000", "conll2002-es", "conll2002-nl", "wnut17", "bc5cdr", "ncbi_disease",
    "btc", "ud_en_ewt", "ud_tr_imst", "ud_vi_vtb", "uner_da_ddt", "uner_sv_talbanken",
    "uner_zh_gsdsimp", "mit_movie_trivia",
)  # fmt: skip
COLUMNS = {"mit_movie_trivia": "ner,token"}


@pytest.mark.slow
@pytest.mark.parametrize("name", CORPORA)
def test_an_epoch_on_every_corpus(name: str, tmp_path: Path) -> None:
    folder = "conll2002" if name.startswith("conll2002") else name
    if not os.environ.get("TAGGER_DATA") or not (DATA / folder).is_dir():
        pytest.skip(f"no {name} under $TAGGER_DATA")
    config = config_from_dict(
        {
            "embedder": {"word_dim": 32, "char_out_dim": 16, "affix_dim": 16},
            "encoder": {"hidden_dim": 32},
            # One thread: two that wait for each other are far slower beside other work.
            "training": {"epochs": 1, "learning_rate": 0.01, "ema_decay": 0.98, "threads": 1},
        }
    )
    if name in COLUMNS:
        entry = CorpusConfig(columns=COLUMNS[name])
        config = msgspec.structs.replace(config, corpora={name: entry})
    meta, tests, _ = train([name], tmp_path / "m", config)
    assert tests[name].n_tokens > 1000
    assert all(0 < score < 1 for score in meta.test_scores[name].values())
    tagged = tagger.load(tmp_path / "m")("Anna 東京 Ørsted?")
    assert [tagged.text[t.start : t.end] for t in tagged.tokens] == [t.text for t in tagged.tokens]
