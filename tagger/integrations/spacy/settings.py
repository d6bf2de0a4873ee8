"""The component's part of a pipeline's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from tagger.errors import UsageError, unknown_name
from tagger.lines import NOT_JSON
from tagger.model.heads import HeadSpec
from tagger.text.sentences import Newline

CONFIG_FILE = "component.json"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The component's settings for tagging and training."""

    model: str = "en"
    """A model directory or a name, as for `tagger.load`; empty if it is still to be trained."""
    heads: dict[str, str] = {}
    """Where each head goes: ``ents``, ``spans:KEY``, ``tag``, ``pos``, ``ext:NAME`` (for
    ``token._.NAME``) or ``cats``; empty for `default_targets`. A head that is not named is not
    run."""
    labels: dict[str, str] = {}
    """Labels and tags to rename."""
    overwrite_ents: bool = False
    """Whether the model's entities replace those that they overlap; else they are left out."""
    overwrite_tags: bool = False
    """Whether the model's tags replace those of the document."""
    set_sentences: bool = True
    """Mark sentence starts in documents that have none."""
    newline: Newline = "auto"
    """In documents without sentences: whether a line end is the end of a ``sentence`` or a
    ``space``; ``auto`` decides by the lines."""
    confidence: bool = False
    """Write how probable entities are to ``span._.confidence``, spans of a group to
    ``span._.HEAD_confidence``, and a token's tags (of a span the whole span) by head to
    ``token._.confidence``."""
    threshold: float | dict[str, float] | None = None
    """The least probability of a span, or one by label (of the model) with ``*`` for all others,
    as for `tagger.load`; none for the spans of the best tag sequence."""
    engine: str | None = None
    """As for `tagger.load`."""
    precision: str | None = None
    """As for `tagger.load`."""
    threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 1
    """As for `tagger.load`."""
    base: str = ""
    """In training, the model to start from; empty for ``model``, if that is not empty."""
    settings: dict[str, Any] = {}
    """In training, the configuration, as in ``tagger train --config``."""

    def check(self) -> None:
        """Check the values, which spaCy checks by their types alone.

        Raises:
            UsageError: A value is out of its range.
        """
        try:
            msgspec.convert(msgspec.to_builtins(self), Settings)
        except msgspec.ValidationError as error:
            raise UsageError(str(error).replace(" - at `$.", " - at `")) from None

    def check_labels(self, heads: Sequence[HeadSpec]) -> None:
        """Check that the labels and tags to rename are ones of the model.

        Raises:
            UsageError: One is not, or its new name is empty.
        """
        valid = list(dict.fromkeys(label for head in heads for label in head.labels))
        for name, new in self.labels.items():
            if name not in valid:
                raise UsageError(f"labels: {unknown_name('label', name, valid)}", expected=valid)
            if not new:
                raise UsageError(f"labels: {name} is renamed to an empty string")


def read_settings(content: bytes) -> Settings:
    """Read settings that were saved; those that came with a later version have their defaults.

    Raises:
        UsageError: The content is damaged.
    """
    try:
        return msgspec.json.decode(content, type=Settings)
    except NOT_JSON as error:
        raise UsageError(f"damaged ({error})", path=CONFIG_FILE) from None
