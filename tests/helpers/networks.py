"""Small untrained networks and their emissions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import torch

from tagger.config import config_from_dict
from tagger.features.vocabulary import Vocabulary
from tagger.model.heads import HeadSpec
from tagger.model.network import TaggingNetwork, build_network
from tagger.model.weights import StoredWeights
from tagger.runtime.engines.building import form_encoder
from tagger.runtime.engines.embedding import FormEmbedder
from tagger.runtime.engines.form_engine import FormEngine
from tagger.runtime.engines.graph import build_graph
from tagger.runtime.engines.onnx_runtime import OnnxBackend
from tagger.runtime.engines.pytorch import TorchBackend
from tagger.runtime.loading import assemble
from tagger.runtime.tagger import Tagger
from tagger.text import TokenizerRules
from tagger.training.state import weights_of

TAGS = ("O", "B-X", "I-X", "E-X", "S-X")
HEADS = (
    HeadSpec(name="ner", kind="span", decoder="crf", scheme="BIOES", tags=TAGS),
    HeadSpec(name="upos", kind="token", decoder="softmax", tags=("A", "B", "C")),
)
TEXT_HEADS = tuple(
    HeadSpec(name=pooling, kind="text", decoder="softmax", pooling=pooling, tags=("p", "q", "r"))
    for pooling in ("final", "mean", "max", "attention")
)
WORDS = ["the", "Apple", "of", "John", "'s", "eye", "is", "U.S.", "1996", "naïve", "東京"]
WORDS.append("supercalifragilisticexpialidocious")
VOCABULARY = Vocabulary.from_counts(Counter(WORDS[:8]), min_count=1)


def random_sentences(n: int = 40, longest: int = 30) -> list[list[str]]:
    rng = np.random.default_rng(0)
    return [rng.choice(WORDS, rng.integers(1, longest)).tolist() for _ in range(n)]


def build(**encoder: object) -> tuple[TaggingNetwork, Tagger]:
    config = config_from_dict({"encoder": {"hidden_dim": 12, **encoder}})
    return build_from(config)


def build_from(config, heads=HEADS) -> tuple[TaggingNetwork, Tagger]:
    torch.manual_seed(0)
    network = build_network(config, VOCABULARY, heads)
    encode = form_encoder(config.embedder, VOCABULARY, ())
    engine = FormEngine(TorchBackend(network), encode)
    return network, assemble(engine, heads, weights_of(network), TokenizerRules())


def on_onnx_runtime(config, network, path: Path, precision="fp32", heads=HEADS) -> Tagger:
    """The same network on ONNX Runtime; its graph is written to ``path``."""
    weights = StoredWeights(weights_of(network))
    path.write_bytes(build_graph(config.encoder, heads, weights, precision))
    encode = form_encoder(config.embedder, VOCABULARY, ())
    backend = OnnxBackend(
        path.read_bytes(),
        path=path,
        encoder=config.encoder,
        heads=heads,
        weights=weights,
        embedder=FormEmbedder(config.embedder, weights),
        precision=precision,
        typical=encode([*WORDS, *map(str.title, WORDS)]),
    )
    return assemble(FormEngine(backend, encode), heads, weights, TokenizerRules())


def emissions(tagger: Tagger, sentences: list[list[str]]) -> list[np.ndarray]:
    """The first head's emissions of sentences, all in one batch."""
    lengths = np.array([len(sentence) for sentence in sentences])
    engine = tagger.engine
    vectors, rows = engine.look_up([form for sentence in sentences for form in sentence])
    index = np.zeros((len(sentences), lengths.max()), dtype=np.int64)
    index[np.arange(lengths.max()) < lengths[:, None]] = rows
    found = engine.backend.emissions(vectors, index, lengths, ["ner"])["ner"]
    return [found[i, :n] for i, n in enumerate(lengths)]
