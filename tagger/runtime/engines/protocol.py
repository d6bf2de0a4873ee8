"""The two interfaces of a trained network: to the decoders, and to what runs it.

::

    forms of sentences ─▶ Engine ─▶ emissions        all that decoding needs
                            │
                       FormEngine                    keeps forms, makes batches
                            │
              ids of forms, padded batches
                            ▼
                         Backend                     ONNX Runtime or PyTorch

`FormEngine` serves embedders that read each form by itself, so that a form is embedded once. An
embedder that reads the whole sentence, such as a transformer, is another `Engine`: nothing outside
`tagger.runtime.engines` and `tagger.runtime.loading` needs to change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias, cast, get_args

from tagger.errors import UsageError, unknown_name
from tagger.features.forms import FormFeatures, Ids
from tagger.runtime.decoding import Floats

EngineName: TypeAlias = Literal["onnx", "torch"]
Precision: TypeAlias = Literal["fp32", "int8"]


def engine_name(name: str | None) -> EngineName | None:
    """Check the name of an engine.

    Raises:
        UsageError: There is no such engine.
    """
    _check("engine", name, get_args(EngineName))
    return cast("EngineName | None", name)


def precision_name(name: str | None) -> Precision | None:
    """Check the name of a precision.

    Raises:
        UsageError: There is no such precision.
    """
    _check("precision", name, get_args(Precision))
    return cast("Precision | None", name)


def _check(kind: str, name: str | None, valid: Sequence[str]) -> None:
    if name is not None and name not in valid:
        raise UsageError(unknown_name(kind, name, valid), expected=valid)


class Engine(Protocol):
    """Computes the emissions of sentences; several threads may call it at once."""

    @property
    def name(self) -> EngineName:
        """The name of the engine."""
        ...

    @property
    def precision(self) -> Precision:
        """The precision of its weights."""
        ...

    def emissions(
        self, forms: Sequence[str], lengths: Ids, heads: Sequence[str]
    ) -> Mapping[str, Floats]:
        """Compute the emissions of some heads.

        Args:
            forms: All tokens, sentence after sentence.
            lengths: (sentences,), each at least 1, tokens in all.
            heads: Their names.

        Returns:
            (tokens, tags) by head; (sentences, labels) of a head that labels texts.
        """
        ...


class Backend(Protocol):
    """Runs a network whose embedder reads each form by itself, one padded batch at a time."""

    @property
    def name(self) -> EngineName:
        """The name of the backend."""
        ...

    @property
    def precision(self) -> Precision:
        """The precision of its weights."""
        ...

    def embed(self, features: FormFeatures[Ids]) -> Floats:
        """Compute the vectors (forms, dim) of distinct forms."""
        ...

    def emissions(
        self, vectors: Floats, form_index: Ids, lengths: Ids, heads: Sequence[str]
    ) -> Mapping[str, Floats]:
        """Compute the emissions of some heads for a batch.

        Args:
            vectors: (forms, dim), as `embed` computes them; row 0 is zero.
            form_index: (batch, tokens), each token's row in ``vectors``; 0 after a sentence's end.
            lengths: (batch,), each at least 1.
            heads: Their names.

        Returns:
            (batch, tokens, tags) by head, meaningless after a sentence's end; (batch, labels) of
            a head that labels texts.
        """
        ...
