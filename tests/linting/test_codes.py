"""The table of codes: each example has the finding that it is an example of."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from tagger.errors import UsageError
from tagger.linting.codes import CODES, FAMILIES, select
from tests.helpers.corpora import write_files


@pytest.mark.parametrize("code", [code for code in CODES if not code.startswith("M")])
def test_the_example_of_a_code_has_it(code: str, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "my", CODES[code].files)
    found = tagger.lint(folder, select=[code])
    assert found.report.counts.keys() == {code}, found
    first = found.findings[0]
    assert Path(first.path).name in CODES[code].files
    patched = {finding.code for patch in found.patches for finding in patch.fixed}
    assert patched == ({code} if CODES[code].is_fixed else set())


@pytest.mark.parametrize("code", [code for code, one in CODES.items() if one.is_fixed])
def test_what_is_fixed_is_not_found_again(code: str, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "my", CODES[code].files)
    left = tagger.lint(folder, select=[code]).fix()
    assert not left.findings
    assert not tagger.lint(folder, select=[code]).findings


def test_each_code_is_of_a_family() -> None:
    for code in CODES:
        assert code[:2] in FAMILIES


def test_the_longer_beginning_wins() -> None:
    assert select(["S"], ["S1"]) == {c for c in CODES if c[0] == "S" and c[1] != "1"}
    assert "S301" in select(["S301"], ["S3"])
    assert select() == set(CODES)


def test_an_unknown_code_names_the_nearest() -> None:
    with pytest.raises(UsageError) as error:
        select(["s301"])
    assert "S301" in str(error.value)
    assert set(error.value.expected) == set(CODES)
