"""Feed changed inputs to readers, tokenizer, configurations and models until the time is up.

``make fuzz`` runs it for an hour. A fault is printed, and the input that caused it is written to
the folder of faults; the run continues. At the end the counts are printed; after faults the exit
code is 1.

    python tests/fuzz/run.py --seconds 60
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1])]

from tests.fuzz.hostile import changed  # noqa: E402
from tests.fuzz.targets import FaultError, check, seeds, small_model, targets  # noqa: E402


def main() -> None:
    """Run all targets in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--model", type=Path, help="A small one is trained if not given.")
    parser.add_argument("--only", default="", help="Run targets whose name begins so.")
    parser.add_argument("--faults", type=Path, default=Path("faults"))
    options = parser.parse_args()
    seed = time.time_ns() % 2**32 if options.seed is None else options.seed
    source = random.Random(seed)
    print(f"seed {seed}")
    counts: Counter[str] = Counter()
    read: Counter[str] = Counter()
    faults: dict[str, str] = {}
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
        model = options.model or small_model(Path(folder))
        found = targets(Path(folder), model)
        names = [name for name in found if name.startswith(options.only)]
        rights = {name: seeds(name, HERE / "inputs", model) for name in names}
        everything = tuple(one for some in rights.values() for one in some if len(one) < 5000)
        pools = {name: list(some) or [b""] for name, some in rights.items()}
        # Files of models take several times as long as small inputs.
        weights = [0.3 if name.startswith("model-") else 1.0 for name in names]
        deadline = time.monotonic() + options.seconds
        while time.monotonic() < deadline:
            (name,) = source.choices(names, weights)
            pool = pools[name]
            content = changed(source.choice(pool), source, others=everything)
            counts[name] += 1
            try:
                if check(found[name], content):
                    read[name] += 1
                    _keep(pool, content, source)
            except FaultError as fault:
                kind = f"{name}: {_kind(fault)}"
                if kind not in faults:
                    options.faults.mkdir(exist_ok=True)
                    digest = hashlib.blake2b(content, digest_size=4).hexdigest()
                    path = options.faults / f"{name}-{digest}"
                    path.write_bytes(content)
                    faults[kind] = str(path)
                    print(f"{kind} ({path})", flush=True)
    for name in names:
        print(f"{name:<24} {counts[name]:>9,} inputs, {read[name]:>9,} read")
    print(f"{counts.total():,} inputs, {read.total():,} read, {len(faults)} kinds of faults")
    sys.exit(bool(faults))


def _keep(pool: list[bytes], content: bytes, source: random.Random) -> None:
    """Keep some inputs that were read: changes to them reach further than to a right one."""
    if len(content) > 4_000 or source.random() > 0.1:
        return
    if len(pool) < 200:
        pool.append(content)
    else:
        pool[source.randrange(20, len(pool))] = content


def _kind(fault: FaultError) -> str:
    cause = fault.__cause__
    if cause is None or cause.__traceback__ is None:
        return str(fault).partition(" ")[2][:40] or str(fault)
    at = cause.__traceback__
    while at.tb_next is not None and "tests/fuzz" in at.tb_frame.f_code.co_filename:
        at = at.tb_next
    last = at
    while last.tb_next is not None:
        last = last.tb_next
        if "tagger/" in last.tb_frame.f_code.co_filename:
            at = last
    where = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"
    return f"{type(cause).__name__} at {where}: {str(cause)[:80]}"


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    main()
