"""The interface of a peer, and the sentences of a corpus as every peer takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tagger.corpus import Corpus
from tagger.model.heads import HeadSpec

if TYPE_CHECKING:
    import datasets


class Peer(Protocol):
    """Another tagger, which writes a model to a folder and loads it from there."""

    name: str
    package: str
    """The name of its distribution."""
    is_seeded: bool
    """Whether two seeds give two models."""

    def train(self, corpus: Corpus, head: HeadSpec, seed: int, output: Path) -> Any:
        """Learn one head from the train split, and from dev when to stop.

        Args:
            corpus: A corpus with a train and a dev split.
            head: The head.
            seed: Seeds all that is random.
            output: A folder for the model.

        Returns:
            The model, as `load` gives it.
        """
        ...

    def load(self, folder: Path) -> Any:
        """Read a model that `train` wrote."""
        ...

    def predict(self, model: Any, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """Tag sentences of tokens, spans in BIO."""
        ...


def tagged(split: datasets.Dataset, head: str) -> Iterator[tuple[list[str], list[str | None]]]:
    """Yield the tokens and the gold tags of each sentence; None is a token without a tag."""
    rows = split.select_columns(["tokens", head])[:]
    return zip(rows["tokens"], rows[head], strict=True)
