"""`tagger compare`: what it measures, keeps and writes."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tagger.config import Config
from tagger.errors import TrainingError
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import evaluate_split
from tagger.insight.compare import trials
from tagger.insight.compare.comparison import SYNTHETIC
from tagger.insight.compare.results import _by_sentence
from tagger.insight.compare.running import ComparisonReporter, TrialTask, run_trials
from tagger.insight.compare.significance import holm, paired_test
from tagger.insight.compare.trials import Counts, Outcome, Trial, run_trial, total
from tagger.runtime.engines.processor import n_cores
from tagger.runtime.loading import load
from tagger.training.settings import settings
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import small_config, write_corpus

pytest.importorskip("matplotlib")

TINY = """
[embedder]
word_dim = 8
char_encoder = "none"
affix_dim = 8
n_affix_buckets = 64

[encoder]
hidden_dim = 8

[training]
learning_rate = 0.02
batch_tokens = 20
epoch_steps = 4
threads = 1
"""


@pytest.fixture
def compare(run, corpus: Path, tmp_path: Path):
    """Run `tagger compare` over two small cells, two seeds and three epochs."""
    config = tmp_path / "tiny.toml"
    config.write_text(TINY, encoding="utf-8")

    def compare(*options: object):
        return run(
            *("compare", corpus, "--heads", "ner", "--config", config, "--epochs", 3, "--seeds", 2),
            *("--vary", "cell=rnn,lstm", "-o", tmp_path / "out", *options),
        )

    return compare


@pytest.mark.slow
def test_report(compare, tmp_path: Path) -> None:
    result = compare()
    assert result.code == 0, result
    assert "ner F1, mean ± sd of 2 seeds" in result.out
    assert "scores highest" in result.out
    output = tmp_path / "out"
    names = sorted(path.name for path in output.iterdir())
    assert names == [
        *("compare.csv", "compare.html", "compare.json", "compare.md", "runs"),
        *("tiny-curves.png", "tiny-losses.png", "tiny-positions.png", "tiny-speed.png"),
    ]
    lines = (output / "compare.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    text = (output / "compare.md").read_text(encoding="utf-8")
    assert "| rnn |" in text
    for name in names:
        if name.endswith(".png"):
            assert f"({name})" in text
    page = (output / "compare.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 4
    (comparison,) = json.loads((output / "compare.json").read_bytes())
    rnn, lstm = comparison["rows"]
    assert rnn["p_first"] is None
    assert 0 < lstm["p_first"] <= 1
    assert len(lstm["scores"]) == 2
    assert len(lstm["curve"]) == 3
    assert lstm["n_parameters"] == 4 * rnn["n_parameters"]
    assert min(rnn["tag_speed"], rnn["train_speed"], rnn["model_mb"]) > 0


def test_a_function_call(corpus: Path, tmp_path: Path) -> None:
    from tagger.insight.compare.comparison import compare

    config = tmp_path / "tiny.toml"
    config.write_text(TINY, encoding="utf-8")
    (comparison,) = compare(
        corpus,
        tmp_path / "out",
        vary={"hidden_dim": [8, 4]},
        one_at_a_time=True,
        n_seeds=1,
        heads=["ner"],
        config=config,
        settings={"training.epochs": 1},
    )
    assert [row.name for row in comparison.rows] == ["baseline", "hidden_dim=4"]
    assert repr(comparison).startswith(f"Comparison({corpus} dev, ner F1, one seed: baseline ")


def test_trials_under_an_old_name_of_a_row_are_read(corpus: Path, tmp_path: Path) -> None:
    trial = Trial(
        row="as it is", source=str(corpus), config=Config(), seed=1, split="dev", fingerprint=""
    )
    outcome = Outcome(row="as it is", seed=1, head="ner")
    (tmp_path / f"{trial.key}.json").write_bytes(msgspec.json.encode(outcome))
    renamed = msgspec.structs.replace(trial, row="baseline")
    assert run_trial(renamed, tmp_path, ComparisonReporter()) == outcome


@pytest.mark.slow
def test_what_is_finished_is_not_run_again(
    compare, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert compare("--json").code == 0
    before = json.loads((tmp_path / "out" / "compare.json").read_bytes())

    def train(*arguments: object, **options: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(trials, "train", train)
    result = compare("--json")
    assert result.code == 0, result
    (found,) = json.loads(result.out)
    for old, new in zip(before[0]["rows"], found["rows"], strict=True):
        assert (old["scores"], old["curve"]) == (new["scores"], new["curve"])
    # A damaged outcome is made again from its model; a model that is gone has no speed.
    (kept,) = (tmp_path / "out" / "runs").glob("*/rnn-1-*.json")
    kept.write_text('{"row": "rn')
    for model in (tmp_path / "out" / "runs").glob("*/lstm-1-*/"):
        if model.is_dir():
            shutil.rmtree(model)
    result = compare()
    assert result.code == 0, result
    assert "–" in result.out
    # Other settings are other runs.
    with pytest.raises(AssertionError, match="trained again"):
        compare("--fraction", "0.5")


@pytest.mark.slow
def test_results_do_not_depend_on_workers(
    run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.executors.processes.n_cores", lambda: 2)
    config = tmp_path / "tiny.toml"
    config.write_text(TINY, encoding="utf-8")
    found = {}
    for name, options in {"serial": [], "parallel": ["--workers", 2]}.items():
        result = run(
            *("compare", corpus, "--heads", "ner", "--config", config, "--epochs", 2, "--json"),
            *("--seeds", 1, "--vary", "cell=rnn,lstm", "-o", tmp_path / name, *options),
        )
        assert result.code == 0, result
        (found[name],) = json.loads(result.out)
    for one, other in zip(*(found[name]["rows"] for name in found), strict=True):
        for key in ("name", "scores", "curve", "n_parameters", "by_length", "p_best"):
            assert one[key] == other[key]
    kept = sorted(path.name for path in (tmp_path / "parallel" / "runs").glob("*/*.json"))
    assert kept == sorted(path.name for path in (tmp_path / "serial" / "runs").glob("*/*.json"))


def test_finished_trials_are_not_run_by_workers(tmp_path: Path) -> None:
    trials = [
        Trial(row=row, source="c", config=Config(), seed=1, split="dev", fingerprint="")
        for row in ("a", "b", "c")
    ]
    tasks = [TrialTask(trial=trial, folder=str(tmp_path)) for trial in trials]

    def keep(trial: Trial, score: int) -> Outcome:
        outcome = Outcome(row=trial.row, seed=1, sentences=(Counts(score, 1, 1),))
        (tmp_path / f"{trial.key}.json").write_bytes(msgspec.json.encode(outcome))
        return outcome

    keep(trials[1], 1)
    ran = []

    class Backwards:
        """Runs the last task first."""

        def run(self, work, left, progress):
            for task in reversed(left):
                ran.append(task.trial.row)
                yield task, keep(task.trial, 0)

    found = {trial.row: outcome.score for trial, outcome in run_trials(
        tasks, Backwards(), ComparisonReporter()
    )}  # fmt: skip
    assert ran == ["c", "a"]
    assert found == {"b": 1.0, "c": 0.0, "a": 0.0}


def test_wrong_executors(run, corpus: Path, tmp_path: Path) -> None:
    output = ("-o", tmp_path / "out")
    assert_one_line(run("compare", corpus, "--executor", "rya", *output), 2, "mean 'ray'")
    assert_one_line(run("compare", corpus, "--workers", 5000, *output), 2, "cores", "--workers")
    address = ("--ray-address", "x:1")
    assert_one_line(run("compare", corpus, *address, *output), 2, "--executor ray")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("workers", range(1, min(n_cores(), 2) + 1))
def test_killed_in_the_middle(corpus: Path, tmp_path: Path, workers: int) -> None:
    config = tmp_path / "tiny.toml"
    config.write_text(TINY + "patience = 0\nepochs = 80\n", encoding="utf-8")
    output = tmp_path / "out"
    command = [
        *(sys.executable, "-m", "tagger", "compare", corpus, "--heads", "ner", "--config", config),
        *("--seeds", "2", "--vary", "cell=rnn,lstm", "-o", output, "--workers", str(workers)),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    runs = output / "runs"
    for _ in range(3000):
        if runs.is_dir() and list(runs.glob("*/*.json")) and list(runs.glob("*/*/last")):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    if process.returncode == 0:
        pytest.skip("all runs had ended when the signal came")
    assert process.returncode == 130, err
    assert "stopped and saved" in err.splitlines()[-1]
    assert "Traceback" not in err
    finished = {path: path.stat().st_mtime_ns for path in runs.glob("*/*.json")}
    assert finished
    subprocess.run(command, check=True, capture_output=True)
    assert (output / "compare.md").is_file()
    for path, changed in finished.items():
        assert path.stat().st_mtime_ns == changed


@pytest.mark.slow
def test_a_failed_training_is_a_row_without_scores(
    compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = trials.train

    def train(sources: object, output: Path, config, **options: object):
        if config.encoder.cell == "rnn":
            raise TrainingError("the loss is NaN")
        return real(sources, output, config, **options)

    monkeypatch.setattr(trials, "train", train)
    result = compare()
    assert result.code == 0, result
    assert "failed" in result.out
    assert "the loss is NaN" in result.err


@pytest.mark.slow
def test_several_corpora(run, tmp_path: Path) -> None:
    result = run(
        *("compare", "lookahead-1-10", "lookback-1-10", "--vary", "direction=forward,backward"),
        *("--seeds", 1, "--epochs", 2, "-o", tmp_path / "out", "--fraction", 0.2),
        *("--threads", 1),
    )
    assert result.code == 0, result
    found = json.loads((tmp_path / "out" / "compare.json").read_bytes())
    (ahead_f, ahead_b), (back_f, back_b) = (
        [row["scores"][0] for row in comparison["rows"]] for comparison in found
    )
    # A direction cannot know what it has not read.
    assert ahead_f < 0.6 < 0.9 < ahead_b
    assert back_b < 0.6 < 0.9 < back_f
    assert (tmp_path / "out" / "corpora.png").is_file()
    # Half of the twentieths of a sentence of ten have no token, and the last word has no tag.
    positions = found[0]["rows"][1]["by_position"]
    assert positions[1] is None
    assert positions[-2] is None
    assert positions[0] > 0.9
    assert "backward scores highest" in result.out
    assert "one seed" in result.out


@pytest.mark.slow
def test_settings_of_one_corpus(run, tmp_path: Path) -> None:
    one = write_corpus(tmp_path / "one" / "same")
    other = write_corpus(tmp_path / "other" / "same")
    config = tmp_path / "c.toml"
    labels = f'[corpora."{one}".labels]\nPER = "PERSON"\n'
    config.write_text(f"{TINY}\n{labels}", encoding="utf-8")
    command = ("compare", one, other, "--heads", "ner", "--config", config, "--epochs", 1)
    options = ("--seeds", 1, "--vary", "cell=rnn,lstm", "-o", tmp_path / "out")
    result = run(*command, *options)
    assert result.code == 0, result
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"same-curves.png", "same-2-curves.png"} <= names
    vocabularies = {
        path.read_text(encoding="utf-8").count("PERSON") > 0
        for path in (tmp_path / "out" / "runs").glob("*/*/heads.json")
    }
    assert vocabularies == {True, False}
    twice = run("compare", one, f"{one}/../same", "--vary", "cell=rnn,lstm", "-o", tmp_path / "o")
    assert_one_line(twice, 2, "the same corpus twice")


def test_answers_to_one_sentence_count_once() -> None:
    """Seeds that answer alike add nothing to what is known of a difference."""
    outcomes = [
        Outcome(row="a", seed=seed, lengths=(3, 3), sentences=(Counts(1, 1, 1), Counts(0, 1, 1)))
        for seed in (1, 2, 3)
    ]
    assert _by_sentence(outcomes) == [Counts(3, 3, 3), Counts(0, 3, 3)]


def test_a_file_keeps_the_small_network_of_synthetic_corpora(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[training]\nepochs = 7\n[encoder]\nhidden_dim = 9\n")
    chosen = settings(["brackets-10"], config=config, defaults=SYNTHETIC).config
    assert (chosen.training.epochs, chosen.encoder.hidden_dim) == (7, 9)
    assert (chosen.embedder.word_dim, chosen.head.pooling) == (16, "final")


def test_errors(run, corpus: Path, tmp_path: Path) -> None:
    output = ("-o", tmp_path / "out", "--epochs", 1)
    for options, code, said in (
        (["--vary", "sell=lstm"], 2, "unknown setting 'sell'"),
        (["--vary", "cell"], 2, "no values"),
        (["--vary", "cell=rnn", "--vary", "cell=gru"], 2, "cell is varied twice"),
        (["--vary", "cell=lstm"], 2, "nothing to compare"),
        (["--vary", "cell=lstm,lsd"], 2, "unknown cell 'lsd'"),
        (["--heads", "xpos"], 2, "unknown head 'xpos'"),
        (["--split", "trial"], 2, "unknown split 'trial'"),
        (["--fraction", "0"], 2, "fraction"),
        (["--seeds", "0"], 2, "seeds"),
        (["--vary", "char_encoder=cnn,lstm", "--vary", "char_out_dim=8,9"], 2, "must be even"),
        (["--from", "en-base", "--vary", "hidden_dim=50,200"], 2, "hidden_dim=50: "),
    ):
        assert_one_line(run("compare", corpus, *options, *output), code, said)
    assert_one_line(run("compare", "nowhere", *output), 2, "unknown corpus 'nowhere'")
    assert not (tmp_path / "out").exists()


def test_a_trial_scores_as_evaluate_does(corpus: Path, tmp_path: Path) -> None:
    trial = Trial(
        row="lstm",
        source=str(corpus),
        config=small_config(epochs=6),
        seed=1,
        split="test",
        fingerprint="",
    )
    outcome = run_trial(trial, tmp_path, ComparisonReporter())
    directory = tmp_path / trial.key
    tagger = load(directory)
    selection = select_split(directory, tagger, str(corpus), "test", ["ner"])
    evaluation, tagged = evaluate_split(tagger, selection.data, selection.heads)
    assert outcome.head == "ner"
    assert outcome.score == pytest.approx(evaluation.main["ner"])
    assert total(outcome.sentences) == total(outcome.by_span.values())
    assert outcome.lengths == tuple(len(sentence.tokens) for sentence in tagged)
    by_position = total(outcome.by_position)
    assert by_position.right / by_position.gold == pytest.approx(evaluation.spans["ner"].accuracy)
    assert run_trial(trial, tmp_path, ComparisonReporter()) == outcome


@pytest.mark.slow
def test_a_share_of_the_sentences(run, tmp_path: Path) -> None:
    lines = [f"w{i}/NOUN/O Kim/PROPN/B-PER" for i in range(20)]
    folder = write_corpus(tmp_path / "c", {"train": lines, "dev": lines[:2]})
    config = tmp_path / "c.toml"
    config.write_text("[training]\nfraction = 0.25\nepochs = 1\nthreads = 1\n", encoding="utf-8")
    words = []
    for seed in (1, 2):
        result = run(
            *("train", folder, "--columns", "token,upos,ner", "--config", config),
            *("--seed", seed, "-o", tmp_path / f"m{seed}"),
        )
        assert "5 of 20 training sentences (25%)" in result.out, result
        words.append(json.loads((tmp_path / f"m{seed}" / "vocab.json").read_bytes())["words"])
    assert sorted(words[0]) == sorted(words[1])


def test_paired_test_against_all_swaps() -> None:
    generator = np.random.default_rng(5)
    one = [Counts(int(r), 3, 3) for r in generator.integers(0, 4, 9)]
    other = [Counts(max(c.right - int(d), 0), 3, 3) for c, d in zip(one, [1, 0] * 5, strict=False)]

    def f1(counts: list[Counts]) -> float:
        return total(counts).score

    observed = abs(f1(one) - f1(other))
    swaps = list(itertools.product([False, True], repeat=len(one)))
    as_far = 0
    for swap in swaps:
        a = [y if s else x for x, y, s in zip(one, other, swap, strict=True)]
        b = [x if s else y for x, y, s in zip(one, other, swap, strict=True)]
        as_far += abs(f1(a) - f1(b)) >= observed - 1e-12
    assert paired_test(one, other) == pytest.approx(as_far / len(swaps), abs=0.04)
    assert paired_test(one, one) == 1.0
    assert paired_test(other, one) == pytest.approx(paired_test(one, other), abs=0.04)


def test_holm() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


CSV = "Kim;B-PER\nleft;O\nOslo;B-LOC\n\n%% one\nAda;B-PER\nslept;O\n\nRain;O\nfell;O\n"


@pytest.mark.parametrize("in_configuration", [False, True])
def test_files_are_described_as_for_a_training(run, tmp_path: Path, in_configuration: bool) -> None:
    path = tmp_path / "my.csv"
    path.write_text(f"what;how\n{CSV}", encoding="utf-8")
    config = tmp_path / "tiny.toml"
    options: list[object] = ["--header", "--delimiter", "semicolon", "--comment-prefix", "%%"]
    options += ["--columns", "token,ner"]
    settings = TINY
    if in_configuration:
        options = []
        settings += '[corpora."my.csv"]\nheader = "yes"\ndelimiter = "semicolon"\n'
        settings += 'comment_prefix = "%%"\ncolumns = "token,ner"\n'
    config.write_text(settings, encoding="utf-8")
    result = run(
        *("compare", path, *options, "--config", config, "--vary", "hidden_dim=4,8"),
        *("--seeds", 1, "--epochs", 1, "-o", tmp_path / "out", "--split", "train"),
    )
    assert result.code == 0, result.err
    kept, _ = (tmp_path / "out" / "runs").glob("*/*.json")
    assert len(json.loads(kept.read_bytes())["lengths"]) == 2
