"""Teachers from what users name them by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tagger.distillation.teachers.protocol import Teacher
from tagger.errors import ModelError, UsageError

SPACY, TRANSFORMER, FILE = "spacy:", "hf:", "file:"


def load_teachers(
    names: Sequence[str],
    objects: Mapping[str, Teacher],
    *,
    heads: Sequence[str],
    device: str,
    threads: int,
) -> list[Teacher]:
    """Load teachers.

    Args:
        names: Model directories, names of models, ``hub:owner/name``, ``spacy:PACKAGE``,
            ``hf:FOLDER``, ``file:ANSWERS.jsonl``.
        objects: By name those that are loaded already.
        heads: The heads that are asked for; empty for what each teacher is for.
        device: Where they run.
        threads: CPU threads; 0 for one a core.

    Raises:
        UsageError: None is named, or one twice, or a library is not installed.
        ModelError: One is missing or damaged.
        CorpusError: A file of answers cannot be read.
    """
    if not names:
        raise UsageError("no teacher is named", hint="name one, as in {teachers=en}")
    for i, name in enumerate(names):
        if name in names[:i]:
            raise UsageError(f"the same teacher twice: {name}", hint="name it once")
    return [objects.get(name) or _load(name, heads, device, threads) for name in names]


def answer_files(names: Sequence[str]) -> list[str]:
    """Return the paths of the teachers that are files, whose texts may be those to tag."""
    return [name.removeprefix(FILE) for name in names if name.startswith(FILE)]


def _load(name: str, heads: Sequence[str], device: str, threads: int) -> Teacher:
    for prefix, what in ((SPACY, "PACKAGE"), (TRANSFORMER, "FOLDER"), (FILE, "ANSWERS.jsonl")):
        if name == prefix:
            raise UsageError(
                f"nothing follows {name!r} in the name of the teacher",
                hint=f"name it as in {prefix}{what}",
            )
    if name.startswith(SPACY):
        from tagger.distillation.teachers.spacy_pipeline import SpacyTeacher

        return SpacyTeacher(name.removeprefix(SPACY), heads)
    if name.startswith(TRANSFORMER):
        from tagger.distillation.teachers.transformer import TransformerTeacher

        return TransformerTeacher(name.removeprefix(TRANSFORMER), heads, device=device)
    if name.startswith(FILE):
        from tagger.distillation.teachers.answer_file import AnswerFile

        return AnswerFile(Path(name.removeprefix(FILE)), heads)
    from tagger.distillation.teachers.own import OwnTeacher

    try:
        return OwnTeacher(name, device=device, threads=threads)
    except ModelError as error:
        if error.hint is None:
            error.hint = (
                f"if it is no model of `tagger`, name it {SPACY}{name}, {TRANSFORMER}{name} or "
                f"{FILE}{name}"
            )
        raise
