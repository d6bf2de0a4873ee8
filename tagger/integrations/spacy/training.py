"""Training of the spaCy component: one step of `tagger.training` at a time."""

from __future__ import annotations

import dataclasses
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from tagger.config import Config, config_from_dict, merge_overrides, merged
from tagger.errors import ConfigError, UsageError, unknown_name
from tagger.integrations.spacy.documents import CATS, joined
from tagger.integrations.spacy.plan import NO_DROPOUT_GIVEN, Plan
from tagger.model.choices import TagChoices
from tagger.model.directory import SavedModel, read_model, write_model
from tagger.model.network import IGNORED
from tagger.runtime.export import export
from tagger.runtime.tagger import Tagger
from tagger.schemes import split_tag
from tagger.training.batching import pad
from tagger.training.encoding import Batch, Inventory, as_targets, label_ids, recased
from tagger.training.loop import learning_rate, train_step
from tagger.training.parts import build
from tagger.training.preparation import Prepared, head_spec, text_head_spec
from tagger.training.reporting import Reporter
from tagger.training.settings import from_base
from tagger.training.state import EpochRecord, Progress, new_state, weights_of
from tagger.training.warm_start import check_base

Sentence = tuple[list[str], dict[str, list[str | None]]]
"""Tokens, and by head the tags of all of them; by `CATS` the labels of the document."""
KINDS = {"ner": "span", "xpos": "token", "upos": "token", CATS: "text"}
"""The heads that spaCy has a place for."""
SET_BY_SPACY = frozenset(
    {"seed", "epochs", "patience", "batch_tokens", "epoch_steps"}
    | {"threads", "fraction", "dev_fraction", "auxiliary_weight"}
)
"""Settings that spaCy's configuration replaces, and the weight of heads other than main ones: here
all heads are main ones."""
WARMUP = 20
"""Steps in which the learning rate rises; few, as trainings often end long before ``max_steps``."""
N_COMPARED = 200
"""Sentences that the graphs for ONNX Runtime are compared on."""


_BIO = {"O": "O", "B": "B", "I": "I", "L": "I", "U": "B"}
"""BILUO letters in BIO. spaCy's tags are well-formed, so letter by letter is enough."""


