"""The rows of a comparison: configurations that differ in a few settings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, get_args

import msgspec

from tagger.config import Config, Direction, Merge, merge_overrides
from tagger.errors import UsageError, unknown_name
from tagger.lines import NOT_JSON
from tagger.model.cells import CELLS
from tagger.model.shapes import encoder_shapes, input_dim

GRID: dict[str, tuple[str, ...]] = {
    "encoder.cell": tuple(CELLS),
    "encoder.direction": get_args(Direction),
    "encoder.merge": get_args(Merge),
}
"""The default grid."""
NOT_VARIED = ("seed", "dev_fraction")
"""Every row has all seeds; with another dev split rows would be scored on other sentences."""
SECTIONS = ("embedder", "encoder", "head", "training")
BASELINE = "baseline"
"""The name of the row from which the others differ in one setting each."""
MOST_UNITS = 8192


class Row(NamedTuple):
    """A configuration with a name that distinguishes it from the others."""

    name: str
    config: Config


def full_keys(vary: Mapping[str, Sequence[object]] | None) -> dict[str, tuple[object, ...]]:
    """Return the values by full key (``encoder.cell``); without any, the whole `GRID`.

    Args:
        vary: By key, with or without its section, the values.

    Raises:
        UsageError: An unknown key, a key twice, or no value.
    """
    if not vary:
        return dict(GRID)
    valid = _keys()
    short = [name.split(".", 1)[1] for name in valid]
    found: dict[str, tuple[object, ...]] = {}
    for given, values in vary.items():
        key = given.replace("-", "_")
        if isinstance(values, str) or not values:
            raise UsageError(f"no values of {given}", hint="list some in {vary}")
        full = next((name for name in valid if key in (name, name.split(".", 1)[1])), None)
        if full is None:
            names = valid if "." in key else short
            raise UsageError(unknown_name("setting", key, names), expected=names)
        if full in found:
            raise UsageError(f"{full} is varied twice", hint="list its values once")
        found[full] = tuple(dict.fromkeys(values))
    return found


def rows(
    config: Config,
    vary: Mapping[str, Sequence[object]],
    *,
    match_params: bool,
    one_at_a_time: bool = False,
) -> list[Row]:
    """Make a configuration of each combination of values.

    An encoder of one direction merges nothing: it is one row, whatever merges are varied.

    Args:
        config: What is the same in all.
        vary: By full key the values; of strings, those that spell numbers become numbers.
        one_at_a_time: No combinations, but ``config`` itself and with each value alone.
        match_params: Choose the hidden size of each row so that its encoder has as many
            parameters as that of the first row, as near as whole units allow.

    Raises:
        ConfigError: A value that its key cannot have.
        UsageError: Parameters cannot be matched.
    """
    if match_params and ("encoder.hidden_dim" in vary or "embedder.vectors" in vary):
        raise UsageError(
            "matching parameters chooses the hidden size; neither it nor vectors can vary",
            hint="leave out {match_params}",
        )
    if match_params and config.embedder.vectors:
        raise UsageError(
            "parameters cannot be matched with pretrained vectors, whose size is not known",
            hint="leave out {match_params}",
        )
    found: dict[bytes, Row] = {}
    for chosen in _one_at_a_time(vary) if one_at_a_time else _combinations(vary):
        overrides: dict[str, dict[str, Any]] = {}
        named = []
        for full, value in chosen.items():
            section, field = full.split(".", 1)
            overrides.setdefault(section, {})[field] = _value(value)
            named.append((field, value))
        varied = merge_overrides(config, overrides)
        if varied.encoder.direction != "bi":
            encoder = msgspec.structs.replace(varied.encoder, merge="concat")
            varied = msgspec.structs.replace(varied, encoder=encoder)
            named = [(field, value) for field, value in named if field != "merge"]
        key = msgspec.json.encode(varied)
        name = " ".join(_shown(*pair) for pair in named) or BASELINE
        found.setdefault(key, Row(name, varied))
    result = list(found.values())
    if match_params:
        target = n_encoder_parameters(result[0].config)
        result = [Row(row.name, _matched(row.config, target)) for row in result]
    return result


def _combinations(vary: Mapping[str, Sequence[object]]) -> Iterator[dict[str, object]]:
    for values in product(*vary.values()):
        yield dict(zip(vary, values, strict=True))


def _one_at_a_time(vary: Mapping[str, Sequence[object]]) -> Iterator[dict[str, object]]:
    yield {}
    for full, values in vary.items():
        for value in values:
            yield {full: value}


def n_encoder_parameters(config: Config) -> int:
    """Count the parameters of the recurrent layers and their projections, two biases a gate."""
    shapes = encoder_shapes(config.encoder, input_dim(config.embedder))
    return sum(math.prod(shape) for shape in shapes.values())


def _matched(config: Config, target: int) -> Config:
    """Choose the hidden size whose count of parameters is nearest to ``target``."""

    def sized(hidden_dim: int) -> Config:
        encoder = msgspec.structs.replace(config.encoder, hidden_dim=hidden_dim)
        return msgspec.structs.replace(config, encoder=encoder)

    low, high = 1, MOST_UNITS
    while low < high:  # the first that has at least as many
        middle = (low + high) // 2
        if n_encoder_parameters(sized(middle)) < target:
            low = middle + 1
        else:
            high = middle
    around = (sized(size) for size in (max(low - 1, 1), low))
    return min(around, key=lambda c: abs(n_encoder_parameters(c) - target))


def _keys() -> list[str]:
    default = Config()
    return [
        f"{section}.{field}"
        for section in SECTIONS
        for field in getattr(default, section).__struct_fields__
        if not isinstance(getattr(getattr(default, section), field), dict)
        and field not in NOT_VARIED
    ]


def _value(value: object) -> object:
    """Return the number that a string spells, if it spells one."""
    if not isinstance(value, str):
        return value
    try:
        number = msgspec.json.decode(value)
    except NOT_JSON:
        return value
    return number if isinstance(number, int | float) else value


def _shown(field: str, value: object) -> str:
    return str(value) if f"encoder.{field}" in GRID else f"{field}={value}"
