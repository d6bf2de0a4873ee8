"""Write ``docs/cli.md``, the reference of the command line, from the command line itself."""

from __future__ import annotations

import inspect
import types
import typing
from pathlib import Path
from typing import Any

import typer

from tagger.cli import app
from tagger.tables import markdown_table

PAGE = Path(__file__).with_name("cli.md")
KINDS = {bool: "", int: "N", float: "X", Path: "PATH", str: "TEXT"}
"""The name of a value, by its type."""
INTRODUCTION = """\
# Command line

<!-- Made by `python docs/make_cli.py`; a change here is lost. -->

`--help` after any command prints the same in a terminal. An error is printed in one line on
standard error. The exit code is 0 for success, 2 for a wrong command line, 3 if `tagger bulk` could
not tag some rows, 130 for an interruption, and 1 for any other error.
"""


def cli_page() -> str:
    """Return the page as Markdown."""
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    summaries = [
        [f"[`{name}`](#tagger-{name})", _escape(_summary(command))]
        for name, command in commands.items()
    ]
    parts = [INTRODUCTION, _table(["command", "purpose"], summaries)]
    parts += [_section(name, command) for name, command in commands.items()]
    return "\n".join(parts)


def _section(name: str, command: Any) -> str:
    hints = typing.get_type_hints(command.callback)
    arguments, options = [], []
    usage = [f"tagger {name}"]
    for parameter in command.params:
        if getattr(parameter, "hidden", False) or parameter.name == "help":
            continue
        kind = KINDS[_base(hints[parameter.name])]
        help_text = _escape(parameter.help or "")
        if parameter.opts[0].startswith("-"):
            if parameter.required:
                usage.append(f"{parameter.opts[0]} {kind}")
            names = ", ".join(f"`{option}`" for option in parameter.opts)
            if parameter.secondary_opts:
                names += f" / `{parameter.secondary_opts[0]}`"
            more = " (may be repeated)" if parameter.multiple else ""
            options.append([f"{names} {kind}".strip(), help_text + more, _default(parameter)])
        else:
            metavar = parameter.metavar or parameter.name.upper()
            several = "..." if parameter.nargs == -1 else ""
            usage.append(f"{metavar}{several}" if parameter.required else f"[{metavar}{several}]")
            arguments.append([f"`{metavar}`", help_text, _default(parameter)])
    examples = [text for text in _paragraphs(command)[1:] if text.startswith(("tagger ", "pip "))]
    usage.append("[OPTIONS]")
    parts = [f"## tagger {name}\n", f"{_escape(_summary(command))}\n"]
    parts.append(f"```text\n{' '.join(usage)}\n```\n")
    if examples:
        parts.append("\n".join(["```sh", *examples, "```\n"]))
    if arguments:
        parts.append(_table(["argument", "meaning", "default"], arguments))
    if options:
        parts.append(_table(["option", "meaning", "default"], options))
    return "\n".join(parts)


def _paragraphs(command: Any) -> list[str]:
    text = inspect.cleandoc(command.callback.__doc__ or "")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _summary(command: Any) -> str:
    return _paragraphs(command)[0]


def _base(hint: Any) -> type:
    """Return the type of one value: ``str`` of ``list[str] | None``."""
    if isinstance(hint, type) and hint in KINDS:
        return hint
    if typing.get_origin(hint) is typing.Literal:
        return str
    parts = [part for part in typing.get_args(hint) if part is not types.NoneType]
    return _base(parts[0])


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    default = parameter.default
    return "" if default is None or default is False or default == "" else f"`{default}`"


def _escape(text: str) -> str:
    """Escape text for Markdown and HTML."""
    text = text.replace("<", "&lt;")
    for mark in "*[":
        text = text.replace(mark, f"\\{mark}")
    return text


def _table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join(markdown_table(header, rows)) + "\n"


if __name__ == "__main__":
    PAGE.write_text(cli_page(), encoding="utf-8")
