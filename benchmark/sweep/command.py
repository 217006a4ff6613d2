"""The body of `python -m benchmark sweep`: from options to files, text and record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.files import write_json
from benchmark.plan.cell import digest
from benchmark.plan.keys import score_info
from benchmark.plan.request import Request
from benchmark.plots.origin import folders_origin
from benchmark.report.command_result import CommandResult, write_tables
from benchmark.report.text_table import TextTable
from benchmark.report.written import written
from benchmark.run.runner import Options
from benchmark.store.records import State
from benchmark.store.store import Store
from benchmark.sweep import loop, tables
from benchmark.sweep.best import score_best
from benchmark.sweep.figures import write_figures
from benchmark.sweep.spec import SweepSpec
from benchmark.sweep.study import SharedStudy, quiet
from benchmark.tracking.destination import check
from benchmark.tracking.observer import Tracking, track_sweep
from benchmark.tracking.suite_runs import SuiteRun


def sweep(
    spec: SweepSpec,
    store: Store,
    options: Options,
    write: Callable[[str], None],
    *,
    data_dir: Path | None = None,
    tracking: str | None = "none",
    download: bool = True,
    dry_run: bool = False,
) -> CommandResult:
    """Run what is missing of a sweep and write its tables and figures; a dry run describes the space only.

    Raises:
        UserError: The sweep cannot work as it is described.
        KeyboardInterrupt: The trial under way waits again.
    """
    check(tracking)
    request = Request(data_dir=data_dir)
    checked = loop.check(spec, request, write, download=download and not dry_run)
    if dry_run:
        return _preview(checked)
    store.create()
    with quiet():
        study = loop.enqueue(checked, store)
        with _track(checked, store, tracking, write) as tracked:
            loop.run(checked, study, store, options, request, write, tracked)
            trials = tables.trial_records(checked, study)
            test_scores = score_best(checked, trials, store, options, request, write)
            report = _report(checked, study, trials, test_scores, store)
            tracked.keep(Path(file) for file in report.record["files"])
        return report


def _track(checked: loop.Sweep, store: Store, where: str | None, write: Callable[[str], None]) -> Tracking:
    """Track the sweep as one suite run, whose cells come trial by trial."""
    spec = checked.spec.model_dump(mode="json", exclude={"storage"})
    name = f"sweep-{checked.spec.name}"
    setting = f"{checked.spec.dataset} {checked.spec.length}, {checked.spec.budget}, {checked.objective.protocol}"
    run = SuiteRun(digest(spec), name, f"{name}, {setting}", spec, (), scores=checked.base.score_names)
    return track_sweep(run, spec, store, where, write)


def _preview(checked: loop.Sweep) -> CommandResult:
    spec, objective = checked.spec, checked.objective
    record = {"study": spec.name, "trials": len(checked.points), "parameters": checked.space.text()}
    lines = [
        f"study {spec.name}: {record['trials']} trials by {spec.sampler}, objective {objective.title} "
        f"(protocol {objective.protocol})",
        *(f"  {name}: {values}" for name, values in checked.space.text().items()),
    ]
    return CommandResult(tuple(lines), record, False)


def _report(
    checked: loop.Sweep,
    study: SharedStudy,
    trials: Sequence[tables.Record],
    test_scores: Mapping[str, Any],
    store: Store,
) -> CommandResult:
    folder = store.root / "sweeps" / checked.spec.name
    overview, grids = tables.trials_table(checked, trials), tables.sensitivity_tables(checked, trials)
    files = write_tables(folder, "trials", [overview]) + write_tables(folder, "sensitivity", grids)
    origin = folders_origin(store.folder(slug) for trial in trials for slug in trial["cells"])
    figures = write_figures(checked, study, trials, folder, origin)
    files = [*files, *figures, folder / "sweep.json"]
    record = tables.summary(checked, trials, test_scores, checked.storage(store), files)
    write_json(folder / "sweep.json", record)
    content: tuple[str | TextTable, ...] = (overview, *grids, *_conclusion(record), *written(files))
    failed = any(trial["state"] == "failed" for trial in trials) or any(
        score["status"] not in (State.DONE, State.SKIPPED) for score in test_scores.values()
    )
    return CommandResult(content, record, failed)


def _conclusion(record: dict[str, Any]) -> list[str]:
    """The best trial as the options that repeat it, and what is still under way elsewhere."""
    lines = []
    if best := record["best"]:
        options = " ".join(
            f"--set {record['generator']}.{name}={_yaml(best['settings'][name])}" for name in best["settings"]
        )
        lines.append(f"best: trial {best['trial']}, {best['value']:.4g}; as options: {options}")
        lines += [
            f"its {score_info(name).title} against the test windows: {score_text(value)}"
            for name, value in best["test_scores"].items()
        ]
    running = sum(trial["state"] == "running" for trial in record["trials"])
    if running:
        lines.append(f"{running} trials are still running in other processes; run the command again to see them.")
    return lines


def score_text(value: Mapping[str, Any]) -> str:
    """A test score's mean and half-width, or why it has none."""
    if value["mean"] is None:
        return ": ".join(filter(None, (value["status"], value["reason"])))
    half_width = "" if value["half_width"] is None else f" ± {value['half_width']:.2g}"
    return f"{value['mean']:.4g}{half_width}"


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(map(_yaml, value)) + "]"
    return "null" if value is None else str(value)