class Trainer:
    """A network in training, one of spaCy's batches at a time.

    Args:
        examples: The sentences of all examples, whose forms make the vocabulary.
        settings: A configuration, as in ``tagger train --config``.
        base: A model to start from.
        plan: What spaCy's configuration sets.
        extend: Whether the tags of the examples are learned too, or only those of ``base``.

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
        plan: Plan,
        extend: bool = True,
    ) -> None:
        base_model = read_model(base) if base else None
        # As in other trainings: a label of several sentences is that of the whole text.
        self._joins = any(
            len(sentences) > 1 and CATS in tags for sentences in examples for _, tags in sentences
        ) or (base_model is not None and base_model.rules.whole_texts)
        examples = self._read(examples)
        config = _config(settings, base_model, plan)
        if base is not None and base_model is not None:
            check_base(config, base_model.config, base)
        known = {head.name: head for head in base_model.heads} if base_model else {}
        self._cats = next((name for name, head in known.items() if head.kind == "text"), CATS)
        kinds = {self._cats if name == CATS else name: kind for name, kind in KINDS.items()}
        inventory = _inventory(examples, self._cats)
        if not extend:
            inventory.tags = {name: Counter() for name in known if name in kinds}
        found = _chosen_heads([h for h in kinds if h in inventory.tags], config.heads)
        heads = tuple(
            text_head_spec(name, inventory, config, known.get(name))
            if kinds[name] == "text"
            else head_spec(name, kinds[name], inventory.tags[name], config, known.get(name))
            for name in found
        )
        prepared = Prepared((), heads, tuple(found), inventory, ())
        torch.manual_seed(plan.seed)
        self.parts, network = build(config, prepared, base_model, Reporter())
        if self._joins:
            rules = msgspec.structs.replace(self.parts.rules, whole_texts=True)
            self.parts = dataclasses.replace(self.parts, rules=rules)
        self.state = new_state(network, config.training)
        self._choices = {head.name: TagChoices(head) for head in heads if head.kind != "text"}
        self._text_head = next((head for head in heads if head.kind == "text"), None)
        self._plan, self._step = plan, 0
        self._dropouts = [(m, m.p) for m in network.modules() if isinstance(m, torch.nn.Dropout)]
        self._unknown: set[str] = set()
        self._counts = np.zeros(len(self.parts.vocabulary.words) + 1, dtype=np.int64)
        forms = list(inventory.forms)
        words = self.parts.form_encoder(forms).word_ids
        np.add.at(self._counts, words, np.array([inventory.forms[f] for f in forms]))
        self._compared = [tokens for sentences in examples for tokens, _ in sentences][:N_COMPARED]

    def _read(self, examples: Sequence[Sequence[Sentence]]) -> list[list[Sentence]]:
        """Return the sentences of examples, those of each as one where texts are read whole."""
        return [joined(one) if self._joins else list(one) for one in examples]

    def update(self, examples: Sequence[Sequence[Sentence]], *, dropout: float = 0.0) -> float:
        """Take one step and return the loss per token.

        Args:
            examples: The sentences of each example of the batch.
            dropout: Replaces the dropouts of the configuration except the embedder's;
                the values of `NO_DROPOUT_GIVEN` keep them.
        """
        sentences = [sentence for example in self._read(examples) for sentence in example]
        for module, recipe in self._dropouts:
            module.p = recipe if dropout in NO_DROPOUT_GIVEN else dropout
        self._warn_of_unknown_tags(sentences)
        rate = self._learning_rate()
        self._step += 1
        self.state.network.train()
        return train_step(
            self.state,
            self._batch(sentences),
            self.parts.config,
            rate=rate,
            main_heads=self.parts.prepared.main_heads,
        )

    def _learning_rate(self) -> float:
        if self._plan.rates is not None:
            return float(next(self._plan.rates))
        settings, n_steps = self.parts.config.training, self._plan.n_steps
        if not n_steps:
            rise = min((self._step + 1) / WARMUP, 1.0)
            return rise * learning_rate(settings, settings.warmup + 0.475)
        warmup = min(settings.warmup, WARMUP / n_steps)
        settings = msgspec.structs.replace(settings, warmup=warmup)
        return learning_rate(settings, min(self._step / n_steps, 1.0))

    def _warn_of_unknown_tags(self, sentences: Sequence[Sentence]) -> None:
        for head in self.parts.prepared.heads:
            key = CATS if head.kind == "text" else head.name
            found = {tag for _, tags in sentences for tag in tags.get(key, ())} - {None}
            if head.kind != "text":
                found -= {"O"}
            names = {split_tag(str(t))[1] if head.kind == "span" else str(t) for t in found}
            unknown = names - set(head.labels) - self._unknown
            if unknown:
                self._unknown |= unknown
                warnings.warn(
                    f"{head.name}: the model does not have {', '.join(sorted(unknown))} and does "
                    "not learn it; call nlp.initialize with examples of all labels",
                    stacklevel=4,
                )

    def tagger(self) -> Tagger:
        """Return a tagger with the averaged weights."""
        return self.parts.tagger(self.state.scored)

    def files(self) -> dict[str, bytes]:
        """Return the model as it is now: the files of its directory."""
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
        labels = {}
        if head := self._text_head:
            labels[head.name] = as_targets(
                [np.array(label_ids(head, _labels(of_doc)), dtype=np.int64) for _, of_doc in given],
                len(head.tags),
            )
        return Batch(
            features,
            index,
            lengths,
            self._counts[features.word_ids],
            tags,
            self._choices,
            labels=labels,
        )


def _config(settings: Mapping[str, Any], base: SavedModel | None, plan: Plan) -> Config:
    start = from_base(Config(), base.config) if base else Config()
    rate = {"training": {"seed": plan.seed, "learning_rate": plan.learning_rate}}
    start = merge_overrides(start, rate)
    config = config_from_dict(merged(msgspec.to_builtins(start), settings))
    unused = [f"[{name}]" for name in ("corpora", "pretraining") if name in settings]
    of_training = SET_BY_SPACY.intersection(settings.get("training", ()))
    unused += [f"[training] {key}" for key in sorted(of_training)]
    if unused:
        raise ConfigError(
            f"settings: {unused[0]} has no effect here",
            hint="leave it out (seed, max_steps, patience and batcher are set in spaCy's own "
            "section [training])",
        )
    return config


def _labels(tags: Mapping[str, list[str | None]]) -> list[str] | None:
    """Return the labels of a sentence's document; None where it has no categories."""
    return None if CATS not in tags else [label for label in tags[CATS] if label is not None]


def _inventory(examples: Sequence[Sequence[Sentence]], cats: str) -> Inventory:
    """Count the forms and tags of all examples, spans in BIO, categories as the head ``cats``."""
    inventory = Inventory()
    for sentences in examples:
        for tokens, tags in sentences:
            inventory.forms.update(tokens)
            if (labels := _labels(tags)) is not None:
                inventory.tags.setdefault(cats, Counter()).update(labels)
                inventory.n_labels.setdefault(cats, Counter())[len(labels)] += 1
            for head, of_head in tags.items():
                if head == CATS:
                    continue
                found = [tag for tag in in_bio(head, of_head) if tag is not None]
                if found:
                    inventory.tags.setdefault(head, Counter()).update(found)
    return inventory


def _chosen_heads(found: list[str], wanted: Sequence[str]) -> list[str]:
    """Return the wanted heads, or all that were found if none is named.

    Raises:
        UsageError: The examples have no tags at all, or none of a wanted head.
    """
    for name in wanted:
        if name not in (*found, "all"):
            valid = [*found, "all"]
            raise UsageError(f"settings: {unknown_name('head', name, valid)}", expected=valid)
    if not found:
        raise UsageError(
            "there is nothing to learn: the examples have no entities, tags or categories",
            hint="was the DocBin made from annotated documents?",
        )
    return found if not wanted or "all" in wanted else [head for head in found if head in wanted]


def in_bio(head: str, tags: Sequence[str | None] | None, n: int = 0) -> list[str | None]:
    """Return a sentence's tags, spans in BIO instead of spaCy's BILUO; None for missing ones."""
    if tags is None:
        return [None] * n
    if KINDS[head] == "token":
        return list(tags)
    return [None if tag is None else _BIO[tag[0]] + tag[1:] for tag in tags]
