"""Teachers from what users name them by."""

from __future__ import annotations

from collections.abc import Sequence

from tagger.distillation.teachers.own import OwnTeacher
from tagger.distillation.teachers.protocol import Teacher
from tagger.errors import UsageError


def load_teachers(names: Sequence[str], *, device: str, threads: int) -> list[Teacher]:
    """Load teachers.

    Args:
        names: Model directories, names of models, or ``hub:owner/name``.
        device: Where they run.
        threads: CPU threads; 0 for one a core.

    Raises:
        UsageError: None is named, or one twice.
        ModelError: One is missing or damaged.
    """
    if not names:
        raise UsageError("name a teacher, as in {teachers=en}")
    for i, name in enumerate(names):
        if name in names[:i]:
            raise UsageError(f"the same teacher twice: {name}", hint="name it once")
    return [OwnTeacher(name, device=device, threads=threads) for name in names]
