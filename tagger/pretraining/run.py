"""`pretrain`: raw text in, a model directory without heads out."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import torch

import tagger as package
from tagger.config import Config
from tagger.errors import CorpusError, Interrupted, TaggerError, TrainingError, UsageError
from tagger.features.forms import CASES, FormEncoder
from tagger.features.vectors.reading import read_vectors, vectors_dim
from tagger.features.vectors.selection import Matrix
from tagger.features.vocabulary import Vocabulary, word_counts
from tagger.files import check_names, hinted_errors, write_file
from tagger.interrupt import deferred_interrupt, interrupted_by_sigterm
from tagger.model.directory import SavedModel, write_model
from tagger.model.meta import CorpusRecord, Meta
from tagger.model.network import build_network
from tagger.model.weights import StoredWeights
from tagger.pretraining.encoding import (
    FORMS,
    INVENTORY,
    LENGTHS,
    WORDS,
    EncodedText,
    TextBatch,
    TextInventory,
    encode_texts,
)
from tagger.pretraining.language_model import LanguageModel
from tagger.pretraining.reporting import PretrainingReporter
from tagger.pretraining.start import (
    choose_vocabulary,
    fingerprint_vectors,
    given_rows,
    starting_rows,
)
from tagger.pretraining.state import (
    Pretraining,
    PretrainingState,
    load_state,
    new_state,
    save_state,
    stored_run,
)
from tagger.pretraining.static import check_floret, train_vectors
from tagger.pretraining.text import check_texts
from tagger.runtime.engines.building import form_encoder
from tagger.runtime.engines.pytorch import form_tensors
from tagger.seals import inspect, write_sealed
from tagger.sharing.card import render_card
from tagger.text import TokenizerRules
from tagger.training.batching import plan_epoch
from tagger.training.output import (
    LAST,
    RUN,
    changed,
    check_output,
    check_same_config,
    clear_model,
    clear_run,
    locked,
)
from tagger.training.state import weights_of
from tagger.training.threads import ThreadChoice, candidates, use_threads

VECTORS = "vectors.vec"
SAVE_EVERY = 300.0
"""Seconds between two checkpoints."""
WARMUP = 0.03
"""The share of all steps in which the learning rate rises."""
CLIP_NORM = 5.0


def pretrain(
    texts: Sequence[str],
    output: Path,
    config: Config,
    *,
    licence: str = "",
    device: str = "cpu",
    force: bool = False,
    resume: bool = False,
    reporter: PretrainingReporter | None = None,
) -> Meta:
    """Learn embedder and encoder from raw text and write them as a model without heads.

    First static word vectors, then a bidirectional language model of the tagger's own embedder
    and encoder, which starts from them. Finished steps are kept under ``last/`` in the output.

    Args:
        texts: Files, ``-`` for standard input; one that is named twice counts twice.
        output: The model directory.
        config: Sections ``embedder``, ``encoder`` and ``pretraining``; seed and threads are those
            of ``training``.
        licence: Of the texts, for the card.
        device: Where the language model is computed.
        force: Replace a model that is there.
        resume: Resume a pretraining that was stopped.
        reporter: Receives the progress.

    Returns:
        The record of the base in its directory.

    Raises:
        TaggerError: Anything that a user can fix.
        Interrupted: Ctrl-C or SIGTERM; it can be resumed.
    """
    report = reporter or PretrainingReporter()
    check_names(*texts, output, config.pretraining.vectors)
    check_output(output, force=force, resume=resume)
    _check_config(config)
    if config.pretraining.vector_epochs:
        check_floret()
    config, vectors = _given_vectors(config)
    work = output / LAST
    if resume:
        run = stored_run(output)
        check_same_config(output, run.config, config)
        if texts and run.texts != tuple(texts):
            raise changed(output, "the texts")
        if run.vectors != vectors:
            raise changed(output, f"the vectors in {config.pretraining.vectors}")
        if licence:
            run = msgspec.structs.replace(run, licence=licence)
            write_file(output / RUN, msgspec.json.encode(run))
    else:
        check_texts(texts)
        run = Pretraining(config=config, texts=tuple(texts), licence=licence, vectors=vectors)
    use_threads(config.training.threads)
    with locked(output), interrupted_by_sigterm():
        check_output(output, force=force, resume=resume)  # another may have ended there since
        if not resume:
            clear_run(output)
            try:
                work.mkdir(parents=True)
                write_file(output / RUN, msgspec.json.encode(run))
            except OSError:
                clear_run(output)
                raise
        try:
            inventory = _inventory(run, output, report)
            try:
                given = given_rows(inventory, config.pretraining, dim=config.embedder.word_dim)
                vocabulary = choose_vocabulary(inventory.forms, config.pretraining, given)
            except TaggerError:
                if not resume:
                    clear_run(output)  # nothing has been learned yet
                raise
            with hinted_errors("resume it with {resume=True}"):
                if not all(word in given for word in vocabulary.words):
                    _static_vectors(config, work, report)
                state, text = _language_model(
                    config, inventory, vocabulary, given, work, device, report
                )
                _learn(state, text, config, work, report)
                save_state(state, work)  # in case the model cannot be written
                meta = _meta(state, inventory, run)
                clear_model(output)  # not before: an old model stays until there is another
                write_model(
                    output,
                    SavedModel(
                        config=config,
                        vocabulary=vocabulary,
                        vector_keys=(),
                        heads=(),
                        rules=TokenizerRules(),
                        weights=StoredWeights(weights_of(state.model.network)),
                        meta=meta,
                        card=render_card(
                            "base.md.j2",
                            config=config,
                            meta=meta,
                            inventory=inventory,
                            progress=state.progress,
                        ),
                    ),
                )
        except KeyboardInterrupt:
            raise Interrupted(
                "stopped and saved", path=output, hint="resume it with {resume=True}"
            ) from None
        finally:
            report.stop()
        clear_run(output)
        return meta


def _check_config(config: Config) -> None:
    if config.embedder.vectors:
        raise UsageError(
            "[embedder] vectors are for a tagger",
            hint="a base starts from [pretraining] vectors",
        )
    if config.embedder.word_dim == 0:
        raise UsageError(
            "[embedder] word_dim is 0, but a base is made of word vectors", hint="set 1 or more"
        )


def _given_vectors(config: Config) -> tuple[Config, str]:
    """Check the given vectors before any text is read; what they are, and the size they decide."""
    source = config.pretraining.vectors
    if not source:
        return config, ""
    dim = vectors_dim(Path(source))
    if dim:
        embedder = msgspec.structs.replace(config.embedder, word_dim=dim)
        config = msgspec.structs.replace(config, embedder=embedder)
    return config, fingerprint_vectors(source)


def _inventory(run: Pretraining, output: Path, report: PretrainingReporter) -> TextInventory:
    """Return the inventory of the texts, read before or now."""
    work = output / LAST
    if (work / INVENTORY).is_file():  # written last
        return _kept_inventory(run, work, report)
    try:
        return _read_texts(run, work, report)
    except (TaggerError, OSError):
        clear_run(output)  # nothing has been learned yet
        raise
    except KeyboardInterrupt:
        clear_run(output)
        raise Interrupted(
            "stopped while the text was read; nothing of it is kept", hint="start again"
        ) from None


def _kept_inventory(run: Pretraining, work: Path, report: PretrainingReporter) -> TextInventory:
    """Return the inventory of the texts that were read before; damaged numbers are made again.

    Raises:
        CorpusError: The inventory is damaged, or the texts have changed.
    """
    path = work / INVENTORY
    if inspect([path]) == "damaged":
        raise CorpusError("damaged", path=path, hint="start again with {force=True}")
    kept = msgspec.json.decode(path.read_bytes(), type=TextInventory)
    if inspect([work / FORMS, work / LENGTHS]) != "damaged":
        return kept
    report.note(f"{work / FORMS}: damaged; the texts are read again")
    again = _read_texts(run, work, report)
    if again.fingerprint != kept.fingerprint:
        write_sealed(path, msgspec.json.encode(kept))
        raise CorpusError(
            "has changed since the training started",
            path=", ".join(run.texts),
            hint="start again with {force=True}",
        )
    return again


def _read_texts(run: Pretraining, work: Path, report: PretrainingReporter) -> TextInventory:
    started = time.monotonic()

    def show(n_tokens: int) -> None:
        speed = n_tokens / max(time.monotonic() - started, 1e-9)
        details = {"tokens": f"{n_tokens:,}", "tokens/s": f"{speed:,.0f}"}
        report.progress("reading", None, details)

    inventory = encode_texts(run.texts, work, report=show)
    report.note(
        f"{', '.join(inventory.names)}: {inventory.n_tokens:,} tokens, "
        f"{inventory.n_sentences:,} sentences, {len(inventory.forms):,} forms"
    )
    return inventory


def _static_vectors(config: Config, work: Path, report: PretrainingReporter) -> None:
    settings = config.pretraining
    output = work / VECTORS
    if settings.vector_epochs == 0 or output.is_file():
        return
    started = time.monotonic()
    report.progress("word vectors", None, {})  # on one thread floret reports nothing until the end
    train_vectors(
        work / WORDS,
        output,
        dim=config.embedder.word_dim,
        window=settings.window,
        min_count=settings.min_count,
        epochs=settings.vector_epochs,
        threads=torch.get_num_threads(),
        report=lambda share, speed: report.progress(
            "word vectors", share, {"words/s": f"{speed:,}"}
        ),
    )
    report.note(f"word vectors: {time.monotonic() - started:,.0f} s")


def _language_model(
    config: Config,
    inventory: TextInventory,
    vocabulary: Vocabulary,
    given: Mapping[str, Matrix],
    work: Path,
    device: str,
    report: PretrainingReporter,
) -> tuple[PretrainingState, EncodedText]:
    """Build the language model, and restore a checkpoint if there is one."""
    settings = config.pretraining
    words = word_counts(inventory.forms)
    encoder: FormEncoder = form_encoder(config.embedder, vocabulary, ())
    torch.manual_seed(config.training.seed)
    encoder_config = msgspec.structs.replace(
        config.encoder,
        input_dropout=settings.dropout,
        layer_dropout=settings.dropout,
    )
    network = build_network(msgspec.structs.replace(config, encoder=encoder_config), vocabulary, ())
    table = network.embedder.parts["word_ids"]
    table.sparse = True  # type: ignore[assignment]
    vectors = table.get_parameter("weight").data
    learned: dict[str, Matrix] = {}
    if (work / VECTORS).is_file():
        known = Counter({word: n for word, n in words.items() if n >= settings.min_count})
        learned = read_vectors(work / VECTORS, known, limit=0).by_word(known)
    rows = starting_rows(vocabulary.words, given, learned)
    for i, word in enumerate(vocabulary.words, start=1):
        if word in rows:
            vectors[i] = torch.from_numpy(rows[word])
    counts = np.array([0, *(words[word] for word in vocabulary.words)], dtype=np.float64)
    model = LanguageModel(
        network,
        vectors=vectors,
        frequencies=torch.from_numpy(counts / counts.sum()),
        n_cases=len(CASES),
        n_sampled=settings.n_sampled,
    ).to(device)
    state = new_state(model, settings.learning_rate)
    if load_state(state, work):
        report.note(f"resuming after {state.progress.n_tokens:,} tokens")
    text = EncodedText(work, inventory, encoder)
    report.note(f"language model: {len(vocabulary.words):,} words, {len(vocabulary.chars)} chars")
    return state, text


def _learn(
    state: PretrainingState,
    text: EncodedText,
    config: Config,
    work: Path,
    report: PretrainingReporter,
) -> None:
    """Train the language model until its time or its text ends."""
    settings, progress = config.pretraining, state.progress
    limit = settings.hours * 3600
    saved = time.monotonic()
    threads = ThreadChoice(
        candidates(config.training.threads, next(state.model.parameters()).device.type),
        chosen=progress.threads,
        report=report.note,
    )
    state.model.train()
    with deferred_interrupt() as interrupt:
        while progress.epoch < settings.epochs:
            plan = plan_epoch(
                [text.lengths],
                batch_tokens=settings.batch_tokens,
                seed=config.training.seed,
                epoch=progress.epoch,
            )
            while progress.step < len(plan):
                started = time.monotonic()
                share = (progress.epoch + progress.step / len(plan)) / settings.epochs
                share = max(share, progress.seconds / limit) if limit else share
                if share >= 1:
                    return
                batch = text.batch(plan[progress.step].sentences)
                with threads.step(batch.n_tokens):
                    losses = pretrain_step(state, batch, config, rate=_rate(config, share))
                progress.threads = threads.chosen
                progress.add(batch.n_tokens, losses, time.monotonic() - started)
                report.progress("language model", share, progress.describe())
                if interrupt.requested or time.monotonic() - saved > SAVE_EVERY:
                    save_state(state, work)
                    saved = time.monotonic()
                if interrupt.requested:
                    raise KeyboardInterrupt
            progress.epoch, progress.step = progress.epoch + 1, 0


def pretrain_step(
    state: PretrainingState, batch: TextBatch, config: Config, *, rate: float
) -> dict[str, float]:
    """Learn from one batch at a learning rate.

    Returns:
        The words' loss of each direction, in nats.

    Raises:
        TrainingError: The gradient is NaN or infinite.
    """
    model = state.model
    device = next(model.parameters()).device
    features = form_tensors(batch.features, device)
    unknown = torch.rand(features.word_ids.shape, device=device) < config.pretraining.unknown_prob
    losses = model(
        features,
        torch.from_numpy(batch.form_index).to(device),
        torch.from_numpy(batch.lengths).to(device),
        unknown,
    )
    total = torch.stack(
        [words + config.pretraining.case_weight * cases for words, cases in losses.values()]
    ).sum()
    total.backward()  # type: ignore[no-untyped-call]
    dense = [p for group in state.dense.param_groups for p in group["params"]]
    norm = torch.nn.utils.clip_grad_norm_(dense, CLIP_NORM)
    if not torch.isfinite(norm):
        raise TrainingError(
            "the gradient is NaN or infinite", hint="lower [pretraining] learning_rate"
        )
    state.step(rate)
    return {direction: float(words.detach()) for direction, (words, _) in losses.items()}


def _rate(config: Config, share: float) -> float:
    rise = min(share / WARMUP, 1.0)
    return config.pretraining.learning_rate * max(
        min(rise, 0.5 + 0.5 * math.cos(math.pi * min(share, 1.0))), 0.005
    )


def _meta(state: PretrainingState, inventory: TextInventory, run: Pretraining) -> Meta:
    name = "+".join(inventory.names)
    return Meta(
        tagger_version=package.__version__,
        created=datetime.now(UTC).date().isoformat(),
        corpora=(
            CorpusRecord(
                name=name,
                fingerprint=inventory.fingerprint,
                licence=run.licence,
                citation="",
                n_sentences={"text": inventory.n_sentences},
            ),
        ),
        seed=run.config.training.seed,
        n_parameters=sum(p.numel() for p in state.model.network.parameters()),
        best_epoch=0,
        epochs=0,
        seconds=state.progress.seconds,
        dev_scores={},
        test_scores={},
    )
