"""Running a sweep: the space is checked, the study opened or gone on with, and trial after trial run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.config.generators import GeneratorSpec, load_class
from benchmark.data import download_folder, fetch
from benchmark.errors import UserError
from benchmark.plan.planner import Plan, Request
from benchmark.run.runner import Options
from benchmark.seeds import derive_seed
from benchmark.store.store import Store
from benchmark.sweep.objective import Objective, make_objective
from benchmark.sweep.space import Choices, Space, make_space
from benchmark.sweep.spec import SweepSpec
from benchmark.sweep.study import Book, open_study, quiet
from benchmark.sweep.trial import RUNGS, Ending, Follower, plan_trial, run_trial
from benchmark.tracking.observer import UNTRACKED, Tracking

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

TPE_TRIALS = 20
Evaluate = Callable[["Trial", dict[str, Any]], Ending]


@dataclass(frozen=True)
class Sweep:
    """A sweep that can be run: its space and objective are valid, its study is open."""

    spec: SweepSpec
    objective: Objective
    space: Space
    book: Book
    storage: str
    base: Plan


def check(
    spec: SweepSpec, request: Request, write: Callable[[str], None], *, download: bool
) -> tuple[Objective, Plan, Space]:
    """The objective, the plan without changed parameters and the space; raises UserError for what cannot work."""
    objective = make_objective(spec)
    base = _base(spec, objective, request, write, download=download)
    cell = base.cells[0]
    cls = load_class(GeneratorSpec.model_validate({"name": cell.generator, "class": cell.class_path}))
    space = make_space(cls, f"generator '{cell.generator}'", spec.param, cell.params)
    if spec.sampler == "grid":
        space.grid()
    _check_values(space, lambda params: plan_trial(spec, objective, params, request))
    return objective, base, space


def prepare(
    spec: SweepSpec, store: Store, request: Request, write: Callable[[str], None], *, download: bool = True
) -> Sweep:
    """Check everything that a user can get wrong, then open the study and enter its trials; raises UserError."""
    objective, base, space = check(spec, request, write, download=download)
    cell = base.cells[0]
    points: list[dict[str, Any]] = space.grid() if spec.sampler == "grid" else [{}] * (spec.trials or TPE_TRIALS)
    url = spec.storage or _sqlite(store, spec.name)
    settings = {
        "generator": cell.generator,
        "version": " ".join(filter(None, [str(cell.version), cell.source])),
        "dataset": spec.dataset,
        "data": cell.fingerprint,
        "length": spec.length,
        "budget": spec.budget,
        "protocol": objective.protocol,
        "objective": objective.name,
        "seeds": spec.seeds,
        "sampler": spec.sampler,
        "parameters": space.text(),
    }
    study = open_study(spec.name, url, settings, store, maximise=objective.maximise, pruner=_pruner(spec))
    book = Book(study, store, lambda slot: make_sampler(spec.name, slot))
    book.fill(points[: spec.trials])
    return Sweep(spec, objective, space, book, url, base)


def run(
    sweep: Sweep,
    store: Store,
    options: Options,
    request: Request,
    write: Callable[[str], None],
    tracking: Tracking = UNTRACKED,
) -> None:
    """Run the trials that wait, those of dead processes too. KeyboardInterrupt is passed on; the trial then waits again."""
    spec, objective = sweep.spec, sweep.objective

    def evaluate(trial: Trial, params: dict[str, Any]) -> Ending:
        def give_up(value: float, rung: int) -> bool:
            if spec.pruner == "none":
                return False
            # A pruner knows one direction, the objective's; a loss is better when lower.
            trial.report(-value if objective.maximise else value, rung)
            return trial.should_prune()

        try:
            plan = plan_trial(spec, objective, params, request)
        except UserError as error:
            return Ending(None, {"reason": str(error)})
        tracking.add(plan.cells, " ".join(f"{name}={value}" for name, value in trial.params.items()))
        figures = (spec.prune_on,) if spec.prune_on else ("held_out", "loss")
        return run_trial(plan, objective, store, options, Follower(figures, store, give_up), write, tracking)

    for slot in sweep.book.recover(retry_failed=options.retry_failed):
        write(f"trial {slot} is run again")
    work(sweep.book, sweep.space, evaluate, write)


def work(book: Book, space: Space, evaluate: Evaluate, write: Callable[[str], None]) -> None:
    """Evaluate trial after trial until none waits."""
    while (claim := book.claim()) is not None:
        try:
            params = space.suggest(claim.trial)
            chosen = ", ".join(f"{name}={value}" for name, value in claim.trial.params.items())
            write(f"trial {claim.slot}: {chosen}")
            ending = evaluate(claim.trial, params)
        except BaseException:
            book.give_back(claim)
            raise
        book.finish(claim, ending.value, ending.facts, pruned=ending.pruned)
        how = "pruned" if ending.pruned else "failed" if ending.value is None else f"{ending.value:.6g}"
        reason = ending.facts.get("reason")
        write(f"trial {claim.slot}: {how}{f' ({reason})' if reason else ''}")


def make_sampler(study: str, slot: int) -> BaseSampler:
    """TPE whose random numbers depend on the study's name and the trial's slot only, not on who runs it or when."""
    from optuna.samplers import TPESampler

    with quiet():
        return TPESampler(seed=derive_seed("sweep", study, slot))


def _base(
    spec: SweepSpec, objective: Objective, request: Request, write: Callable[[str], None], *, download: bool
) -> Plan:
    """The plan without any changed parameter; data that can be downloaded is, and data that cannot be had is refused."""
    plan = plan_trial(spec, objective, {}, request)
    dataset = plan.cells[0].dataset
    if plan.cells[0].skip and download and dataset.url:
        write(f"downloading {dataset.file} from {dataset.url}")
        fetch(dataset, download_folder(request.data_dir))
        plan = plan_trial(spec, objective, {}, request)
    if plan.cells[0].skip:
        raise UserError(plan.cells[0].skip)
    return plan


def _check_values(space: Space, plan: Callable[[Mapping[str, Any]], Plan]) -> None:
    """Raise UserError for a value that no combination with the other parameters' choices makes work."""
    choices = {d.name: d.values if isinstance(d, Choices) else d.probes()[:1] for d in space.dimensions}
    for dimension in space.dimensions:
        for value in dimension.probes():
            refused = _refusal(plan, {dimension.name: value})
            others = {name: values for name, values in choices.items() if name != dimension.name}
            combinations = (
                {dimension.name: value, **dict(zip(others, point, strict=True))}
                for point in itertools.product(*others.values())
            )
            if refused and all(_refusal(plan, params) for params in combinations):
                raise refused


def _refusal(plan: Callable[[Mapping[str, Any]], Plan], params: Mapping[str, Any]) -> UserError | None:
    try:
        plan(params)
    except UserError as error:
        return error
    return None


def _pruner(spec: SweepSpec) -> BasePruner:
    from optuna import pruners

    if spec.pruner == "median":
        return pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=RUNGS // 5)
    if spec.pruner == "halving":
        return pruners.SuccessiveHalvingPruner(min_resource=RUNGS // 10, reduction_factor=2)
    return pruners.NopPruner()


def _sqlite(store: Store, name: str) -> str:
    folder = store.root / "sweeps"
    folder.mkdir(exist_ok=True)
    return f"sqlite:///{Path(folder / name).resolve()}.db"
