from __future__ import annotations

import socket
import time
from types import SimpleNamespace

import datasets
import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError

from tagger.corpus import hub, load_corpus
from tagger.errors import CorpusError, FormatError, UsageError


def on_hub(tags, names, split="train"):
    features = datasets.Features(
        {
            "id": datasets.Value("string"),
            "tokens": datasets.List(datasets.Value("string")),
            "ner_tags": datasets.List(datasets.ClassLabel(names=names)),
        }
    )
    rows = {"id": ["0"], "tokens": [["Ann", "sings"]], "ner_tags": [tags]}
    return {split: datasets.Dataset.from_dict(rows, features=features)}


def offer(monkeypatch, offers):
    """Put datasets on a hub of our own; an exception stands for one that fails."""
    asked = []

    def load(name, folder, revision):
        asked.append((name, folder, revision))
        offered = offers.get(name, CorpusError(f"hub {name} (404)"))
        if isinstance(offered, Exception):
            raise offered
        return offered

    monkeypatch.setattr(hub, "_probe", lambda name, revision: None)
    monkeypatch.setattr(hub, "_load", load)
    return asked


def test_tags_are_read_by_name(monkeypatch):
    """The same sentence in two copies that number their tags differently."""
    found = []
    for tags, names in (([1, 0], ["O", "B-PER"]), ([0, 1], ["B-PER", "O"])):
        offer(monkeypatch, {"owner/name": on_hub(tags, names, "validation")})
        corpus = load_corpus("hub:owner/name")
        found.append(list(corpus.splits["dev"]))
    assert found[0] == found[1]
    assert found[0][0]["ner"] == ["B-PER", "O"]
    assert corpus.layout.describe() == "hub: token, ner (BIO)"
    assert corpus.files == {"dev": "hub:owner/name#dev"}


def test_a_second_address_is_tried(monkeypatch):
    asked = offer(monkeypatch, {"eriktks/conll2003": on_hub([1, 0], ["O", "B-PER"])})
    corpus = load_corpus("conll2003")
    assert asked == [
        ("lhoestq/conll2003", None, None),
        ("eriktks/conll2003", None, "refs/convert/parquet"),
    ]
    assert corpus.name == "conll2003"
    assert corpus.main_heads == ("ner",)
    assert corpus.licence.startswith("Reuters")


def test_files_at_hand_come_before_the_hub(monkeypatch, write):
    data = write("conll2003/train.txt", "a N B-NP O\nb N I-NP O\n").parent.parent
    asked = offer(monkeypatch, {})
    load_corpus("conll2003", data_dir=data)
    assert not asked


def test_folder_and_revision_of_an_address(monkeypatch):
    asked = offer(monkeypatch, {"owner/name": on_hub([1, 0], ["O", "B-X"])})
    load_corpus("hub:owner/name/es@refs/convert/parquet")
    assert asked == [("owner/name", "es", "refs/convert/parquet")]


def test_all_places_are_named(monkeypatch):
    offer(monkeypatch, {"lhoestq/conll2003": ValueError("odd\nmore")})
    with pytest.raises(CorpusError) as info:
        load_corpus("conll2003")
    message = str(info.value)
    assert "data/conll2003 (no such folder)" in message
    assert "hub lhoestq/conll2003 (ValueError: odd more)" in message
    assert "hub eriktks/conll2003 (404)" in message
    assert "TAGGER_DATA" in message
    assert "\n" not in message


def test_ids_without_names_are_refused(monkeypatch):
    data = datasets.Dataset.from_dict({"tokens": [["a"]], "ner_tags": [[1]]})
    offer(monkeypatch, {"owner/name": {"train": data}})
    with pytest.raises(CorpusError, match="no lists of tokens and of tags by name"):
        load_corpus("hub:owner/name")
    offer(monkeypatch, {"owner/name": {"all": data}})
    with pytest.raises(CorpusError, match="no train, validation or test split"):
        load_corpus("hub:owner/name")


def test_bad_tags_name_the_address(monkeypatch):
    offer(monkeypatch, {"owner/name": on_hub([1, 2], ["O", "PER", "B-X"])})
    with pytest.raises(CorpusError, match=r"^hub:owner/name#train:1: ner tag 'PER'"):
        load_corpus("hub:owner/name")


def test_what_is_no_address():
    with pytest.raises(UsageError, match="not an address on the hub"):
        load_corpus("hub:name")
    with pytest.raises(UsageError, match="columns can be named for files"):
        load_corpus("hub:owner/name", columns="token,ner")


def test_offline_at_once(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    begin = time.monotonic()
    with pytest.raises(CorpusError, match=r"Offline.*copy its files here"):
        load_corpus("hub:owner/name")
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(("code", "n_asked"), [(404, 2), (429, 1), (503, 1)])
def test_a_hub_that_cannot_answer_now_is_not_asked_again(monkeypatch, code, n_asked):
    asked = []

    def info(name, *, revision, timeout):
        asked.append(name)
        response = SimpleNamespace(status_code=code, headers={}, request=None)
        raise HfHubHTTPError(f"{code} Client Error", response=response)

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: SimpleNamespace(dataset_info=info))
    with pytest.raises(CorpusError) as error:
        load_corpus("conll2003")
    assert f"hub lhoestq/conll2003 (HfHubHTTPError: {code} Client Error)" in str(error.value)
    assert len(asked) == n_asked


@pytest.mark.slow
def test_a_hub_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(constants, "ENDPOINT", address)
        begin = time.monotonic()
        with pytest.raises(CorpusError, match=r"conll2003 is not found: tried .*hub lhoestq"):
            load_corpus("conll2003")
        assert time.monotonic() - begin < 10


def wiki(tags):
    """A row with a list that is not of its tokens."""
    strings = datasets.List(datasets.Value("string"))
    rows = {"tokens": [["Ann", "sings"]], "spans": [["PER: Ann"]], "ner_tags": [tags]}
    features = datasets.Features(tokens=strings, spans=strings, ner_tags=strings)
    return {"train": datasets.Dataset.from_dict(rows, features=features)}


def test_lists_that_are_not_of_tokens_are_no_heads(monkeypatch):
    offer(monkeypatch, {"owner/name": wiki(["B-PER", "O"])})
    assert [head.name for head in load_corpus("hub:owner/name").heads] == ["ner"]


def test_tokens_have_any_of_their_names(monkeypatch):
    rows = wiki(["B-PER", "O"])["train"].rename_column("tokens", "form")
    offer(monkeypatch, {"owner/name": {"train": rows}})
    assert load_corpus("hub:owner/name").splits["train"][0]["tokens"] == ["Ann", "sings"]


def test_too_few_tags_name_the_row(monkeypatch):
    rows = wiki(["B-PER", "O"])["train"]
    short = rows.map(lambda row: {"ner_tags": row["ner_tags"][:1]}, load_from_cache_file=False)
    both = datasets.concatenate_datasets([rows, short])
    offer(monkeypatch, {"owner/name": {"train": both}})
    with pytest.raises(FormatError, match="name#train:2: 1 tag of ner for 2 tokens"):
        load_corpus("hub:owner/name")
    none = rows.map(lambda row: {"ner_tags": None}, load_from_cache_file=False).cast(rows.features)
    offer(monkeypatch, {"owner/name": {"train": datasets.concatenate_datasets([none, rows, rows])}})
    with pytest.raises(FormatError, match="name#train:1: 0 tags of ner for 2 tokens"):
        load_corpus("hub:owner/name")
