"""A shared study without child processes: what a sampler finds, what is shared, what a dead process leaves."""

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
from benchmark.sweep import study as shared
from benchmark.sweep.loop import work
from benchmark.sweep.space import Choices, Range, Space
from benchmark.sweep.study import INDEX, OWNER, SharedStudy, TrialResult, make_sampler, open_study, quiet

SPACE = Space((Range("rate", 1e-4, 1.0, log=True), Choices("scales", ((6,), (1, 6), (1, 2, 3, 6)))))
GRID = Space((Choices("depth", (1, 2, 3)), Choices("scales", ((6,), (1, 6)))))
SETTINGS = {"dataset": "sines", "length": 24}


def loss(params: dict) -> float:
    """Smallest, 0, at rate = 0.01 and the scales (1, 6)."""
    return (math.log10(params["rate"]) + 2) ** 2 + (len(params["scales"]) - 2) ** 2


def evaluate(trial: object, params: dict) -> TrialResult:
    return TrialResult(loss(params), {"cells": []})


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield


def study_in(folder: Path, name: str = "s", **settings: object) -> SharedStudy:
    store = Store(folder / "runs").create()
    url = f"sqlite:///{folder / 'study.db'}"
    return open_study(name, url, {**SETTINGS, **settings}, store, maximise=False, pruner=NopPruner())


def die(study: SharedStudy, trial: optuna.Trial) -> None:
    """What the system does to the locks of a process that is killed in a trial."""
    study.locks.pop(trial.user_attrs[INDEX]).release()


def run_alone(name: str, trials: int) -> list[tuple[dict, float]]:
    """The parameters and values of a study that one process runs in its memory."""
    study = optuna.create_study(study_name=name)
    found = []
    for index in range(trials):
        study.sampler = make_sampler(name, index)
        trial = study.ask()
        value = loss(SPACE.suggest(trial))
        study.tell(trial, value)
        found.append((trial.params, value))
    return found


def results(study: SharedStudy) -> list[tuple[dict, float | None]]:
    return [(trial.params, trial.value) for trial in study.trials()]


@pytest.mark.parametrize("name", ["s", "t", "u"])
def test_tpe_comes_near_the_known_optimum(name: str) -> None:
    values = [value for _, value in run_alone(name, 40)]
    assert min(values) < 0.01
    # The first ten are drawn blindly; the others know where to look.
    assert sum(values[20:]) / 20 < sum(values[:10]) / 10 / 1.5


