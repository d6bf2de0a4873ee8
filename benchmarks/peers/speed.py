"""Time peers and this tagger on the same raw sentences, in turns, and print the ratios.

    TAGGER_DATA=… python benchmarks/peers/accuracy.py conll2003 --seeds 1 --keep models/peers
    TAGGER_DATA=… python benchmarks/peers/speed.py models/c3 conll2003 \\
        --spacy models/peers/conll2003-ner-spacy-1 \\
        --crfsuite models/peers/conll2003-ner-crfsuite-1

Every round times each system once, on one core and then on two (pinned); the systems take turns.
Words are what stands between white space, so that they are the same for all. F1 is of character
spans. On two cores this tagger and spaCy run two processes each, whose start is not counted.
A cold start is a process of its own from command to answer.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

import tagger
from tagger.cli.failures import one_line_errors
from tagger.corpus import load_corpus
from tagger.evaluation.raw import raw_texts
from tagger.insight.benchmark import SENTENCE, run_cold
from tagger.runtime.engines.protocol import Precision
from tagger.tables import markdown_table

if TYPE_CHECKING:
    from spacy.language import Language

Spans = list[tuple[int, int, str]]
SPACY = (
    "import sys, spacy\n"
    "print([(e.text, e.label_) for e in spacy.load(sys.argv[1])(sys.argv[2]).ents])"
)


def ours(model: str, precision: Precision | None) -> Callable[[Sequence[str]], list[Spans]]:
    """This tagger on one core."""
    loaded = tagger.load(model, threads=1, precision=precision)

    def run(texts: Sequence[str]) -> list[Spans]:
        found = loaded.batch(texts, ["ner"])
        return [[(e.start, e.end, e.label) for e in document.entities] for document in found]

    return run


def with_spacy(model: str) -> Callable[[Sequence[str]], list[Spans]]:
    """spaCy's pipeline on one core."""
    import spacy

    return piped(spacy.load(model))


def in_spacy(model: str) -> Callable[[Sequence[str]], list[Spans]]:
    """This tagger as a component of spaCy, after spaCy's tokenizer."""
    import spacy

    nlp = spacy.blank("en")
    config = {"model": model, "heads": {"ner": "ents"}, "set_sentences": False}
    nlp.add_pipe("recurrent_tagger", config=config)
    return piped(nlp)


def piped(nlp: Language) -> Callable[[Sequence[str]], list[Spans]]:
    """The entities of ``nlp.pipe``."""

    def run(texts: Sequence[str]) -> list[Spans]:
        return [[(e.start_char, e.end_char, e.label_) for e in d.ents] for d in nlp.pipe(texts)]

    return run


def with_crfsuite(model: str, tokens_by: str) -> Callable[[Sequence[str]], list[Spans]]:
    """CRFsuite on one core, after this tagger's tokenizer."""
    from crfsuite import CRFsuite

    from tagger.schemes import Scheme, spans

    peer = CRFsuite()
    loaded = peer.load(Path(model))
    splitter = tagger.load(tokens_by).splitter

    def run(texts: Sequence[str]) -> list[Spans]:
        answers = []
        for text in texts:
            found: Spans = []
            for offsets in splitter.sentences(text):
                (tags,) = peer.predict(loaded, [[text[start:end] for start, end in offsets]])
                found += [
                    (offsets[first][0], offsets[past - 1][1], label)
                    for first, past, label in spans(tags, Scheme.BIO)
                ]
            answers.append(found)
        return answers

    return run


def raw_test(corpus: str, model: str) -> tuple[list[str], list[Spans]]:
    """Return the test sentences of a corpus as raw text, and the entities that ``model`` knows."""
    heads = [head for head in tagger.load(model).heads if head.name == "ner"]
    texts: list[str] = []
    gold: list[Spans] = []
    for some, items in raw_texts(load_corpus(corpus).splits["test"], heads):
        texts += some
        gold += [of_text["ner"] for of_text in items]
    return texts, gold


def f1(found: Sequence[Spans], gold: Sequence[Spans]) -> float:
    """Return the F1 of character spans with their labels, in percent."""
    right = sum(len(set(a) & set(b)) for a, b in zip(found, gold, strict=True))
    return 200 * right / max(sum(map(len, found)) + sum(map(len, gold)), 1)


