"""`tagger.distill`: teachers and raw text in, the model directory of a student out."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tagger.arguments import as_mapping, as_names, as_sequence
from tagger.config import Config, corpus_settings, nested
from tagger.config_reference import check_names
from tagger.corpus import Corpus, HeadColumn, Layout, Scheme
from tagger.corpus.renaming import load_configured
from tagger.corpus.store import quiet_datasets
from tagger.distillation.answering import (
    HELD_OUT,
    TRAIN,
    Job,
    Panel,
    Tally,
    TeacherRecord,
    answer_texts,
    columns_of,
    has_answers,
)
from tagger.distillation.labels import Gold, Plan, Unmapped, parse_label_map, plan_answers
from tagger.distillation.reporting import DistillationReporter
from tagger.distillation.results import Measure, compare
from tagger.distillation.state import (
    ANSWERS,
    Distillation,
    check_distillation,
    stored,
)
from tagger.distillation.teachers.building import answer_files, load_teachers
from tagger.distillation.teachers.protocol import Teacher
from tagger.distillation.texts import Texts, find_texts, survey
from tagger.errors import Interrupted, TaggerError, UsageError, unknown_name
from tagger.evaluation.selection import labels_of
from tagger.files import add_hint, existing_directory, write_file
from tagger.model.directory import read_config_of
from tagger.model.meta import read_meta
from tagger.runtime.loading import pick_device
from tagger.sharing.finding import MODELS
from tagger.text import Tokenizer, TokenizerRules
from tagger.training.answers import Answers
from tagger.training.encoding import Inventory
from tagger.training.output import DISTILLATION, LAST, changed, check_same_config, clear_run, locked
from tagger.training.run import Finished
from tagger.training.run import train as run_training
from tagger.training.settings import settings as combine
from tagger.training.threads import n_threads
from tagger.training.train import Trained
from tagger.training.warm_start import check_base

__all__ = ["Distilled", "distill"]

MAX_DEV = 2000
"""Held-out sentences on which agreement is measured."""


@dataclass(frozen=True, repr=False)
class Distilled(Trained):
    """A distillation that has ended."""

    teachers: tuple[str, ...]
    """The teachers."""
    measures: tuple[Measure, ...]
    """Scores, agreement, speed and size of teachers and student."""

    def __repr__(self) -> str:
        agreement = "".join(
            f", {measure.name} {100 * (measure.student or 0):.2f}"
            for measure in self.measures
            if measure.name.startswith("agreement ")
        )
        return f"Distilled({str(self.path)!r}{agreement})"


def distill(
    texts: str | Path | Sequence[str | Path] = (),
    output: str | Path | None = None,
    *,
    teachers: str | Path | Sequence[str | Path | Teacher] = (),
    corpora: str | Path | Sequence[str | Path] = (),
    label_map: Mapping[str, str] | str | None = None,
    unmapped: Unmapped | None = None,
    answers: str | Path | None = None,
    heads: Sequence[str] | None = None,
    base: str | Path | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    seed: int | None = None,
    threads: int | None = None,
    device: str = "auto",
    resume: bool = False,
    force: bool = False,
    strict: bool = False,
    data_dir: str | Path | None = None,
    reporter: DistillationReporter | None = None,
) -> Distilled:
    """Train a student on raw text that teachers have tagged, and on gold corpora if there are any.

    First the teachers answer, into a folder that a distillation that was stopped resumes from.
    Then the student learns from the probabilities of their tags.

    Args:
        texts: Files, folders and patterns of paths of raw text or JSON lines with ``text``, plain
            or compressed, or names of corpora, whose training sentences are used without tags.
            Without any those of ``file:`` teachers.
        output: The student's model directory.
        teachers: Model directories, names of models, ``hub:owner/name``; ``spacy:PACKAGE`` or
            ``spacy:FOLDER``, a pipeline of spaCy; ``hf:FOLDER`` or ``hf:ID``, a transformer for
            token classification; ``file:ANSWERS.jsonl``, texts with spans that may have a score;
            or an object of yours that is a `tagger.distillation.teachers.protocol.Teacher`, to be
            passed again to resume. Of several the mean of their probabilities is learned.
        corpora: Corpora with gold tags that the student learns from as well.
        label_map: New names of the teachers' labels, ``{"GPE": "LOC"}`` or ``"GPE=LOC"``; an empty
            one drops a label.
        unmapped: What to do with labels that no gold corpus has: ``error``, ``drop``, or ``keep``
            them as further labels of the student. None is ``error``.
        answers: The folder of the teachers' answers, which is kept and may be used again; None for
            one in ``output`` that is removed at the end.
        heads: The heads to learn; None for all of the teachers and the main ones of the corpora.
        base: A model to start from, whose sizes and recipe hold unless others are given.
        config: A configuration or a TOML file.
        settings: Single settings, which override ``config``: ``{"distillation.temperature": 2}``.
        seed: Seeds everything that is random; short for the setting ``training.seed``.
        threads: Threads on a CPU; short for the setting ``training.threads``.
        device: ``cpu``, ``cuda``, ``cuda:1``; ``auto`` for a GPU where there is one.
        resume: Resume a distillation that was stopped in ``output``, with its arguments.
        force: Replace a model in ``output``, and answers to another job.
        strict: Stop at a tag outside its scheme in a gold corpus.
        data_dir: Where to look for named corpora first.
        reporter: Receives the progress; None for none.

    Raises:
        UsageError: Teachers, labels and corpora do not match, or ``output`` holds something else.
        ConfigError: An unknown setting or a value out of its range.
        CorpusError: A text or corpus is not found, cannot be read or is empty.
        ModelError: A teacher is missing or damaged.
        TrainingError: The loss became NaN or infinite.
        Interrupted: Ctrl-C or SIGTERM; the distillation can be resumed.
    """
    report = reporter or DistillationReporter()
    if output is None:
        raise UsageError("the student has no directory", hint="name it with {output}")
    directory = Path(output)
    check_distillation(directory, resume=resume, force=force)
    if unmapped not in (None, "error", "drop", "keep"):
        valid = ["error", "drop", "keep"]
        raise UsageError(unknown_name("value of unmapped", unmapped, valid), expected=valid)
    if isinstance(label_map, str):
        label_map = parse_label_map([label_map])
    named, objects = _by_name(teachers)
    short = {"training.seed": seed, "training.threads": threads}
    given = {**short, **as_mapping("settings", settings)}
    check_names(given)
    before = stored(directory) if resume else None
    chosen = combine(
        as_names("corpora", corpora) or (list(before.corpora) if before else []),
        output=directory,
        config=before.config if before and config is None else config,
        heads=None
        if heads is None
        else as_sequence("heads", heads, "a list of heads", f"pass [{heads!r}]"),
        overrides=nested({name: value for name, value in given.items() if value is not None}),
        base=(before.base if before else None) or None if base is None else str(base),
        data_dir=Path(data_dir)
        if data_dir is not None
        else (Path(before.data_dir) if before and before.data_dir else None),
        strict=strict or (before.strict if before else False),
        may_lack_sources=True,
    )
    run = Distillation(
        config=chosen.config,
        texts=tuple(as_names("texts", texts)) or (before.texts if before else ()),
        teachers=tuple(as_names("teachers", named)) or (before.teachers if before else ()),
        corpora=chosen.sources,
        label_map=dict(label_map) if label_map is not None else before.label_map if before else {},
        unmapped=unmapped or (before.unmapped if before else "error"),
        answers=str(Path(answers).resolve())
        if answers is not None
        else (before.answers if before else ""),
        base=str(chosen.base) if chosen.base else "",
        data_dir=str(chosen.data_dir.resolve()) if chosen.data_dir else "",
        strict=chosen.strict,
    )
    if before is not None:
        _check_same(directory, before, run)
    where = pick_device(device)
    try:
        return _run(run, directory, where, objects, resume=resume, force=force, report=report)
    except OSError as error:
        if (directory / DISTILLATION).is_file():
            add_hint(error, "resume it with {resume=True}")
        raise


def _by_name(
    teachers: str | Path | Sequence[str | Path | Teacher],
) -> tuple[Sequence[str | Path], dict[str, Teacher]]:
    """Return the names of teachers, and by name those that are objects."""
    if isinstance(teachers, str | Path):
        return [teachers], {}
    objects = {teacher.name: teacher for teacher in teachers if isinstance(teacher, Teacher)}
    return [one.name if isinstance(one, Teacher) else one for one in teachers], objects


def _check_same(output: Path, before: Distillation, run: Distillation) -> None:
    """Check that a distillation is resumed with the inputs that it was started with."""
    check_same_config(output, before.config, run.config)
    names = {"label_map": "the label map", "unmapped": "what to do with labels"}
    for field in run.__struct_fields__:
        if field not in ("config", "trained") and getattr(before, field) != getattr(run, field):
            raise changed(output, names.get(field, f"the {field}"))


def _run(
    run: Distillation,
    output: Path,
    device: str,
    objects: Mapping[str, Teacher],
    *,
    resume: bool,
    force: bool,
    report: DistillationReporter,
) -> Distilled:
    config = run.config
    _check_paths(run, output)
    if run.base:  # before hours of answers
        check_base(config, read_config_of(Path(run.base)), Path(run.base), encoder_may_differ=True)
    data_dir = Path(run.data_dir) if run.data_dir else None
    threads = n_threads(config.training.threads)
    teachers = load_teachers(
        run.teachers, objects, heads=config.heads, device=device, threads=threads
    )
    gold = [
        load_configured(
            source, corpus_settings(config, source), data_dir=data_dir, strict=run.strict
        )
        for source in run.corpora
    ]
    plan = plan_answers(
        teachers,
        heads=config.heads,
        label_map=run.label_map,
        unmapped=run.unmapped,
        gold=_gold(gold),
    )
    for head, labels in plan.dropped.items():
        report.note(f"{head}: dropped {', '.join(labels)}")
    texts = find_texts(run.texts or answer_files(run.teachers), data_dir)
    found = survey(texts)
    rules = next((t.rules for t in teachers if t.rules is not None), TokenizerRules())
    job = Job(
        texts=found.fingerprint,
        n_texts=found.n_texts,
        teachers=tuple(TeacherRecord(name=t.name, fingerprint=t.fingerprint) for t in teachers),
        tags=plan.tags,
        columns=tuple(columns_of(columns) for columns in plan.columns),
        rules=repr(rules),
        top_tags=config.distillation.top_tags,
        min_prob=config.distillation.min_prob,
        held_out=max(config.distillation.held_out, found.lowest),  # at least one
    )
    panel = Panel(teachers, plan)
    folder = Path(run.answers) if run.answers else output / ANSWERS
    is_training = resume and existing_directory(output / LAST) is not None
    is_trained = resume and not is_training and stored(output).trained
    with locked(output):
        check_distillation(output, resume=resume, force=force)  # another may have ended since
        if not resume:
            clear_run(output)  # an old model stays until the student takes its place
            write_file(output / DISTILLATION, msgspec.json.encode(run))
        try:
            tally = _answer(texts, panel, rules, job, folder, config, output, force, report)
        except (TaggerError, OSError):
            if not resume:
                _withdraw(output, folder)
            raise
    report.note(
        f"answers of {', '.join(run.teachers)}: {tally.n_train:,} sentences, "
        f"{tally.n_held_out:,} held out, {tally.n_tokens:,} words"
    )
    if tally.n_too_long:
        report.note(f"  {tally.n_too_long:,} sentences left out: they are too long")
    if tally.n_unknown:
        share = tally.n_unknown / max(tally.n_tokens * len(plan.tags), 1)
        report.note(f"  {tally.n_unknown:,} words ({share:.1%}) without an answer")
    answers = _answers(folder, job, plan, texts, run.teachers, rules)
    if is_trained:
        finished = Finished(read_meta(output), {}, "")
    else:
        finished = run_training(
            run.corpora,
            output,
            config,
            data_dir=data_dir,
            device=device,
            strict=run.strict,
            force=not is_training,
            resume=is_training,
            base=Path(run.base) if run.base else None,
            answers=answers,
            reporter=report,
        )
        done = msgspec.structs.replace(run, trained=True)
        write_file(output / DISTILLATION, msgspec.json.encode(done))
    measures = compare(panel, tally, output, answers.corpus.splits["dev"], gold)
    if not run.answers:
        shutil.rmtree(folder, ignore_errors=True)
    (output / DISTILLATION).unlink(missing_ok=True)
    return Distilled(output, *finished, run.teachers, tuple(measures))


def _check_paths(run: Distillation, output: Path) -> None:
    """Check that the student replaces neither a teacher, its base nor the answers.

    Raises:
        UsageError: It would, or the folder of the answers is a file.
    """
    read = [(run.base, "the model to start from")]
    for teacher in run.teachers:
        read += [(teacher, "a teacher"), (str(MODELS / teacher), "a teacher")]
    read.append((run.answers, "the folder of the answers"))
    for name, what in read:
        if name and Path(name).resolve() == output.resolve():
            raise UsageError(f"is {what}", path=output, hint="name another folder with {output}")
    if run.answers and Path(run.answers).is_file():
        raise UsageError("is a file", path=run.answers, hint="name a folder with {answers}")


def _withdraw(output: Path, folder: Path) -> None:
    """Leave no distillation to resume in its output if no answers are kept there."""
    if folder.parent == output:
        if has_answers(folder):
            return
        shutil.rmtree(folder, ignore_errors=True)
    (output / DISTILLATION).unlink(missing_ok=True)


def _answer(
    texts: Texts,
    panel: Panel,
    rules: TokenizerRules,
    job: Job,
    folder: Path,
    config: Config,
    output: Path,
    force: bool,
    report: DistillationReporter,
) -> Tally:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            return answer_texts(
                iter(texts),
                panel,
                Tokenizer(rules),
                job,
                folder,
                config.distillation,
                force=force,
                report=lambda tally: report.answered(tally, job.n_texts),
            )
    except KeyboardInterrupt:
        raise Interrupted(
            "stopped and saved", path=output, hint="resume it with {resume=True}"
        ) from None
    finally:
        report.all_answered()


def _gold(corpora: Sequence[Corpus]) -> dict[str, Gold]:
    """Find the kind and the labels or tags of each head of the corpora."""
    found: dict[str, Gold] = {}
    for corpus in corpora:
        if "train" not in corpus.splits:
            continue  # training reports it
        train = corpus.splits["train"]
        inventory = Inventory()
        by_kind = {
            kind: [head.name for head in corpus.heads if head.kind == kind]
            for kind in ("token", "text")
        }
        inventory.add(train, by_kind["token"], by_kind["text"])
        for head in corpus.heads:
            labels = (
                labels_of(train, head.name)
                if head.kind == "span"
                else set(inventory.tags[head.name])
            )
            before = found.get(head.name)
            found[head.name] = Gold(head.kind, labels | (set(before.labels) if before else set()))
    return found


def _answers(
    folder: Path,
    job: Job,
    plan: Plan,
    texts: Texts,
    teachers: Sequence[str],
    rules: TokenizerRules,
) -> Answers:
    """Read the answers as a corpus, mapped into memory."""
    import datasets

    with quiet_datasets():
        train = datasets.Dataset.from_file(str(folder / TRAIN))
        held_out = datasets.Dataset.from_file(str(folder / HELD_OUT))
        if len(held_out) > MAX_DEV:
            held_out = held_out.select([i * len(held_out) // MAX_DEV for i in range(MAX_DEV)])
    names = dict.fromkeys(Path(source).name for source in texts.sources)
    shown = list(names)[:3] + (["…"] if len(names) > 3 else [])
    return Answers(
        corpus=Corpus(
            name="+".join(shown),
            splits={"train": train, "dev": held_out},
            heads=tuple(
                HeadColumn(
                    name, kind, Scheme.BIO if kind == "span" else None, name in plan.multi_label
                )
                for name, kind in plan.kinds.items()
            ),
            main_heads=tuple(plan.tags),
            layout=Layout(format="model", title=f"tagged by {', '.join(teachers)}", columns={}),
            fingerprint=hashlib.blake2b(msgspec.json.encode(job), digest_size=20).hexdigest(),
        ),
        tags=plan.tags,
        rules=rules,
    )
