"""Train peers on a corpus and print how well and how fast they tag it, mean ± sd over seeds.

    pip install -r benchmarks/peers/requirements.txt
    TAGGER_DATA=… python benchmarks/peers/accuracy.py wnut17
    TAGGER_DATA=… python benchmarks/peers/accuracy.py ud_en_ewt --heads upos,xpos --peers spacy
    TAGGER_DATA=… python benchmarks/peers/accuracy.py mit_movie_trivia --columns ner,token

Corpora, splits, gold tokens and scores are those of ``tagger train``: where a corpus has no dev
split, the same sentences are cut from train with the same seed. Each head has its own model. A
peer in which nothing is random is trained once, unless the seeds cut off different dev splits.
Training seconds count features, training, scoring dev on the way and writing the model.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from common import Peer, tagged
from crfsuite import CRFsuite
from spacy_recipe import SpacyRecipe

from tagger.cli.failures import one_line_errors
from tagger.cli.output import console
from tagger.config import Config, CorpusConfig, TrainingConfig
from tagger.corpus import Corpus
from tagger.errors import UsageError, unknown_name
from tagger.evaluation.scores import score_spans, score_tokens
from tagger.files import write_file
from tagger.model.heads import HeadSpec
from tagger.tables import markdown_table, mean_sd, plain_table
from tagger.training.preparation import prepare

PEERS: dict[str, Peer] = {peer.name: peer for peer in (CRFsuite(), SpacyRecipe())}
HEADER = ("corpus", "head", "peer", "dev", "test", "train s", "CPU s", "MB", "tokens/s")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The measurements of one model."""

    corpus: str
    head: str
    peer: str
    version: str
    seed: int
    scores: dict[str, float]
    """F1 of spans or accuracy of tags by split, ``dev`` and ``test``."""
    train_seconds: float
    """Wall time."""
    train_cpu_seconds: float
    n_bytes: int
    """Of the model on disk."""
    tokens_per_second: float
    """Of tagging the last of the splits, batches and features included."""


def choose(names: str) -> list[Peer]:
    """Find the peers asked for.

    Raises:
        UsageError: One is unknown or not installed.
    """
    chosen = []
    for name in names.split(","):
        if name not in PEERS:
            raise UsageError(unknown_name("peer", name, PEERS))
        try:
            version(PEERS[name].package)
        except PackageNotFoundError:
            package = PEERS[name].package
            raise UsageError(
                f"{package} is not installed: pip install -r benchmarks/peers/requirements.txt, "
                "or choose other peers with --peers"
            ) from None
        chosen.append(PEERS[name])
    return chosen


def load(
    source: str, heads: str, columns: str, seed: int, max_sentences: int | None
) -> tuple[Corpus, Sequence[HeadSpec]]:
    """Load a corpus as ``tagger train`` does, and the heads to train on it."""
    config = Config(
        heads=tuple(heads.split(",")) if heads else (),
        corpora={source: CorpusConfig(columns=columns)},
        training=TrainingConfig(seed=seed),
    )
    prepared = prepare([source], config)
    print(*prepared.notes, sep="\n", end="\n" if prepared.notes else "", file=sys.stderr)
    corpus = prepared.corpora[0]
    if max_sentences:
        splits = {
            name: split.select(range(min(max_sentences, len(split))))
            for name, split in corpus.splits.items()
        }
        corpus = replace(corpus, splits=splits)
    return corpus, prepared.heads