def test_a_study_in_pieces_draws_what_one_process_would(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    study.enqueue([{}] * 13)
    for _ in range(11):
        trial = study.ask()
        study.tell(trial, evaluate(trial, SPACE.suggest(trial)))
    other = study_in(tmp_path)
    work(other, SPACE, evaluate, lambda line: None)
    assert results(other) == run_alone("s", 13)


@pytest.mark.parametrize("suggested", [True, False])
def test_killed_in_every_trial_a_study_ends_as_an_undisturbed_one(tmp_path: Path, suggested: bool) -> None:
    for killed in range(14):
        study = study_in(tmp_path)
        study.enqueue([{}] * 14)
        assert study.requeue_stopped() == ([killed - 1] if killed else [])
        for _ in range(min(killed, 1)):
            trial = study.ask()
            study.tell(trial, evaluate(trial, SPACE.suggest(trial)))
        trial = study.ask()
        assert trial.user_attrs[INDEX] == killed
        if suggested:
            SPACE.suggest(trial)
        die(study, trial)
    study = study_in(tmp_path)
    assert study.requeue_stopped() == [13]
    work(study, SPACE, evaluate, lambda line: None)
    assert results(study) == run_alone("s", 14)


def test_trials_are_shared_and_never_more_than_asked(tmp_path: Path) -> None:
    first, second = study_in(tmp_path), study_in(tmp_path)
    first.enqueue([{}] * 4)
    second.enqueue([{}] * 4)
    trials = [study.ask() for study in (first, second, first, second, first)]
    assert [trial.user_attrs[INDEX] for trial in trials if trial] == [0, 1, 2, 3]
    assert trials[4] is None
    second.enqueue([{}] * 6)
    assert second.ask().user_attrs[INDEX] == 4


def test_a_grid_has_each_point_once_although_two_run_it_and_one_dies(tmp_path: Path) -> None:
    first, second = study_in(tmp_path), study_in(tmp_path)
    first.enqueue(GRID.grid())
    second.enqueue(GRID.grid())
    unsuggested, running = first.ask(), second.ask()
    GRID.suggest(running)
    die(first, unsuggested)
    assert second.requeue_stopped() == [0]
    work(second, GRID, lambda trial, params: TrialResult(0.0, {}), lambda line: None)
    second.tell(running, TrialResult(0.0, {}))
    assert [trial.params for trial in second.trials()] == GRID.grid()
    done = [trial.params for trial in second.optuna.get_trials() if trial.state.name == "COMPLETE"]
    assert sorted(map(str, done)) == sorted(map(str, GRID.grid()))


def test_a_dead_owners_trial_is_run_again_with_its_parameters_and_a_live_ones_is_not(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    study.enqueue([{}] * 2)
    dead, alive = study.ask(), study.ask()
    params = SPACE.suggest(dead)
    die(study, dead)
    other = study_in(tmp_path)
    assert other.requeue_stopped() == [0]
    assert other.requeue_stopped() == []
    again = other.ask()
    assert (again.user_attrs[INDEX], SPACE.suggest(again)) == (0, params)
    other.tell(again, TrialResult(1.0, {}))
    study.tell(alive, TrialResult(2.0, {}))
    assert [trial.value for trial in other.trials()] == [1.0, 2.0]


def test_a_trial_without_an_owner_is_left_alone_for_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_in(tmp_path)
    study.enqueue([{}])
    taken = study.optuna.ask()  # by a process that has not written its name yet
    assert study.requeue_stopped() == []
    monkeypatch.setattr(shared, "UNOWNED_SECONDS", -1.0)
    assert study.requeue_stopped() == [0]
    assert study.ask().number == taken.number


def test_another_machines_trial_is_left_alone(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    study.enqueue([{}])
    trial = study.ask()
    trial.set_user_attr(OWNER, "elsewhere:another-store")
    die(study, trial)
    assert study.requeue_stopped() == []
    trial.set_user_attr(OWNER, study.owner)
    assert study.requeue_stopped() == [0]


def test_the_trial_of_a_dead_process_of_another_host_waits_again(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    study.enqueue([{}])
    study.owner = f"container-1:{study.store.id}"
    die(study, study.ask())
    study.owner = f"container-2:{study.store.id}"
    assert study.requeue_stopped() == [0]


def test_a_storage_that_cannot_be_opened_is_named_without_its_password(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    url = "postgresql://me:secret@localhost:1/base"
    with pytest.raises(
        UserError, match=r"the storage 'postgresql://me:\*\*\*@localhost:1/base' cannot be opened"
    ) as error:
        open_study("s", url, SETTINGS, store, maximise=False, pruner=NopPruner())
    assert "secret" not in str(error.value)


def test_an_error_lets_the_trial_wait_again_and_failed_ones_wait_for_retry(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    study.enqueue([{}])
    seen: list[dict] = []

    def interrupted(trial: object, params: dict) -> TrialResult:
        seen.append(params)
        raise KeyboardInterrupt

    def failing(trial: object, params: dict) -> TrialResult:
        seen.append(params)
        return TrialResult(None, {"cells": ["bent"]}, "bent")

    with pytest.raises(KeyboardInterrupt):
        work(study, SPACE, interrupted, lambda line: None)
    assert [trial.state.name for trial in study.trials()] == ["WAITING"]
    work(study, SPACE, failing, lambda line: None)
    assert [trial.state.name for trial in study.trials()] == ["FAIL"]
    assert study.requeue_stopped() == []
    assert study.requeue_stopped(retry_failed=True) == [0]
    work(study, SPACE, evaluate, lambda line: None)
    (trial,) = study.trials()
    assert (trial.state.name, trial.user_attrs["reason"], trial.user_attrs["cells"]) == ("COMPLETE", "", [])
    assert [trial.value] == [loss(params) for params in seen[:1]]
    assert seen[0] == seen[1]


def test_a_trial_locks_no_study_whose_name_ends_in_its_number(tmp_path: Path) -> None:
    study = study_in(tmp_path, "lr")
    study.enqueue([{}])
    trial = study.ask()
    assert trial is not None
    with study.store.lock("sweep-lr-0", timeout=0):
        assert study_in(tmp_path, "other").optuna.study_name == "other"
    assert study.store.owner("sweep-lr@0") is not None
    assert study.store.owner("sweep-lr-0") is None
    die(study, trial)


def test_a_study_about_something_else_is_refused(tmp_path: Path) -> None:
    study_in(tmp_path)
    with pytest.raises(UserError, match="the study 's' was begun with length 24, not 64; give the new sweep a name"):
        study_in(tmp_path, length=64)
    with pytest.raises(UserError, match="the storage 'nonsense' cannot be opened"):
        open_study("s", "nonsense", {}, Store(tmp_path / "runs"), maximise=False, pruner=NopPruner())


def test_optuna_is_quiet_inside_and_as_before_after() -> None:
    optuna.logging.set_verbosity(optuna.logging.INFO)
    with quiet(), warnings.catch_warnings(record=True) as caught:
        assert optuna.logging.get_verbosity() == optuna.logging.ERROR
        warn_of_an_experimental_feature()
        report_a_step_twice()
    assert not caught
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_an_experimental_feature()
        report_a_step_twice()
    assert [warning.category for warning in caught] == [optuna.exceptions.ExperimentalWarning, UserWarning]


def warn_of_an_experimental_feature() -> None:
    optuna.storages.RetryHeartbeatStaleTrialCallback()


def report_a_step_twice() -> None:
    trial = optuna.create_study().ask()
    trial.report(1.0, 1)
    trial.report(2.0, 1)
