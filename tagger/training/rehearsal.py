"""Sentences on which a training from a model rehearses what that model knows already.

A training on a few sentences with one new label would lose the base's labels on all other text.
The sentences of the sample that ships, tagged by the base, keep them (Robins 1995, "Catastrophic
forgetting, rehearsal and pseudorehearsal"). They are a corpus like any other, which does not
annotate the new labels.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tagger.corpus import Corpus, HeadColumn, Layout, Scheme, load_corpus
from tagger.features.vocabulary import normalize
from tagger.model.directory import SavedModel
from tagger.paths import shipped
from tagger.runtime.loading import load

NAME = "rehearsal"
MIN_KNOWN = 0.8
"""Below this share of known words the sample is in another language than the base."""


def rehearsal_corpus(base: Path, model: SavedModel) -> Corpus | None:
    """Tag the sample's sentences with a base.

    Args:
        base: The base's directory.
        model: What was read from it.

    Returns:
        A corpus of the base's heads without a test split; None where the base has no heads, or
        the sample is not in its language.
    """
    import datasets

    folder = shipped("data", "sample")
    # What texts of another kind are about cannot be rehearsed on the sample.
    heads = [head for head in model.heads if head.kind != "text"]
    if not heads or folder is None:
        return None
    sample = load_corpus(str(folder))
    forms = [form for sentence in sample.splits["train"]["tokens"] for form in sentence]
    known = model.vocabulary.word_ids
    if sum(normalize(form) in known for form in forms) < MIN_KNOWN * len(forms):
        return None
    tagger = load(base)
    splits = {}
    for split in ("train", "dev"):
        tokens = list(sample.splits[split]["tokens"])
        tags = tagger.tag(tokens, [head.name for head in heads])
        columns = {head.name: [of_sentence[head.name] for of_sentence in tags] for head in heads}
        splits[split] = datasets.Dataset.from_dict({"tokens": tokens, **columns})
    content = f"{sample.fingerprint} {model.meta!r} {model.heads!r}"
    return Corpus(
        name=NAME,
        splits=splits,
        heads=tuple(
            HeadColumn(head.name, head.kind, Scheme.BIO if head.kind == "span" else None)
            for head in heads
        ),
        main_heads=(),
        layout=Layout(format="model", title="tagged by the model", columns={}),
        licence=sample.licence,
        fingerprint=hashlib.blake2b(content.encode(), digest_size=20).hexdigest(),
    )
