"""A model of this package as a teacher, with exact marginal probabilities."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from tagger.distillation.teachers.protocol import Opinion, TeacherHead
from tagger.model.directory import read_model
from tagger.model.heads import HeadSpec
from tagger.model.meta import DECISIVE, model_size
from tagger.runtime.cutting import CutTexts
from tagger.runtime.decoding import Floats, Ids
from tagger.runtime.labelling import label_probs
from tagger.runtime.loading import from_saved
from tagger.runtime.marginals import Marginals, Probs, softmax
from tagger.sharing.finding import find_model


class OwnTeacher:
    """A trained model.

    Args:
        model: A model directory, the name of a model, or ``hub:owner/name``.
        device: Where it runs.
        threads: CPU threads; 0 for one a core.

    Raises:
        ModelError: It is missing, damaged, or a base without heads.
    """

    is_model = True

    def __init__(self, model: str, *, device: str, threads: int) -> None:
        directory = find_model(model)
        saved = read_model(directory)
        self.name = model
        self._tagger = from_saved(saved, directory, device=device, threads=threads)
        self.rules = saved.rules
        self.n_bytes = model_size(directory)
        predictor = self._tagger.predictor
        self._heads = {head.name: head for head in predictor.heads}
        self.heads = tuple(
            TeacherHead(name, "text", head.tags, head.decoder == "sigmoid")
            if head.kind == "text"
            else TeacherHead(name, head.kind, tuple(predictor.tables[name].tags))
            for name, head in self._heads.items()
        )
        self._marginals = {
            name: Marginals(transitions) for name, transitions in predictor.transitions.items()
        }
        digest = hashlib.blake2b(digest_size=16)
        for name in DECISIVE:
            digest.update((directory / name).read_bytes())
        self.fingerprint = digest.hexdigest()

    def answer(self, cut: CutTexts, heads: Sequence[str]) -> dict[str, Opinion]:
        """Tag texts; see `tagger.distillation.teachers.protocol.Teacher`."""
        predictor = self._tagger.predictor
        chosen = [self._heads[name] for name in heads]
        parts: dict[str, list[Floats]] = {name: [] for name in heads}
        for emissions, lengths in predictor.score(cut.forms, cut.lengths, chosen):
            for head in chosen:
                if head.kind == "text":
                    of_texts = label_probs(head, emissions[head.name])
                    parts[head.name].append(of_texts.astype(np.float32))
                    continue
                probs = self._probs(head, emissions[head.name], lengths)
                shown = predictor.tables[head.name].summed(probs)
                parts[head.name].append(shown.astype(np.float32))
        probs_of = {name: np.concatenate(found) for name, found in parts.items()}
        return {
            name: Opinion(probs, np.ones(len(probs), dtype=np.bool_))
            for name, probs in probs_of.items()
        }

    def _probs(self, head: HeadSpec, emissions: Floats, lengths: Ids) -> Probs:
        marginals = self._marginals.get(head.name)
        return softmax(emissions, lengths) if marginals is None else marginals(emissions, lengths)
