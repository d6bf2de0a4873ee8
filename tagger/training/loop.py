"""The training loop: a generator of events; its caller saves and shows them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from tagger.config import Config, TrainingConfig
from tagger.errors import TrainingError
from tagger.model.losses import SummedLoss
from tagger.model.network import TaggingNetwork
from tagger.runtime.engines.pytorch import form_tensors
from tagger.training.answers import answers_loss
from tagger.training.batching import default_batch_tokens, plan_epoch
from tagger.training.encoding import Batch, Sentences
from tagger.training.group import Group
from tagger.training.optimizers import clip_gradients, take_step
from tagger.training.state import EpochRecord, TrainingState, epochs_without_gain, kept
from tagger.training.teacher import Teacher
from tagger.training.threads import ThreadChoice

BATCH_TEXTS = 16
"""Texts of a batch on average, at least, where whole texts are labelled."""


@dataclass(frozen=True)
class StepDone:
    """A batch has been learned from."""

    epoch: int
    """Counted from 1."""
    step: int
    n_steps: int
    n_tokens: int
    loss: float
    """Mean loss of the epoch's batches until now."""


@dataclass(frozen=True)
class EpochDone:
    """An epoch has been scored on dev."""

    record: EpochRecord
    is_kept: bool
    """Whether its weights become the model, unless those of a later epoch do."""


def run_epochs(
    state: TrainingState,
    corpora: Sequence[Sentences],
    config: Config,
    *,
    score: Callable[[TaggingNetwork], Mapping[str, float]],
    main_heads: Sequence[str],
    threads: ThreadChoice,
    teacher: Teacher | None = None,
    group: Group | None = None,
) -> Iterator[StepDone | EpochDone]:
    """Train until the epochs are over or the dev score has stopped rising.

    ``state`` may be stopped and saved after any event, and resumed later: what follows is the
    same as if it had never stopped, as long as the number of threads is.

    Args:
        state: Where the training stands; it is changed in place.
        corpora: The training sentences.
        config: The recipe.
        score: Gives the dev scores by head of a network.
        main_heads: The heads whose mean score decides and whose losses count in full.
        threads: Chooses the number of threads.
        teacher: The model that the training starts from, where its labels are kept.
        group: The processes that train together; all yield the same events.

    Raises:
        TrainingError: The gradient is NaN or infinite, or another process has ended.
    """
    group = group or Group()
    settings = config.training
    progress = state.progress
    lengths = [corpus.lengths for corpus in corpora]
    n_tokens = sum(int(of_corpus.sum()) for of_corpus in lengths)
    least = 0
    if state.network.labels_texts:
        least = round(BATCH_TEXTS * n_tokens / sum(map(len, lengths)))
    batch_tokens = settings.batch_tokens or default_batch_tokens(n_tokens, least)
    while progress.epoch < settings.epochs:
        if 0 < settings.patience <= epochs_without_gain(progress.history):
            break
        plan = plan_epoch(
            lengths,
            batch_tokens=batch_tokens,
            min_batches=settings.epoch_steps,
            seed=settings.seed,
            epoch=progress.epoch,
        )
        planned = sum(int(corpora[p.corpus].lengths[p.sentences].sum()) for p in plan)
        started = time.perf_counter() - progress.seconds
        state.network.train()
        while progress.step < len(plan):
            chosen = plan[progress.step]
            group.seed(settings.seed, progress.epoch, progress.step)
            part = group.part(chosen.sentences)
            batch = corpora[chosen.corpus].batch(part.sentences)
            done = (progress.epoch + progress.step / len(plan)) / settings.epochs
            rate = learning_rate(settings, done)
            with threads.step(int(batch.lengths.sum())):
                progress.loss += train_step(
                    state,
                    batch,
                    config,
                    rate=rate,
                    main_heads=main_heads,
                    teacher=teacher,
                    group=group,
                    counts=part.counts,
                )
            progress.threads = threads.chosen
            progress.step += 1
            progress.seconds = time.perf_counter() - started
            yield StepDone(
                progress.epoch + 1,
                progress.step,
                len(plan),
                int(corpora[chosen.corpus].lengths[chosen.sentences].sum()),
                progress.loss / progress.step,
            )
        trained = time.perf_counter() - started
        scores = group.shared(lambda: dict(score(state.scored)), dict[str, float])
        record = EpochRecord(
            epoch=progress.epoch + 1,
            loss=progress.loss / max(len(plan), 1),
            scores=scores,
            score=sum(scores[head] for head in main_heads) / len(main_heads),
            learning_rate=learning_rate(settings, (progress.epoch + 1) / settings.epochs),
            tokens_per_second=planned / max(trained, 1e-9),
            seconds=time.perf_counter() - started,
        )
        progress.history.append(record)
        progress.epoch, progress.step, progress.loss, progress.seconds = record.epoch, 0, 0.0, 0.0
        yield EpochDone(record, is_kept=kept(progress.history, settings.keep) is record)


