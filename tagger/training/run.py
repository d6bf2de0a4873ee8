"""`train`: corpora in, a model directory out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch

from tagger.config import Config
from tagger.corpus import Corpus
from tagger.errors import Interrupted, ModelError, TrainingError, UsageError
from tagger.evaluation.split import Evaluation
from tagger.features.forms import FormEncoder
from tagger.files import existing_directory, hinted_errors, new_directory, write_file
from tagger.interrupt import deferred_interrupt
from tagger.model.directory import read_model, write_model
from tagger.model.meta import GRAPHS, Meta, decisive_checksums
from tagger.model.network import TaggingNetwork
from tagger.runtime.export import export, sentences_to_compare
from tagger.runtime.loading import from_saved
from tagger.sharing.card import render_card, with_calibration
from tagger.tables import counted
from tagger.training.answers import AnsweredSentences, Answers
from tagger.training.downweighting import SuspectWeights, count_weights, read_weights
from tagger.training.encoding import EncodedCorpus, FormTable, Sentences
from tagger.training.group import Group, WorkerLostError
from tagger.training.loop import EpochDone, run_epochs
from tagger.training.output import (
    BEST,
    LAST,
    LOG,
    RUN,
    Run,
    check_output,
    check_same_run,
    clear_model,
    clear_run,
    locked,
    render_log,
)
from tagger.training.parts import Parts, build
from tagger.training.preparation import Prepared, prepare
from tagger.training.rehearsal import rehearsal_corpus
from tagger.training.reporting import Reporter
from tagger.training.scoring import (
    calibrate_corpora,
    dev_scores,
    evaluate_corpora,
    example_text,
)
from tagger.training.state import (
    Progress,
    TrainingState,
    kept,
    load_state,
    new_state,
    save_state,
    share_state,
    weights_of,
)
from tagger.training.teacher import Teacher
from tagger.training.threads import ThreadChoice, candidates, use_threads
from tagger.training.warm_start import check_base

SAVE_EVERY = 120.0
"""Seconds between two checkpoints within an epoch."""


class Finished(NamedTuple):
    """The scores of a training that has ended."""

    meta: Meta
    """The model's ``meta.json``."""
    tests: dict[str, Evaluation]
    """Scores on test, by corpus."""
    example: str
    """A sentence of the dev set to try the model on."""


