"""`tagger.lint`: the findings of all checks of one corpus or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tagger.arguments import as_name, as_names, as_sequence
from tagger.corpus.writing import find_writer
from tagger.errors import UsageError
from tagger.formats.records import Columns, Layout
from tagger.linting import codes
from tagger.linting.against import Verdict, compare
from tagger.linting.bounds import check_bounds
from tagger.linting.characters import check_characters
from tagger.linting.distributions import check_distributions
from tagger.linting.duplicates import check_duplicates
from tagger.linting.exporting import export
from tagger.linting.fixing import Patch, make_patches, write_patches
from tagger.linting.forms import check_forms
from tagger.linting.judging import Judge, judged
from tagger.linting.labels import check_labels
from tagger.linting.reading import read_gold
from tagger.linting.records import CodedFinding, Collector, GoldCorpus
from tagger.linting.sentences import check_sentences
from tagger.linting.suspects import Doubt, Suspect, report_suspects
from tagger.linting.tags import check_tags
from tagger.linting.text_labels import check_missing, check_texts
from tagger.linting.tokens import check_tokens
from tagger.tables import counted

if TYPE_CHECKING:
    from tagger.runtime.tagger import Tagger
    from tagger.training.reporting import Reporter

__all__ = ["MAX_TOKENS", "Lint", "Report", "lint"]

MAX_TOKENS = 150
"""The longest sentence that is not reported, if no other length is given."""

REVIEWED = 50
"""The suspects whose review is estimated."""

_ORDER = {code: i for i, code in enumerate(codes.CODES)}


class _Check(NamedTuple):
    codes: tuple[str, ...]
    title: str
    run: Callable[[GoldCorpus, Collector], None]


_CHECKS = (
    _Check(("S1",), "characters", check_characters),
    _Check(("S4",), "tokens", check_tokens),
    _Check(("D1", "D2"), "duplicates", check_duplicates),
    _Check(("D3",), "splits", check_distributions),
    _Check(("C1", "C2"), "forms", check_forms),
    _Check(("C102",), "labels of texts", check_texts),
    _Check(("C3",), "bounds", check_bounds),
    _Check(("C4",), "labels", check_labels),
)


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate of what reviewing the first suspects brings."""

    n: int
    """The suspects to review."""
    expected: float
    """How many of them are wrong, if the model's probabilities are right: the sum of 1 minus the
    probability of what is annotated."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The findings, as ``--format json`` prints them."""

    findings: list[CodedFinding]
    """By code in the order of the table; those of a code by place, or the surest slips first."""
    counts: dict[str, int]
    """The number of findings of each code that has any."""
    facts: list[str]
    """What is worth knowing and no finding, as the share of entities that train has already."""
    review: Review | None = None
    """What reviewing the first suspects may bring, where a model judged."""
    against: dict[str, Verdict] = {}  # msgspec copies it
    """By head, the ranking against a corrected corpus, where one was given."""
    n_sentences: int
    n_tokens: int


class Lint:
    """The findings of some corpora, and the repairs of their files.

    Attributes:
        report: The findings.
        patches: The repairs, which `fix` writes.
    """

    def __init__(
        self,
        report: Report,
        patches: Sequence[Patch],
        doubts: Mapping[str, Sequence[Doubt]] | None = None,
    ) -> None:
        self.report = report
        self.patches = tuple(patches)
        self._doubts = doubts or {}

    @property
    def findings(self) -> list[CodedFinding]:
        """The findings."""
        return self.report.findings

    def diff(self) -> str:
        """Return what `fix` would change, as a unified diff."""
        return "".join(f"{line}\n" for patch in self.patches for line in patch.diff())

    def fix(self) -> Lint:
        """Write the repairs, each file at once, and return what is left.

        Raises:
            CorpusError: A file has changed, or may not be written; then none is.
            OSError: A file cannot be written; its content stays.
        """
        write_patches(self.patches)
        fixed = {id(finding) for patch in self.patches for finding in patch.fixed}
        left = [finding for finding in self.findings if id(finding) not in fixed]
        report = msgspec.structs.replace(self.report, findings=left, counts=_counts(left))
        return Lint(report, [], self._doubts)

    def export(
        self, path: str | Path, target_format: str | None = None, *, force: bool = False
    ) -> int:
        """Write the sentences of suspects for an annotation tool, the most suspect first.

        Each sentence is written once, with the spans that are annotated, and named by its place.
        `tagger.convert` reads what was reviewed.

        Args:
            path: The file.
            target_format: The name of its format, as ``prodigy``; by the suffix if not given.
            force: Replace an existing file.

        Returns:
            The number of sentences.

        Raises:
            UsageError: No model has judged, the file exists, or its format is not known.
            OSError: The file cannot be written; nothing is left of it.
        """
        form = find_writer(Path(path), target_format, argument="target_format", force=force)
        if not self._doubts:
            raise UsageError("no model has judged", hint="give {model} or {folds=5}")
        head, doubts = next(iter(self._doubts.items()))
        suspects = [doubt for doubt in doubts if doubt.is_suspect]
        return export(suspects, head, Path(path), form, force=force)

    def __repr__(self) -> str:
        counts = ", ".join(f"{code} {n:,}" for code, n in self.report.counts.items())
        return f"<{counted(len(self.findings), 'finding')}: {counts or 'none'}>"