def train_step(
    state: TrainingState,
    batch: Batch,
    config: Config,
    *,
    rate: float,
    main_heads: Sequence[str],
    teacher: Teacher | None = None,
    group: Group | None = None,
    counts: bool = True,
) -> float:
    """Learn from one batch at a learning rate.

    Args:
        state: What is changed.
        batch: The sentences, or this process's part of them.
        config: The recipe.
        rate: The learning rate.
        main_heads: The heads whose losses count in full.
        teacher: The model that the training starts from, where its labels are kept.
        group: The processes that train together.
        counts: Whether the sentences count; see `tagger.training.group.Part`.

    Returns:
        Its loss per token, the weighted sum over the heads that it has tags for.
    """
    group = group or Group()
    network = state.network
    device = next(network.parameters()).device
    features = form_tensors(batch.features, device)
    lengths = torch.from_numpy(batch.lengths).to(device)
    form_counts = torch.from_numpy(batch.form_counts).to(device)
    dropout = config.embedder.word_dropout
    # Rare words are dropped most (Kiperwasser & Goldberg 2016): what stands for the unknown word
    # is learned from the words most like it.
    drawn = torch.rand(form_counts.shape, device=device)
    unknown = drawn < dropout / (dropout + form_counts)
    index = torch.from_numpy(batch.form_index).to(device)
    emissions = network(features, index, lengths, unknown)
    taught = {}
    if teacher is not None and any(map(teacher.teaches, batch.choices.values())):
        taught = teacher.network(features, index, lengths)
    losses: list[tuple[float, SummedLoss]] = []

    def weight_of(name: str) -> float:
        weight = 1.0 if name in main_heads else config.training.auxiliary_weight
        return config.training.loss_weights.get(name, weight)

    for name, tags in batch.tags.items():
        gold = torch.from_numpy(tags).to(device)
        choices = torch.from_numpy(batch.choices[name].table).to(device)
        head = network.head(name)
        if teacher is not None and teacher.teaches(batch.choices[name]):
            loss = teacher.loss(head, name, emissions[name], taught[name], gold, lengths, choices)
        else:
            given = batch.weights.get(name)
            weights = None if given is None else torch.from_numpy(given).to(device)
            loss = head.loss(emissions[name], gold, lengths, choices, weights)
        losses.append((weight_of(name), loss))
    for by_head, share in ((batch.labels, 1.0), (batch.soft_labels, config.distillation.weight)):
        for name, labels in by_head.items():
            targets = torch.from_numpy(labels).to(device)
            loss = network.text_head(name).loss(emissions[name], targets)
            losses.append((share * weight_of(name), loss))
    for name, soft in batch.soft.items():
        loss = answers_loss(
            network.head(name),
            emissions[name],
            soft,
            lengths,
            temperature=config.distillation.temperature,
        )
        losses.append((config.distillation.weight * weight_of(name), loss))
    denominators = group.denominators(
        [one.n * counts for _, one in losses], n_rows=len(batch.form_counts)
    )
    pairs = zip(losses, denominators, strict=True)
    terms = [counts * weight * one.over(n) for (weight, one), n in pairs]
    total = torch.stack(terms).sum()
    total.backward()  # type: ignore[no-untyped-call]
    total = group.sum_gradients(network, total.detach())
    if not clip_gradients(network, config.training.clip_norm):
        raise TrainingError(
            "the gradient is NaN or infinite", hint="lower [training] learning_rate or clip_norm"
        )
    take_step(state.optimizers, rate)
    state.average.update()
    return float(total)


def learning_rate(settings: TrainingConfig, done: float) -> float:
    """Return the learning rate at a share of the training: a linear rise, then a cosine to 2 %."""
    if done < settings.warmup:
        share = max(done / settings.warmup, 0.01)
    else:
        falling = (done - settings.warmup) / max(1 - settings.warmup, 1e-9)
        share = 0.02 + 0.49 * (1 + math.cos(math.pi * falling))
    return settings.learning_rate * share
