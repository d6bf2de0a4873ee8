"""Runs each command and each line of Python of the documentation, or states why it is not run.

A page is worked through from its top in a folder that has only ``examples/``. A fenced block is

- a file that the page needs, if it has a title: ``title="mails.txt"`` is written;
- commands, if it is ``sh`` (or has no language and begins with a command);
- Python, if it is ``python``: ``expression  # what it is`` is compared with what it is;
- what the block before it prints, if its title is ``output``, to the letter; or, if its title is
  ``output, for example``, up to numbers. ``…`` stands for anything. Output that begins with
  ``error: `` is that of a command that fails.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tagger.runtime.engines.processor import n_cores

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
if not (ROOT / "mkdocs.yml").is_file():
    pytest.skip("a source distribution has no documentation", allow_module_level=True)

PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
}

CORPORA = "needs corpora that are not shipped"
NETWORK = "needs a network"
INSTALLS = "installs something"

NOT_RUN = (
    (r".*", r"(\S*pip|make|pre-commit) .*", INSTALLS),
    (r"docs/cli\.md", r".*", "examples of the help, with files and models that do not exist"),
    (r"docs/(architecture|results|performance)\.md", r".*", CORPORA),
    (r"docs/(choosing|compare/.*)\.md", r".*", "takes an hour; tests of compare run smaller ones"),
    (r".*", r"tagger train .*\b(conll2003|conll2000|wnut17|ud_en_ewt)\b.*", CORPORA),
    (r"docs/models\.md", r"tagger pretrain .*", "takes an hour, and needs vectors"),
    (
        r".*",
        r"tagger serve.*",
        "runs until it is stopped; `service_of` runs one",
    ),
    (r".*", r".*\bhub:.*", NETWORK),
    (r".*", r"(tagger push|hf) .*", NETWORK),
)
"""Pages, commands, and why they are not run; their options are checked all the same."""

STARTS = ("own-corpus", "anonymise", "distill", "errors", "spacy", "bulk", "service", "intents")
SLOW = {
    "README.md",
    *(f"docs/{name}.md" for name in ("explain", "formats", "lint", "models", "python")),
    *(f"docs/start/{name}.md" for name in STARTS),
}

COMMANDS = ("tagger", "python", "pip", "make", "tail")
SECONDS = 300
SERVICE = "http://127.0.0.1:8000"
"""The address of the service in the documentation."""

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,})(?P<info>[^`\n]*)$")
_TITLE = re.compile(r'title="([^"]*)"')


class Block(NamedTuple):
    """A fenced block."""

    page: str
    line: int
    language: str
    title: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_output(self) -> bool:
        return self.title in ("output", "output, for example")

    @property
    def kind(self) -> str:
        if self.title:
            return "output" if self.is_output else "file"
        if self.language in ("sh", "bash", "console", "shell"):
            return "commands"
        if not self.language and self.text.split()[:1] and self.text.split()[0] in COMMANDS:
            return "commands"
        return self.language

    def commands(self) -> list[str]:
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


@cache
def blocks_of(page: str) -> list[Block]:
    found: list[Block] = []
    opened: re.Match[str] | None = None
    first, lines = 0, []
    for number, line in enumerate(PAGES[page].read_text("utf-8").splitlines(), start=1):
        match = _FENCE.match(line)
        if opened is None:
            if match:
                opened, first, lines = match, number, []
        elif match and match["marks"] == opened["marks"] and not match["info"].strip():
            info = opened["info"].strip()
            title = _TITLE.search(info)
            language = re.match(r"[\w-]*", info)
            assert language is not None
            text = "".join(f"{line}\n" for line in lines)
            found.append(Block(page, first, language[0], title[1] if title else "", text))
            opened = None
        else:
            lines.append(line.removeprefix(opened["indent"]))
    assert opened is None, f"{page}:{first}: a block that does not end"
    return found


def reason_not_to_run(page: str, command: str) -> str | None:
    for pages, pattern, reason in NOT_RUN:
        if re.fullmatch(pages, page) and re.fullmatch(pattern, " ".join(command.split())):
            return reason
    return None


def all_commands() -> Iterator[tuple[Block, str]]:
    for page in PAGES:
        for block in blocks_of(page):
            if block.kind == "commands":
                yield from ((block, command) for command in block.commands())


def commands_in_prose() -> Iterator[tuple[str, str]]:
    """Commands within lines of prose and tables."""
    for page, path in PAGES.items():
        for code in re.findall(r"`(tagger [^`]+)`", without_blocks(path.read_text("utf-8"))):
            yield page, " ".join(code.split())


def without_blocks(text: str) -> str:
    kept, inside = [], ""
    for line in text.splitlines():
        match = _FENCE.match(line)
        if inside:
            inside = "" if match and match["marks"] == inside else inside
        elif match:
            inside = match["marks"]
        else:
            kept.append(line)
    return "\n".join(kept)


# -- Parsing commands


def simple_commands(line: str) -> Iterator[list[str]]:
    """The words of each command of a pipeline, without redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    redirected = False
    for word in lexer:
        if set(word) <= set("|&;"):
            yield words
            words = []
        elif set(word) <= set("<>&"):
            redirected = True
        elif redirected:
            redirected = False
        else:
            words.append(word)
    yield words


