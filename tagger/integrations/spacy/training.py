"""What trains the spaCy component: one step of `tagger.training` at a time."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from tagger.config import Config, config_from_dict, merge_overrides, merged
from tagger.errors import ConfigError, UsageError, unknown_name
from tagger.model.choices import TagChoices
from tagger.model.directory import read_model, write_model
from tagger.model.network import IGNORED
from tagger.runtime.engines.export import export
from tagger.runtime.tagger import Tagger
from tagger.training.batching import pad
from tagger.training.encoding import Batch, Inventory, recased
from tagger.training.loop import learning_rate, train_step
from tagger.training.parts import build
from tagger.training.preparation import Prepared, head_spec
from tagger.training.reporting import Reporter
from tagger.training.settings import from_base
from tagger.training.state import EpochRecord, Progress, new_state, weights_of
from tagger.training.warm_start import check_base

Sentence = tuple[list[str], dict[str, list[str | None]]]
KINDS = {"ner": "span", "xpos": "token", "upos": "token"}
SPACYS = frozenset(
    {"seed", "epochs", "patience", "batch_tokens", "epoch_steps"}
    | {"threads", "fraction", "dev_fraction", "auxiliary_weight"}
)
"""Settings that spaCy decides, and the weight of heads that are no main ones: here all are."""
N_COMPARED = 200
"""Sentences that the graphs for ONNX Runtime are compared on."""


_BIO = {"O": "O", "B": "B", "I": "I", "L": "I", "U": "B"}
"""BILUO letters in BIO. spaCy's tags are well-formed, so letter by letter is enough."""


class Trainer:
    """A network in training on the sentences that it is given.

    Args:
        examples: The sentences of all examples, which vocabulary and tags are read off.
        settings: A configuration, as in ``tagger train --config``.
        base: A model to start from.
        n_steps: Steps of the training, over which the learning rate falls; 0 if it is not known,
            then it stays at half its height.
        seed: Seeds the weights and the dropout.

    Raises:
        UsageError: There is nothing to learn in the examples.
        ConfigError: An unknown key or a bad value in ``settings``, or sizes unlike the base's.
    """

    def __init__(
        self,
        examples: Sequence[Sequence[Sentence]],
        *,
        settings: Mapping[str, Any],
        base: Path | None,
        n_steps: int,
        seed: int,
    ) -> None:
        base_model = read_model(base) if base else None
        start = from_base(Config(), base_model.config) if base_model else Config()
        config = config_from_dict(merged(msgspec.to_builtins(start), settings))
        idle = [f"[{name}]" for name in ("corpora", "pretraining") if name in settings]
        idle += [
            f"[training] {key}" for key in sorted(SPACYS.intersection(settings.get("training", ())))
        ]
        if idle:
            raise ConfigError(
                f"settings: {idle[0]} has no effect here; leave it out (seed, max_steps, patience "
                "and batcher are in spaCy's own configuration, under [training])"
            )
        config = merge_overrides(config, {"training": {"seed": seed}})
        if base is not None and base_model is not None:
            check_base(config, base_model.config, base)
        inventory = Inventory()
        for sentences in examples:
            for tokens, tags in sentences:
                inventory.forms.update(tokens)
                for head, of_head in tags.items():
                    counts = inventory.tags.setdefault(head, Counter())
                    counts.update(tag for tag in in_bio(head, of_head) if tag is not None)
        found = [head for head in KINDS if inventory.tags.get(head)]
        for name in config.heads:
            if name not in (*found, "all"):
                raise UsageError(f"settings: {unknown_name('head', name, [*found, 'all'])}")
        if config.heads and "all" not in config.heads:
            found = [head for head in found if head in config.heads]
        if not found:
            raise UsageError(
                "there is nothing to learn: the examples have neither entities nor tags; is the "
                "DocBin made of annotated documents?"
            )
        known = {head.name: head for head in base_model.heads} if base_model else {}
        heads = tuple(
            head_spec(name, KINDS[name], inventory.tags[name], config, known.get(name))
            for name in found
        )
        prepared = Prepared((), heads, tuple(found), inventory, ())
        torch.manual_seed(seed)
        self.parts, network = build(config, prepared, base_model, Reporter())
        self.state = new_state(network, config.training)
        self._choices = {head.name: TagChoices(head) for head in heads}
        self._n_steps, self._step = n_steps, 0
        self._counts = np.zeros(len(self.parts.vocabulary.words) + 1, dtype=np.int64)
        forms = list(inventory.forms)
        words = self.parts.form_encoder(forms).word_ids
        np.add.at(self._counts, words, np.array([inventory.forms[f] for f in forms]))
        self._compared = [tokens for sentences in examples for tokens, _ in sentences][:N_COMPARED]

    def update(self, sentences: Sequence[Sentence]) -> float:
        """Take one step; the loss per token."""
        settings = self.parts.config.training
        share = self._step / self._n_steps if self._n_steps > 0 else settings.warmup + 0.475
        self._step += 1
        self.state.network.train()
        return train_step(
            self.state,
            self._batch(sentences),
            self.parts.config,
            rate=learning_rate(settings, min(share, 1.0)),
            main_heads=self.parts.prepared.main_heads,
        )

    def tagger(self) -> Tagger:
        """Tag with the average of the weights."""
        return self.parts.tagger(self.state.scored)

    def files(self) -> dict[str, bytes]:
        """The model as it is now: the files of its directory."""
        record = EpochRecord(
            epoch=1, loss=0.0, scores={}, score=0.0, learning_rate=0.0,
            tokens_per_second=0.0, seconds=0.0,
        )  # fmt: skip
        weights = weights_of(self.state.scored)
        model = self.parts.saved_model(Progress(epoch=1, history=[record]), weights)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_model(folder, model)
            export(folder, self._compared)
            return {path.name: path.read_bytes() for path in folder.iterdir()}

    def _batch(self, given: Sequence[Sentence]) -> Batch:
        prob = self.parts.config.training.recase_prob
        sentences = [(recased(tokens, prob), tags) for tokens, tags in given]
        rows: dict[str, int] = {}
        index, lengths = pad(
            [[rows.setdefault(t, len(rows)) for t in tokens] for tokens, _ in sentences], fill=0
        )
        features = self.parts.form_encoder(list(rows))
        tags = {}
        for name, choices in self._choices.items():
            codes = [
                choices.encode(in_bio(name, of_sentence.get(name), len(tokens)))
                for tokens, of_sentence in sentences
            ]
            tags[name], _ = pad(codes, fill=IGNORED)
        return Batch(features, index, lengths, self._counts[features.word_ids], tags, self._choices)


def in_bio(head: str, tags: Sequence[str | None] | None, n: int = 0) -> list[str | None]:
    """A sentence's tags, spans in BIO instead of spaCy's BILUO; of a head without any, nothing."""
    if tags is None:
        return [None] * n
    if KINDS[head] == "token":
        return list(tags)
    return [None if tag is None else _BIO[tag[0]] + tag[1:] for tag in tags]
