"""`calibrate`: the confidence of a model fitted on a corpus."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tagger.arguments import as_name, as_names
from tagger.errors import CorpusError, UsageError
from tagger.evaluation.calibration import Sample, calibrations_of, samples_of
from tagger.evaluation.selection import select_split
from tagger.files import locked_directory, new_directory, write_file
from tagger.formats.records import Columns
from tagger.model.directory import write_meta
from tagger.model.meta import CARD, Calibration, read_meta
from tagger.runtime.loading import load
from tagger.sharing.card import with_calibration
from tagger.sharing.contents import own_files
from tagger.sharing.finding import HUB, find_model
from tagger.tables import counted

_log = logging.getLogger(__name__)

FEW = 100
"""With fewer spans, tags or labels found, a temperature is mostly chance."""
_NOUNS = {"span": "span", "token": "tag", "text": "label"}


def calibrate(
    model: str | Path,
    corpora: str | Path | Sequence[str | Path],
    split: Literal["train", "dev", "test"] | None = None,
    *,
    heads: Sequence[str] | None = None,
    columns: str | Columns | None = None,
    output: str | Path | None = None,
    strict: bool = False,
    data_dir: str | Path | None = None,
) -> dict[str, Calibration]:
    """Fit the confidence of a model on corpora, and store it in the model.

    Tags do not change: all scores of a head are divided by one number, its temperature, which is
    the one under which the spans of the corpora are most likely.

    Args:
        model: A model directory, the name of a model, or ``hub:owner/name``.
        corpora: The names of corpora, folders, files, or ``hub:owner/name``.
        split: The split to fit on; None for dev, or for the only one.
        heads: The heads to calibrate; None for all that model and corpora share.
        columns: The columns of the corpora's files, as for `tagger.evaluate`.
        output: A new folder for a calibrated copy; None to change the model itself.
        strict: Stop at a tag outside its scheme.
        data_dir: Where to look for named corpora first.

    Returns:
        By head what was fitted, and how good it is, measured on the half of the sentences that a
        temperature was not fitted on. Heads that find fewer than `FEW` are named in a warning.

    Raises:
        UsageError: There is no such split or head, nothing in common, ``output`` exists, or the
            model is on the hub and has no ``output``.
        CorpusError: A corpus is not found, cannot be read, or has nothing to fit on.
        ModelError: As `tagger.load`.
        OSError: The model cannot be written; it is as it was.
    """
    name = as_name("model", model)
    target = None if output is None else Path(as_name("output", output))
    if target is None and name.startswith(HUB):
        raise UsageError("models of the hub are shared", hint="write a copy with {output}")
    _check_free(target)
    directory = find_model(name)
    tagger = load(directory)
    samples: list[tuple[str, dict[str, Sample]]] = []
    for source in as_names("corpora", corpora):
        chosen = select_split(
            directory,
            tagger,
            source,
            split,
            heads,
            columns=columns,
            data_dir=None if data_dir is None else Path(data_dir),
            strict=strict,
            preferred="dev",
        )
        of_split = samples_of(tagger.predictor, chosen.data, chosen.heads, chosen.not_annotated)
        samples.append((f"{Path(source).name} {chosen.split}", of_split))
    calibration = calibrations_of(samples)
    if not calibration:
        raise CorpusError(
            f"nothing is found in {', '.join(as_names('corpora', corpora))}, so there is nothing "
            "to fit on",
            hint="choose a corpus in which the model finds something",
        )
    kinds = {head.name: head.kind for head in tagger.heads}
    for head, one in calibration.items():
        if one.n < FEW:
            _log.warning(
                "%s is fitted on %s alone, which says little; use text with at least %d",
                head,
                counted(one.n, _NOUNS[kinds[head]]),
                FEW,
            )
    if target is None:
        with locked_directory(directory.resolve()):
            store(directory, calibration)
        return calibration
    with new_directory(target) as new:
        for name, path in own_files(directory).items():
            write_file(new / name, path.read_bytes())
        store(new, calibration)
        _check_free(target)
    return calibration


def _check_free(target: Path | None) -> None:
    """Check that there is nothing where a copy will be written.

    Raises:
        UsageError: There is.
    """
    if target is not None and target.exists():
        raise UsageError("exists", path=target, hint="name a new folder with {output}")


def store(directory: Path, calibration: Mapping[str, Calibration]) -> None:
    """Store the calibration of heads in a model, and in its card; that of others stays.

    Raises:
        OSError: No space, no permission; the model is as it was.
    """
    meta = read_meta(directory)
    meta = msgspec.structs.replace(meta, calibration={**meta.calibration, **calibration})
    card = (directory / CARD).read_text("utf-8", errors="replace")
    write_meta(directory, meta, with_calibration(card, meta.calibration))