def check(words: list[str], *, may_lack_values: bool = False) -> None:
    """Check that the command and its options exist, without running it."""
    import typer

    if words[:1] == ["tagger"]:
        from tagger.cli import app

        program, words = "tagger", words[1:]
    elif words[:3] == ["python", "-m", "spacy"]:
        from spacy.cli._util import app

        program, words = "spacy", words[3:]
    elif words[:1] == ["python"] and re.fullmatch(r"\w+/.*\.py", words[1]):
        assert (ROOT / words[1]).is_file(), f"there is no {words[1]}"
        return
    elif words[:1] == ["make"]:
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        assert set(words[1:]) <= set(targets), f"no target of the Makefile: {words[1:]}"
        return
    else:
        return
    group: Any = typer.main.get_command(app)
    if words[:1] in (["--version"], ["--help"]):
        return
    command = group.commands.get(words[0]) if words else None
    assert command is not None, f"{program} has no command {words[:1]}"
    try:
        command.make_context(words[0], words[1:])
    except Exception as error:  # of Click, which Typer may bring along under its own name
        if not hasattr(error, "format_message"):
            raise
        if may_lack_values and type(error).__name__ in ("MissingParameter", "BadOptionUsage"):
            return
        if program == "spacy" and "does not exist" in error.format_message():
            return  # it looks for the files as it reads the options
        message = f"{program} {' '.join(words)}: {error.format_message()}"
        raise AssertionError(message) from None


def test_every_command_and_option_exists() -> None:
    for block, command in all_commands():
        for words in simple_commands(command):
            try:
                check(words)
            except AssertionError as error:
                pytest.fail(f"{block.where}: {error}")


def test_commands_in_prose_exist() -> None:
    for page, command in commands_in_prose():
        try:
            check(next(simple_commands(command)), may_lack_values=True)
        except AssertionError as error:
            pytest.fail(f"{page}: {error}")


def test_every_reason_not_to_run_applies() -> None:
    """Each reason not to run a command matches some command."""
    for pages, pattern, _ in NOT_RUN:
        assert any(
            re.fullmatch(pages, block.page) and re.fullmatch(pattern, " ".join(command.split()))
            for block, command in all_commands()
        ), f"nothing matches {pattern!r} on {pages!r}"


def test_no_command_is_overlooked() -> None:
    for page in set(PAGES) - {"docs/cli.md"}:  # whose usage lines are made by the program
        for block in blocks_of(page):
            if block.kind in ("commands", "output", "file"):
                continue
            for line in block.text.splitlines():
                assert not re.match(r"(\$ )?(tagger|python -m spacy) ", line), (
                    f"{block.where}: {line!r} is in a block of {block.language!r}"
                )


def test_settings_in_the_documentation_are_settings() -> None:
    from tagger.config import config_from_dict

    tables = [
        block
        for page in PAGES
        for block in blocks_of(page)
        if block.language == "toml" and block.kind in ("toml", "file")
    ]
    assert tables
    for block in tables:
        config_from_dict(tomllib.loads(block.text), path=block.where)


# -- Running a page


