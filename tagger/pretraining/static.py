"""Static word vectors by floret, fastText's successor, in a separate process.

floret ignores Ctrl-C for minutes; a process can be stopped.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tagger.errors import TrainingError, UsageError
from tagger.extras import install_hint

_PROGRAM = """
import sys, floret
text, out, dim, window, min_count, epochs, threads = sys.argv[1:]
floret.train_unsupervised(
    text, model="skipgram", mode="fasttext", dim=int(dim), ws=int(window), minCount=int(min_count),
    epoch=int(epochs), thread=int(threads), minn=0, maxn=0, bucket=0, lr=0.05, verbose=2,
).save_vectors(out)
"""
# Its own program, so that neither `tagger` nor torch is imported once more.

_PROGRESS = re.compile(rb"Progress:\s+([\d.]+)%.*?words/sec/thread:\s+(\d+)")


def check_floret() -> None:
    """Check that floret is installed.

    Raises:
        UsageError: It is not.
    """
    from importlib.util import find_spec

    if find_spec("floret") is None:
        raise UsageError("pretraining needs floret", hint=install_hint("pretrain"))


def train_vectors(
    text: Path,
    output: Path,
    *,
    dim: int,
    window: int,
    min_count: int,
    epochs: int,
    threads: int,
    report: Callable[[float, int], None],
) -> None:
    """Train skip-gram vectors (Mikolov et al. 2013) and write them in word2vec's text format.

    Args:
        text: Tokens separated by spaces, a sentence a line.
        output: The file to write; it is there only when it is complete.
        dim: Size of a vector.
        window: Words to each side.
        min_count: How often a word must occur.
        epochs: Passes over the text.
        threads: CPU threads; with more than one no run equals another.
        report: Receives the share that is done, and words per second.

    Raises:
        TrainingError: floret failed; with its message.
    """
    temporary = output.with_name(f"{output.name}.tmp")
    arguments = [text, temporary, dim, window, min_count, epochs, threads]
    command = [sys.executable, "-c", _PROGRAM, *map(str, arguments)]
    output_tail = b""
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            while block := process.stderr.read1(4096):  # type: ignore[attr-defined]
                output_tail = (output_tail + block)[-4096:]
                if found := _PROGRESS.findall(output_tail):
                    share, speed = found[-1]
                    report(float(share) / 100, int(speed) * threads)
            process.wait()
        finally:
            process.kill()
    if process.returncode != 0:
        detail = output_tail.decode(errors="replace").strip().splitlines() or ["no message"]
        raise TrainingError(f"word vectors could not be trained ({detail[-1]})", path=text)
    try:
        _check_complete(temporary)
    except TrainingError:
        temporary.unlink()
        raise
    temporary.replace(output)


def _check_complete(path: Path) -> None:
    """Check that all vectors were written: floret does not notice that a disk is full."""
    with path.open("rb") as file:
        header = file.readline().split()
        n_lines, last = 0, b""
        for line in file:
            n_lines, last = n_lines + 1, line
    expected, dim = map(int, header) if len(header) == 2 else (0, 0)
    if n_lines != expected or len(last.split()) < dim + 1 or not last.endswith(b"\n"):
        raise TrainingError(
            f"{n_lines:,} of {expected:,} word vectors were written; the disk may be full",
            path=path,
            hint="free some space and resume with {resume=True}",
        )
