"""Every setting by its dotted name, ``encoder.cell``: its meaning, its range and its default.

The meanings are the strings after the settings in `tagger.config`. They become
``docs/configuration.md`` and the comments of a configuration that is printed.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
import tomli_w

from tagger import config as definitions
from tagger.config import Config, CorpusConfig, Section
from tagger.errors import ConfigError, UsageError, unknown_name

WIDTH = 100


class Setting(NamedTuple):
    """A setting.

    Attributes:
        name: Its dotted name.
        values: The values that it can have, in words.
        default: Its default as TOML; empty for a table.
        meaning: Its meaning, as reStructuredText.
    """

    name: str
    values: str
    default: str
    meaning: str


def sections() -> dict[str, type[Section]]:
    """Return the tables of a configuration file by name; "" holds the keys before all tables."""
    hints = get_type_hints(Config)
    tables = {key: hint for key, hint in hints.items() if _is_section(hint)}
    return {"": Config, **tables, "corpora.NAME": CorpusConfig}


def settings_of(table: str) -> list[Setting]:
    """Describe the settings of one of `sections`."""
    section = sections()[table]
    defaults = section()
    hints = get_type_hints(section, include_extras=True)
    return [
        Setting(
            f"{table}.{key}" if table else key,
            _values(hint),
            "" if get_origin(hint) is dict else _toml(getattr(defaults, key)),
            meanings(section.__name__)[key],
        )
        for key, hint in hints.items()
        if not _is_section(hint) and (section is not Config or key != "corpora")
    ]


@cache
def meanings(section: str) -> dict[str, str]:
    """Return the meaning of each setting of a section, and under "" that of the section."""
    tree = ast.parse(inspect.getsource(definitions))
    (node,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == section)
    found = {"": ast.get_docstring(node) or ""}
    for target, string in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(target, ast.AnnAssign)
            and isinstance(target.target, ast.Name)
            and isinstance(string, ast.Expr)
            and isinstance(string.value, ast.Constant)
        ):
            found[target.target.id] = " ".join(str(string.value.value).split())
    return found


def parse_settings(options: Sequence[str]) -> dict[str, object]:
    """Read ``encoder.cell=gru`` and the like.

    Returns:
        Values of the settings' types by dotted name; ranges are not checked.

    Raises:
        ConfigError: An unknown setting, or a value of another type.
        UsageError: There is no value.

    >>> parse_settings(["encoder.n_layers=2", "heads=ner,upos", "training.loss_weights.upos=0.2"])
    {'encoder.n_layers': 2, 'heads': ['ner', 'upos'], 'training.loss_weights.upos': 0.2}
    """
    found: dict[str, object] = {}
    for option in options:
        name, separator, text = (part.strip() for part in option.partition("="))
        if not separator:
            raise UsageError(
                f"no value in {option!r}", hint="write section.key=value, as in encoder.cell=gru"
            )
        found[name] = _parsed(name, _type_of(name), text)
    return found


def check_names(settings: Iterable[str]) -> None:
    """Check that dotted names are those of settings.

    Raises:
        ConfigError: One is not.
    """
    for name in settings:
        _type_of(name)


def commented_toml(config: Config) -> str:
    """Return the complete configuration as TOML, with the meaning of each setting above it."""
    return "\n".join(_table_lines("", Config, config)).lstrip("\n") + "\n"


def _table_lines(table: str, section: type[Section], values: Section) -> Iterator[str]:
    known = meanings(section.__name__)
    if table:
        yield from ["", *_comment(known[""]), f"[{table}]"]
    hints = get_type_hints(section, include_extras=True)
    tables: dict[str, Any] = {}
    for key, hint in hints.items():
        value = getattr(values, key)
        if get_origin(hint) is dict or _is_section(hint):
            tables[key] = value
            continue
        yield from _comment(f"{known[key]} ({_values(hint)})")
        yield f"{key} = {_toml(value)}"
    start = f"{table}." if table else ""
    for key, value in tables.items():
        if isinstance(value, Section):
            yield from _table_lines(start + key, type(value), value)
            continue
        sub_tables = {name: one for name, one in value.items() if isinstance(one, Section)}
        for name, one in sub_tables.items():
            yield from _table_lines(f"{start}{key}.{_toml_key(name)}", type(one), one)
        if section is not Config:
            yield from ["", *_comment(f"{known[key]} ({_values(hints[key])})"), f"[{start}{key}]"]
            yield from (f"{_toml_key(name)} = {_toml(one)}" for name, one in value.items())


def _comment(text: str) -> list[str]:
    plain = text.replace("``", "").replace("`", "")
    unbroken = re.sub("([≥>≤<]) ", "\\1\u00a0", plain)
    lines = textwrap.wrap(unbroken, WIDTH, initial_indent="# ", subsequent_indent="# ")
    return [line.replace("\u00a0", " ") for line in lines]


def _toml(value: Any) -> str:
    return tomli_w.dumps({"x": msgspec.to_builtins(value)}).removeprefix("x = ").rstrip("\n")


def _toml_key(name: str) -> str:
    return tomli_w.dumps({name: 0}).removesuffix(" = 0\n")


def _values(hint: Any) -> str:
    """Word the values of a type: ``whole number ≥ 1``."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        meta = arguments[1]
        bounds = {"≥": meta.ge, ">": meta.gt, "≤": meta.le, "<": meta.lt}
        given = [f"{sign} {bound:,}" for sign, bound in bounds.items() if bound is not None]
        return f"{_values(arguments[0])} {' and '.join(given)}".replace(".0", "")
    if origin is Literal:
        return " or ".join(filter(None, [", ".join(arguments[:-1]), arguments[-1]]))
    if origin in (Union, UnionType):
        return " or ".join(map(_values, arguments))
    if origin is tuple:
        return "list of text"
    if origin is dict:
        return f"table of {_values(arguments[1])}".replace("of number", "of numbers")
    return {bool: "true or false", int: "whole number", float: "number", str: "text"}[hint]


