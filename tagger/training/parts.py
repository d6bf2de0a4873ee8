"""The parts that a network is built from and stored with: vocabulary, vectors, tokenizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import torch
from numpy.typing import NDArray

import tagger as package
from tagger.config import Config
from tagger.corpus import Corpus
from tagger.errors import ConfigError, first_line
from tagger.features.forms import FormEncoder
from tagger.features.vectors.reading import Vectors, read_vectors
from tagger.features.vectors.selection import Matrix
from tagger.features.vocabulary import Vocabulary
from tagger.model.directory import SavedModel
from tagger.model.meta import CorpusRecord, Meta
from tagger.model.network import TaggingNetwork, build_network
from tagger.model.shapes import VECTORS
from tagger.model.weights import StoredWeights
from tagger.runtime.engines.building import form_encoder
from tagger.runtime.engines.form_engine import FormEngine
from tagger.runtime.engines.pytorch import TorchBackend
from tagger.runtime.loading import assemble
from tagger.runtime.tagger import Tagger
from tagger.sharing.card import render_card
from tagger.text import TokenizerRules, fit_rules
from tagger.training.preparation import Prepared
from tagger.training.reporting import Reporter
from tagger.training.state import Progress, weights_of
from tagger.training.warm_start import start_from, start_words

LOW_COVERAGE = 0.5
ENDS = frozenset(".!?…。！？")
"""Tokens that end a sentence."""
LONG_TEXTS = 0.05
"""The share of texts of several sentences from which on texts are read as a whole."""


@dataclass(frozen=True)
class Parts:
    """All parts of a `SavedModel` but weights and scores."""

    config: Config
    prepared: Prepared
    vocabulary: Vocabulary
    vector_keys: tuple[str, ...]
    rules: TokenizerRules
    earlier_corpora: tuple[CorpusRecord, ...] = ()
    """Those of the model that it started from."""

    @cached_property
    def form_encoder(self) -> FormEncoder:
        """Turns forms into the ids that the network knows."""
        return form_encoder(self.config.embedder, self.vocabulary, self.vector_keys)

    def tagger(self, network: TaggingNetwork) -> Tagger:
        """Return a tagger of the current network, which is put into evaluation mode."""
        engine = FormEngine(TorchBackend(network), self.form_encoder)
        return assemble(engine, self.prepared.heads, weights_of(network), self.rules)

    def saved_model(self, progress: Progress, weights: Mapping[str, NDArray[Any]]) -> SavedModel:
        """Return the contents of the model directory, without scores on test.

        Args:
            progress: The training; its last epoch is the one of ``weights``.
            weights: The network's weights.
        """
        epoch = progress.history[-1]
        meta = Meta(
            tagger_version=package.__version__,
            created=datetime.now(UTC).date().isoformat(),
            corpora=tuple(_record(corpus) for corpus in self.prepared.corpora),
            earlier_corpora=self.earlier_corpora,
            seed=self.config.training.seed,
            n_parameters=sum(weight.size for weight in weights.values()),
            best_epoch=epoch.epoch,
            epochs=progress.epoch,
            seconds=sum(record.seconds for record in progress.history),
            dev_scores=epoch.scores,
            test_scores={},
        )
        return SavedModel(
            config=self.config,
            vocabulary=self.vocabulary,
            vector_keys=self.vector_keys,
            heads=self.prepared.heads,
            rules=self.rules,
            weights=StoredWeights(weights),
            meta=meta,
            card=render_card(
                "model.md.j2", config=self.config, heads=self.prepared.heads, meta=meta, tests={}
            ),
        )


def build(
    config: Config,
    prepared: Prepared,
    base: SavedModel | None,
    report: Reporter,
) -> tuple[Parts, TaggingNetwork]:
    """Build vocabulary, tokenizer and network, with the base's weights if there is one."""
    forms = prepared.inventory.forms if prepared.words is None else prepared.words
    vocabulary = Vocabulary.from_counts(
        forms,
        min_count=config.embedder.min_count,
        known=base.vocabulary.word_ids if base else (),
    )
    vector_keys: tuple[str, ...] = ()
    vectors = None
    rows: dict[str, Matrix] = {}
    n_trained_words = len(vocabulary.words)
    if base is not None:
        # Only the words of the corpora are trained: the others stay as the base has them.
        vocabulary = vocabulary.followed_by(base.vocabulary)
        vector_keys = base.vector_keys
        if vector_keys:
            vectors = torch.from_numpy(base.weights[VECTORS])
    elif config.embedder.vectors:
        found = _read_given(config, forms, report)
        rows = found.by_word(forms)
        embedder = msgspec.structs.replace(config.embedder, word_dim=found.matrix.shape[1])
        config = msgspec.structs.replace(config, embedder=embedder)
        vocabulary = Vocabulary.from_counts(forms, min_count=config.embedder.min_count, known=rows)
        n_trained_words = len(vocabulary.words)
        vocabulary = vocabulary.followed_by(Vocabulary(list(rows), ()))
    # A rehearsal and answers have no files: how they are tokenized is not up to the user.
    files = [corpus for corpus in prepared.corpora if corpus.files]
    if files or prepared.answers is None:
        rules = fit_rules(
            tokens
            for corpus in files
            for rows in corpus.splits["train"].select_columns(["tokens"]).iter(1000)
            for tokens in rows["tokens"]
        )
    else:
        rules = prepared.answers.rules
    if files and hold_several_sentences(prepared, files):
        rules = msgspec.structs.replace(rules, whole_texts=True)
        report.note("labelled texts have several sentences: a text is read as a whole")
    try:
        network = build_network(
            config, vocabulary, prepared.heads, vectors, n_trained_words=n_trained_words
        )
    except RuntimeError as error:
        raise ConfigError(
            f"the network cannot be built ({first_line(error)})", hint="is it too large?"
        ) from None
    if rows:
        start_words(network, vocabulary, rows)
    if base is not None:
        report.note(start_from(network, vocabulary, prepared.heads, base))
    earlier = (*base.meta.earlier_corpora, *base.meta.corpora) if base else ()
    return Parts(config, prepared, vocabulary, vector_keys, rules, earlier), network


def hold_several_sentences(prepared: Prepared, corpora: Sequence[Corpus]) -> bool:
    """Return whether corpora have labelled texts as rows, some of them of several sentences."""
    n_rows = n_long = 0
    for corpus in corpora:
        if not prepared.text_heads_of(corpus):
            return False
        for rows in corpus.splits["train"].select_columns(["tokens"]).iter(1000):
            n_rows += len(rows["tokens"])
            n_long += sum(not ENDS.isdisjoint(tokens[:-2]) for tokens in rows["tokens"])
    return n_long > LONG_TEXTS * n_rows


def _read_given(config: Config, forms: Counter[str], report: Reporter) -> Vectors:
    path = Path(config.embedder.vectors)
    found = read_vectors(path, forms, limit=config.embedder.max_vectors)
    report.note(f"{path}: {len(found.keys):,} vectors; {found.coverage}")
    if found.share_of_tokens < LOW_COVERAGE:
        report.note(
            f"warning: only {found.share_of_tokens:.0%} of the corpus's tokens have a vector "
            f"in {path}; are they of its language and kind of text?"
        )
    return found


def _record(corpus: Corpus) -> CorpusRecord:
    return CorpusRecord(
        name=corpus.name,
        fingerprint=corpus.fingerprint,
        licence=corpus.licence,
        citation=corpus.citation,
        n_sentences={split: len(data) for split, data in corpus.splits.items()},
    )
