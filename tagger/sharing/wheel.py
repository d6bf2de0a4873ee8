"""A model as an installable wheel: data and an entry point, no code.

``pip install`` puts its files where `tagger.sharing.finding` finds them by the model's name. The
same model always gives the same bytes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import textwrap
import zipfile
from pathlib import Path

import tagger
from tagger.errors import UsageError
from tagger.files import check_new, write_file
from tagger.model.directory import SavedModel, read_model
from tagger.model.meta import LICENSE
from tagger.sharing.contents import Licence, body_of, licence_of, one_line, published_files
from tagger.sharing.finding import GROUP, HUB

SHIPPED = ("en", "en-base", "en-fast")
"""Models that come with `tagger`: their names are found there before any package."""

_NAME = re.compile(r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(  # the normal form of PEP 440, without epochs and local versions
    r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*((a|b|rc)(0|[1-9]\d*))?(\.post(0|[1-9]\d*))?"
    r"(\.dev(0|[1-9]\d*))?",
    re.ASCII,
)
_N_SUMMARY = 300
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can hold


def package(
    directory: Path,
    output: Path,
    *,
    name: str,
    version: str | None = None,
    force: bool = False,
) -> Path:
    """Write a model's wheel, whole or not at all.

    Args:
        directory: The model.
        output: The folder to write to, created if it does not exist.
        name: What the installed model is found by; its package is ``tagger-model-<name>``.
        version: The package's; if not given, the day the model was made, as in ``2026.11.21``.
        force: Replace an existing wheel.

    Raises:
        UsageError: An invalid name or version, or the wheel exists.
        ModelError: The model is incomplete or damaged.
        OSError: No space, no permission.
    """
    _check_name(name)
    saved = read_model(directory)
    version = version or _version_of(saved.meta.created)
    if _VERSION.fullmatch(version) is None:
        raise UsageError(
            f"{version!r} is not a version of a package in its normal form (PEP 440), as 1.0 or "
            "2.1.post1 are",
            hint="choose another {version}",
        )
    module = f"tagger_model_{re.sub(r'[-_.]+', '_', name).lower()}"
    path = output / f"{module}-{version}-py3-none-any.whl"
    check_new([path], force=force, hint="replace it with {force=True}, or give another {version}")
    licence = licence_of(directory, saved.meta)
    info = f"{module}-{version}.dist-info"
    contents = {f"{module}/__init__.py": b""}
    for file, source in published_files(directory).items():
        contents[f"{module}/{file}"] = source.read_bytes()
        if file == LICENSE:
            contents[f"{info}/licenses/{file}"] = source.read_bytes()
    contents |= {
        f"{info}/METADATA": _metadata(saved, licence, module, name, version).encode(),
        f"{info}/WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: tagger ({tagger.__version__})\n"
            "Root-Is-Purelib: true\nTag: py3-none-any\n"
        ).encode(),
        f"{info}/entry_points.txt": f"[{GROUP}]\n{name} = {module}\n".encode(),
    }
    contents[f"{info}/RECORD"] = _record(contents, f"{info}/RECORD")
    output.mkdir(parents=True, exist_ok=True)
    write_file(path, _zipped(contents), force=force)
    return path


def default_name(model: str) -> str:
    """Return the name in what a user calls a model: ``c3`` of ``models/c3`` or ``hub:me/c3@v1``."""
    if model.startswith(HUB):
        return model.partition("@")[0].rpartition("/")[2]
    return Path(model).resolve().name


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot name a package: letters, digits, '.', '_' and '-', the first and "
            "last a letter or digit",
            hint="choose another {name}",
        )
    if name in SHIPPED:
        raise UsageError(
            f"{name!r} comes with tagger, and would be found there first",
            hint="choose another {name}",
        )


def _version_of(created: str) -> str:
    """Spell a date as a version: ``2026-07-01`` is ``2026.7.1``."""
    return ".".join(part.lstrip("0") or "0" for part in created.split("-"))


def _metadata(saved: SavedModel, licence: Licence, module: str, name: str, version: str) -> str:
    heads = ", ".join(head.name for head in saved.heads) or "a base to train from"
    corpora = ", ".join(corpus.name for corpus in saved.meta.corpora)
    summary = one_line(f"A model for tagger: {heads}; learned from {corpora}")
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {module.replace('_', '-')}",
        f"Version: {version}",
        f"Summary: {textwrap.shorten(summary, _N_SUMMARY, placeholder=' …')}",
        f"License-Expression: {licence.spdx}" if licence.spdx else f"License: {licence.stated}",
        *([f"License-File: {LICENSE}"] if licence.has_text else []),
        # No Requires-Dist: pip would then install PyTorch and all else that a deployment which only
        # predicts leaves out (requirements-predict.txt).
        "Description-Content-Type: text/markdown",
        "",
        body_of(saved.card, name),
    ]
    return "\n".join(lines)


def _record(contents: dict[str, bytes], itself: str) -> bytes:
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    for name, content in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows.writerow([name, f"sha256={digest}", len(content)])
    rows.writerow([itself, "", ""])
    return file.getvalue().encode()


def _zipped(contents: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return file.getvalue()
