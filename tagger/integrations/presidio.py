"""`TaggerRecognizer`: the entities of a model in Presidio's analyzer, beside its patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult

from tagger.errors import UsageError
from tagger.runtime.tagger import Tagger
from tagger.service.adapters.presidio_entities import ENTITIES, entity_types
from tagger.sharing.finding import DEFAULT, load

if TYPE_CHECKING:
    from presidio_analyzer.nlp_engine import NlpArtifacts

    from tagger.runtime.thresholds import Threshold

__all__ = ["TaggerRecognizer"]


class TaggerRecognizer(LocalRecognizer):
    """Finds the entities of a model; needs no NLP engine (``NoOpNlpEngine`` will do).

    All arguments can be given in Presidio's YAML configuration, after this module is imported.

    Args:
        model: A name or directory of a model, or a loaded one.
        threshold: The least probability of an entity, or one by the model's labels; the lower,
            the more is found. None for the entities of the best tag sequence.
        entity_mapping: Presidio's name of labels; others keep their own. None for
            ``PER`` → ``PERSON``, ``LOC`` → ``LOCATION``, ``ORG`` → ``ORGANIZATION`` and so on.
        supported_entities: Those of Presidio's names that are looked for; None for all.
        supported_language: The language of the texts.
        name: The name of the recognizer in results.
        context: As for any recognizer; not used.

    Raises:
        UsageError: The model finds no entities, or none of ``supported_entities``; or the threshold
            is not above 0 and at most 1.
        ModelError: The model is missing or damaged.
    """

    def __init__(
        self,
        model: str | Tagger = DEFAULT,
        threshold: Threshold | None = None,
        entity_mapping: Mapping[str, str] | None = None,
        supported_entities: Sequence[str] | None = None,
        supported_language: str = "en",
        name: str = "TaggerRecognizer",
        context: list[str] | None = None,
    ) -> None:
        tagger = model if isinstance(model, Tagger) else load(model)
        heads = [head for head in tagger.heads if head.kind == "span"]
        if not heads:
            raise UsageError("the model finds no entities")
        head = next((head for head in heads if head.name == "ner"), heads[0])
        self._tagger = tagger if threshold is None else tagger.with_threshold(threshold)
        self._heads, self._name = [head.name], name
        self._types = entity_types(
            head.labels, ENTITIES if entity_mapping is None else entity_mapping
        )
        found = list(dict.fromkeys(self._types.values()))
        if supported_entities is not None:
            missing = [one for one in supported_entities if one not in found]
            if missing:
                raise UsageError(
                    f"the model finds no {missing[0]} (it finds: {', '.join(found)})",
                    expected=found,
                )
            found = list(supported_entities)
        super().__init__(
            supported_entities=found,
            supported_language=supported_language,
            name=name,
            context=context,
        )

    def load(self) -> None:
        """Do nothing: the model is loaded already."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Find the entities of a text; a score is the probability of exactly this entity.

        Args:
            text: The text.
            entities: Presidio's names of those that are wanted.
            nlp_artifacts: Not used.
        """
        wanted = set(entities) & set(self.supported_entities)
        (document,) = self._tagger.batch([text], self._heads, confidence=True)
        return [
            RecognizerResult(
                entity_type=self._types[entity.label],
                start=entity.start,
                end=entity.end,
                score=entity.confidence or 0.0,
                analysis_explanation=AnalysisExplanation(
                    recognizer=self._name,
                    original_score=entity.confidence or 0.0,
                    textual_explanation=f"tagged as {entity.label}",
                ),
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: self._name,
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for entity in document.entities
            if self._types[entity.label] in wanted
        ]
