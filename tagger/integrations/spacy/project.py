"""A corpus and a configuration for ``spacy train``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tagger.config import Config, TrainingConfig
from tagger.errors import UsageError, first_line
from tagger.files import check_new, check_not_read, write_file
from tagger.formats.text_labels import listed
from tagger.integrations.spacy.training import KINDS
from tagger.model.directory import read_config_of
from tagger.model.heads import HeadSpec
from tagger.schemes import Scheme, spans
from tagger.sharing.finding import find_model
from tagger.training.batching import default_batch_tokens
from tagger.training.preparation import prepare

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

CONFIG = "config.cfg"
SCORES = {"ner": "ents_f", "xpos": "tag_acc", "upos": "pos_acc", "text": "cats_score"}
"""By name of a head, or by its kind where texts are labelled."""


class Project(NamedTuple):
    """A project as it was written."""

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
    """Write ``config.cfg``, ``train.spacy`` and ``dev.spacy`` for ``spacy train``.

    The recipe is that of `tagger.train`, with as many epochs and batches of as many tokens, but
    all heads weigh the same.

    Args:
        source: A corpus by name or path.
        output: The folder.
        language: The language of the pipeline.
        base: The model to start from; empty for none.
        heads: ``ner``, ``upos``, ``xpos``, or one with labels of texts; empty for the corpus's
            main ones among them.
        data_dir: Where to look for named corpora first.
        force: Replace existing files.

    Raises:
        UsageError: spaCy has no place for the corpus's heads or tags, it has no such language, or
            the files exist.
        CorpusError: The corpus is not found or cannot be read.
    """
    from spacy.tokens import DocBin

    targets = [output / name for name in (CONFIG, "train.spacy", "dev.spacy")]
    check_new(targets, force=force)
    prepared = prepare([source], Config(heads=tuple(heads)), data_dir=data_dir)
    check_not_read(targets, prepared.corpora[0].files.values())
    chosen = _heads_for_spacy(prepared.heads, source)
    names = tuple(head.name for head in chosen)
    training = read_config_of(find_model(base)).training if base else Config().training
    nlp = _blank(language)
    output.mkdir(parents=True, exist_ok=True)
    splits = prepared.corpora[0].splits
    for split in ("train", "dev"):
        documents = DocBin(docs=annotated(nlp.vocab, splits[split], chosen))
        write_file(output / f"{split}.spacy", documents.to_bytes(), force=force)
    nlp.add_pipe("recurrent_tagger", config={"model": "", "base": base})
    config = nlp.config.copy()
    config["paths"] |= {"train": str(output / "train.spacy"), "dev": str(output / "dev.spacy")}
    config["corpora"] = {
        split: {"@readers": "spacy.Corpus.v1", "path": f"${{paths.{split}}}"}
        for split in ("train", "dev")
    }
    n_tokens = sum(map(len, splits["train"].select_columns(["tokens"])[:]["tokens"]))
    config["training"] |= _training_section(training, n_tokens, chosen)
    config["training"]["optimizer"]["learn_rate"] = training.learning_rate
    write_file(output / CONFIG, config.to_str().encode(), force=force)
    return Project(
        output / CONFIG,
        {split: len(splits[split]) for split in ("train", "dev")},
        names,
    )


def _heads_for_spacy(heads: Sequence[HeadSpec], source: str) -> list[HeadSpec]:
    """Return the heads for which spaCy has a place, and check their tags."""
    from spacy.parts_of_speech import IDS

    chosen = [head for head in heads if head.name in KINDS or head.kind == "text"]
    labelling = [head.name for head in chosen if head.kind == "text"]
    if len(labelling) > 1:
        raise UsageError(
            f"spaCy has one set of categories, and there are {', '.join(labelling)}",
            path=source,
            expected=labelling,
            hint="choose one with {heads}",
        )
    if not chosen:
        raise UsageError(
            f"its heads are {', '.join(head.name for head in heads)}, and spaCy has a place only "
            f"for {', '.join(KINDS)}",
            path=source,
            expected=KINDS,
            hint="rename them, or choose others with {heads}",
        )
    for head in chosen:
        foreign = set(head.tags) - IDS.keys()
        if head.name == "upos" and foreign:
            raise UsageError(
                f"upos {min(foreign)!r} is not a universal part of speech, which spaCy needs",
                path=source,
                expected=filter(None, IDS),
                hint="rename it, or choose other heads with {heads}",
            )
    return chosen


def _blank(language: str) -> Language:
    import spacy

    try:
        return spacy.blank(language)
    except ImportError as error:
        raise UsageError(
            f"spaCy has no language {language!r} ({first_line(error)})",
            hint="choose another one, such as {language=de}",
        ) from None


def _training_section(
    training: TrainingConfig, n_tokens: int, heads: Sequence[HeadSpec]
) -> dict[str, Any]:
    """Return the settings of spaCy's section ``[training]``, with epochs counted in steps."""
    batch_tokens = training.batch_tokens or default_batch_tokens(n_tokens)
    steps = max(n_tokens // batch_tokens, training.epoch_steps)
    return {
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
        "score_weights": {
            SCORES["text" if head.kind == "text" else head.name]: 1 / len(heads) for head in heads
        },
    }


def annotated(
    vocab: Any, split: Iterable[dict[str, Any]], heads: Sequence[HeadSpec]
) -> Iterator[Doc]:
    """Yield each sentence as a document with its gold tags; unknown tags stay unknown."""
    from spacy.tokens import Doc, Span

    for row in split:
        starts: list[bool | int | None] = [i == 0 for i in range(len(row["tokens"]))]
        doc = Doc(vocab, words=row["tokens"], spaces=_spaces(row), sent_starts=starts)
        for head in heads:
            tags = row[head.name]
            if head.kind == "text":
                if (labels := listed(tags)) is not None:
                    doc.cats = {label: float(label in labels) for label in head.labels}
            elif head.name == "ner":
                found = spans([tag or "O" for tag in tags], Scheme.BIO)
                doc.set_ents(
                    [Span(doc, start, end, label) for start, end, label in found],
                    missing=[doc[i : i + 1] for i, tag in enumerate(tags) if tag is None],
                )
            else:
                for token, tag in zip(doc, tags, strict=True):
                    setattr(token, "tag_" if head.name == "xpos" else "pos_", tag or "")
        yield doc


def _spaces(row: dict[str, Any]) -> list[bool]:
    return row.get("space_after") or [True] * len(row["tokens"])
