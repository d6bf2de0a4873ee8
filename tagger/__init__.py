"""Named-entity and part-of-speech tagging.

>>> import tagger
>>> model = tagger.load()
>>> model("John works at Apple").entities
[[John](PER), [Apple](ORG)]

Every command of the command line is a function of the same name; its result is an object instead of
output. Nothing heavy is imported until it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagger.bulk_tagging.run import BulkSummary, bulk
    from tagger.corpus.conversion import convert
    from tagger.corpus.read import read
    from tagger.distillation.distill import Distilled, distill
    from tagger.errors import TaggerError
    from tagger.evaluation.evaluate import evaluate
    from tagger.formats.records import Columns
    from tagger.insight.compare.comparison import compare
    from tagger.insight.explain.explanation import explain
    from tagger.insight.report.report import report
    from tagger.insight.select.select import select
    from tagger.linting.lint import lint
    from tagger.prediction.redacting import redact
    from tagger.runtime.results import Document, Entity, Token
    from tagger.runtime.tagger import Tagger
    from tagger.sharing.finding import load
    from tagger.training.train import Trained, train

__version__ = "0.2.0"

__all__ = [
    "BulkSummary",
    "Columns",
    "Distilled",
    "Document",
    "Entity",
    "Tagger",
    "TaggerError",
    "Token",
    "Trained",
    "__version__",
    "bulk",
    "compare",
    "convert",
    "distill",
    "evaluate",
    "explain",
    "lint",
    "load",
    "read",
    "redact",
    "report",
    "select",
    "train",
]

_HOMES = {
    "BulkSummary": "tagger.bulk_tagging.run",
    "Columns": "tagger.formats.records",
    "Distilled": "tagger.distillation.distill",
    "Document": "tagger.runtime.results",
    "Entity": "tagger.runtime.results",
    "Tagger": "tagger.runtime.tagger",
    "TaggerError": "tagger.errors",
    "Token": "tagger.runtime.results",
    "Trained": "tagger.training.train",
    "bulk": "tagger.bulk_tagging.run",
    "compare": "tagger.insight.compare.comparison",
    "convert": "tagger.corpus.conversion",
    "distill": "tagger.distillation.distill",
    "evaluate": "tagger.evaluation.evaluate",
    "explain": "tagger.insight.explain.explanation",
    "lint": "tagger.linting.lint",
    "load": "tagger.sharing.finding",
    "read": "tagger.corpus.read",
    "redact": "tagger.prediction.redacting",
    "report": "tagger.insight.report.report",
    "select": "tagger.insight.select.select",
    "train": "tagger.training.train",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tagger' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
