"""The number of threads of a training: measured, kept, measured again when it gets slow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tagger.model.network import gather_forms
from tagger.training.threads import BLOCK, ROUNDS, SLOW_WINDOWS, WINDOW, ThreadChoice, candidates


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


class Clock:
    """Steps of 100 tokens on a machine where each number of threads has a time."""

    def __init__(self, seconds: dict[int, float]) -> None:
        self.seconds = seconds
        self.now = 0.0
        self.lines: list[str] = []

    def choice(self, *numbers: int, chosen: int = 0) -> ThreadChoice:
        return ThreadChoice(
            numbers, chosen=chosen, report=self.lines.append, clock=lambda: self.now
        )

    def run(self, choice: ThreadChoice, n_steps: int) -> list[int]:
        used = []
        for _ in range(n_steps):
            with choice.step(100):
                used.append(torch.get_num_threads())
                self.now += self.seconds[used[-1]]
        return used


def test_the_fastest_number_of_threads_is_chosen_and_reported() -> None:
    clock = Clock({1: 0.1, 2: 0.06})
    choice = clock.choice(1, 2)
    measured = clock.run(choice, 2 * BLOCK * ROUNDS)
    assert measured.count(1) == measured.count(2)
    assert choice.chosen == 2 == torch.get_num_threads()
    assert clock.lines == ["threads: 2 (tokens/s: 1,000 with 1, 1,667 with 2)"]
    assert set(clock.run(choice, 100)) == {2}
    assert len(clock.lines) == 1


@pytest.mark.parametrize("second", [0.095, 1.0])
def test_more_threads_that_gain_little_are_not_chosen(second: float) -> None:
    clock = Clock({1: 0.1, 2: second})
    choice = clock.choice(1, 2)
    clock.run(choice, 2 * BLOCK * ROUNDS)
    assert choice.chosen == 1


def test_a_training_that_gets_slow_measures_again() -> None:
    clock = Clock({1: 0.1, 2: 0.05})
    choice = clock.choice(1, 2, chosen=2)
    assert set(clock.run(choice, int(2 * WINDOW / 0.05))) == {2}
    clock.seconds[2] = 1.0  # another program keeps a core busy
    clock.run(choice, int(SLOW_WINDOWS * WINDOW) + 2 * BLOCK * ROUNDS + 1)
    assert choice.chosen == 1
    assert len(clock.lines) == 1


def test_a_short_delay_changes_nothing() -> None:
    clock = Clock({1: 0.1, 2: 0.05})
    choice = clock.choice(1, 2, chosen=2)
    clock.run(choice, int(2 * WINDOW / 0.05))
    clock.seconds[2] = 1.0
    clock.run(choice, int(WINDOW))
    clock.seconds[2] = 0.05
    assert set(clock.run(choice, 1000)) == {2}


def test_a_given_number_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("tagger.training.threads.n_cores", lambda: 6)
    assert candidates(0, "cpu") == (1, 2, 4, 6)
    assert candidates(2, "cpu") == (2,)
    assert candidates(0, "cuda") == (6,)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert candidates(0, "cpu") == (3,)
    clock = Clock({2: 1.0})
    choice = clock.choice(2, chosen=1)  # of an interrupted training
    assert set(clock.run(choice, 50)) == {2}
    assert clock.lines == []


def test_gradients_of_forms_are_the_same_in_each_run() -> None:
    torch.set_num_threads(2)
    vectors = torch.randn(30, 200, requires_grad=True)
    index = torch.randint(30, (20, 40))
    weights = torch.randn(20, 40, 200)
    found = []
    for threads in (2, 2, 2, 1):
        torch.set_num_threads(threads)
        (gradient,) = torch.autograd.grad((gather_forms(vectors, index) * weights).sum(), vectors)
        found.append(gradient)
    assert all(torch.equal(found[0], other) for other in found)
