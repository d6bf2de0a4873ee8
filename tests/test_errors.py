"""Errors as users read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import tagger

MODULES = sorted(Path(tagger.__file__).parent.rglob("*.py"))
ARGUMENT = re.compile(r"\{\w+(=[^{}]*)?\}")


def messages(module: Path) -> Iterator[str]:
    """Yield the constant parts of what errors are raised with, without their hints."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
            for part in (part for given in node.args for part in ast.walk(given)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def test_only_hints_name_arguments_in_braces() -> None:
    """Braces are spelled for Python or the command line in hints; elsewhere they stay braces."""
    texts = [(path.name, text) for path in MODULES for text in messages(path)]
    assert [found for found in texts if ARGUMENT.search(found[1])] == []