def _type_of(name: str) -> Any:
    """Find the type of a setting.

    Raises:
        ConfigError: There is no such setting.
    """
    hint: Any = Config
    for key in name.split("."):
        if _is_section(hint):
            hints = get_type_hints(hint, include_extras=True)
            if key not in hints:
                raise _unknown(name)
            hint = hints[key]
        elif get_origin(hint) is dict:
            hint = get_args(hint)[1]
        else:
            raise _unknown(name)
    if _is_section(hint):
        raise _unknown(name)
    return hint


def _unknown(name: str) -> ConfigError:
    names = [setting.name for table in sections() for setting in settings_of(table)]
    table, _, key = name.rpartition(".")
    same_key = [other for other in names if other.rpartition(".")[2] == key]
    near = same_key or difflib.get_close_matches(name, names, n=len(names), cutoff=0.6)
    beside = [other for other in names if other.rpartition(".")[0] == table] if table else []
    shown = list(dict.fromkeys([*near, *beside])) or names
    suggested = f" did you mean {near[0]!r}?" if near else ""
    message = f"unknown setting {name!r}:{suggested} (valid: {', '.join(shown)})"
    return ConfigError(message, expected=dict.fromkeys([*shown, *names]))


def _parsed(name: str, hint: Any, text: str) -> object:
    if get_origin(hint) in (Union, UnionType):
        *others, words = get_args(hint)
        hint = words if text in get_args(words) else Union[*others]
    kind = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if kind is str:
        return text
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ConfigError(unknown_name(name, text, get_args(kind)), expected=get_args(kind))
        return text
    if get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        value: object = tomllib.loads(f"x = {text}")["x"]
        return msgspec.to_builtins(msgspec.convert(value, hint))
    except (ValueError, RecursionError, msgspec.ValidationError):
        raise ConfigError(f"{name} is {text!r}, not a {_values(hint)}") from None


def _is_section(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Section)
