"""The loop and its book without child processes: what a sampler finds, what is shared, what a dead process leaves."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.pruners import NopPruner

from benchmark.errors import UserError
from benchmark.store.store import Store
from benchmark.sweep.loop import make_sampler, work
from benchmark.sweep.space import Choices, Range, Space
from benchmark.sweep.study import Book, open_study, quiet
from benchmark.sweep.trial import Ending

SPACE = Space((Range("rate", 1e-4, 1.0, log=True), Choices("ladder", ((6,), (1, 6), (1, 2, 3, 6)))))
SETTINGS = {"dataset": "sines", "length": 24}


def loss(params: dict) -> float:
    """Smallest, 0, at rate = 0.01 and the ladder (1, 6)."""
    return (math.log10(params["rate"]) + 2) ** 2 + (len(params["ladder"]) - 2) ** 2


def evaluate(trial: object, params: dict) -> Ending:
    return Ending(loss(params), {"cells": []})


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield


def book_in(folder: Path, name: str = "s", space: Space = SPACE, **settings: object) -> Book:
    store = Store(folder / "runs").create()
    url = f"sqlite:///{folder / 'study.db'}"
    study = open_study(name, url, {**SETTINGS, **settings}, store, maximise=False, pruner=NopPruner())
    return Book(study, store, lambda slot: make_sampler(name, slot))


def run_alone(name: str, trials: int) -> list[float]:
    """The values of a study that one process runs in its memory."""
    study = optuna.create_study(study_name=name)
    values = []
    for slot in range(trials):
        study.sampler = make_sampler(name, slot)
        trial = study.ask()
        values.append(loss(SPACE.suggest(trial)))
        study.tell(trial, values[-1])
    return values


@pytest.mark.parametrize("name", ["s", "t", "u"])
def test_tpe_comes_near_the_known_optimum(name: str) -> None:
    values = run_alone(name, 40)
    assert min(values) < 0.01
    # The first ten are drawn blindly; the others know where to look.
    assert sum(values[20:]) / 20 < sum(values[:10]) / 10 / 1.5


def test_a_study_in_pieces_draws_what_one_process_would(tmp_path: Path) -> None:
    book = book_in(tmp_path)
    book.fill([{}] * 13)
    for _ in range(11):
        claim = book.claim()
        book.finish(claim, loss(SPACE.suggest(claim.trial)), {})
    other = book_in(tmp_path)
    work(other, SPACE, evaluate, lambda line: None)
    assert [trial.value for trial in other.trials()] == run_alone("s", 13)


def test_trials_are_shared_and_never_more_than_asked(tmp_path: Path) -> None:
    first, second = book_in(tmp_path), book_in(tmp_path)
    first.fill([{}] * 4)
    second.fill([{}] * 4)
    claims = [book.claim() for book in (first, second, first, second, first)]
    assert [claim.slot for claim in claims if claim] == [0, 1, 2, 3]
    assert claims[4] is None
    second.fill([{}] * 6)
    assert second.claim().slot == 4


def test_a_dead_owners_trial_is_run_again_with_its_parameters_and_a_live_ones_is_not(tmp_path: Path) -> None:
    book = book_in(tmp_path)
    book.fill([{}] * 2)
    dead, alive = book.claim(), book.claim()
    params = SPACE.suggest(dead.trial)
    dead.lock.release()  # what the system does for a process that is killed
    other = book_in(tmp_path)
    assert other.recover() == [0]
    assert other.recover() == []
    again = other.claim()
    assert (again.slot, SPACE.suggest(again.trial)) == (0, params)
    other.finish(again, 1.0, {})
    book.finish(alive, 2.0, {})
    assert [trial.value for trial in other.trials()] == [1.0, 2.0]


def test_another_machines_trial_is_left_alone(tmp_path: Path) -> None:
    book = book_in(tmp_path)
    book.fill([{}])
    claim = book.claim()
    claim.lock.release()
    book.owner = "elsewhere:/runs"
    assert book.recover() == []


def test_an_error_gives_the_trial_back_and_failed_ones_wait_for_retry(tmp_path: Path) -> None:
    book = book_in(tmp_path)
    book.fill([{}])

    def interrupted(trial: object, params: dict) -> Ending:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(book, SPACE, interrupted, lambda line: None)
    work(book, SPACE, lambda trial, params: Ending(None, {"reason": "bent"}), lambda line: None)
    assert [trial.state.name for trial in book.trials()] == ["FAIL"]
    assert book.recover() == []
    assert book.recover(retry_failed=True) == [0]
    work(book, SPACE, evaluate, lambda line: None)
    assert [trial.state.name for trial in book.trials()] == ["COMPLETE"]


def test_a_study_about_something_else_is_refused(tmp_path: Path) -> None:
    book_in(tmp_path)
    with pytest.raises(UserError, match="the study 's' was begun with length 24, not 64; give the new sweep a name"):
        book_in(tmp_path, length=64)
    with pytest.raises(UserError, match="the storage 'nonsense' cannot be opened"):
        open_study("s", "nonsense", {}, Store(tmp_path / "runs"), maximise=False, pruner=NopPruner())


def test_optuna_is_quiet_inside_and_as_before_after() -> None:
    level = optuna.logging.get_verbosity()
    assert level == optuna.logging.ERROR
    with warnings.catch_warnings(record=True) as caught:
        make_sampler("s", 0)
    assert not caught
