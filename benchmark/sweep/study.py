"""The book of a study: which trials there are, who runs them, how they ended. An Optuna storage keeps it.

Every trial that a study shall have is entered as waiting before any is run (a slot: a point of the grid, or an empty one
that the sampler fills), and a process takes the next one. So processes that share a storage share the trials, and no count
is exceeded. A trial whose process died is entered again with the parameters that it had.
"""

from __future__ import annotations

import datetime
import socket
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from benchmark.errors import UserError
from benchmark.store.store import Store

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

SLOT, OWNER = "slot", "owner"
UNOWNED_SECONDS = 60.0
"""A running trial without an owner for so long was taken by a process that died at once."""
LOCKED_SECONDS = 60.0
"""How long one process waits for another to let go of an SQLite file."""


@dataclass
class Claim:
    """A trial that this process runs; the lock is freed by the system when the process dies."""

    trial: Trial
    slot: int
    lock: FileLock


class Book:
    """A study's trials, by slot."""

    def __init__(self, study: Study, store: Store, sampler: Callable[[int], BaseSampler]) -> None:
        self.study = study
        self.store = store
        self.sampler = sampler
        # A file lock says nothing about a process on another machine or on another store.
        self.owner = f"{socket.gethostname()}:{store.id}"

    def fill(self, points: Sequence[Mapping[str, Any]]) -> None:
        """Enter a waiting trial for each point whose slot (its place in `points`) has none yet."""
        with self._held():
            known = {trial.user_attrs[SLOT] for trial in self._trials()}
            for slot, point in enumerate(points):
                if slot not in known:
                    self.study.enqueue_trial(dict(point), user_attrs={SLOT: slot})

    def recover(self, *, retry_failed: bool = False) -> list[int]:
        """Enter again the trials of processes that died, and failed ones if asked; their slots."""
        from optuna.trial import TrialState

        again = []
        with self._held():
            for trial in self.trials():
                dead = trial.state is TrialState.RUNNING and self._is_dead(trial)
                if dead or (retry_failed and trial.state is TrialState.FAIL):
                    self._enter_again(trial)
                    again.append(trial.user_attrs[SLOT])
        return again

    def claim(self) -> Claim | None:
        """The next waiting trial, with its parameters still to be suggested; None where none waits."""
        from optuna.trial import TrialState

        with self._held():
            while waiting := self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
                slot = waiting[0].user_attrs[SLOT]
                self.study.sampler = self.sampler(slot)
                trial = self.study.ask()
                if SLOT not in trial.user_attrs:
                    # A process on another store was faster; the trial that Optuna made instead is nobody's.
                    self.study.tell(trial, state=TrialState.FAIL)
                    continue
                slot = trial.user_attrs[SLOT]
                lock = self._slot_lock(slot)
                lock.acquire()
                trial.set_user_attr(OWNER, self.owner)
                return Claim(trial, slot, lock)
        return None

    def finish(self, claim: Claim, value: float | None, facts: Mapping[str, Any], *, pruned: bool = False) -> None:
        """Write down how a trial ended: `value` None means that it failed, or was pruned."""
        from optuna.trial import TrialState

        for name, fact in facts.items():
            claim.trial.set_user_attr(name, fact)
        state = TrialState.PRUNED if pruned else TrialState.FAIL if value is None else TrialState.COMPLETE
        self.study.tell(claim.trial, value if state is TrialState.COMPLETE else None, state=state)
        claim.lock.release()

    def give_back(self, claim: Claim) -> None:
        """Let a trial be run again, by whoever comes next, with the parameters that it has."""
        with self._held():
            self._enter_again(self._latest(claim.slot))
        claim.lock.release()

    def trials(self) -> list[FrozenTrial]:
        """The latest trial of each slot, in the slots' order."""
        latest = {trial.user_attrs[SLOT]: trial for trial in self._trials()}
        return [latest[slot] for slot in sorted(latest)]

    def _trials(self) -> list[FrozenTrial]:
        return [trial for trial in self.study.get_trials(deepcopy=False) if SLOT in trial.user_attrs]

    def _latest(self, slot: int) -> FrozenTrial:
        return [trial for trial in self._trials() if trial.user_attrs[SLOT] == slot][-1]

    def _enter_again(self, trial: FrozenTrial) -> None:
        """Entered before the old one is closed: killed in between, a slot has two trials, of which the latest counts."""
        from optuna.trial import TrialState

        self.study.enqueue_trial(dict(trial.params), user_attrs={SLOT: trial.user_attrs[SLOT]})
        if trial.state is TrialState.RUNNING:
            self.study.tell(trial.number, state=TrialState.FAIL)

    def _is_dead(self, trial: FrozenTrial) -> bool:
        owner = trial.user_attrs.get(OWNER)
        if owner is None:
            started = trial.datetime_start or datetime.datetime.min
            return (datetime.datetime.now() - started).total_seconds() > UNOWNED_SECONDS
        if owner != self.owner:
            return False
        try:
            with self._slot_lock(trial.user_attrs[SLOT]):
                return True
        except Timeout:
            return False

    def _slot_lock(self, slot: int) -> FileLock:
        return self.store.lock(f"sweep-{self.study.study_name}-{slot}", wait=False)

    def _held(self) -> FileLock:
        return self.store.lock(f"sweep-{self.study.study_name}", wait=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna without its log lines and its warnings of what may change."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


def open_study(
    name: str, url: str, settings: Mapping[str, Any], store: Store, *, maximise: bool, pruner: BasePruner
) -> Study:
    """The study `name` in the storage `url`, made where it is not there; raises UserError where it is about something else."""
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    # Two processes that make the tables of a new file at once would disturb each other.
    with store.lock(f"sweep-{name}", wait=True):
        try:
            sqlite = url.startswith("sqlite")
            options = {"connect_args": {"timeout": LOCKED_SECONDS}} if sqlite else {"pool_pre_ping": True}
            study = optuna.create_study(
                study_name=name,
                storage=optuna.storages.RDBStorage(url, engine_kwargs=options),
                direction="maximize" if maximise else "minimize",
                pruner=pruner,
                load_if_exists=True,
            )
        except (SQLAlchemyError, ImportError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"the storage '{url}' cannot be opened ({reason}); correct --storage.") from None
        known = study.user_attrs.get("settings")
        if known is None:
            study.set_user_attr("settings", dict(settings))
        else:
            _check_same(name, known, settings)
    return study


def _check_same(name: str, known: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    for key in {**known, **settings}:
        if known.get(key) != settings.get(key):
            raise UserError(
                f"the study '{name}' was begun with {key} {known.get(key)}, not {settings.get(key)}; give the new sweep a name "
                "of its own with --study."
            )
