"""A study that processes share: its trials wait in Optuna's queue, and each is run by one process.

Every trial is enqueued under an index before any is run: a point of the grid, or an empty one that TPE fills. So no count is
exceeded. The trial of a process that ended waits again in its old place with its parameters, so that TPE sees the same history.

Two parts of Optuna 5 would break this. Its heartbeat retries a killed trial only after a grace period and never one killed
before the first beat, and it gives away the trial of a suspended process; file locks take its place. `GridSampler` repeats
points that other processes are running; enqueued points take its place.
"""

from __future__ import annotations

import datetime
import socket
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import optuna
from filelock import Timeout
from optuna import Study, Trial
from optuna.pruners import BasePruner
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from benchmark.errors import UserError, first_line
from benchmark.seeds import derive_seed
from benchmark.store.owned_lock import OwnedLock
from benchmark.store.sqlite import without_password
from benchmark.store.store import Store

INDEX, OWNER = "index", "owner"
UNOWNED_SECONDS = 60.0
"""A running trial without an owner for so long was taken by a process that died at once."""
LOCKED_SECONDS = 60.0
"""How long one process waits for another to let go of an SQLite file."""


@dataclass(frozen=True)
class TrialResult:
    """How a trial ended: with a value of the objective, or with the reason why there is none.

    `measurements` are what the study keeps beside the value, by name.
    """

    value: float | None
    measurements: Mapping[str, Any]
    reason: str = ""
    pruned: bool = False


class SharedStudy:
    """An Optuna study and its storage; a trial's index stays the same where a failed one is enqueued again."""

    def __init__(self, study: Study, storage: RDBStorage, store: Store) -> None:
        self.optuna = study
        self.storage = storage
        self.store = store
        # A lock says nothing of a process on another store; the machine is told to readers.
        self.owner = f"{socket.gethostname()}:{store.id}"
        self.locks: dict[int, OwnedLock] = {}

    def enqueue(self, points: Sequence[Mapping[str, Any]]) -> None:
        """Enqueue a trial for each point whose position in `points` is no trial's index yet."""
        with self._study_lock():
            known = {trial.user_attrs[INDEX] for trial in self.trials()}
            for index, point in enumerate(points):
                if index not in known:
                    self.optuna.enqueue_trial(dict(point), user_attrs={INDEX: index})

    def requeue_stopped(self, *, retry_failed: bool = False) -> list[int]:
        """Let the trials of dead processes wait again, and enqueue failed ones again on request; their indices."""
        with self._study_lock():
            dead = [trial for trial in self.trials() if trial.state is TrialState.RUNNING and self._is_dead(trial)]
            for trial in dead:
                self._wait_again(trial)
            failed = [trial for trial in self.trials() if retry_failed and trial.state is TrialState.FAIL]
            for trial in failed:
                self.optuna.enqueue_trial(trial.params, user_attrs={INDEX: trial.user_attrs[INDEX]})
        return [trial.user_attrs[INDEX] for trial in (*dead, *failed)]

    def ask(self) -> Trial | None:
        """Take the next waiting trial, whose parameters are still to be suggested; None where none waits."""
        with self._study_lock():
            while self.optuna.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
                trial = self.optuna.ask()
                index = trial.user_attrs.get(INDEX)
                if index is None:
                    # A process on another store was faster, and Optuna made a new trial.
                    self.optuna.tell(trial, state=TrialState.FAIL)
                    continue
                self.optuna.sampler = make_sampler(self.optuna.study_name, index)
                self.locks[index] = self._trial_lock(index)
                self.locks[index].acquire()
                trial.set_user_attr(OWNER, self.owner)
                return trial
        return None

    def tell(self, trial: Trial, result: TrialResult) -> None:
        """Record how a trial of this process ended."""
        for name, value in {**result.measurements, "reason": result.reason}.items():
            trial.set_user_attr(name, value)
        without_value = TrialState.PRUNED if result.pruned else TrialState.FAIL
        self.optuna.tell(trial, result.value, TrialState.COMPLETE if result.value is not None else without_value)
        self.locks.pop(trial.user_attrs[INDEX]).release()

    def requeue(self, trial: Trial) -> None:
        """Let a trial of this process wait again."""
        with self._study_lock():
            self._wait_again(trial)
            self.locks.pop(trial.user_attrs[INDEX]).release()

    def trials(self) -> list[FrozenTrial]:
        """The latest attempt of each trial, by index."""
        attempts = self.optuna.get_trials(deepcopy=False)
        latest = {trial.user_attrs[INDEX]: trial for trial in attempts if INDEX in trial.user_attrs}
        return [latest[index] for index in sorted(latest)]

    def _wait_again(self, trial: Trial | FrozenTrial) -> None:
        # Optuna's ways to end a trial all finish it for good; its storage lets a running one wait.
        self.storage.set_trial_user_attr(trial._trial_id, OWNER, None)
        self.storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def _is_dead(self, trial: FrozenTrial) -> bool:
        """Whether the process that took a running trial has ended."""
        owner = trial.user_attrs.get(OWNER)
        if owner is None:
            started = trial.datetime_start or datetime.datetime.min
            return (datetime.datetime.now() - started).total_seconds() > UNOWNED_SECONDS
        try:
            with self._trial_lock(trial.user_attrs[INDEX]):
                return bool(owner.rpartition(":")[2] == self.store.id)
        except Timeout:
            return False

    def _trial_lock(self, index: int) -> OwnedLock:
        """Held by the process that runs a trial, and freed by the system when that process dies."""
        # No study's name holds an @, so that no other lock has this one's.
        return self.store.lock(f"sweep-{self.optuna.study_name}@{index}", timeout=0)

    def _study_lock(self) -> OwnedLock:
        return self.store.lock(f"sweep-{self.optuna.study_name}", timeout=None)


