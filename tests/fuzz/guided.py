"""Feed inputs that reach new code to readers, tokenizer, configurations and models, with atheris.

``make fuzz`` runs it where atheris can be installed, after `run.py`, whose targets and right inputs
it shares. A fault is printed, and its input is written to the folder of faults; the run continues.
After faults the exit code is 1.

    python tests/fuzz/guided.py --seconds 60
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1])]


def main() -> None:
    """Look for faults in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--model", type=Path, help="A small one is trained if not given.")
    parser.add_argument("--faults", type=Path, default=Path("faults"))
    options = parser.parse_args()
    context = multiprocessing.get_context("fork")
    n_faults = context.Value("i", 0)
    options.faults.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:  # kept here: atheris ends its process at once
        process = context.Process(target=_fuzz, args=(options, Path(folder), n_faults))
        process.start()
        process.join()
    if not any(options.faults.iterdir()):
        options.faults.rmdir()
    sys.exit(bool(process.exitcode or n_faults.value))


def _fuzz(options: argparse.Namespace, folder: Path, n_faults: Synchronized[int]) -> None:
    """Choose a target by the first byte of each input, and count the faults."""
    import atheris

    for name in ("work", "inputs"):
        (folder / name).mkdir()
    with atheris.instrument_imports(include=["tagger"]):
        from tests.fuzz.targets import FaultError, check, seeds, small_model, targets

        model = options.model or small_model(folder)
        found = targets(folder / "work", model)
        names = sorted(found)
        for number, name in enumerate(names):
            for i, content in enumerate(seeds(name, HERE / "inputs", model)):
                check(found[name], content)  # imports what the target needs
                (folder / "inputs" / f"{name}-{i}").write_bytes(bytes([number]) + content)
    seen: set[str] = set()

    def one(content: bytes) -> None:
        if not content:
            return
        name = names[content[0] % len(names)]
        try:
            check(found[name], content[1:])
        except FaultError as fault:
            kind = f"{name}: {str(fault)[:60]}"
            if kind not in seen:
                seen.add(kind)
                n_faults.value += 1
                digest = hashlib.blake2b(content, digest_size=4).hexdigest()
                path = options.faults / f"{name}-{digest}"
                path.write_bytes(content[1:])
                print(f"fault: {kind} ({path})", flush=True)

    limits = [
        f"-artifact_prefix={options.faults}/",
        f"-max_total_time={options.seconds}",
        "-max_len=20000",
        "-rss_limit_mb=8000",
    ]
    atheris.Setup([sys.argv[0], *limits, str(folder / "inputs")], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
