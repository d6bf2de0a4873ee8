"""A corpus and a configuration for ``spacy train``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tagger.config import Config
from tagger.errors import UsageError, first_line
from tagger.files import check_new, check_not_read, write_file
from tagger.integrations.spacy.training import KINDS
from tagger.model.directory import read_config_of
from tagger.model.heads import HeadSpec
from tagger.schemes import Scheme, spans
from tagger.sharing.finding import find_model
from tagger.training.batching import default_batch_tokens
from tagger.training.preparation import prepare

if TYPE_CHECKING:
    import datasets
    from spacy.tokens import Doc

CONFIG = "config.cfg"
SCORES = {"ner": "ents_f", "xpos": "tag_acc", "upos": "pos_acc"}


class Project(NamedTuple):
    """What was written."""

    config: Path
    n_sentences: dict[str, int]
    """By split."""
    heads: tuple[str, ...]


def init_spacy(
    source: str,
    output: Path,
    *,
    language: str = "en",
    base: str = "",
    heads: Sequence[str] = (),
    data_dir: Path | None = None,
    force: bool = False,
) -> Project:
    """Write ``config.cfg``, ``train.spacy`` and ``dev.spacy``, so that ``spacy train`` can begin.

    The recipe is that of ``tagger train``: as many epochs, the same batches in tokens;
    but all heads weigh alike.

    Args:
        source: A corpus by name or path.
        output: The folder.
        language: Of the pipeline.
        base: The model to start from; empty for none.
        heads: ``ner``, ``upos``, ``xpos``; empty for the corpus's main ones among them.
        data_dir: Where to look for named corpora first.
        force: Replace what is there.

    Raises:
        UsageError: The corpus has no head that spaCy has a place for, or there are files already.
        CorpusError: The corpus is not found or cannot be read.
    """
    import spacy
    from spacy.tokens import DocBin

    targets = [output / name for name in (CONFIG, "train.spacy", "dev.spacy")]
    check_new(targets, force=force)
    prepared = prepare([source], Config(heads=tuple(heads)), data_dir=data_dir)
    check_not_read(targets, prepared.corpora[0].files.values())
    chosen = [head for head in prepared.heads if head.name in KINDS]
    if not chosen:
        raise UsageError(
            f"{source}: spaCy has a place for the heads {', '.join(KINDS)}, and it has "
            f"{', '.join(head.name for head in prepared.heads)}; rename or choose with --heads"
        )
    for head in chosen:
        foreign = set(head.tags) - spacy.parts_of_speech.IDS.keys()
        if head.name == "upos" and foreign:
            raise UsageError(
                f"{source}: upos {min(foreign)!r} is no universal part of speech, which spaCy "
                "needs; rename it, or choose with --heads"
            )
    training = read_config_of(find_model(base)).training if base else Config().training
    try:
        nlp = spacy.blank(language)
    except ImportError as error:
        detail = first_line(error)
        raise UsageError(f"--language {language}: spaCy has none of that name ({detail})") from None
    output.mkdir(parents=True, exist_ok=True)
    splits = prepared.corpora[0].splits
    for split in ("train", "dev"):
        documents = DocBin(docs=_documents(nlp.vocab, splits[split], chosen))
        write_file(output / f"{split}.spacy", documents.to_bytes())
    n_tokens = sum(map(len, splits["train"].select_columns(["tokens"])[:]["tokens"]))
    batch_tokens = training.batch_tokens or default_batch_tokens(n_tokens)
    steps = max(n_tokens // batch_tokens, training.epoch_steps)
    nlp.add_pipe("recurrent_tagger", config={"model": "", "base": base})
    config = nlp.config.copy()
    config["paths"] |= {"train": str(output / "train.spacy"), "dev": str(output / "dev.spacy")}
    config["corpora"] = {
        split: {"@readers": "spacy.Corpus.v1", "path": f"${{paths.{split}}}"}
        for split in ("train", "dev")
    }
    config["training"] |= {
        "seed": training.seed,
        "max_steps": training.epochs * steps,
        "eval_frequency": steps,
        "patience": training.patience * steps,
        "batcher": {
            "@batchers": "spacy.batch_by_words.v1",
            "size": batch_tokens,
            "tolerance": 0.2,
            "discard_oversize": False,
        },
        "score_weights": {SCORES[head.name]: 1 / len(chosen) for head in chosen},
    }
    config["training"]["optimizer"]["learn_rate"] = training.learning_rate
    write_file(output / CONFIG, config.to_str().encode())
    return Project(
        output / CONFIG,
        {split: len(splits[split]) for split in ("train", "dev")},
        tuple(head.name for head in chosen),
    )


def _documents(vocab: Any, split: datasets.Dataset, heads: Sequence[HeadSpec]) -> Iterator[Doc]:
    """Each sentence as an annotated document."""
    from spacy.tokens import Doc, Span

    for row in split:
        starts: list[bool | int | None] = [i == 0 for i in range(len(row["tokens"]))]
        doc = Doc(vocab, words=row["tokens"], spaces=_spaces(row), sent_starts=starts)
        for head in heads:
            tags = row[head.name]
            if head.name == "ner":
                known = [tag or "O" for tag in tags]
                doc.set_ents(
                    [Span(doc, start, end, label) for start, end, label in spans(known, Scheme.BIO)]
                )
            else:
                for token, tag in zip(doc, tags, strict=True):
                    setattr(token, "tag_" if head.name == "xpos" else "pos_", tag or "")
        yield doc


def _spaces(row: dict[str, Any]) -> list[bool]:
    return row.get("space_after") or [True] * len(row["tokens"])
