"""The card of a base: what it has read, what it is for."""

from __future__ import annotations

from pathlib import Path

from tagger.config import Config
from tagger.model.meta import Meta
from tagger.pretraining.encoding import TextInventory
from tagger.pretraining.state import Progress
from tagger.tables import markdown_table


def base_card(config: Config, meta: Meta, inventory: TextInventory, progress: Progress) -> str:
    """Write a base's ``README.md``."""
    encoder, settings = config.encoder, config.pretraining
    licence = " ".join(meta.corpora[0].licence.split()) or "not stated"
    learned = f"{settings.vector_epochs} passes, window {settings.window}"
    if settings.vectors:
        rest = f"; for other words {learned}" if settings.vector_epochs else ""
        static = f"Word vectors: `{Path(settings.vectors).name}`{rest}; then a "
    else:
        static = f"Word vectors: {learned}; then a " if settings.vector_epochs else "A "
    kind = "bidirectional" if encoder.direction == "bi" else encoder.direction
    lines = [
        "# A base to train taggers from",
        "",
        f"Embedder and encoder ({encoder.direction} {encoder.cell.upper()} of "
        f"{encoder.hidden_dim} units a direction) without heads, {meta.n_parameters:,} parameters, "
        f"pretrained on raw text by tagger {meta.tagger_version} on {meta.created}.",
        "",
        *markdown_table(
            ["text", "tokens", "sentences", "licence"],
            [
                [
                    ", ".join(inventory.names),
                    f"{inventory.n_tokens:,}",
                    f"{inventory.n_sentences:,}",
                    licence,
                ]
            ],
        ),
        "",
        f"{static}{kind} language model of {progress.n_tokens:,} tokens in "
        f"{progress.seconds:,.0f} s, seed {meta.seed}. The loss of a word at the end, in nats: "
        + ", ".join(f"{direction} {loss:.3f}" for direction, loss in progress.losses.items())
        + ".",
        "",
        "## Use",
        "",
        "```",
        "tagger train CORPUS --from DIRECTORY",
        "```",
        "",
    ]
    return "\n".join(lines)
