"""A description of a model, without loading its weights into a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagger.config import EncoderConfig
from tagger.errors import ModelError
from tagger.model.directory import read_model
from tagger.model.meta import DECISIVE, LICENSE, Meta, model_size
from tagger.tables import fields_table

if TYPE_CHECKING:
    from rich.table import Table


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A description of a model."""

    path: str
    size: int
    """Bytes on disk."""
    heads: dict[str, tuple[str, ...]]
    """Labels of span heads, tags of token heads."""
    licence: str
    """The first line of its LICENSE; empty without one."""
    encoder: EncoderConfig
    n_words: int
    verified: tuple[str, ...]
    """Files whose content is as it was written; empty unless asked for."""
    meta: Meta


def describe_model(directory: Path, *, verify: bool = False) -> ModelInfo:
    """Describe a model.

    Args:
        directory: The model.
        verify: Whether checksums are required, which older models lack.

    Raises:
        ModelError: It is missing, incomplete, damaged or of a newer format, or has no checksums.
    """
    saved = read_model(directory)
    if verify and not saved.meta.checksums:
        raise ModelError(
            "has no checksums, so damage would not be noticed",
            path=directory,
            hint=f"add them with `tagger export {directory}`",
        )
    return ModelInfo(
        path=str(directory),
        size=model_size(directory),
        heads={head.name: head.labels for head in saved.heads},
        licence=_licence(directory),
        encoder=saved.config.encoder,
        n_words=len(saved.vocabulary.words),
        verified=DECISIVE if verify else (),
        meta=saved.meta,
    )


def _licence(directory: Path) -> str:
    try:
        text = (directory / LICENSE).read_text("utf-8", errors="replace")
    except OSError:
        return ""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def info_table(info: ModelInfo) -> Table:
    """Lay the description out in a table of two columns."""
    meta, encoder = info.meta, info.encoder
    rows = {
        "model": f"{info.path}, {info.size / 1e6:.1f} MB, {meta.n_parameters:,} parameters",
        "network": f"{encoder.n_layers} × {encoder.direction} {encoder.cell.upper()}, "
        f"{encoder.hidden_dim} units a direction; {info.n_words:,} words",
    }
    if info.licence:
        rows["licence"] = f"{info.licence} See {LICENSE}."
    if info.verified:
        rows["verified"] = f"as written: {', '.join(info.verified)}"
    for head, labels in info.heads.items():
        rows[f"head {head}"] = f"{len(labels)}: {', '.join(labels)}"
    for corpus in meta.all_corpora:
        sizes = ", ".join(f"{n:,} {split}" for split, n in corpus.n_sentences.items())
        rows[f"corpus {corpus.name}"] = f"{sizes}; licence: {corpus.licence or 'not stated'}"
    epoch = f"epoch {meta.best_epoch} of {meta.epochs}, " if info.heads else ""
    rows["trained" if info.heads else "pretrained"] = (
        f"{meta.created}, seed {meta.seed}, {epoch}{meta.seconds:,.0f} s, "
        f"tagger {meta.tagger_version}"
    )
    scores = {"dev": meta.dev_scores} if meta.dev_scores else {}
    scores |= {f"{k} test": v for k, v in meta.test_scores.items()}
    for name, by_head in scores.items():
        rows[name] = ", ".join(f"{head} {100 * score:.2f}" for head, score in by_head.items())
    return fields_table(rows, style="bold")
