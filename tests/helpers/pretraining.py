"""Raw text, and a configuration that learns from it in a second."""

from __future__ import annotations

import msgspec

from tagger.config import Config, config_from_dict
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