def lint(
    corpora: str | Path | Sequence[str | Path],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    max_tokens: int = MAX_TOKENS,
    model: str | Path | Tagger | None = None,
    folds: int = 0,
    keep_folds: str | Path | None = None,
    heads: Sequence[str] | None = None,
    base: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    threads: int | None = None,
    device: str = "auto",
    against: str | Path | None = None,
    data_dir: str | Path | None = None,
    reporter: Reporter | None = None,
    progress: Callable[[str, float | None], None] | None = None,
) -> Lint:
    """Check corpora: structure, splits, consistency, and what a model doubts.

    Args:
        corpora: Names, folders, files or ``hub:owner/name``.
        select: The codes to check, or how they begin, as in ``["S", "C2"]``; empty for all.
        ignore: Codes to leave out, in the same way.
        columns: The columns of the corpora's files, as in ``token,pos,chunk,ner``, or a
            `tagger.Columns`.
        read_predictions: Read the predictions in exports of Label Studio where a task is not
            annotated.
        max_tokens: The length of the longest sentence that is not reported.
        model: A model directory, the name of a model, or a loaded model, whose doubts are reported.
        folds: Instead of a model, train this many, each on all parts of a corpus but one, and
            report the doubts of each about the part that it has not seen.
        keep_folds: A folder for the models of the folds, with which the same call resumes; None to
            keep none.
        heads: The heads with spans to judge; None for entities, or for all without them.
        base: The model that the trainings start from.
        settings: Settings of the trainings, as ``{"training.epochs": 5}``.
        threads: Threads of the model or the trainings; None for one a core.
        device: Where they run: ``cpu``, ``cuda``; ``auto`` for a GPU where there is one.
        against: A corrected corpus, with which the ranking of suspects is compared.
        data_dir: Where to look for named corpora first.
        reporter: Receives the progress of trainings.
        progress: Receives what is being done and the share that is done, None where it is not
            known.

    Raises:
        UsageError: An unknown code, corpus or head, or no label in common with the model.
        CorpusError: A corpus is not found or cannot be opened, or there is nothing to train on.
        ModelError: As `tagger.load`.

    >>> found = lint("sample", select=["C3"])
    >>> found
    <2 findings: C301 1, C302 1>
    >>> found.findings[0].code
    'C301'
    """
    wanted = _wanted(select, ignore)
    if not wanted:
        raise UsageError("all codes are left out", hint="change {select} or {ignore}")
    if max_tokens < 1:
        raise UsageError(f"max_tokens is {max_tokens}", hint="it must be at least 1")
    sources = as_names("corpora", corpora)
    judge = _judge(model, folds, keep_folds, heads, base, settings, threads, device, reporter)
    _check_judge(judge, wanted, sources, against)
    show = progress or (lambda what, share: None)
    place = None if data_dir is None else Path(data_dir)
    found = Collector(wanted)
    layouts: dict[str, Layout] = {}
    by_head: dict[str, list[Doubt]] = {}
    verdicts: dict[str, Verdict] = {}
    n_sentences = n_tokens = 0
    for source in sources:
        corpus, layout = read_gold(
            source,
            found,
            data_dir=place,
            columns=columns,
            read_predictions=read_predictions,
            show=show,
        )
        if layout is not None:
            layouts.update((file.path, layout) for file in corpus.files)
        _check(corpus, found, max_tokens, show)
        if judge is not None and any(file.sentences for file in corpus.files):
            for head, doubts in judged(corpus, judge, found, show).items():
                by_head.setdefault(head, []).extend(doubts)
                report_suspects(found, head, doubts)
                if against is not None:
                    corrected = _corrected(against, place, columns, show)
                    verdicts[head] = compare(corpus, corrected, head, doubts)
        for sentence in corpus.sentences():
            n_sentences += 1
            n_tokens += len(sentence.tokens)
    findings = sorted(found.findings, key=_rank)
    report = Report(
        findings=findings,
        counts=_counts(findings),
        facts=found.facts,
        review=None if judge is None else _review(findings),
        against=verdicts,
        n_sentences=n_sentences,
        n_tokens=n_tokens,
    )
    for of_head in by_head.values():
        of_head.sort(key=lambda doubt: doubt.probability)
    return Lint(report, make_patches(found.edits, layouts), by_head)


