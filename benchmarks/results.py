"""Train corpora over several seeds and print their test scores, mean ± sd, as a Markdown table.

    TAGGER_DATA=… python benchmarks/results.py --seeds 1,2,3 wnut17 ud_en_ewt
    TAGGER_DATA=… python benchmarks/results.py --from en-base wnut17

Each run is ``tagger train`` with its defaults; what is finished is not trained again, and what was
stopped is resumed. Models go to ``models/results/<corpus>[-from-<base>]-<seed>``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from tagger.cli.failures import one_line_errors
from tagger.model.meta import META, Meta, read_meta
from tagger.tables import markdown_table, mean_sd

OPTIONS = {
    "conll2003": ["--heads", "ner,pos,chunk"],
    "mit_movie_trivia": ["--columns", "ner,token"],
}
CORPORA = ("conll2003", "wnut17", "ud_en_ewt", "uner_zh_gsdsimp", "mit_movie_trivia")


def command(corpus: str, seed: int, output: Path, threads: int, base: str) -> list[str]:
    """Return the command of one run."""
    options = [*OPTIONS.get(corpus, []), *(["--from", base] if base else [])]
    options += ["-o", str(output), "--seed", str(seed)]
    return ["tagger", "train", corpus, *options, *(["--threads", str(threads)] if threads else [])]


def run(corpus: str, seed: int, threads: int, base: str) -> Meta:
    """Train or resume a run, or read its scores."""
    start = f"-from-{Path(base).name}" if base else ""
    output = Path("models/results") / f"{corpus}{start}-{seed}"
    if not (output / META).is_file():
        line = command(corpus, seed, output, threads, base)
        if (output / "last").is_dir():
            line.append("--resume")
        print(" ".join(line), file=sys.stderr, flush=True)
        if code := subprocess.run([sys.executable, "-m", *line], stdout=sys.stderr).returncode:
            sys.exit(code)  # the training has printed why
    return read_meta(output)


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="*", default=CORPORA)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--threads", type=int, default=0, help="0 for one a core")
    parser.add_argument("--from", dest="base", default="", help="a base to start from")
    arguments = parser.parse_args()
    rows = []
    for corpus in arguments.corpora:
        seeds = map(int, arguments.seeds.split(","))
        metas = [run(corpus, seed, arguments.threads, arguments.base) for seed in seeds]
        heads = metas[0].test_scores[corpus]
        seconds = statistics.mean(meta.seconds for meta in metas)
        for head in heads:
            dev = mean_sd([100 * meta.dev_scores[head] for meta in metas])
            test = mean_sd([100 * meta.test_scores[corpus][head] for meta in metas])
            shown = f"`{' '.join(command(corpus, 1, Path('models/m'), 0, arguments.base))}`"
            rows.append([corpus, head, dev, test, f"{seconds:.0f}", shown])
    print("\n".join(markdown_table(["corpus", "head", "dev", "test", "s", "command"], rows)))


if __name__ == "__main__":
    with one_line_errors():
        main()
