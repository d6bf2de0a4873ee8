"""The rooms stand in the order in which data flows: each uses those before it alone."""

from __future__ import annotations

import ast
from pathlib import Path

import tagger

PACKAGE = Path(tagger.__file__).parent
ROOMS = (
    "text",
    "formats",
    "corpus",
    "features",
    "model",
    "runtime",
    "sharing",
    "prediction",
    "evaluation",
    "training",
    "pretraining",
)
BEHIND = ("insight", "integrations", "cli")
"""These use all of the others."""
KNOWN = {
    ("formats/columns.py", "corpus"),
    ("formats/detect.py", "corpus"),
    ("formats/jsonl.py", "corpus"),
    ("formats/tokens.py", "corpus"),
    ("runtime/loading.py", "sharing"),
    ("runtime/tagger.py", "prediction"),
}
"""Arrows that still run up after the move of the files."""


def rooms_used(path: Path) -> set[str]:
    """The rooms that a module imports at run time, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    modules = [
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node not in typing_only
    ]
    return {name.split(".")[1] for name in modules if name.startswith("tagger.")}


def test_no_room_uses_one_behind_it() -> None:
    found = set()
    n_modules = 0
    for i, room in enumerate(ROOMS):
        behind = {*ROOMS[i + 1 :], *BEHIND}
        for path in (PACKAGE / room).rglob("*.py"):
            n_modules += 1
            used = rooms_used(path) & behind
            found |= {(path.relative_to(PACKAGE).as_posix(), name) for name in used}
    assert n_modules > 80
    assert found == KNOWN
