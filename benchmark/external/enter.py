"""Entering samples from elsewhere into a store, where they are scored and stand in tables as a row of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.config.generators import generator_names
from benchmark.config.suites import SuiteSpec
from benchmark.data import WindowSet, load_windows
from benchmark.data.scale import scale
from benchmark.data.split import seed_of_split
from benchmark.errors import UserError, unknown
from benchmark.external import UNITS
from benchmark.external.entered import EnteredSamples, entered_cell, is_entered, with_entered
from benchmark.external.windows import check_distance, file_windows
from benchmark.files import replacing
from benchmark.interface import RANGE_TOLERANCE, Windows
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.store.store import Store
from benchmark.validation import parse

SETTING = "copy"
"""The shipped generator whose cell lends its setting: every data set has one."""


@dataclass(frozen=True)
class Entry:
    """Samples from elsewhere with the row that they make.

    Attributes:
        name: The row's name.
        fake: The file of generated windows.
        dataset: The data set that they imitate.
        length: Time steps in a window.
        protocol: paper or strict.
        budget: The budget whose repetitions score them.
        scores: The scores they get.
        seed: The number of the training that made them, where there are several.
        units: "scaled" for values in [0, 1] as the harness scales this data set; "data" for the data's own units.
        selection: How these samples were chosen.
        code: The address of the code that made them.
        data_dir: Where data files are.
    """

    name: str
    fake: Path
    dataset: str
    length: int
    protocol: str = "paper"
    budget: str = "fast"
    scores: tuple[str, ...] = ()
    seed: int = 0
    units: str = "scaled"
    selection: str = ""
    code: str = ""
    data_dir: Path | None = None


def enter(entry: Entry, store: Store) -> Plan:
    """Write the samples into the store as a cell that lacks only its scores; the plan of that one cell.

    Raises:
        UserError: The name is taken or unusable, the data are not here, or the windows do not fit them.
    """
    _check_name(entry.name)
    if entry.units not in UNITS:
        raise unknown("value", entry.units, UNITS, owner="--units")
    suite, setting = _setting(entry)
    real = load_windows(
        setting.dataset,
        setting.length,
        setting.protocol,
        data_dir=entry.data_dir,
        cache_dir=store.shared("data"),
        limit=setting.budget.max_windows,
        seed_for_split=seed_of_split(setting.dataset.id, setting.length, setting.protocol),
    )
    generator = EnteredSamples.of(_fitting(entry, real), entry.selection, entry.code)
    cell = entered_cell(setting, entry.name, generator.parameters(), entry.seed)
    plan = Plan(suite, (cell,), suite.scores)
    _check_free(cell, with_entered(plan, store))
    folder = store.create().cell(cell)
    folder.path.mkdir(parents=True, exist_ok=True)
    with store.lock(cell.key, timeout=None):
        folder.write_record(cell)
        with replacing(folder.model) as part:
            part.mkdir()
            generator.save(part)
        folder.finish("fit", cell.key, [path for path in folder.model.rglob("*") if path.is_file()])
    return plan


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,59}", name):
        raise UserError(f"--as '{name}' is no name for a row; use letters, digits, '_', '.' and '-', 60 at most.")
    if name in generator_names():
        raise UserError(f"--as '{name}' is the name of a generator that is trained here; choose another.")


def _setting(entry: Entry) -> tuple[SuiteSpec, Cell]:
    values = {
        "name": entry.name,
        "title": f"{entry.fake.name} on {entry.dataset} at length {entry.length}",
        "datasets": [entry.dataset],
        "lengths": [entry.length],
        "generators": [SETTING],
        "scores": list(entry.scores),
    }
    suite = parse(SuiteSpec, values, owner="--as")
    plan = make_plan(suite, Request(budget=entry.budget, protocol=entry.protocol, data_dir=entry.data_dir))
    (cell,) = plan.cells
    if cell.skip:
        raise UserError(f"{cell.skip}.")
    return plan.suite, cell


def _fitting(entry: Entry, real: WindowSet) -> Windows:
    """The file's windows in [0, 1], as many as there are real ones or more; raises UserError."""
    given = file_windows(entry.fake, entry.length)
    shape = real.test.shape
    if given.shape[1:] != shape[1:]:
        raise UserError(
            f"'{entry.fake}' holds windows of {given.shape[1]} steps and {given.shape[2]} features, but '{entry.dataset}' at "
            f"length {entry.length} has {shape[2]} features; give windows of that shape."
        )
    if len(given) < len(real.test):
        raise UserError(
            f"'{entry.fake}' holds {len(given):,} windows, but '{entry.dataset}' at length {entry.length} compares "
            f"{len(real.test):,} under protocol {entry.protocol}; give at least as many."
        )
    if entry.units == "data":
        scaled = scale(given, (real.low, real.high))
        check_distance(entry.fake, given, scaled, (real.low, real.high))
        return np.clip(scaled, 0.0, 1.0)
    if given.min() < -RANGE_TOLERANCE or given.max() > 1 + RANGE_TOLERANCE:
        raise UserError(
            f"'{entry.fake}' holds values from {given.min():g} to {given.max():g}, but scaled windows lie in [0, 1]; add "
            "--units data for values in the data's own units."
        )
    return np.clip(given, 0.0, 1.0).astype(np.float32)


def _check_free(cell: Cell, plan: Plan) -> None:
    """Refuse a second set of samples under a name, setting and training seed that another has."""
    for other in filter(is_entered, plan.cells):
        if (other.generator, other.seed) == (cell.generator, cell.seed) and other.key != cell.key:
            raise UserError(
                f"the store already holds other samples of '{cell.generator}' there (training seed {cell.seed}); choose another "
                "--as, or another --training-seed."
            )