def on_two_cores(
    systems: dict[str, list[str]], texts: Sequence[str], rounds: int
) -> dict[str, list[float]]:
    """Return the seconds of each round by system, each with two warm processes."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(list(texts), file)
        file.flush()
        seconds: dict[str, list[float]] = {name: [] for name in systems}
        pairs = {
            name: [
                subprocess.Popen(
                    [sys.executable, __file__, "--worker", str(i), file.name, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                for i in range(2)
            ]
            for name, arguments in systems.items()
        }
        for _ in range(rounds + 1):
            for name, processes in pairs.items():
                started = time.perf_counter()
                for process in processes:
                    assert process.stdin is not None
                    process.stdin.write("go\n")
                    process.stdin.flush()
                for process in processes:
                    assert process.stdout is not None
                    assert process.stdout.readline() == "done\n"
                seconds[name].append(time.perf_counter() - started)
        for processes in pairs.values():
            for process in processes:
                process.communicate("")
    return {name: times[1:] for name, times in seconds.items()}


def work(core: int, path: str, kind: str, *arguments: str) -> None:
    """Run as one of two processes: tag every second text for each line read."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})
    texts = json.loads(Path(path).read_text())[core::2]
    run = SYSTEMS[kind](*arguments)
    run(texts)
    for _ in sys.stdin:
        run(texts)
        print("done", flush=True)


SYSTEMS: dict[str, Callable[..., Callable[[Sequence[str]], list[Spans]]]] = {
    "ours": lambda model, precision: ours(model, precision),
    "spacy": with_spacy,
    "in spacy": in_spacy,
    "crfsuite": with_crfsuite,
}


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("corpus")
    parser.add_argument("--spacy", required=True, help="a pipeline's folder")
    parser.add_argument("--crfsuite", help="a folder that accuracy.py kept")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    all_cores = os.sched_getaffinity(0)
    texts, gold = raw_test(arguments.corpus, arguments.model)
    n_words = sum(len(text.split()) for text in texts)
    systems = {
        "tagger, 8 bits": ["ours", arguments.model, "int8"],
        "tagger, single precision": ["ours", arguments.model, "fp32"],
        "tagger in spaCy, 8 bits": ["in spacy", arguments.model],
        "spaCy": ["spacy", arguments.spacy],
    }
    if arguments.crfsuite:
        systems["CRFsuite"] = ["crfsuite", arguments.crfsuite, arguments.model]
    os.sched_setaffinity(0, {min(all_cores)})
    runs = {name: SYSTEMS[kind](*rest) for name, (kind, *rest) in systems.items()}
    first: dict[str, float] = {}
    scores = {}
    for name, run in runs.items():
        run(["Warm up with a sentence ."])
        started = time.perf_counter()
        scores[name] = f1(run(texts), gold)
        first[name] = time.perf_counter() - started
    one: dict[str, list[float]] = {name: [] for name in runs}
    latency: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(arguments.rounds):
        for name, run in runs.items():
            started = time.perf_counter()
            run(texts)
            one[name].append(time.perf_counter() - started)
    for first_text in range(0, min(1000, len(texts)), 100):
        for name, run in runs.items():
            for text in texts[first_text : first_text + 100]:
                started = time.perf_counter()
                run([text])
                latency[name].append(1000 * (time.perf_counter() - started))
    os.sched_setaffinity(0, all_cores)
    two = on_two_cores(systems, texts, arguments.rounds) if len(all_cores) > 1 else {}
    rows = []
    for name in runs:
        ranked = sorted(latency[name])
        ratio = statistics.median(s / o for s, o in zip(one["spaCy"], one[name], strict=True))
        cells = [name, f"{scores[name]:.2f}", f"{n_words / first[name]:,.0f}"]
        cells += [f"{n_words / statistics.median(one[name]):,.0f}", f"{ratio:.1f}"]
        if two:
            pairs = zip(two["spaCy"], two[name], strict=True)
            cells += [f"{n_words / statistics.median(two[name]):,.0f}"]
            cells += [f"{statistics.median(s / o for s, o in pairs):.1f}"]
        cells += [f"{statistics.median(ranked):.2f}", f"{ranked[int(0.99 * len(ranked))]:.2f}"]
        rows.append(cells)
    header = ["", "F1", "words/s, first pass", "words/s", "× spaCy"]
    header += ["words/s, two cores", "× spaCy"] if two else []
    print(f"{len(texts):,} sentences, {n_words:,} words\n")
    print("\n".join(markdown_table([*header, "one sentence p50 ms", "p99 ms"], rows)), "\n")
    predict = [sys.executable, "-m", "tagger", "predict", "-m", arguments.model, SENTENCE]
    commands = {
        "tagger predict": predict,
        "spaCy": [sys.executable, "-c", SPACY, arguments.spacy, SENTENCE],
    }
    rows = []
    for name, command in commands.items():
        cold = run_cold(command, arguments.rounds)
        seconds = (cold.seconds.median, cold.cpu_seconds.median)
        rows.append([name, *(f"{x:.2f}" for x in seconds), f"{cold.peak_mb:.0f}"])
    print("\n".join(markdown_table(["cold start", "wall s", "CPU s", "peak MB"], rows)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(int(sys.argv[2]), *sys.argv[3:])
    else:
        with one_line_errors():
            main()
