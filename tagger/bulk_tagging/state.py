"""The state of an output folder: its job, and a mark for each finished shard.

::

    OUT/_manifest.json        the job: all that results depend on
    OUT/_done/NAME.json       written after OUT/NAME.parquet is complete: its shard and numbers
    OUT/_summary.json         the sum of all marks
    OUT/_tmp/                 files that are being written

Each mark is a file, so that any number of processes on any machines work on one folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from tagger.bulk_tagging.job import Job, differences
from tagger.bulk_tagging.sinks import SUFFIXES
from tagger.bulk_tagging.sources.rows import Shard, fingerprint
from tagger.bulk_tagging.storage import TEMPORARY, Folder
from tagger.bulk_tagging.tally import Tally
from tagger.errors import UsageError
from tagger.files import is_part
from tagger.lines import NOT_JSON

MANIFEST, SUMMARY, DONE = "_manifest.json", "_summary.json", "_done"
_LOCK = "_lock-{}-{}"
_AT_ONCE = 16
_NEW = "start again with {force=True}, or name another folder with {output}"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A finished shard."""

    job: str
    """Digest of the job."""
    name: str
    """Of the shard."""
    fingerprint: str
    file: str
    """Its output."""
    n_bytes: int
    tally: Tally


def digest(job: Job) -> str:
    """Identify a job; its model may lie elsewhere on another machine."""
    return fingerprint(msgspec.json.encode(msgspec.structs.replace(job, model="")))


def read_manifest(folder: Folder) -> Job | None:
    """Read the job of a folder; None where there is none or it is damaged."""
    content = folder.read(MANIFEST)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=Job)
    except NOT_JSON:
        return None


def check_folder(folder: Folder, sizes: Mapping[str, int]) -> None:
    """Check that a folder is ours or empty.

    Raises:
        UsageError: It holds other files.
    """
    ours = ("_lock-", f"{TEMPORARY}/")
    foreign = [name for name in sizes if not (name.startswith(ours) or is_part(name))]
    if MANIFEST not in sizes and foreign:
        raise UsageError(
            f"holds other files ({', '.join(foreign[:3])}), not results of `tagger bulk`",
            path=folder.address,
            hint="name another folder with {output}",
        )


def begin(folder: Folder, job: Job, sizes: Mapping[str, int]) -> None:
    """Write the manifest of a folder that has none, and check that it is that of this job.

    Raises:
        UsageError: It is of another one, perhaps of a process that began at the same time.
    """
    if MANIFEST not in sizes:
        folder.write(MANIFEST, msgspec.json.format(msgspec.json.encode(job)))
    earlier = read_manifest(folder)
    if earlier is None:
        raise UsageError("damaged", path=folder.shown(MANIFEST), hint=_NEW)
    if changed := differences(earlier, job):
        raise UsageError(
            f"holds the results of another job: {'; '.join(changed)}",
            path=folder.address,
            hint=_NEW,
        )


def clear(folder: Folder, sizes: Mapping[str, int]) -> None:
    """Remove all results, and the manifest last, so that a kill leaves a folder that is ours."""
    marked = [name for name in sizes if name.startswith(f"{DONE}/")]
    outputs = {
        name.removeprefix(f"{DONE}/").removesuffix(".json") + suffix
        for name in marked
        for suffix in SUFFIXES.values()
    }
    # Marks before their outputs: what has a mark is there.
    for name in (*marked, *(outputs & sizes.keys()), SUMMARY, MANIFEST):
        folder.remove([folder.path_of(name)])
    folder.remove_temporaries()


def write_mark(folder: Folder, mark: Mark) -> None:
    """Mark a shard as finished."""
    folder.write(f"{DONE}/{mark.name}.json", msgspec.json.encode(mark))


def finished(
    folder: Folder, job: Job, shards: Sequence[Shard], sizes: Mapping[str, int]
) -> dict[str, Mark]:
    """Read the marks of shards whose results are there, by name.

    A shard whose input has changed since, or whose output is missing or cut, is not among them.

    Raises:
        UsageError: There are results of input that is not given any more.
    """
    names = [name for name in sizes if name.startswith(f"{DONE}/") and name.endswith(".json")]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        contents = list(pool.map(folder.read, names))
    of_job, planned = digest(job), {shard.name: shard for shard in shards}
    found: dict[str, Mark] = {}
    for name, content in zip(names, contents, strict=True):
        try:
            mark = msgspec.json.decode(content or b"", type=Mark)
        except NOT_JSON:
            continue
        if mark.name not in planned:
            raise UsageError(
                f"holds results of input that is not given: {mark.file} ({name})",
                path=folder.address,
                hint=f"add that input, or {_NEW}",
            )
        is_same = (mark.job, mark.fingerprint) == (of_job, planned[mark.name].fingerprint)
        if is_same and sizes.get(mark.file) == mark.n_bytes:
            found[mark.name] = mark
    return found


def total(marks: Iterable[Mark]) -> Tally:
    """Sum the numbers of shards, in the order of their names."""
    tally = Tally()
    for mark in sorted(marks, key=lambda one: one.name):
        tally.add(mark.tally)
    return tally


@contextmanager
def locked(folder: Folder, part: tuple[int, int]) -> Iterator[None]:
    """Keep a second process of the same part out of a folder on this machine.

    Raises:
        UsageError: Another process works on it.
    """
    if not folder.is_local:
        yield  # two would do the same work twice, and write the same
        return
    path = Path(folder.path_of(_LOCK.format(*part)))
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError("another process is writing there", path=folder.address) from None
    try:
        yield
    finally:
        lock.release()
        path.unlink(missing_ok=True)
