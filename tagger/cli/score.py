"""``tagger score``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import Heads, Json, names
from tagger.cli.output import console, echo, print_json
from tagger.errors import UsageError


def score(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="One file with a token, its gold and its predicted tag on each line; or two or "
            "more annotations of one text, in any format.",
        ),
    ],
    heads: Heads = None,
    json: Json = False,
) -> None:
    """Score gold against predicted tags, or one annotator against another, without a model.

    tagger evaluate models/conll2003 conll2003 --predictions out.txt

    tagger score out.txt

    Two or more files hold the annotations of one text: F1 with the first as gold, Cohen's kappa
    and Krippendorff's alpha by token, or by text for labels of texts. Their formats and tokens may
    differ.

    tagger score anna.jsonl ben.tsv
    """
    if len(files) > 1:
        _agreement(files, names(heads), json)
        return
    from tagger.evaluation.predictions import score_file
    from tagger.evaluation.report import print_evaluation

    if heads is not None:
        raise UsageError("a single file names its heads itself", hint="leave out {heads}")
    evaluation = score_file(Path(files[0]))
    if json:
        print_json(evaluation)
    else:
        print_evaluation(console(), files[0], evaluation)


def _agreement(files: list[str], heads: list[str] | None, json: bool) -> None:
    from tagger.evaluation.agreement import agreement
    from tagger.evaluation.report import print_agreement

    report = agreement(files, heads)
    for findings in report.findings.values():
        for finding in findings:
            echo(finding.describe(), err=True)
    if json:
        print_json(report)
    else:
        print_agreement(console(), report)
