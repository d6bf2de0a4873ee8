"""spaCy's own recipe for a CPU as a peer.

    python benchmarks/peers/accuracy.py wnut17 --peers spacy

What ``spacy init config --pipeline ner|tagger --optimize efficiency`` writes, and nothing changed
in it but the seed: no vectors; training stops when dev has not risen for 1,600 steps. Spans of any
kind go to its ``ner``, tags of single tokens to its ``tagger``, one model for each head. The
language is ``en`` for the English corpora known by name, otherwise ``xx`` (any).
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from common import tagged

from tagger.corpus import Corpus
from tagger.model.heads import HeadSpec

if TYPE_CHECKING:
    from spacy.language import Language

ENGLISH = re.compile(
    r"sample|conll200[03]|wnut_?17|btc|bc5cdr|ncbi_disease|mit_movie_trivia|(ud|uner)_en_.*"
)


class SpacyRecipe:
    """A peer; see `common.Peer`."""

    name = "spacy"
    package = "spacy"
    is_seeded = True

    def train(self, corpus: Corpus, head: HeadSpec, seed: int, output: Path) -> Language:
        """Learn one head as ``spacy train`` does; its table of steps goes to stderr."""
        from spacy.cli.init_config import init_config
        from spacy.tokens import Doc, DocBin
        from spacy.training.initialize import init_nlp
        from spacy.training.loop import DIR_MODEL_BEST, train
        from spacy.vocab import Vocab
        from thinc.api import require_cpu

        require_cpu()
        language = "en" if ENGLISH.fullmatch(corpus.name) else "xx"
        component = "ner" if head.kind == "span" else "tagger"
        key = "ents" if head.kind == "span" else "tags"

        def annotated(tags: list[str]) -> dict[str, Any]:
            return {key: tags}

        config = init_config(lang=language, pipeline=[component], optimize="efficiency")
        config["system"]["seed"] = seed
        with TemporaryDirectory() as temporary:
            folder = Path(temporary)
            vocab = Vocab()
            for split in ("train", "dev"):
                # Documents without spaces are not tokenized again.
                documents = DocBin(
                    docs=(
                        Doc(vocab, words=tokens, **annotated([tag or "" for tag in tags]))
                        for tokens, tags in tagged(corpus.splits[split], head.name)
                    )
                )
                config["paths"][split] = str(folder / f"{split}.spacy")
                documents.to_disk(config["paths"][split])
            train(init_nlp(config), folder, stdout=sys.stderr, stderr=sys.stderr)
            shutil.copytree(folder / DIR_MODEL_BEST, output, dirs_exist_ok=True)
        return self.load(output)

    def load(self, folder: Path) -> Language:
        """Read a model."""
        import spacy

        return spacy.load(folder)

    def predict(self, model: Language, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """Tag sentences of tokens."""
        from spacy.tokens import Doc

        documents = model.pipe(Doc(model.vocab, words=list(tokens)) for tokens in sentences)
        if "tagger" in model.pipe_names:
            return [[token.tag_ for token in document] for document in documents]
        return [
            [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in document]
            for document in documents
        ]
