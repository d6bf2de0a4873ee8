"""What a distillation was started with, kept in its output until it ends."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tagger.config import Config
from tagger.distillation.labels import Unmapped
from tagger.errors import ModelError, UsageError
from tagger.files import existing_directory
from tagger.lines import NOT_JSON
from tagger.training.output import DISTILLATION, LAST, check_output

ANSWERS = "answers"
"""The folder of the answers in the output, where the user names none."""


class Distillation(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of a distillation, so that it can be resumed."""

    config: Config
    texts: tuple[str, ...]
    teachers: tuple[str, ...]
    corpora: tuple[str, ...] = ()
    label_map: dict[str, str] = {}
    unmapped: Unmapped = "error"
    answers: str = ""
    """The folder of the answers; empty for that in the output."""
    base: str = ""
    data_dir: str = ""
    strict: bool = False
    trained: bool = False
    """Whether the student is complete, and only the comparison with its teachers is missing."""


def stored(output: Path) -> Distillation:
    """Read the inputs of the distillation in a directory.

    Raises:
        ModelError: They are damaged.
    """
    try:
        return msgspec.json.decode((output / DISTILLATION).read_bytes(), type=Distillation)
    except (OSError, *NOT_JSON) as error:
        raise ModelError(
            f"damaged ({error})", path=output / DISTILLATION, hint="start again with {force=True}"
        ) from None


def check_distillation(output: Path, *, resume: bool, force: bool) -> None:
    """Check that nothing is overwritten by accident, and that there is something to resume.

    Raises:
        UsageError: There is a model or an unfinished one, or nothing to resume.
    """
    is_begun = (output / DISTILLATION).is_file()
    if resume and not is_begun:
        is_training = existing_directory(output / LAST) is not None
        raise UsageError(
            "a training, no distillation" if is_training else "no distillation there to resume",
            path=output,
            hint="resume it with `tagger train`" if is_training else "leave out {resume=True}",
        )
    if resume:
        return
    if not is_begun:
        check_output(output, force=force, resume=False)
    elif not force:
        raise UsageError(
            "an unfinished distillation",
            path=output,
            hint="resume it with {resume=True} or start again with {force=True}",
        )
