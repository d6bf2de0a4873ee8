from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from tagger.errors import ModelError, UsageError

presidio = pytest.importorskip("presidio_analyzer", reason="needs the extra presidio")
pytest.importorskip("presidio_anonymizer", reason="needs the extra presidio")
from presidio_analyzer.nlp_engine import NoOpNlpEngine  # noqa: E402

from tagger.integrations.presidio import TaggerRecognizer  # noqa: E402
from tests.helpers.presidio import no_suffixes_from_the_network  # noqa: E402

TEXT = "Mary Smith of Apple lives in Cardiff; write to mary@example.org."


@pytest.fixture(scope="module")
def recognizer() -> TaggerRecognizer:
    return TaggerRecognizer()


def names(results: list[presidio.RecognizerResult]) -> set[tuple[str, str]]:
    return {(TEXT[one.start : one.end], one.entity_type) for one in results}


def test_entities_have_names_of_presidio_and_scores(recognizer: TaggerRecognizer) -> None:
    every = recognizer.get_supported_entities()
    assert set(every) == {"PERSON", "LOCATION", "ORGANIZATION", "MISC"}
    results = recognizer.analyze(TEXT, every)
    assert names(results) >= {("Mary Smith", "PERSON"), ("Cardiff", "LOCATION")}
    (document,) = tagger.load("en").batch([TEXT], ["ner"], confidence=True)
    assert [one.score for one in results] == [one.confidence for one in document.entities]
    assert names(recognizer.analyze(TEXT, ["PERSON"])) == {("Mary Smith", "PERSON")}
    assert recognizer.analyze("", every) == []
    assert results[0].analysis_explanation.recognizer == "TaggerRecognizer"


def test_beside_patterns_without_a_model_of_spacy(recognizer: TaggerRecognizer) -> None:
    registry = presidio.RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    registry.add_recognizer(recognizer)
    engine = presidio.AnalyzerEngine(
        registry=registry, nlp_engine=NoOpNlpEngine([{"lang_code": "en", "model_name": "no_op"}])
    )
    found = names(engine.analyze(TEXT, "en"))
    assert {("Mary Smith", "PERSON"), ("mary@example.org", "EMAIL_ADDRESS")} <= found


def test_a_threshold_and_other_names() -> None:
    model = tagger.load("en")
    text = "Dear Ms Okafor, your appointment with Dr Lindqvist is at the clinic in Leeds."
    few, many = (
        TaggerRecognizer(model, threshold).analyze(text, ["PERSON", "LOCATION"])
        for threshold in (0.9, 0.05)
    )
    assert len(few) < len(many)
    other = TaggerRecognizer(model, entity_mapping={"PER": "NAME"}, supported_entities=["NAME"])
    assert names(other.analyze(TEXT, ["NAME"])) == {("Mary Smith", "NAME")}
    with pytest.raises(UsageError) as error:
        TaggerRecognizer(model, supported_entities=["PHONE_NUMBER"])
    assert "PERSON" in error.value.expected
    with pytest.raises(UsageError):
        TaggerRecognizer(model, 2.0)
    with pytest.raises(ModelError):
        TaggerRecognizer("missing")


def test_from_presidios_configuration(tmp_path: Path) -> None:
    (tmp_path / "analyzer.yaml").write_text(
        """\
supported_languages: [en]
nlp_configuration:
  nlp_engine_name: no_op
  models: [{lang_code: en, model_name: no_op}]
recognizer_registry:
  supported_languages: [en]
  global_regex_flags: 26
  recognizers:
    - name: EmailRecognizer
      type: predefined
    - name: TaggerRecognizer
      type: predefined
      model: en
      threshold: 0.3
"""
    )
    provider = presidio.AnalyzerEngineProvider(
        analyzer_engine_conf_file=str(tmp_path / "analyzer.yaml")
    )
    engine = provider.create_engine()
    assert names(engine.analyze(TEXT, "en")) >= {
        ("Mary Smith", "PERSON"),
        ("mary@example.org", "EMAIL_ADDRESS"),
    }


__all__ = ["no_suffixes_from_the_network"]
