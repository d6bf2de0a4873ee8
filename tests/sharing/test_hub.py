"""Models that travel over the hub: pushed, fetched, cached. The hub is a fake; nothing goes out.

What is in the cache is found by the hub's own library, in the layout that it writes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import CommitOperationAdd, ModelCard, constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from safetensors.numpy import save

import tagger.hub
from tagger.errors import ModelError, TaggerError, UsageError
from tagger.model.directory import read_model
from tagger.model.meta import WEIGHTS, CorpusRecord, read_meta
from tagger.model.weights import read_tensors
from tagger.sharing.card import hub_card
from tagger.sharing.contents import OWN_FILES, body_of, licence_of
from tagger.sharing.hub import fetch, push
from tests.helpers.commands import assert_one_line

SENTENCE = "John works at Apple in California"
ANSWER = "[John](PER) works at [Apple](ORG) in [California](LOC)\n"


def refusal(
    status: int, kind: type[HfHubHTTPError] = HfHubHTTPError, message: str = ""
) -> HfHubHTTPError:
    response: Any = SimpleNamespace(status_code=status, headers={}, request=None)
    return kind(f"{status} Client Error", response=response, server_message=message)


class FakeHub:
    """The hub, as far as models are pushed and fetched; ``failure`` is raised by what asks it."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.commits: dict[str, dict[str, bytes]] = {}
        self.refs: dict[str, dict[str, str]] = {}
        self.private: dict[str, bool] = {}
        self.failure: Exception | None = None
        self.calls: list[str] = []
        self.patterns: list[str] = []
        self._in_cache = huggingface_hub.snapshot_download

    def _asked(self, what: str) -> None:
        self.calls.append(what)
        if self.failure is not None:
            raise self.failure

    def _commit(self, repo: str, revision: str | None) -> str:
        if repo not in self.refs:
            raise refusal(404, RepositoryNotFoundError)
        commit = self.refs[repo].get(revision or "main", revision or "")
        if commit not in self.commits:
            raise refusal(404, RevisionNotFoundError)
        return commit

    def put(self, repo: str, files: dict[str, bytes], branch: str = "main") -> str:
        content = repr((repo, sorted(files.items()))).encode()
        commit = hashlib.sha1(content).hexdigest()
        self.commits[commit] = files
        self.refs.setdefault(repo, {})[branch] = commit
        return commit

    # What `HfApi` has.

    def create_repo(self, repo: str, *, private: bool | None, exist_ok: bool) -> str:
        assert exist_ok
        self._asked("create_repo")
        if repo not in self.refs:
            self.put(repo, {".gitattributes": b""})
            self.private[repo] = bool(private)
        return f"https://huggingface.co/{repo}"

    def create_branch(self, repo: str, *, branch: str, exist_ok: bool) -> None:
        assert exist_ok
        self.refs[repo].setdefault(branch, self.refs[repo]["main"])

    def list_repo_files(self, repo: str, *, revision: str | None) -> list[str]:
        return [*self.commits[self._commit(repo, revision)]]

    def model_info(self, repo: str, *, revision: str | None = None, timeout: float = 0) -> Any:
        self._asked("model_info")
        commit = self._commit(repo, revision)
        files = [SimpleNamespace(rfilename=name) for name in self.commits[commit]]
        return SimpleNamespace(sha=commit, siblings=files, private=self.private.get(repo, False))

    def create_commit(
        self, repo: str, *, operations: list[Any], commit_message: str, revision: str | None
    ) -> Any:
        self._asked(f"create_commit: {commit_message}")
        files = dict(self.commits[self._commit(repo, revision)])
        for operation in operations:
            if isinstance(operation, CommitOperationAdd):
                with operation.as_file() as file:
                    files[operation.path_in_repo] = file.read()
            else:
                del files[operation.path_in_repo]
        return SimpleNamespace(oid=self.put(repo, files, revision or "main"))

    # In the place of the function of that name.

    def snapshot_download(
        self,
        repo: str,
        *,
        revision: str | None,
        allow_patterns: list[str],
        local_files_only: bool = False,
        library_name: str | None = None,
    ) -> str:
        folder = self.cache / f"models--{repo.replace('/', '--')}"
        if not local_files_only:
            self._asked("snapshot_download")
            self.patterns = allow_patterns
            commit = self._commit(repo, revision)
            snapshot, ref = folder / "snapshots" / commit, folder / "refs" / (revision or "main")
            snapshot.mkdir(parents=True, exist_ok=True)
            ref.parent.mkdir(parents=True, exist_ok=True)
            if revision != commit:
                ref.write_text(commit)
            for name in set(self.commits[commit]) & set(allow_patterns):
                (snapshot / name).write_bytes(self.commits[commit][name])
        return self._in_cache(
            repo,
            revision=revision,
            allow_patterns=allow_patterns,
            cache_dir=self.cache,
            local_files_only=True,
        )


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    fake = FakeHub(tmp_path / "hub-cache")
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda **_: fake)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_token")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fake.snapshot_download)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return fake


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A model to change."""
    return Path(shutil.copytree(model, tmp_path / "mine"))


def make_base(directory: Path) -> Path:
    (directory / "heads.json").write_text("[]\n")
    tensors = read_tensors(directory / WEIGHTS)
    kept = {name: weight for name, weight in tensors.items() if not name.startswith("head_")}
    (directory / WEIGHTS).write_bytes(save(kept))
    meta = json.loads((directory / "meta.json").read_bytes())
    (directory / "meta.json").write_text(json.dumps({**meta, "checksums": {}}))
    for graph in directory.glob("graph*"):
        graph.unlink()
    return directory


def own_contents(directory: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in directory.iterdir() if p.name in OWN_FILES}


# Pushing.


def test_there_and_back(run, hub: FakeHub, copy: Path) -> None:
    (copy / "mails.txt").write_text("my own mails")
    (copy / "last").mkdir()
    card = (copy / "README.md").read_text()
    result = run("push", copy, "me/tiny", "--message", "the first")
    assert result.code == 0, result.err
    commit = hub.refs["me/tiny"]["main"]
    url, _, usage = result.out.splitlines()
    assert url == "https://huggingface.co/me/tiny"
    assert usage == f'tagger predict -m hub:me/tiny@{commit} "{SENTENCE}"'
    assert "create_commit: the first" in hub.calls
    assert set(hub.commits[commit]) == {*own_contents(copy), ".gitattributes"}
    assert (copy / "README.md").read_text() == card

    assert run("predict", "-m", "hub:me/tiny", SENTENCE).out == ANSWER
    assert set(hub.patterns) == set(OWN_FILES)
    assert json.loads(run("info", "hub:me/tiny", "--json").out)["heads"]["ner"]


def test_the_card_says_what_a_hub_wants_to_know(hub: FakeHub, model: Path) -> None:
    push(model, "me/tiny")
    card = ModelCard(hub.commits[hub.refs["me/tiny"]["main"]]["README.md"].decode())
    data, meta = card.data, read_meta(model)
    tags = ["token-classification", "tagger", "named-entity-recognition", "part-of-speech"]
    assert data.tags == tags
    assert data.license == "other"
    assert data.to_dict()["license_name"] == "not-stated"
    assert data.language is None
    assert data.datasets is None
    found = {
        (r.dataset_name, r.metric_type, r.metric_name): r.metric_value for r in data.eval_results
    }
    scores = meta.test_scores["tiny"]
    assert found == {
        ("tiny", "f1", "ner F1"): round(scores["ner"], 4),
        ("tiny", "accuracy", "upos accuracy"): round(scores["upos"], 4),
    }
    assert "tagger predict -m hub:me/tiny " in card.text
    assert "DIRECTORY" not in card.text


def corpus(name: str, licence: str) -> CorpusRecord:
    return CorpusRecord(name=name, fingerprint="", licence=licence, citation="", n_sentences={})


@pytest.mark.parametrize(
    ("text", "corpora", "spdx", "front"),
    [
        ("Apache License\n  Version 2.0, January 2004", [], "Apache-2.0", "license: apache-2.0"),
        ("The MIT License (MIT)\n\nCopyright", [], "MIT", "license: mit"),
        (
            "Under the Creative Commons\nAttribution-ShareAlike 4.0 International licence.",
            [("a", "CC BY 4.0")],
            "CC-BY-SA-4.0",
            "license: cc-by-sa-4.0",
        ),
        ("Ask me first.", [("a", "CC BY 4.0")], "", "license_link: LICENSE"),
        ("MIT License for one half, CC BY 4.0 for the other.", [], "", "license: other"),
        (None, [("sample", "CC0 1.0")], "CC0-1.0", "license: cc0-1.0"),
        (None, [("a", "CC BY 4.0"), ("b", "CC BY 4.0")], "CC-BY-4.0", "license: cc-by-4.0"),
        (None, [("a", "CC BY 4.0"), ("b", "")], "", "a-cc-by-4.0-b-not-stated"),
        (None, [("a", "CC BY")], "", "license_name: cc-by"),
        (None, [("a", "")], "", "license_name: not-stated"),
    ],
)
def test_no_licence_is_invented(
    copy: Path, text: str | None, corpora: list[tuple[str, str]], spdx: str, front: str
) -> None:
    from msgspec.structs import replace

    if text is not None:
        (copy / "LICENSE").write_text(text)
    saved = read_model(copy)
    saved = replace(saved, meta=replace(saved.meta, corpora=tuple(corpus(*c) for c in corpora)))
    licence = licence_of(copy, saved.meta)
    assert licence.spdx == spdx
    card = hub_card(saved, licence, "me/tiny")
    assert front in card
    assert body_of(card, "m") == saved.card.replace("DIRECTORY", "hub:me/tiny")


def test_corpora_known_by_name_are_linked_and_give_the_language(model: Path) -> None:
    from msgspec.structs import replace

    saved = read_model(model)
    known = (
        corpus("conll2002-es", "for research"),
        corpus("uner_da_ddt", "CC BY-SA 4.0"),
        corpus("me/mails/de@v1", ""),
        corpus("wnut17", ""),  # a folder that is called so
    )
    saved = replace(saved, meta=replace(saved.meta, corpora=known))
    data = ModelCard(hub_card(saved, licence_of(model, saved.meta), "me/tiny")).data
    assert data.datasets == ["eriktks/conll2002", "me/mails"]
    assert data.language == ["es", "da"]


def test_a_card_from_the_hub_gets_no_second_front_matter(hub: FakeHub, model: Path) -> None:
    push(model, "me/tiny")
    push(fetch("me/tiny"), "me/again")
    card = hub.commits[hub.refs["me/again"]["main"]]["README.md"].decode()
    assert card.count("model-index:") == 1
    assert "\n- name: again\n" in card


def test_a_branch_and_a_base(run, hub: FakeHub, copy: Path) -> None:
    push(copy, "me/tiny")
    result = run("push", make_base(copy), "me/tiny", "--revision", "base")
    assert result.code == 0, result.err
    assert result.out.startswith("https://huggingface.co/me/tiny/tree/base\n")
    assert "tagger train sample --from hub:me/tiny@" in result.out
    base = hub.commits[hub.refs["me/tiny"]["base"]]
    assert not [name for name in base if name.startswith("graph")]  # those of the tagger before
    assert "token-classification" not in base["README.md"].decode()
    assert_one_line(run("predict", "-m", "hub:me/tiny@base", "x"), 1, "a base without heads")
    assert run("predict", "-m", "hub:me/tiny", SENTENCE).out == ANSWER


def test_private_means_private(hub: FakeHub, model: Path) -> None:
    push(model, "me/secret", private=True)
    assert hub.private == {"me/secret": True}
    push(model, "me/secret", private=True)
    push(model, "me/public")
    n_calls = len(hub.calls)
    with pytest.raises(UsageError, match="me/public: is public already"):
        push(model, "me/public", private=True)
    assert not [call for call in hub.calls[n_calls:] if call.startswith("create_commit")]


@pytest.mark.parametrize(
    ("failure", "part"),
    [
        (refusal(401), "the token is refused"),
        (refusal(403, message="You have no rights here."), "no permission to write (403: You"),
        (refusal(404, RepositoryNotFoundError), "no permission to write"),
        (refusal(500, message="oops"), "the hub refuses it (oops)"),
        (ConnectionError("Name or service not known"), "the hub could not be reached"),
    ],
)
def test_a_push_that_fails_says_why(
    run, hub: FakeHub, model: Path, failure: Exception, part: str
) -> None:  # fmt: skip
    hub.failure = failure
    assert_one_line(run("push", model, "me/tiny"), 1, "me/tiny: nothing was pushed", part)


@pytest.mark.parametrize("repo", ["tiny", "me/ti ny", "me/", "a/b/c", "me/a--b", "me/-a", ""])
def test_a_bad_name_is_refused_before_anybody_is_asked(
    run, hub: FakeHub, model: Path, repo: str
) -> None:  # fmt: skip
    assert_one_line(run("push", model, repo), 2, repr(repo), "not a name on the hub")
    assert_one_line(run("predict", "-m", f"hub:{repo}", "x"), 2, "not a name on the hub")
    assert hub.calls == []


def test_what_cannot_be_pushed(
    run, hub: FakeHub, model: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    assert_one_line(
        run("push", model, "me/tiny", "--revision", "../x"), 2, "not a name of a branch"
    )
    assert_one_line(run("push", "none", "me/tiny"), 1, "no model 'none'")
    (copy / "meta.json").unlink()
    assert_one_line(run("push", copy, "me/tiny"), 1, "meta.json missing")
    (copy / "last").mkdir()
    assert_one_line(run("push", copy, "me/tiny"), 1, "its training has not ended")
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    assert_one_line(run("push", model, "me/tiny"), 1, "no token", "hf auth login")
    assert hub.calls == []


# Fetching.


def test_it_is_downloaded_once_and_offline_afterwards(
    run, hub: FakeHub, model: Path, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    commit = hub.put("me/tiny", own_contents(model))
    for _ in range(2):
        assert run("predict", "-m", "hub:me/tiny", SENTENCE).err == ""
    assert hub.calls == ["model_info", "snapshot_download", "model_info"]

    hub.failure = ConnectionError("Name or service not known")
    result = run("predict", "-m", "hub:me/tiny", SENTENCE)
    assert result.out == ANSWER
    (message,) = caplog.messages
    assert "cannot be reached" in message
    assert f"revision {commit[:12]} from the cache" in message

    n_calls = len(hub.calls)
    pinned = run("predict", "-m", f"hub:me/tiny@{commit}", SENTENCE)
    assert (pinned.out, pinned.err) == (ANSWER, "")
    assert len(hub.calls) == n_calls  # a commit never changes: nobody was asked


def test_a_branch_is_followed_and_a_commit_is_not(hub: FakeHub, model: Path) -> None:
    first = hub.put("me/tiny", own_contents(model))
    assert fetch("me/tiny").name == first
    second = hub.put("me/tiny", {**own_contents(model), "README.md": b"# New\n"})
    assert fetch("me/tiny").name == second
    assert fetch(f"me/tiny@{first}").name == first


def test_a_file_that_a_broken_download_left_out_is_fetched(hub: FakeHub, model: Path) -> None:
    hub.put("me/tiny", own_contents(model))
    directory = fetch("me/tiny")
    for name in ("vocab.json", "graph.onnx"):
        (directory / name).unlink()
        assert (fetch("me/tiny") / name).is_file()


def test_only_the_files_of_a_model_are_fetched(hub: FakeHub, model: Path) -> None:
    others = {"code.py": b"raise SystemExit", "pytorch_model.bin": b"\x80", "sub/config.json": b""}
    hub.put("me/tiny", {**own_contents(model), **others})
    assert {path.name for path in fetch("me/tiny").iterdir()} == set(own_contents(model))


@pytest.mark.parametrize(
    ("failure", "part"),
    [
        (refusal(401, RepositoryNotFoundError), "no such model on the hub, or a private one"),
        (refusal(403, GatedRepoError), "its owner has to grant access"),
        (refusal(404, RevisionNotFoundError), "it has no revision 'v1'"),
        (refusal(403), "access is refused (403)"),
        (refusal(400), "the hub refuses it"),
        (refusal(503), "the hub cannot be reached"),
        (ConnectionError("Name or service\nnot known"), "is not in the cache"),
        (RuntimeError("whatever a library raises"), "the hub cannot be reached"),
    ],
)
def test_a_fetch_that_fails_says_why(
    run, hub: FakeHub, model: Path, failure: Exception, part: str
) -> None:  # fmt: skip
    hub.put("me/tiny", own_contents(model))
    hub.failure = failure
    assert_one_line(run("predict", "-m", "hub:me/tiny@v1", "x"), 1, "hub:me/tiny", part)


def test_a_refusal_is_told_even_if_there_is_a_copy(hub: FakeHub, model: Path) -> None:
    hub.put("me/tiny", own_contents(model))
    fetch("me/tiny")
    hub.failure = refusal(403)
    with pytest.raises(ModelError, match="access is refused"):
        fetch("me/tiny")


def test_what_is_no_model_is_not_downloaded(hub: FakeHub) -> None:
    hub.put("me/bert", {"config.json": b"{}", "model.safetensors": b"", "README.md": b""})
    with pytest.raises(ModelError, match=r"hub:me/bert: not a model of a tagger.*vocab\.json"):
        fetch("me/bert")
    assert hub.calls == ["model_info"]


def test_a_download_that_breaks_off(
    hub: FakeHub, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(failure: Exception) -> Callable[..., str]:
        def download(*_: Any, local_files_only: bool = False, **__: Any) -> str:
            if local_files_only:
                raise huggingface_hub.errors.LocalEntryNotFoundError("not there")
            raise failure

        return download

    hub.put("me/tiny", own_contents(model))
    for failure, kind, part in (
        (ConnectionError("reset by peer"), ModelError, "interrupted"),
        (refusal(403, GatedRepoError), ModelError, "grant access"),
        (OSError(28, "No space left on device", "blob"), OSError, "No space left"),
    ):
        monkeypatch.setattr(huggingface_hub, "snapshot_download", broken(failure))
        with pytest.raises(kind, match=part):
            fetch("me/tiny")


def test_a_hub_that_does_not_answer_is_given_up(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr(tagger.hub, "_GIVE_UP_S", 0.05)
    monkeypatch.setattr(hub, "model_info", lambda *_, **__: threading.Event().wait(1))
    with pytest.raises(ModelError, match="no response within"):
        fetch("me/tiny")


def test_offline_by_choice(
    hub: FakeHub, model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    commit = hub.put("me/tiny", own_contents(model))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        fetch("me/tiny")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    fetch("me/tiny")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch("me/tiny").name == commit
    assert "HF_HUB_OFFLINE" in caplog.text


def test_a_plain_prediction_imports_nothing_of_the_hub(model: Path) -> None:
    code = (
        "import sys; from tagger.cli import main; sys.argv[0] = 'tagger'\n"
        "try: main()\n"
        "finally: print([m for m in ('huggingface_hub', 'yaml', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", "-m", str(model), SENTENCE],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{ANSWER}[]\n"


def test_errors_are_of_one_tree(hub: FakeHub, model: Path) -> None:
    hub.failure = refusal(403)
    with pytest.raises(TaggerError):
        push(model, "me/tiny")
