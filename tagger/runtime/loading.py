"""A model directory to a `Tagger`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tagger.config import EmbedderConfig
from tagger.errors import ModelError, UsageError
from tagger.features.forms import FormEncoder
from tagger.features.vocabulary import Vocabulary
from tagger.model.directory import WEIGHTS, SavedModel, read_model
from tagger.model.heads import HeadSpec, head_key
from tagger.runtime.decoding import Transitions, constrained
from tagger.runtime.engine import Engine
from tagger.runtime.tagger import Tagger
from tagger.text import Tokenizer, TokenizerRules


def load(model: str | Path, *, device: str = "cpu") -> Tagger:
    """Load a trained model.

    Args:
        model: A model directory, or the name of one under ``models/`` or of a shipped one.
        device: Where it runs: ``cpu``, ``cuda``, ``cuda:1``, ...

    Raises:
        ModelError: It is missing, incomplete, damaged or of a newer format.
        UsageError: There is no such device.
    """
    from tagger.runtime.finding import find_model

    directory = find_model(str(model))
    saved = read_model(directory)
    if not saved.heads:
        raise ModelError(
            f"{directory}: a base without heads, which cannot tag; train a tagger from it with "
            f"`tagger train CORPUS --from {directory}`"
        )
    return assemble(
        engine=_torch_engine(saved, directory, pick_device(device)),
        heads=saved.heads,
        weights=saved.weights,
        form_encoder=form_encoder(saved.config.embedder, saved.vocabulary, saved.vector_keys),
        rules=saved.rules,
    )


def pick_device(name: str) -> str:
    """A device that is there; ``auto`` is a GPU where there is one, else the CPU.

    Raises:
        UsageError: There is no such device.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        if torch.device(name).type == "meta":
            raise RuntimeError("nothing is computed there")
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        detail = str(error).splitlines()[0]
        raise UsageError(f"no device {name!r} here ({detail}); use cpu or auto") from None
    return name


def assemble(
    *,
    engine: Engine,
    heads: Sequence[HeadSpec],
    weights: Mapping[str, NDArray[Any]],
    form_encoder: FormEncoder,
    rules: TokenizerRules,
) -> Tagger:
    """Make a `Tagger` of its parts; the decoders' scores are read from the weights."""
    transitions: dict[str, Transitions] = {}
    for head in heads:
        if head.decoder == "crf":
            between, start, end = (
                weights[f"{head_key(head.name)}.crf.{part}"]
                for part in ("transitions", "start", "end")
            )
            transitions[head.name] = constrained(head.allowed(), between, start, end)
        elif head.kind == "span":
            transitions[head.name] = constrained(head.allowed())
    return Tagger(
        engine=engine,
        form_encoder=form_encoder,
        heads=heads,
        transitions=transitions,
        splitter=Tokenizer(rules),
    )


def form_encoder(
    config: EmbedderConfig, vocabulary: Vocabulary, vector_keys: Sequence[str]
) -> FormEncoder:
    """Make the form encoder of a model."""
    return FormEncoder(
        vocabulary,
        max_chars=config.max_chars,
        n_affix_buckets=config.n_affix_buckets,
        vector_ids={key: i for i, key in enumerate(vector_keys, start=1)},
    )


def _torch_engine(saved: SavedModel, directory: Path, device: str) -> Engine:
    import torch

    from tagger.model.network import build_network
    from tagger.runtime.torch_engine import TorchEngine

    weights = {name: torch.from_numpy(weight) for name, weight in saved.weights.items()}
    vectors = weights.get("embedder.parts.vector_ids.weight")
    network = build_network(saved.config, saved.vocabulary, saved.heads, vectors)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        detail = str(error).splitlines()[1].strip()
        raise ModelError(
            f"{directory / WEIGHTS}: does not fit the model's configuration ({detail})"
        ) from None
    return TorchEngine(network.to(device))
