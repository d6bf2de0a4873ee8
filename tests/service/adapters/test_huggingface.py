from __future__ import annotations

import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from tests.helpers.services import ask

TEXT = "Mary Smith lives in Cardiff"


def test_the_client_of_the_hub(service: str) -> None:
    for path in ("/hf", "/hf/en"):
        client = InferenceClient(model=f"{service}{path}", token="none")
        mary, cardiff = client.token_classification(TEXT)
        assert (mary.entity_group, mary.word, mary.start, mary.end) == ("PER", "Mary Smith", 0, 10)
        assert 0.5 < cardiff.score <= 1
    tokens = client.token_classification(TEXT, aggregation_strategy="none")
    assert [(one.entity, one.word) for one in tokens] == [
        ("B-PER", "Mary"),
        ("I-PER", "Smith"),
        ("B-LOC", "Cardiff"),
    ]
    (place,) = client.token_classification(TEXT, ignore_labels=["PER"])
    assert place.word == "Cardiff"
    with pytest.raises(HfHubHTTPError):
        InferenceClient(model=f"{service}/hf/de", token="none").token_classification(TEXT)


def test_lists_and_nothing(service: str) -> None:
    assert ask(service, "/hf", {"inputs": []}).json == []
    assert ask(service, "/hf", {"inputs": ""}).json == []
    assert [len(one) for one in ask(service, "/hf", {"inputs": [TEXT, ""]}).json] == [2, 0]
    assert ask(service, "/hf", {"input": TEXT}).json["errors"][0]["pointer"] == "/inputs"
