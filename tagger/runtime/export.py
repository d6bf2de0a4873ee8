"""A model's graphs for ONNX Runtime: written, run, compared, and kept if they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tagger.corpus import Corpus
from tagger.errors import ModelError
from tagger.files import write_file
from tagger.model.cells import CELLS
from tagger.model.directory import SavedModel, add_checksums, read_model
from tagger.model.meta import GRAPHS
from tagger.runtime.engines.building import onnx_engine, torch_engine
from tagger.runtime.engines.graph import PRECISIONS, build_graph
from tagger.runtime.engines.protocol import Engine
from tagger.runtime.labelling import label_names
from tagger.runtime.loading import assemble

LEAST_AGREEMENT = {"fp32": 0.9999, "span": 0.998, "token": 0.995, "text": 0.995}
"""Least share of tags, or labels, equal to PyTorch's: in single precision (two tags may be equally
good), and in 8 bits by kind of head."""


N_SENTENCES = 1000
"""Sentences of each corpus that graphs are compared on."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A graph that was tried."""

    precision: str
    path: str
    """The file; empty if it was not kept."""
    n_bytes: int
    agreement: dict[str, float]
    """By head, the share of tokens whose tag, or of sentences whose labels, are those of PyTorch;
    empty if it was not tried."""
    note: str
    """Why it was not kept."""

    def describe(self) -> str:
        """Describe it in a line."""
        if not self.path:
            return f"no graph in {self.precision}: {self.note}"
        shares = ", ".join(f"{name} {share:.2%}" for name, share in self.agreement.items())
        return f"graph in {self.precision}: tags equal to PyTorch's: {shares}"


def export(directory: Path, sentences: Sequence[Sequence[str]]) -> list[Export]:
    """Write a model's graphs, each only if it tags as PyTorch does, and checksums if it has none.

    Args:
        directory: The model.
        sentences: What they are compared on.

    Raises:
        ModelError: The model is damaged.
        OSError: No space, no permission.
    """
    add_checksums(directory)
    saved = read_model(directory)
    if not saved.heads:
        raise ModelError(
            "a base without heads has no graph", path=directory, hint="train a tagger from it"
        )
    expected = _tags(saved, torch_engine(saved, directory), sentences)
    exports = []
    for precision in PRECISIONS:
        path = directory / GRAPHS[precision]
        encoder = saved.config.encoder
        if precision == "int8" and not CELLS[encoder.cell].int8_operator:
            path.unlink(missing_ok=True)
            note = f"{encoder.cell} cells have no 8-bit operator"
            exports.append(_not_kept(precision, {}, note))
            continue
        graph = build_graph(encoder, saved.heads, saved.weights, precision)
        # Compared before it is written: a graph that is there, whenever we are killed, agrees.
        tags = _tags(saved, onnx_engine(saved, graph, path, precision), sentences)
        agreement = equal_tags(expected, tags)
        least = {
            head.name: LEAST_AGREEMENT[head.kind if precision == "int8" else precision]
            for head in saved.heads
        }
        worst = min(least, key=lambda name: agreement[name] - least[name])
        if agreement[worst] < least[worst]:
            path.unlink(missing_ok=True)
            note = f"{agreement[worst]:.2%} of the {worst} tags agree, not {least[worst]:.1%}"
            exports.append(_not_kept(precision, agreement, note))
            continue
        write_file(path, graph)
        exports.append(
            Export(
                precision=precision,
                path=str(path),
                n_bytes=len(graph),
                agreement=agreement,
                note="",
            )
        )
    return exports


def sentences_to_compare(corpora: Sequence[Corpus]) -> list[list[str]]:
    """Select sentences of corpora, from dev before train."""
    found: list[list[str]] = []
    for corpus in corpora:
        of_corpus: list[list[str]] = []
        for split in ("dev", "train"):
            if split in corpus.splits:
                data = corpus.splits[split]
                wanted = min(len(data), N_SENTENCES - len(of_corpus))
                of_corpus += data[:wanted]["tokens"]
        found += of_corpus
    return found


def _not_kept(precision: str, agreement: Mapping[str, float], note: str) -> Export:
    return Export(precision=precision, path="", n_bytes=0, agreement=dict(agreement), note=note)


def _tags(
    saved: SavedModel, engine: Engine, sentences: Sequence[Sequence[str]]
) -> list[dict[str, list[str]]]:
    tagger = assemble(engine, saved.heads, saved.weights, saved.rules)
    return [
        one.tags | {head: [repr(label_names(found))] for head, found in one.labels.items()}
        for one in tagger.annotate(sentences)
    ]


def equal_tags(
    one: Sequence[Mapping[str, Sequence[str]]], other: Sequence[Mapping[str, Sequence[str]]]
) -> dict[str, float]:
    """By head, the share of tokens that have the same tag in both."""
    names = one[0] if one else ()
    shares = {}
    for name in names:
        pairs = [
            (a, b)
            for x, y in zip(one, other, strict=True)
            for a, b in zip(x[name], y[name], strict=True)
        ]
        shares[name] = sum(a == b for a, b in pairs) / max(len(pairs), 1)
    return shares