def train(
    sources: Sequence[str],
    output: Path,
    config: Config,
    *,
    data_dir: Path | None = None,
    device: str = "cpu",
    strict: bool = False,
    force: bool = False,
    resume: bool = False,
    base: Path | None = None,
    answers: Answers | None = None,
    reporter: Reporter | None = None,
    group: Group | None = None,
) -> Finished:
    """Train a model and write it to a directory.

    While it runs, ``best/`` in there is a complete model and ``last/`` what
    `resume` continues from; at the end the best model takes their place.

    Args:
        sources: Names, paths or hub ids of corpora.
        output: The model directory.
        config: The recipe.
        data_dir: Where to look for named corpora first.
        device: ``cpu``, ``cuda``, ...
        strict: Stop at a tag outside its scheme.
        force: Replace a model that is there.
        resume: Resume a training that was stopped, exactly as if it never had been.
        base: A trained or pretrained model to start from, of the same embedder and encoder.
        answers: Sentences that teachers have tagged, to learn from besides the corpora or alone.
        reporter: Receives the progress.
        group: The processes that train together, each of which calls this; only the first one
            reads and writes ``output``.

    Returns:
        The model's provenance and scores, in the form in which it runs on ``device``.

    Raises:
        TaggerError: Anything that a user can fix; see `tagger.errors`.
        Interrupted: Ctrl-C or SIGTERM; the training can be resumed.
    """
    report = reporter or Reporter()
    group = group or Group()
    check = partial(
        check_output, output, force=force, resume=resume, distilling=answers is not None
    )
    if group.leads:
        check()
    if base and base.resolve() == output.resolve():
        raise UsageError(
            "is the model to start from", path=output, hint="name another folder with {output}"
        )
    use_threads(config.training.threads or int(group.size > 1))
    base_model = read_model(base) if base else None
    keeps = base_model is not None and not config.training.forget
    if base and base_model:
        # A student may be smaller than its base: it learns its encoder from the answers.
        check_base(config, base_model.config, base, encoder_may_differ=answers is not None)
    prepared = prepare(
        sources,
        config,
        data_dir=data_dir,
        strict=strict,
        base_heads=base_model.heads if base_model and keeps else (),
        # What teachers answer is rehearsal enough.
        rehearse=partial(rehearsal_corpus, base, base_model)
        if base and base_model and answers is None
        else None,
        answers=answers,
    )
    for corpus in prepared.corpora:
        if corpus.files:  # a rehearsal has none, and a note
            for line in describe(corpus):
                report.note(line)
    for note in prepared.notes:
        report.note(note)
    suspects: SuspectWeights = {}
    if config.training.downweight_suspects:
        named = Path(config.training.downweight_suspects)
        suspects = read_weights(named)
        n = count_weights(suspects, [corpus.splits["train"] for corpus in prepared.corpora], named)
        report.note(f"suspects of {named}: {n:,} training sentences count for less")
    run = Run(
        config=config,
        sources=tuple(sources),
        fingerprints=tuple(corpus.fingerprint for corpus in prepared.corpora),
        base=str(base.resolve()) if base else "",
        base_checksums=decisive_checksums(base_model.meta) if base_model else {},
        data_dir=str(data_dir.resolve()) if data_dir else "",
        strict=strict,
    )
    torch.manual_seed(config.training.seed)
    parts, network = build(config, prepared, base_model, report)
    n_parameters = sum(p.numel() for p in network.parameters())
    report.note(f"model: {summary(config, prepared)}; {n_parameters:,} parameters")
    network = network.to(device)
    teacher = None
    if base_model and base_model.heads and keeps:  # it is a copy of the network
        teacher = Teacher(network, prepared.heads, base_model.heads)
    state = new_state(network, config.training)
    with locked(output) if group.leads else nullcontext():
        if group.leads:
            check()  # another training may have ended there since
        if group.leads and resume:
            check_same_run(output, run)
            load_state(state, output / LAST)
            report.note(f"resuming after epoch {state.progress.epoch}, step {state.progress.step}")
        elif group.leads:
            clear_run(output)  # an old model stays until the new one takes its place
            try:
                write_file(output / RUN, msgspec.json.encode(run))
                save_state(state, output / LAST)
            except OSError:
                clear_run(output)  # nothing has been learned yet
                raise
        check_same_corpora(run, group)
        share_state(state, group)
        try:
            with hinted_errors("resume it with {resume=True}"):
                _run(state, parts, output, report, teacher, suspects, group)
                if not group.leads:
                    return group.shared(None, Finished)
                finished = _finish(state.progress, parts, output, report, device)
            with suppress(WorkerLostError):  # the model is complete
                group.shared(lambda: finished, Finished)
            return finished
        except KeyboardInterrupt:
            raise Interrupted(
                "stopped and saved", path=output, hint="resume it with {resume=True}"
            ) from None


def check_same_corpora(run: Run, group: Group) -> None:
    """Check that all processes read the same.

    Raises:
        TrainingError: Those of another machine read other corpora.
    """
    first = group.shared(lambda: run.fingerprints, tuple[str, ...])
    if group.any(first != run.fingerprints):
        raise TrainingError(
            f"the corpora differ between the {group.size} workers",
            hint="each machine needs the same files",
        )


def describe(corpus: Corpus) -> list[str]:
    """Describe a corpus in lines: sizes, layout, and tags outside their scheme."""
    sizes = ", ".join(f"{len(data):,} {split}" for split, data in corpus.splits.items())
    files = f" from {len(corpus.files)} files" if len(corpus.files) > len(corpus.splits) else ""
    lines = [f"{corpus.name}: {sizes} sentences{files}", f"  {corpus.layout.describe()}"]
    if reasons := corpus.layout.reasons():
        lines.append(f"  why: {reasons}")
    lines += [f"  {finding.describe()}" for finding in corpus.findings]
    return lines


def summary(config: Config, prepared: Prepared) -> str:
    """Summarise the network: ``bi LSTM 200, heads ner (crf, 17 tags)``."""
    encoder = config.encoder
    layers = f"{encoder.n_layers} × " if encoder.n_layers > 1 else ""
    heads = ", ".join(
        f"{h.name} ({h.pooling}, {h.decoder}, {counted(len(h.tags), 'label')})"
        if h.kind == "text"
        else f"{h.name} ({h.decoder}, {counted(len(h.tags), 'tag')})"
        for h in prepared.heads
    )
    return f"{layers}{encoder.direction} {encoder.cell.upper()} {encoder.hidden_dim}, heads {heads}"


