"""A plan for a batch system: a file with the missing cells in bundles, and the lines that compute them."""

from __future__ import annotations

import json
import math
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from benchmark.config.files import is_yaml
from benchmark.data import DatasetSpec
from benchmark.errors import UserError
from benchmark.files import write_json
from benchmark.imports import ROOT
from benchmark.plan.bundles import Bundle, Task, bundles
from benchmark.plan.planner import Plan
from benchmark.run.outcome import settled
from benchmark.run.runner import Options
from benchmark.store.history import History, duration
from benchmark.store.store import Store
from benchmark.validation import Frozen, parse

PATHS = ("csv", "data_dir")
"""Keys of a view that are paths."""
SPARE = 2.0
"""Times the expected minutes that a job may take, and `SPARE_MINUTES` more."""
SPARE_MINUTES = 10


class PlannedBundle(Frozen):
    """A bundle in the file: its number, what it needs, and its cells."""

    index: int
    minutes: float
    gpu: bool
    memory_mib: float
    cells: tuple[dict[str, Any], ...]

    @property
    def keys(self) -> list[str]:
        """The keys of its cells."""
        return [str(cell["key"]) for cell in self.cells]


class Manifest(Frozen):
    """The file: the suite with its view, the store, the device, and the bundles."""

    format: Literal["timemar-benchmark plan"] = "timemar-benchmark plan"
    version: Literal[1] = 1
    suite: str | dict[str, Any]
    view: dict[str, Any] = Field(default_factory=dict)
    store: str
    device: str
    retry: str | None = None
    bundles: tuple[PlannedBundle, ...]


def missing_tasks(plan: Plan, store: Store, chosen: Options) -> list[Task]:
    """Every cell that a run would compute, with what it needs; the time limit stands for a time that is not known."""
    history = History(store)
    found = []
    for cell in plan.cells:
        state = store.state(cell, plan.score_names, verify=True)
        if settled(cell, state, state.missing, retry=chosen.retry_failed):
            continue
        seconds = history.cell_seconds(cell, state.missing)
        minutes = (plan.time_limit if seconds is None else seconds) / 60
        needs = cell.needs
        found.append(Task(cell.key, cell.slug, state.missing, round(minutes, 2), needs.gpu, needs.memory_mib))
    return found


def make_manifest(
    plan: Plan,
    store: Store,
    chosen: Options,
    suite: str | Path | Mapping[str, Any],
    view: Mapping[str, Any],
    device: str,
    most: int,
) -> Manifest:
    """The missing cells of a plan in at most `most` bundles; raises UserError where nothing is missing."""
    tasks = missing_tasks(plan, store, chosen)
    if not tasks:
        raise UserError(
            f"nothing of suite '{plan.suite.name}' is missing in the store '{store.root}'; there is no plan."
        )
    named = dict(suite) if isinstance(suite, Mapping) else _absolute(str(suite))
    given = {key: _plain(key, value) for key, value in view.items() if value is not None}
    # A job may start without the variables of this shell.
    folder = os.environ.get("TIMEMAR_DATA_DIR")
    if "data_dir" not in given and folder and Path(folder).is_dir():
        given["data_dir"] = str(Path(folder).resolve())
    return Manifest(
        suite=named,
        view=given,
        store=str(store.root.resolve()),
        device=device,
        retry="failed" if chosen.retry_failed else None,
        bundles=tuple(_planned(index, bundle) for index, bundle in enumerate(bundles(tasks, most))),
    )


def _planned(index: int, bundle: Bundle) -> PlannedBundle:
    cells = tuple(
        {"key": task.key, "cell": task.cell, "missing": list(task.stages), "minutes": task.minutes,
         "memory_mib": task.memory_mib, "gpu": task.gpu}
        for task in bundle.tasks
    )  # fmt: skip
    return PlannedBundle(
        index=index, minutes=round(bundle.minutes, 2), gpu=bundle.gpu, memory_mib=bundle.memory_mib, cells=cells
    )


def _absolute(suite: str) -> str:
    return str(Path(suite).resolve()) if is_yaml(suite) else suite


def _plain(key: str, value: Any) -> Any:
    if isinstance(value, DatasetSpec):
        return value.model_dump(mode="json", exclude_unset=True)
    if key in PATHS:
        return str(Path(value).resolve())
    return list(value) if isinstance(value, tuple) else value


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write the file."""
    write_json(path, manifest.model_dump(mode="json"))


def read_manifest(path: Path) -> Manifest:
    """The file's content; raises UserError."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"--plan '{path}' cannot be read ({error.strerror}); write it with run --plan-only.") from None
    except (ValueError, RecursionError):
        raise UserError(f"--plan '{path}' is no plan, or is damaged; write it again with run --plan-only.") from None
    return parse(Manifest, values, owner=f"the plan '{path}'")


def chosen_keys(manifest: Manifest, index: int | None, key: str | None) -> list[str]:
    """The keys of one bundle, or the one cell whose key or folder begins with `key`; raises UserError."""
    if index is not None and key:
        raise UserError("--index and --cell choose what to compute in two ways; leave out one of them.")
    if index is not None:
        if not 0 <= index < len(manifest.bundles):
            raise UserError(f"--index is {index}, but the plan has the bundles 0 to {len(manifest.bundles) - 1}.")
        return manifest.bundles[index].keys
    return [key] if key else [one for bundle in manifest.bundles for one in bundle.keys]


def manifest_text(manifest: Manifest, path: Path) -> str:
    """A line for each bundle, and the lines that compute them with Slurm, GNU parallel and xargs."""
    lines = []
    for bundle in manifest.bundles:
        what = f"{len(bundle.cells)} cells, about {duration(60 * bundle.minutes)}, {bundle.memory_mib:,.0f} MiB"
        lines.append(f"{bundle.index}: {what}{', an accelerator' if bundle.gpu else ''}")
    command = job_command(path)
    for gpu in (False, True):
        group = [bundle for bundle in manifest.bundles if bundle.gpu is gpu]
        if group:
            lines += ["", _sbatch(group, command, gpu)]
    last = len(manifest.bundles) - 1
    each = shlex.quote(f"{command} {{}}")
    lines += ["", f"seq 0 {last} | parallel -j 2 {each}", "", f"seq 0 {last} | xargs -P 2 -I {{}} sh -c {each}"]
    return "\n".join(lines)


def job_command(path: Path) -> str:
    """The command of one job, which ends with `--index`; it needs no variable of this shell."""
    modules = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    program = [sys.executable, "-m", "benchmark", "run", "--plan", str(path.resolve()), "--index"]
    return f"cd {shlex.quote(str(Path.cwd()))} && PYTHONPATH={shlex.quote(modules)} {shlex.join(program)}"


def _sbatch(group: list[PlannedBundle], command: str, gpu: bool) -> str:
    minutes = math.ceil(SPARE * max(bundle.minutes for bundle in group)) + SPARE_MINUTES
    memory = math.ceil(max(bundle.memory_mib for bundle in group))
    options = [
        f"--array={group[0].index}-{group[-1].index}",
        f"--time={minutes}",
        f"--mem={memory}M",
        "--cpus-per-task=1",
    ]
    options += ["--gres=gpu:1"] if gpu else []
    return f"sbatch {' '.join(options)} --wrap={shlex.quote(command + ' $SLURM_ARRAY_TASK_ID')}"
