"""One run of a plan as the command line asks for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from benchmark.config.needs import mebibytes
from benchmark.errors import UserError, unknown
from benchmark.machine import usable_cores
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.run import RETRIED
from benchmark.run.device import DEVICES, accelerator_mib, choose_device
from benchmark.run.executors import EXECUTORS
from benchmark.run.executors.base import Executor
from benchmark.run.limits import Limits
from benchmark.run.outcome import Outcome
from benchmark.run.progress import open_display
from benchmark.run.remaining import Remaining
from benchmark.run.runner import Observer, Options, RayOptions, Runner, local_executor
from benchmark.store.history import History
from benchmark.store.store import Store


class LimitOptions(TypedDict, total=False):
    """What a run may use and where, beside the wall time that suites and budgets limit.

    Attributes:
        memory_limit: The most memory of a cell's processes together, such as "8 GiB".
        gpu_memory_limit: The most memory of the accelerator that a cell takes.
        stop_after: Equal failures of a generator after which its other cells wait.
        executor: "local" (this machine, the default) or "ray".
        address: The Ray cluster's, such as "auto"; without one a Ray of this machine is started for the run.
    """

    memory_limit: str | None
    gpu_memory_limit: str | None
    stop_after: int | None
    executor: str | None
    address: str | None


def options(
    device: str,
    workers: int | None,
    data_dir: Path | None,
    retry: str | None,
    *,
    force: bool = False,
    **limits: Unpack[LimitOptions],
) -> Options:
    """Checked options.

    Raises:
        UserError: The device or executor does not exist, a limit cannot be read, or `retry` is neither None nor "failed".
    """
    if retry not in (None, *RETRIED):
        raise unknown("value", retry, RETRIED, owner="--retry")
    ray = _ray(limits, workers)
    # The nodes of a cluster have devices of their own.
    chosen = choose_device(device) if ray is None or device not in DEVICES else device
    # One accelerator serves one cell at a time unless more are asked for; a core serves one single-threaded worker.
    default = 1 if chosen == "cuda" else usable_cores()
    return Options(
        chosen,
        workers or default,
        data_dir,
        retry_failed=retry == "failed",
        force=force,
        memory_mib=_limit("--memory-limit", limits.get("memory_limit")),
        gpu_memory_mib=_limit("--gpu-memory-limit", limits.get("gpu_memory_limit")),
        stop_after=limits.get("stop_after"),
        accelerator_mib=None if ray else accelerator_mib(chosen),
        ray=ray,
    )


def _ray(limits: LimitOptions, workers: int | None) -> RayOptions | None:
    name, address = limits.get("executor") or "local", limits.get("address")
    if name not in EXECUTORS:
        raise unknown("executor", name, EXECUTORS, owner="--executor")
    if name == "ray":
        return RayOptions(address, workers)
    if address is not None:
        raise UserError("--address is a Ray cluster's; add --executor ray.")
    return None


def _limit(option: str, text: str | None) -> float | None:
    try:
        return None if text is None else mebibytes(text)
    except ValueError as error:
        raise UserError(f"{option} is '{text}', but {error}.") from None


def run(
    plan: Plan, store: Store, chosen: Options, write: Callable[[str], None], observers: Sequence[Observer] = ()
) -> list[Outcome]:
    """Run a plan under a progress display on standard error: bars on a terminal, lines elsewhere."""
    history = History(store, force=chosen.force)

    def order(cell: Cell, stages: Sequence[str]) -> float:
        # The longest cells start first, so that the last one does not keep everybody waiting; an unknown time counts as longest.
        return history.cell_seconds(cell, stages) or math.inf

    remaining = Remaining(history.stage_seconds, chosen.workers)

    def opened(options: Options, limits: Limits) -> Executor:
        executor = open_executor(options, limits)
        remaining.workers = executor.workers
        return executor

    with open_display(len(plan.cells), write, remaining) as display:
        return Runner(store, chosen, [display, *observers], opened).run(plan, order)


def open_executor(chosen: Options, limits: Limits) -> Executor:
    """The executor that was asked for; raises UserError where it cannot be had."""
    if chosen.ray is None:
        return local_executor(chosen, limits)
    from benchmark.run.executors.ray_executor import RayExecutor

    return RayExecutor(chosen.ray.address, chosen.ray.workers, chosen.device, limits)
