"""Write the locks: the pins of constraints.txt with the hashes of all their files.

    make lock

build.txt, torch.txt, base.txt, dev.txt and docs.txt are installed in this order. torch.txt and
base.txt are what `tagger` needs, dev.txt and docs.txt have what comes on top. A pin has the hashes
of the files for all platforms. CUDA libraries, which PyTorch pins itself and only some machines
need, are not in constraints.txt and therefore not in the locks. tools.txt is apart.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
SOURCES = {
    "build": [str(HERE / "build.in")],
    "base": ["pyproject.toml"],
    "dev": ["pyproject.toml", "--extra", "dev", "--extra", "all"],
    "docs": ["pyproject.toml", "--extra", "docs"],
}
HASH = re.compile("sha256:[0-9a-f]{64}")
TITLE = "# Made by `make lock`: versions of constraints.txt with the hashes of their files.\n"


def compiled(*arguments: str) -> dict[str, str]:
    """Resolve requirements with uv; return each package's entry by its name."""
    command = ["uv", "pip", "compile", "--universal", "-q"]
    command += ["--python-version", "3.11.5", "--no-python-downloads"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", *arguments]
    tool = [str(Path(sys.executable).parent / command[0]), *command[1:]]
    done = subprocess.run(tool, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    entries: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", done.stdout.strip()):
        name = canonical(re.split("[=<>~; ]", entry)[0])
        entries[name] = entries.get(name, "") + entry + "\n"
    return entries


def canonical(name: str) -> str:
    """Return a package's name as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def with_local_build(entry: str) -> str:
    """Add the hash of the file that pip takes here: a CPU build of PyTorch is not on PyPI."""
    requirement = entry.split()[0]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder]
        subprocess.run([*command, requirement], check=True)
        (file,) = Path(folder).iterdir()
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    hashes = {f"sha256:{digest}", *HASH.findall(entry)}
    before = HERE / "torch.txt"
    if before.exists() and requirement in (text := before.read_text("utf-8")):
        hashes |= set(HASH.findall(text))
    lines = [requirement, *(f"    --hash={one}" for one in sorted(hashes))]
    return " \\\n".join(lines) + "\n"


def main() -> None:
    """Write all locks."""
    pins = (ROOT / "constraints.txt").read_text("utf-8").split()
    pinned = {canonical(pin.split("==")[0]) for pin in pins}
    seen: set[str] = set()
    used: set[str] = set()
    left_out: set[str] = set()
    for name, arguments in SOURCES.items():
        found = compiled(*arguments, "-c", "constraints.txt")
        left_out |= found.keys() - pinned
        entries = {one: found[one] for one in sorted(found.keys() & pinned - seen)}
        used |= entries.keys()
        if name != "build":
            seen |= entries.keys()
        if "torch" in entries:
            write("torch", {"torch": with_local_build(entries.pop("torch"))})
        write(name, entries)
        print(f"locks/{name}.txt: {len(entries)} packages")
    print("not in constraints.txt:", ", ".join(sorted(left_out)))
    for unused in sorted(pinned - used):
        print(f"constraints.txt: nothing needs {unused}")
    write("tools", compiled(str(HERE / "tools.in"), "-c", "constraints.txt"))


def write(name: str, entries: dict[str, str]) -> None:
    """Write one lock."""
    (HERE / f"{name}.txt").write_text(TITLE + "".join(entries.values()), encoding="utf-8")


if __name__ == "__main__":
    main()
