"""Models on the Hugging Face hub: pushed with a card, downloaded into the cache of its library.

A model is fetched by the names of its files and nothing else is; none of them is executed.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tagger.errors import ModelError, TaggerError, UsageError
from tagger.hub import UnreachableError, ask, in_a_line, status
from tagger.model.directory import read_model
from tagger.model.meta import CARD, FILES, GRAPHS
from tagger.sharing.card import hub_card
from tagger.sharing.contents import OWN_FILES, licence_of, published_files

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

logger = logging.getLogger(__name__)

_REPO = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_REVISION = re.compile(r"\w[\w.-]*(/[\w.-]+)*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Pushed(NamedTuple):
    """Where a pushed model lies."""

    url: str
    """For people."""
    address: str
    """For ``-m``: ``hub:owner/name@commit``, which will always be this very model."""
    has_heads: bool
    """Whether it can tag; else it is a base."""


def fetch(address: str) -> Path:
    """Return the directory of a model on the hub, downloading it where the cache does not have it.

    A revision that is a commit is taken from the cache without a request. Without a network any
    other is taken from the cache, too, with a warning in the log.

    Args:
        address: ``owner/name`` or ``owner/name@revision``: a branch, a tag or a commit.

    Raises:
        UsageError: It is not an address.
        ModelError: There is no such model, access is refused, it is not a model of a tagger, or
            there is neither a network nor a copy in the cache.
    """
    name, revision = _parsed(address)
    if revision and _COMMIT.fullmatch(revision) and (cached := _cached(name, revision)):
        return cached
    try:
        commit, files = _asked(name, revision)
    except UnreachableError as error:
        cached = _cached(name, revision)
        if cached is None:
            raise ModelError(
                f"hub:{address}: the hub cannot be reached ({error}), and the model is not in the "
                "cache",
                hint="try again with a network, or copy its directory here",
            ) from None
        logger.warning(
            "hub:%s: the hub cannot be reached (%s); using revision %s from the cache",
            address,
            error,
            cached.name[:12],
        )
        return cached
    missing = [file for file in FILES if file not in files]
    if missing:
        raise ModelError(
            f"hub:{address}: not a model of a tagger, {', '.join(missing)} missing",
            hint="`tagger push` uploads one",
        )
    cached = _cached(name, revision)
    wanted = [file for file in OWN_FILES if file in files]
    if cached and cached.name == commit and all((cached / file).is_file() for file in wanted):
        return cached
    return _downloaded(name, revision)


def push(
    directory: Path,
    repo: str,
    *,
    private: bool = False,
    revision: str | None = None,
    message: str | None = None,
) -> Pushed:
    """Upload a model in one commit: its own files, and a card with the metadata of a hub.

    Args:
        directory: The model.
        repo: The repository, as ``owner/name``; created if it does not exist.
        private: Whether only its owner can read it; an existing one must be private already.
        revision: The branch, created if it does not exist; None for the main one.
        message: The message of the commit.

    Raises:
        UsageError: An invalid name or branch, or a public repository with ``private``.
        ModelError: The model is incomplete or damaged.
        TaggerError: No token, no right to write there, no network.
    """
    repo = repo.removeprefix("hub:")
    _check_names(repo, revision)
    saved = read_model(directory)
    card = hub_card(saved, licence_of(directory, saved.meta), repo)

    import huggingface_hub
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    if huggingface_hub.get_token() is None:
        raise TaggerError(
            "no token of the Hugging Face hub", hint="log in with `hf auth login`, or set HF_TOKEN"
        )
    api = huggingface_hub.HfApi(library_name="tagger")
    files = published_files(directory)
    with _pushing(repo), _quiet():
        url = str(api.create_repo(repo, private=private or None, exist_ok=True))
        if private and not api.model_info(repo).private:
            raise UsageError(
                f"{repo}: is public already",
                hint="make it private on the hub, or push without {private}",
            )
        if revision:
            api.create_branch(repo, branch=revision, exist_ok=True)
        there = api.list_repo_files(repo, revision=revision)
        commit = api.create_commit(
            repo,
            operations=[
                *(
                    CommitOperationAdd(file, card.encode() if file == CARD else str(path))
                    for file, path in files.items()
                ),
                # A graph of the model that was there before does not fit these weights.
                *(
                    CommitOperationDelete(file)
                    for file in GRAPHS.values()
                    if file in there and file not in files
                ),
            ],
            commit_message=message or f"Push a model of tagger {saved.meta.tagger_version}",
            revision=revision,
        )
    return Pushed(
        url=f"{url}/tree/{revision}" if revision else url,
        address=f"hub:{repo}@{commit.oid}",
        has_heads=bool(saved.heads),
    )


def _parsed(address: str) -> tuple[str, str | None]:
    name, at, revision = address.partition("@")
    _check_names(name, revision if at else None)
    return name, revision or None


def _check_names(repo: str, revision: str | None) -> None:
    """Check the names of a repository and a branch before a request.

    Raises:
        UsageError: They are invalid.
    """
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import HFValidationError

    if _REPO.fullmatch(repo) is None:
        raise UsageError(
            f"{repo!r} is not a name on the hub: owner/name, of letters, digits, '.', '_' and '-'"
        )
    try:
        hf_hub_url(repo, CARD)  # makes no request, but checks the name
    except HFValidationError as error:
        raise UsageError(f"{repo!r} is not a name on the hub: {in_a_line(str(error))}") from None
    if revision is not None and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise UsageError(f"{revision!r} is not a name of a branch, tag or commit")


def _asked(name: str, revision: str | None) -> tuple[str, set[str]]:
    """Request the commit of a revision, and the names of its files."""
    import huggingface_hub
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError

    if constants.HF_HUB_OFFLINE:
        raise UnreachableError("HF_HUB_OFFLINE is set")

    def commit_and_files(timeout: float) -> tuple[str, set[str]]:
        info = huggingface_hub.HfApi(library_name="tagger").model_info(
            name, revision=revision, timeout=timeout
        )
        return str(info.sha), {file.rfilename for file in info.siblings or ()}

    try:
        return ask(commit_and_files)
    except HfHubHTTPError as error:
        raise _refused(name, revision, error) from None


def _cached(name: str, revision: str | None) -> Path | None:
    """Return the directory of a complete model in the cache."""
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        path = Path(
            huggingface_hub.snapshot_download(
                name, revision=revision, allow_patterns=[*OWN_FILES], local_files_only=True
            )
        )
    except LocalEntryNotFoundError:
        return None
    return path if all((path / file).is_file() for file in FILES) else None


def _downloaded(name: str, revision: str | None) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    try:
        with _quiet():
            path = huggingface_hub.snapshot_download(
                name, revision=revision, allow_patterns=[*OWN_FILES], library_name="tagger"
            )
    except HfHubHTTPError as error:
        raise _refused(name, revision, error) from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # no space, no permission
        raise ModelError(
            f"hub:{name}: the download was interrupted ({in_a_line(error)})", hint="try again"
        ) from None
    return Path(path)


def _refused(name: str, revision: str | None, error: HfHubHTTPError) -> ModelError:
    from huggingface_hub.errors import (
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, RevisionNotFoundError):
        why = f"it has no revision {revision!r}"
    elif isinstance(error, GatedRepoError):
        why = (
            f"its owner has to grant access, at https://huggingface.co/{name}; "
            "then log in with `hf auth login`"
        )
    elif isinstance(error, RepositoryNotFoundError):
        why = "no such model on the hub, or a private one; for yours, log in with `hf auth login`"
    elif status(error) in (401, 403):
        why = f"access is refused ({status(error)}); log in with `hf auth login`"
    else:
        why = f"the hub refuses it ({in_a_line(error)})"
    return ModelError(f"hub:{name}: {why}")


@contextmanager
def _pushing(repo: str) -> Iterator[None]:
    """Turn errors of the hub's library into one line."""
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    try:
        yield
    except TaggerError:
        raise
    except HfHubHTTPError as error:
        code = status(error)
        detail = in_a_line(error.server_message or error).rstrip(".")
        if code == 401:
            why = "the token is refused (401); log in again with `hf auth login`"
        elif code == 403 or isinstance(error, RepositoryNotFoundError):
            why = (
                f"no permission to write ({code}: {detail}); use your own name and a "
                "token that may write"
            )
        else:
            why = f"the hub refuses it ({detail})"
        raise TaggerError(f"{repo}: nothing was pushed, {why}") from None
    except Exception as error:  # the classes differ between versions of the hub's library
        if isinstance(error, OSError) and error.errno is not None and error.filename:
            raise
        raise TaggerError(
            f"{repo}: nothing was pushed, the hub could not be reached or did not respond "
            f"({in_a_line(error)})",
            hint="try again with a network",
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Show the library's progress only in a terminal."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if sys.stderr.isatty() or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
