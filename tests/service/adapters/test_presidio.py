"""Presidio's own remote recognizer against ``/analyze``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.services import ask

presidio = pytest.importorskip("presidio_analyzer", reason="needs the extra presidio")
from presidio_analyzer.nlp_engine import NoOpNlpEngine  # noqa: E402

from tests.helpers.presidio import no_suffixes_from_the_network  # noqa: E402

TEXT = "Mary Smith of Apple lives in Cardiff; write to mary@example.org."


class Remote(presidio.RemoteRecognizer):  # type: ignore[misc,name-defined]
    """As in Presidio's documentation: it asks a service, and reads what it answers."""

    def __init__(self, url: str) -> None:
        self._url = url
        entities = ask(url, "/supportedentities?language=en").json
        super().__init__(entities, name="remote", supported_language="en", version="1.0")

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[Any]:
        body = {"text": text, "language": "en", "entities": entities}
        found = ask(self._url, "/analyze", body).json
        return [presidio.RecognizerResult.from_json(one) for one in found]

    def get_supported_entities(self) -> list[str]:
        return list(self.supported_entities)


def test_a_remote_recognizer(service: str) -> None:
    registry = presidio.RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    registry.add_recognizer(Remote(service))
    engine = presidio.AnalyzerEngine(
        registry=registry, nlp_engine=NoOpNlpEngine([{"lang_code": "en", "model_name": "no_op"}])
    )
    found = engine.analyze(TEXT, "en")
    kinds = {(TEXT[one.start : one.end], one.entity_type) for one in found}
    assert {
        ("Mary Smith", "PERSON"),
        ("Apple", "ORGANIZATION"),
        ("Cardiff", "LOCATION"),
        ("mary@example.org", "EMAIL_ADDRESS"),
    } <= kinds


def test_what_presidio_offers(service: str) -> None:
    def found(**more: Any) -> Any:
        return ask(service, "/analyze", {"text": TEXT, "language": "en", **more}).json

    assert set(found()[0]) == {"entity_type", "start", "end", "score"}
    assert [one["entity_type"] for one in found(entities=["PERSON"])] == ["PERSON"]
    assert "Cardiff" not in {
        TEXT[one["start"] : one["end"]] for one in found(allow_list=["Cardiff"])
    }
    assert all(one["score"] >= 0.9 for one in found(score_threshold=0.9))
    assert found(text=[TEXT, ""]) == [found(), []]
    assert found(text="") == []
    assert ask(service, "/analyze", {"language": "en"}).json["errors"][0]["pointer"] == "/text"
    wrong = ask(service, "/analyze", {"text": TEXT, "ad_hoc_recognizers": [{}]})
    assert wrong.status == 422
    assert sorted(ask(service, "/supportedentities").json) == [
        "LOCATION", "MISC", "ORGANIZATION", "PERSON"
    ]  # fmt: skip


__all__ = ["no_suffixes_from_the_network"]
