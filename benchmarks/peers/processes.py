"""Raw text to lines of JSON in whole processes: `tagger predict` against spaCy's NER alone.

    TAGGER_DATA=… python benchmarks/peers/processes.py conll2003 --tagger en en-fast \\
        --spacy en_core_web_sm

The raw sentences of the corpus's test set are written into a file several times. Each process
starts, loads its model, tags the file with one thread, and ends; they take turns on one core. Times
are processor time, medians over the rounds. Processes of Python compile what they import once, in
a round before.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what users have

from speed import raw_test

from tagger.cli.failures import one_line_errors
from tagger.tables import markdown_table

SPACY = """
import json, sys
import spacy

nlp = spacy.load(sys.argv[1])
nlp.select_pipes(enable=[name for name in nlp.pipe_names if name in ("tok2vec", "ner")])
with open(sys.argv[2], encoding="utf-8") as lines:
    for doc in nlp.pipe(line.rstrip("\\n") for line in lines):
        entities = [
            {"start": one.start_char, "end": one.end_char, "label": one.label_, "text": one.text}
            for one in doc.ents
        ]
        print(json.dumps({"text": doc.text, "entities": entities}))
"""


def seconds(command: list[str]) -> float:
    """Run a command, and return the processor time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--tagger", nargs="+", default=["en"], help="models of ours")
    parser.add_argument("--spacy", required=True, help="a pipeline: a folder or a package")
    parser.add_argument("--times", type=int, default=4, help="how often the text is repeated")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = raw_test(given.corpus, given.tagger[0])[0] * given.times
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.txt"
        file.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        ours = {
            model: [
                *(sys.executable, "-m", "tagger", "predict", "--model", model, "--file", str(file)),
                *("--heads", "ner", "--format", "json", "--threads", "1"),
            ]
            for model in given.tagger
        }
        spacy = [sys.executable, "-c", SPACY, given.spacy, str(file)]
        commands = {**ours, f"spaCy, {given.spacy}": spacy}
        runs = [
            [seconds(command) for command in commands.values()] for _ in range(given.rounds + 1)
        ]
    medians = [statistics.median(times) for times in zip(*runs[1:], strict=True)]
    rows = [
        [name, f"{time:.2f}", f"{medians[-1] / time:.1f}"]
        for name, time in zip(commands, medians, strict=True)
    ]
    print(f"{sum(len(text.split()) for text in texts):,} words\n")
    print("\n".join(markdown_table(["", "processor time, s", "times as fast"], rows)))


if __name__ == "__main__":
    with one_line_errors():
        main()