def measure(peer: Peer, corpus: Corpus, head: HeadSpec, seed: int, output: Path) -> Run:
    """Train a peer on one head and score it on dev and test."""
    print(f"{corpus.name} {head.name}: {peer.name}, seed {seed}", file=sys.stderr, flush=True)
    started, started_cpu = time.perf_counter(), time.process_time()
    model = peer.train(corpus, head, seed, output)
    train_seconds = time.perf_counter() - started
    train_cpu_seconds = time.process_time() - started_cpu
    scores, speed = {}, 0.0
    for split in ("dev", "test"):
        if split not in corpus.splits:
            continue
        sentences, gold = map(list, zip(*tagged(corpus.splits[split], head.name), strict=True))
        started = time.perf_counter()
        predicted = peer.predict(model, sentences)
        speed = sum(map(len, sentences)) / (time.perf_counter() - started)
        score = score_spans if head.kind == "span" else score_tokens
        scores[split] = score(gold, predicted).main
    return Run(
        corpus=corpus.name,
        head=head.name,
        peer=peer.name,
        version=version(peer.package),
        seed=seed,
        scores=scores,
        train_seconds=train_seconds,
        train_cpu_seconds=train_cpu_seconds,
        n_bytes=sum(path.stat().st_size for path in output.rglob("*") if path.is_file()),
        tokens_per_second=speed,
    )


def row(runs: Sequence[Run]) -> list[str]:
    """Return the row of one peer and head over its seeds; see `HEADER`."""
    first = runs[0]
    return [
        first.corpus,
        first.head,
        f"{first.peer} {first.version}",
        *(
            mean_sd([100 * r.scores[split] for r in runs if split in r.scores])
            for split in ("dev", "test")
        ),
        f"{statistics.mean(r.train_seconds for r in runs):.0f}",
        f"{statistics.mean(r.train_cpu_seconds for r in runs):.0f}",
        f"{statistics.mean(r.n_bytes for r in runs) / 1e6:.1f}",
        f"{statistics.mean(r.tokens_per_second for r in runs):,.0f}",
    ]


def show(runs: Sequence[Run]) -> None:
    """Print a table for the terminal and one in Markdown."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.head, run.peer), []).append(run)
    rows = [row(group) for group in groups.values()]
    console().print(plain_table(HEADER, rows, left=range(3)))
    print("", *markdown_table(HEADER, rows), sep="\n")


def benchmark(arguments: argparse.Namespace) -> list[Run]:
    """Train and score what is requested; each result is added to the JSON file at once."""
    from threadpoolctl import threadpool_limits

    runs: list[Run] = []
    peers = choose(arguments.peers)

    def write() -> None:
        if arguments.json:
            text = msgspec.json.format(msgspec.json.encode(runs), indent=2)
            write_file(arguments.json, text + b"\n")

    write()
    with TemporaryDirectory() as temporary, threadpool_limits(arguments.threads or None):
        folder = arguments.keep or Path(temporary)
        for i, seed in enumerate(arguments.seeds):
            corpus, heads = load(
                arguments.corpus, arguments.heads, arguments.columns, seed, arguments.max_sentences
            )
            for head in heads:
                for peer in peers:
                    if i > 0 and not peer.is_seeded and "dev" in corpus.files:
                        continue
                    output = folder / f"{corpus.name}-{head.name}-{peer.name}-{seed}"
                    runs.append(measure(peer, corpus, head, seed, output))
                    write()
    return runs


def numbers(text: str) -> list[int]:
    """Read ``1,2,3``."""
    return [int(part) for part in text.split(",")]


def natural(text: str) -> int:
    """Read a number from 1 on."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", help="a name, folder, file or hub:owner/name")
    parser.add_argument("--columns", default="", help="the columns of its files")
    parser.add_argument("--heads", default="", help="as in upos,xpos; the corpus's main heads")
    parser.add_argument("--peers", default=",".join(PEERS), help="%(default)s")
    parser.add_argument("--seeds", type=numbers, default=[1, 2, 3], help="1,2,3")
    parser.add_argument("--threads", type=int, default=1, help="of matrix products; 0 for all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run there")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the models there")
    parser.add_argument("--max-sentences", type=natural, help="of each split, to try it out")
    show(benchmark(parser.parse_args()))


if __name__ == "__main__":
    with one_line_errors():
        main()