class PageError(AssertionError):
    """A step of a page whose result differs from the page."""


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Stay on one core: on a busy machine, threads that wait for each other take far longer."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    cores = sorted(before)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw"))
    os.sched_setaffinity(0, {cores[worker % len(cores)]})
    yield
    os.sched_setaffinity(0, before)


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which ``tagger`` and ``python`` are this code and this Python."""
    folder = tmp_path_factory.mktemp("bin")
    for name, command in (("tagger", "-m tagger"), ("python", "")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (folder / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "ANSI_COLORS_DISABLED": "1",
    }


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page in SLOW)) for page in PAGES]
)
def test_page(
    page: str, environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", "examples")
    blocks = blocks_of(page)
    names: dict[str, Any] = {"__name__": page}
    with service_of(page) as address:
        for block, following in zip_longest(blocks, blocks[1:]):
            expected = following if following is not None and following.is_output else None
            block = block._replace(text=block.text.replace(SERVICE, address))
            printed = run(block, names, environment, expected)
            if expected is not None and printed is not None:
                compare(expected, printed)


@contextlib.contextmanager
def service_of(page: str) -> Iterator[str]:
    """Run the service that a page asks, on a free port, and yield its address."""
    blocks = [block for block in blocks_of(page) if block.kind in ("commands", "python")]
    if not any(SERVICE in block.text for block in blocks):
        yield SERVICE
        return
    pytest.importorskip("fastapi", reason="needs the extra serve")
    from tagger.service import create_app
    from tests.helpers.services import serving

    with serving(create_app()) as address:
        yield address


def run(
    block: Block, names: dict[str, Any], environment: Mapping[str, str], expected: Block | None
) -> str | None:
    """Carry out a block and return what it prints, or None if it is not run."""
    if block.kind == "file":
        path = Path(block.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    if block.kind == "python":
        return run_python(block, names)
    if block.kind != "commands":
        return None
    commands = block.commands()
    if any(reason_not_to_run(block.page, command) for command in commands):
        assert expected is None, f"{expected and expected.where}: the output of what is not run"
    must_fail = expected is not None and expected.text.startswith("error: ")
    printed = ""
    for command in commands:
        if reason_not_to_run(block.page, command):
            continue
        if n_cores() == 1:
            command = re.sub(r"--workers \d+", "--workers 1", command)
        on_one = re.search(r"\btrain\b(?!.*--workers)", command)
        with one_core() if on_one else contextlib.nullcontext():
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                encoding="utf-8", timeout=SECONDS, check=False,
            )  # fmt: skip
        if (done.returncode != 0) != must_fail:
            raise PageError(
                f"{block.where}: {command}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
            )
        printed += done.stdout + (done.stderr if must_fail else "")
    return printed


def run_python(block: Block, names: dict[str, Any]) -> str:
    source = "\n" * block.line + block.text
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    printed = io.StringIO()
    for statement in ast.parse(source, block.page).body:
        with contextlib.redirect_stdout(printed):
            if not isinstance(statement, ast.Expr):
                exec(compile(ast.Module([statement], []), block.page, "exec"), names)
                continue
            value = eval(compile(ast.Expression(statement.value), block.page, "eval"), names)
        said = comments.get(statement.end_lineno or 0)
        if said is not None and not pattern(said, exact=True).fullmatch(repr(value)):
            where = f"{block.page}:{statement.end_lineno}"
            raise PageError(f"{where}: {ast.unparse(statement)} is\n{value!r}\nnot\n{said}")
    return printed.getvalue()


def compare(expected: Block, printed: str) -> None:
    exact = expected.title == "output"
    found, said = plain(printed, exact=exact), plain(expected.text, exact=exact)
    if not pattern(said, exact=exact).fullmatch(found):
        raise PageError(f"{expected.where}: what is printed is\n{printed}\nnot\n{expected.text}")


def plain(text: str, *, exact: bool) -> str:
    """Return text without spaces at the ends of lines, and without numbers if not exact."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # colours
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if exact:
        return "\n".join(lines)
    masked = [re.sub(r"\*?\d[\d,.:]*%?", "0", line) for line in lines]
    return "\n".join(" ".join(line.split()) for line in masked)


def pattern(text: str, *, exact: bool) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("…"))), flags=re.DOTALL)


# -- The site


def test_the_command_line_reference_is_current() -> None:
    page = runpy.run_path(str(DOCS / "make_cli.py"))["cli_page"]()
    assert (DOCS / "cli.md").read_text("utf-8") == page, "run `python docs/make_cli.py`"


def test_the_reference_of_codes_is_current() -> None:
    page = runpy.run_path(str(DOCS / "make_lint.py"))["lint_page"]()
    assert (DOCS / "lint.md").read_text("utf-8") == page, "run `python docs/make_lint.py`"


def test_the_reference_of_settings_is_current() -> None:
    page = runpy.run_path(str(DOCS / "make_configuration.py"))["configuration_page"]()
    expected = (DOCS / "configuration.md").read_text("utf-8")
    assert expected == page, "run `python docs/make_configuration.py`"


def test_every_page_is_in_the_navigation_once() -> None:
    import yaml

    def pages(entries: object) -> Iterator[str]:
        if isinstance(entries, str):
            yield entries
        for entry in entries.values() if isinstance(entries, dict) else ():
            yield from pages(entry)
        for entry in entries if isinstance(entries, list) else ():
            yield from pages(entry)

    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    there = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    assert sorted(pages(nav)) == sorted(there)


def test_links_resolve() -> None:
    for page, path in PAGES.items():
        prose = re.sub(r"`+[^`]*`+", "", without_blocks(path.read_text("utf-8")))
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (path.parent / name).resolve() if name else path
            assert file.exists(), f"{page}: {target}"
            if DOCS in path.parents:
                assert DOCS in file.parents, f"{page}: {target} is not in docs/"
            if anchor:
                assert anchor in anchors(file), f"{page}: {target}"


def anchors(path: Path) -> set[str]:
    """Return the anchors of headings, as MkDocs makes them."""
    headings = re.findall(r"^#+ (.*)$", without_blocks(path.read_text("utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings]
    return {re.sub(r"[-\s]+", "-", heading) for heading in plain}


def test_the_public_names_are_described() -> None:
    import tagger

    text = (DOCS / "python.md").read_text("utf-8")
    for name in tagger.__all__:
        assert f"`{name}" in text or f"`tagger.{name}" in text, f"docs/python.md: {name}"
    errors = builtins.__import__("tagger.errors", fromlist=["__all__"]).__all__
    for name in errors:
        assert name.islower() or name in text, f"docs/python.md: {name}"
