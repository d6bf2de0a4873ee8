"""Findings as text, for code scanning (SARIF) and for the log of a GitHub workflow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import msgspec

from tagger.linting.against import Verdict
from tagger.linting.codes import CODES, FAMILIES
from tagger.linting.lint import Report, lint
from tagger.linting.records import FIXABLE, CodedFinding
from tagger.linting.suspects import Suspect
from tagger.printable import printable
from tagger.tables import counted

__all__ = [
    "AGAINST",
    "against_rows",
    "example_lines",
    "explain",
    "github_lines",
    "sarif",
    "summary_lines",
    "summary_rows",
    "text_lines",
]

_SHORT = 12  # lines of an example that is shown as a whole
_AROUND = 3  # lines of another that are shown on either side of a finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text_lines(report: Report, limit: int) -> Iterator[tuple[str, str]]:
    """Yield each finding as the code and a line, at most ``limit`` of a code unless it is 0."""
    hints = {""}
    for kind, group in groupby(report.findings, key=_kind):
        findings = list(group)
        shown = findings[:limit] if limit else findings
        for finding in shown:
            # What to do is said once.
            is_known = finding.hint in hints
            hints.add(finding.hint)
            one = msgspec.structs.replace(finding, hint="") if is_known else finding
            yield finding.code, one.describe()
        if len(findings) > len(shown):
            yield kind, f"and {len(findings) - len(shown):,} more {kind}"


def _kind(finding: CodedFinding) -> str:
    """Return the code, or for suspects, which are ranked together, the letter of their codes."""
    return "M" if isinstance(finding, Suspect) else finding.code


def summary_rows(report: Report) -> list[list[str]]:
    """Return a row a code: the code, its findings, those that can be fixed, its title."""
    fixable: dict[str, int] = {}
    for finding in report.findings:
        if finding.action == FIXABLE:
            fixable[finding.code] = fixable.get(finding.code, 0) + 1
    return [
        [code, f"{n:,}", f"{fixable.get(code, 0):,}", CODES[code].title]
        for code, n in report.counts.items()
    ]


def summary_lines(report: Report) -> list[str]:
    """Return the last lines of the text."""
    n = len(report.findings)
    what = counted(n, "finding") if n else "nothing found"
    of = f"{counted(report.n_sentences, 'sentence')} with {counted(report.n_tokens, 'token')}"
    lines = [printable(fact) for fact in report.facts]
    if report.review is not None and report.review.n:
        lines.append(
            f"reviewing the first {counted(report.review.n, 'suspect')} may correct up to "
            f"{report.review.expected:.0f}, if the model is right about itself"
        )
    return [*lines, f"{what} in {of}"]


def against_rows(verdict: Verdict) -> list[list[str]]:
    """Return a row for each number of sentences, as of a ranking against its corrections."""
    return [
        [
            f"{hits.n:,}",
            f"{hits.n_corrected:,}",
            f"{hits.precision:.1%}",
            f"{hits.recall:.1%}",
            f"{hits.random_precision:.1%}",
            f"{hits.n / verdict.n_sentences:.1%}",
        ]
        for hits in verdict.hits
    ]


AGAINST = ("sentences", "corrected", "precision", "recall", "random precision", "random recall")
"""The names of the columns of `against_rows`."""


def github_lines(report: Report) -> Iterator[str]:
    """Yield each finding as a command of GitHub's workflows, which marks the line."""
    for finding in report.findings:
        place = f"file={_escaped(finding.path, is_property=True)}"
        if finding.line is not None:
            place += f",line={finding.line}"
        message = _escaped(_message(finding))
        yield f"::{CODES[finding.code].level} {place},title={finding.code}::{message}"


def _escaped(text: str, *, is_property: bool = False) -> str:
    marks = "%\r\n:," if is_property else "%\r\n"
    return "".join(f"%{ord(mark):02X}" if mark in marks else mark for mark in text)


def _message(finding: CodedFinding) -> str:
    return msgspec.structs.replace(finding, path="", line=None, code="").describe()


def sarif(report: Report, version: str) -> bytes:
    """Return the findings in SARIF 2.1.0."""
    run = {
        "tool": {
            "driver": {
                "name": "tagger lint",
                "version": version,
                "rules": [
                    {
                        "id": code,
                        "shortDescription": {"text": CODES[code].title},
                        "fullDescription": {"text": CODES[code].why},
                        "defaultConfiguration": {"level": CODES[code].level},
                    }
                    for code in report.counts
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": finding.code,
                "level": CODES[finding.code].level,
                "message": {"text": _message(finding)},
                "locations": [{"physicalLocation": _location(finding)}],
            }
            for finding in report.findings
        ],
    }
    return msgspec.json.encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _location(finding: CodedFinding) -> dict[str, object]:
    path = Path(finding.path)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    location: dict[str, object] = {"artifactLocation": {"uri": uri}}
    if finding.line is not None:
        location["region"] = {"startLine": finding.line}
    return location


def explain(code: str) -> str:
    """Return what a code means, with an example."""
    one = CODES[code]
    family = next(title for prefix, title in FAMILIES.items() if code.startswith(prefix))
    is_said = not one.is_fixed or "--fix" in one.why
    fixed = "" if is_said else " `--fix` repairs it in files of columns."
    parts = [f"{code} {one.title} ({family.lower()}, {one.level})", f"{one.why}{fixed}"]
    if one.files:
        parts.append("\n".join(example_lines(code)))
    return "\n\n".join(parts)


def example_lines(code: str) -> Iterator[str]:
    """Yield the lines of the example of a code: of each file its name and content, then findings.

    Of a long file the beginning is shown, and what is around the findings.
    """
    with TemporaryDirectory() as folder:
        for name, content in CODES[code].files.items():
            data = content if isinstance(content, bytes) else content.encode()
            Path(folder, name).write_bytes(data)
        found = lint(folder, select=[code]).findings
        prefix = str(Path(folder, "x"))[:-1]
    places = {(Path(finding.path).name, finding.line) for finding in found}
    for name, content in CODES[code].files.items():
        text = content.decode("latin-1") if isinstance(content, bytes) else content
        around = [line for path, line in places if path == name and line is not None]
        yield name
        yield from (f"    {line}".rstrip(" ") for line in _short(text, around))
    yield ""
    for finding in found:
        yield msgspec.structs.replace(finding, hint="").describe().replace(prefix, "")


def _short(text: str, around: list[int]) -> Iterator[str]:
    """Yield the lines of an example, of a long one those that matter."""
    lines = [_written_out(line) for line in text.rstrip("\n").split("\n")]
    if len(lines) <= _SHORT:
        yield from lines
        return
    last = 0
    for number, line in enumerate(lines, 1):
        if not any(abs(number - place) <= _AROUND for place in (1, *around)):
            continue
        if number > last + 1:
            yield "…"
        yield line
        last = number
    if last < len(lines):
        yield "…"


def _written_out(line: str) -> str:
    """Write out the characters that nobody sees; tabs stay."""
    return "".join(
        mark if mark.isprintable() or mark == "\t" else repr(mark)[1:-1] for mark in line
    )