def _run(
    state: TrainingState,
    parts: Parts,
    output: Path,
    report: Reporter,
    teacher: Teacher | None,
    suspects: SuspectWeights,
    group: Group,
) -> None:
    """Train to the end, keeping ``last/``, ``best/`` and the log up to date."""
    prepared, config = parts.prepared, parts.config
    corpora = _sentences(prepared, parts.form_encoder, config, suspects)

    def score(network: TaggingNetwork) -> dict[str, float]:
        return dev_scores(parts.tagger(network), prepared)

    history = state.progress.history
    done = [
        EpochDone(record, is_kept=record is kept(history[: i + 1], config.training.keep))
        for i, record in enumerate(history)
    ]
    report.start([head.name for head in prepared.heads], config.training.epochs, done)
    device = next(state.network.parameters()).device.type
    threads = ThreadChoice(
        candidates(config.training.threads or int(group.size > 1), device),
        chosen=state.progress.threads,
        report=report.note,
    )
    events = run_epochs(
        state,
        corpora,
        config,
        score=score,
        main_heads=prepared.main_heads,
        teacher=teacher,
        threads=threads,
        group=group,
    )
    saved = time.monotonic()
    try:
        # A launcher sends a signal again that the terminal has sent already.
        with deferred_interrupt(forced=not group.managed) as interrupt:
            for event in events:
                report.event(event)
                if interrupt.requested:
                    group.ask_to_stop()
                is_due = isinstance(event, EpochDone) or time.monotonic() - saved > SAVE_EVERY
                if group.leads and isinstance(event, EpochDone):
                    if event.is_kept:
                        _write_best(state, parts, output)
                    write_file(output / LOG, render_log(state.progress.history))
                if group.leads and (is_due or group.stopping):
                    save_state(state, output / LAST)
                    saved = time.monotonic()
                if group.stopping:
                    raise KeyboardInterrupt
    except WorkerLostError as error:
        if group.leads:
            save_state(state, output / LAST)  # no step has begun that is not complete
        raise WorkerLostError(
            error.message, path=output, hint="resume it with {resume=True}"
        ) from error
    finally:
        report.stop()


def _sentences(
    prepared: Prepared, encoder: FormEncoder, config: Config, suspects: SuspectWeights
) -> list[Sentences]:
    """Encode the training sentences of each corpus."""
    answers, settings = prepared.answers, config.distillation
    recase_prob = config.training.recase_prob
    recased = recase_prob > 0 or (answers is not None and settings.recase_prob > 0)
    table = FormTable(prepared.inventory.forms, encoder, recased=recased)
    sentences: list[Sentences] = []
    for corpus in prepared.corpora:
        if answers is not None and corpus is answers.corpus:
            heads = prepared.heads_of(corpus)
            sentences.append(
                AnsweredSentences(answers, table, heads, recase_prob=settings.recase_prob)
            )
        else:
            sentences.append(
                EncodedCorpus(
                    corpus.splits["train"],
                    table,
                    prepared.choices_of(corpus),
                    prepared.text_heads_of(corpus),
                    recase_prob=recase_prob,
                    suspects=suspects,
                )
            )
    return sentences


def _write_best(state: TrainingState, parts: Parts, output: Path) -> None:
    with new_directory(output / BEST) as new:
        write_model(new, parts.saved_model(state.progress, weights_of(state.scored)))


def _finish(
    progress: Progress, parts: Parts, output: Path, report: Reporter, device: str
) -> Finished:
    """Score the best model in the form in which it will run, and move it to its place."""
    best = existing_directory(output / BEST)
    if best is None:
        raise ModelError("missing", path=output / BEST, hint="train again with {force=True}")
    prepared = parts.prepared
    for exported in export(best, sentences_to_compare(prepared.corpora)):
        report.note(exported.describe())
    saved = read_model(best)
    tagger = from_saved(saved, best, device=device, threads=torch.get_num_threads())
    tests = evaluate_corpora(tagger, prepared, "test")
    calibration = calibrate_corpora(tagger, prepared)
    for head, fitted in calibration.items():
        report.note(
            f"confidence of {head}: temperature {fitted.temperature:.2f}, ECE on dev "
            f"{fitted.ece_before:.3f} before, {fitted.ece_after:.3f} after"
        )
    meta = msgspec.structs.replace(
        saved.meta,
        calibration=calibration,
        epochs=progress.epoch,
        seconds=sum(record.seconds for record in progress.history),
        dev_scores=dev_scores(tagger, prepared),
        test_scores={name: evaluation.main for name, evaluation in tests.items()},
    )
    card = render_card(
        "model.md.j2", config=parts.config, heads=saved.heads, meta=meta, tests=tests
    )
    if calibration:
        card = with_calibration(card, calibration)
    clear_model(output)  # from here on `best` is the model, should this be killed
    write_file(output / LOG, render_log(progress.history))
    meta = write_model(output, msgspec.structs.replace(saved, meta=meta, card=card))
    for name in GRAPHS.values():
        if (best / name).is_file():
            write_file(output / name, (best / name).read_bytes())
    clear_run(output)
    return Finished(meta, tests, example_text(prepared, parts.rules))