def _judge(
    model: str | Path | Tagger | None,
    folds: int,
    keep_folds: str | Path | None,
    heads: Sequence[str] | None,
    base: str | Path | None,
    settings: Mapping[str, object] | None,
    threads: int | None,
    device: str,
    reporter: Reporter | None,
) -> Judge | None:
    """Return who judges, if anybody does.

    Raises:
        UsageError: A model and folds are given, a single fold, or none to keep.
    """
    if model is not None and folds:
        raise UsageError("a model and folds", hint="leave out {model} or {folds}")
    if folds < 0 or folds == 1:
        raise UsageError(f"folds is {folds}", hint="it must be at least 2")
    if keep_folds is not None and not folds:
        raise UsageError("there are no folds to keep", hint="give {folds=5}")
    if heads is not None:
        heads = as_sequence("heads", heads, "a list of heads", f"pass [{heads!r}]")
    if model is None and not folds:
        return None
    tagger = None
    if model is not None:
        from tagger.runtime.tagger import Tagger

        if isinstance(model, Tagger):
            tagger = model
        else:
            from tagger.runtime.loading import load
            from tagger.sharing.finding import find_model

            directory = find_model(as_name("model", model))
            # Exact probabilities are wanted here rather than speed.
            tagger = load(directory, device=device, precision="fp32", threads=threads or 0)
    keep = None if keep_folds is None else Path(as_name("keep_folds", keep_folds))
    return Judge(tagger, folds, heads, base, settings, threads, device, keep, reporter)


def _check_judge(
    judge: Judge | None, wanted: Set[str], sources: Sequence[str], against: str | Path | None
) -> None:
    """Check that what needs a judge has one."""
    if judge is None and (against is not None or all(code[0] == "M" for code in wanted)):
        what = "a corrected corpus is compared with" if against else "these codes are of"
        raise UsageError(f"{what} what a model doubts", hint="give {model} or {folds=5}")
    if against is not None and len(sources) > 1:
        raise UsageError("several corpora and one corrected one", hint="name one corpus")


def _corrected(
    against: str | Path,
    data_dir: Path | None,
    columns: str | Columns | None,
    show: Callable[[str, float | None], None],
) -> GoldCorpus:
    """Read the corrected corpus; what cannot be read there is an error."""
    nothing = Collector(frozenset())
    name = as_name("against", against)
    corrected, _ = read_gold(name, nothing, data_dir=data_dir, columns=columns, show=show)
    check_tags(corrected, nothing)
    return corrected


def _review(findings: Sequence[CodedFinding]) -> Review:
    first = [one.probability for one in findings if isinstance(one, Suspect)][:REVIEWED]
    return Review(n=len(first), expected=round(sum(1 - prob for prob in first), 1))


def _rank(finding: CodedFinding) -> tuple[int, float]:
    """Order findings by code, but suspects of all codes by probability."""
    if isinstance(finding, Suspect):
        return len(codes.CODES), finding.probability
    return _ORDER[finding.code], 0.0


def _wanted(chosen: Sequence[str], ignored: Sequence[str]) -> frozenset[str]:
    names = [
        as_sequence(name, given, "a list of codes", f"pass [{given!r}]")
        for name, given in (("select", chosen), ("ignore", ignored))
    ]
    return codes.select(*names)


def _check(
    corpus: GoldCorpus,
    found: Collector,
    max_tokens: int,
    show: Callable[[str, float | None], None],
) -> None:
    """Run the checks that are wanted; that of tags first, which reads the spans."""
    show("checking tags", None)
    check_tags(corpus, found)
    check_missing(corpus, found)
    if found.wants("S5"):
        check_sentences(corpus, found, max_tokens)
    for i, check in enumerate(_CHECKS):
        if found.wants(*check.codes):
            show(f"checking {check.title}", i / len(_CHECKS))
            check.run(corpus, found)


def _counts(findings: Sequence[CodedFinding]) -> dict[str, int]:
    counts = Counter(finding.code for finding in findings)
    return {code: counts[code] for code in codes.CODES if counts[code]}