def make_sampler(study: str, index: int) -> TPESampler:
    """TPE whose seed derives from the study's name and the trial's index, so that every process draws the same."""
    return TPESampler(seed=derive_seed("sweep", study, index))


def open_study(
    name: str, url: str, settings: Mapping[str, Any], store: Store, *, maximise: bool, pruner: BasePruner
) -> SharedStudy:
    """Open the study `name` in the storage `url`, or make it.

    Raises:
        UserError: The storage cannot be opened, or its study has other settings.
    """
    from sqlalchemy.exc import SQLAlchemyError

    options = {"connect_args": {"timeout": LOCKED_SECONDS}} if url.startswith("sqlite") else {"pool_pre_ping": True}
    # Two processes that make the tables of a new file at once would disturb each other.
    with store.lock(f"sweep-{name}", timeout=None):
        try:
            storage = RDBStorage(url, engine_kwargs=options)
            study = optuna.create_study(
                study_name=name,
                storage=storage,
                direction="maximize" if maximise else "minimize",
                pruner=pruner,
                load_if_exists=True,
            )
        except (SQLAlchemyError, ImportError, RuntimeError) as error:
            reason = first_line(error)
            shown = without_password(url)
            raise UserError(
                f"the storage '{shown}' cannot be opened ({reason.replace(url, shown)}); correct --storage."
            ) from None
        if "settings" not in study.user_attrs:
            study.set_user_attr("settings", dict(settings))
    known = study.user_attrs["settings"]
    for key in {**known, **settings}:
        if known.get(key) != settings.get(key):
            raise UserError(
                f"the study '{name}' was begun with {key} {known.get(key)}, not {settings.get(key)}; give the new sweep a name "
                "of its own with --study."
            )
    return SharedStudy(study, storage, store)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Optuna's log lines, and its warnings of experimental features and of steps that a resumed trial reports again."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=optuna.exceptions.ExperimentalWarning)
            warnings.filterwarnings("ignore", message="The reported value is ignored")
            yield
    finally:
        optuna.logging.set_verbosity(level)
