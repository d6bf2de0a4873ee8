"""`tagger.lint`: the findings of all checks of one corpus or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from tagger.arguments import as_names, as_sequence
from tagger.errors import UsageError
from tagger.formats.records import Columns, Layout
from tagger.linting import codes
from tagger.linting.bounds import check_bounds
from tagger.linting.characters import check_characters
from tagger.linting.distributions import check_distributions
from tagger.linting.duplicates import check_duplicates
from tagger.linting.fixing import Patch, make_patches, write_patches
from tagger.linting.forms import check_forms
from tagger.linting.labels import check_labels
from tagger.linting.reading import read_gold
from tagger.linting.records import CodedFinding, Collector, GoldCorpus
from tagger.linting.sentences import check_sentences
from tagger.linting.tags import check_tags
from tagger.linting.tokens import check_tokens

__all__ = ["MAX_TOKENS", "Lint", "Report", "lint"]

MAX_TOKENS = 150
"""The longest sentence that is not reported, if no other length is given."""


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
    _Check(("C3",), "bounds", check_bounds),
    _Check(("C4",), "labels", check_labels),
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The findings, as ``--format json`` prints them."""

    findings: list[CodedFinding]
    """By code in the order of the table; those of a code by place, or the surest slips first."""
    counts: dict[str, int]
    """The number of findings of each code that has any."""
    facts: list[str]
    """What is worth knowing and no finding, as the share of entities that train has already."""
    n_sentences: int
    n_tokens: int


class Lint:
    """The findings of some corpora, and the repairs of their files.

    Attributes:
        report: The findings.
        patches: The repairs, which `fix` writes.
    """

    def __init__(self, report: Report, patches: Sequence[Patch]) -> None:
        self.report = report
        self.patches = tuple(patches)

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
        return Lint(report, [])

    def __repr__(self) -> str:
        counts = ", ".join(f"{code} {n:,}" for code, n in self.report.counts.items())
        return f"<{len(self.findings):,} findings: {counts or 'none'}>"


def lint(
    corpora: str | Path | Sequence[str | Path],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    max_tokens: int = MAX_TOKENS,
    data_dir: str | Path | None = None,
    progress: Callable[[str, float | None], None] | None = None,
) -> Lint:
    """Check corpora: structure, splits, consistency.

    Args:
        corpora: Names, folders, files or ``hub:owner/name``.
        select: The codes to check, or how they begin, as in ``["S", "C2"]``; empty for all.
        ignore: Codes to leave out, in the same way.
        columns: The columns of the corpora's files, as in ``token,pos,chunk,ner``, or a
            `tagger.Columns`.
        read_predictions: Read the predictions in exports of Label Studio where a task is not
            annotated.
        max_tokens: The length of the longest sentence that is not reported.
        data_dir: Where to look for named corpora first.
        progress: Receives what is being done and the share that is done, None where it is not
            known.

    Raises:
        UsageError: An unknown code or corpus.
        CorpusError: A corpus is not found or cannot be opened.

    >>> found = lint("sample", select=["C3"])
    >>> found
    <2 findings: C301 1, C302 1>
    >>> found.findings[0].code
    'C301'
    """
    wanted = _wanted(select, ignore)
    if max_tokens < 1:
        raise UsageError(f"max_tokens is {max_tokens}", hint="it must be at least 1")
    show = progress or (lambda what, share: None)
    found = Collector(wanted)
    layouts: dict[str, Layout] = {}
    n_sentences = n_tokens = 0
    for source in as_names("corpora", corpora):
        corpus, layout = read_gold(
            source,
            found,
            data_dir=None if data_dir is None else Path(data_dir),
            columns=columns,
            read_predictions=read_predictions,
            show=show,
        )
        if layout is not None:
            layouts.update((file.path, layout) for file in corpus.files)
        _check(corpus, found, max_tokens, show)
        for sentence in corpus.sentences():
            n_sentences += 1
            n_tokens += len(sentence.tokens)
    order = {code: i for i, code in enumerate(codes.CODES)}
    findings = sorted(found.findings, key=lambda finding: order[finding.code])
    report = Report(
        findings=findings,
        counts=_counts(findings),
        facts=found.facts,
        n_sentences=n_sentences,
        n_tokens=n_tokens,
    )
    return Lint(report, make_patches(found.edits, layouts))


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
    if found.wants("S5"):
        check_sentences(corpus, found, max_tokens)
    for i, check in enumerate(_CHECKS):
        if found.wants(*check.codes):
            show(f"checking {check.title}", i / len(_CHECKS))
            check.run(corpus, found)


def _counts(findings: Sequence[CodedFinding]) -> dict[str, int]:
    counts = Counter(finding.code for finding in findings)
    return {code: counts[code] for code in codes.CODES if counts[code]}
