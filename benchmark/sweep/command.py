"""The body of `python -m benchmark sweep`: from options to files, text and record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.plan.cell import digest
from benchmark.plan.planner import Request
from benchmark.report.plain import PlainTable, comma_separated, latex_document, markdown
from benchmark.run.runner import Options
from benchmark.store.files import write_bytes, write_json
from benchmark.store.store import Store
from benchmark.sweep import loop
from benchmark.sweep import tables as outcome
from benchmark.sweep.figures import write_figures
from benchmark.sweep.spec import SweepSpec
from benchmark.sweep.study import quiet
from benchmark.tracking.destination import check
from benchmark.tracking.observer import Tracking, track_sweep
from benchmark.tracking.suite_runs import SuiteRun

FORMATS = {"md": markdown, "tex": latex_document, "csv": comma_separated}


@dataclass(frozen=True)
class Report:
    """What the command prints, as text and as a record, and whether a trial failed."""

    text: str
    record: dict[str, Any]
    failed: bool


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
) -> Report:
    """Run what is missing of a sweep and write its tables and figures; raises UserError.

    A dry run opens no storage and tells the space only. KeyboardInterrupt is passed on after a clean stop.
    """
    check(tracking)
    request = Request(data_dir=data_dir)
    if dry_run:
        return _preview(spec, request, write)
    store.create()
    with quiet():
        chosen = loop.prepare(spec, store, request, write, download=download)
        with _track(chosen, store, tracking, write) as tracked:
            loop.run(chosen, store, options, request, write, tracked)
            report = _report(chosen, store)
            tracked.keep(Path(file) for file in report.record["files"])
        return report


def _track(chosen: loop.Sweep, store: Store, where: str | None, write: Callable[[str], None]) -> Tracking:
    """Track the sweep as one suite run, whose cells come trial by trial."""
    spec = chosen.spec.model_dump(mode="json", exclude={"storage"})
    name = f"sweep-{chosen.spec.name}"
    run = SuiteRun(digest(spec), name, f"{name} {chosen.objective.protocol} {chosen.spec.budget}", spec, ())
    return track_sweep(run, spec, store, where, write)


def _preview(spec: SweepSpec, request: Request, write: Callable[[str], None]) -> Report:
    objective, _, space = loop.check(spec, request, write, download=False)
    points = len(space.grid()) if spec.sampler == "grid" else spec.trials or loop.TPE_TRIALS
    count = min(points, spec.trials or points)
    lines = [
        f"study {spec.name}: {count} trials by {spec.sampler}, objective {objective.title} (protocol {objective.protocol})",
        *(f"  {name}: {values}" for name, values in space.text().items()),
    ]
    return Report("\n".join(lines), {"study": spec.name, "trials": count, "parameters": space.text()}, False)


def _report(chosen: loop.Sweep, store: Store) -> Report:
    folder = store.root / "sweeps" / chosen.spec.name
    folder.mkdir(parents=True, exist_ok=True)
    trials, grids = outcome.trials_table(chosen), outcome.sensitivity_tables(chosen)
    files = _write_tables(folder, "trials", [trials]) + _write_tables(folder, "sensitivity", grids)
    files += write_figures(chosen, folder)
    record = outcome.summary(chosen, [str(path) for path in (*files, folder / "sweep.json")])
    write_json(folder / "sweep.json", record)
    text = "\n".join(markdown(table) for table in (trials, *grids))
    text += "\n" + "\n".join([*_ending(record), *(f"wrote {path}" for path in record["files"])])
    return Report(text, record, any(trial["state"] == "failed" for trial in record["trials"]))


def _write_tables(folder: Path, name: str, tables: list[PlainTable]) -> list[Path]:
    """Write tables one after the other into a file a format."""
    if not tables:
        return []
    for suffix, render in FORMATS.items():
        write_bytes(folder / f"{name}.{suffix}", "\n".join(map(render, tables)).encode())
    return [folder / f"{name}.{suffix}" for suffix in FORMATS]


def _ending(record: dict[str, Any]) -> list[str]:
    """The best trial as the options that repeat it, and what is still under way elsewhere."""
    lines = []
    if record["best"]:
        chosen = " ".join(
            f"--set {record['generator']}.{name}={_yaml(value)}" for name, value in record["best"]["settings"].items()
        )
        lines.append(f"best: trial {record['best']['trial']}, {record['best']['value']:.4g}; as options: {chosen}")
    under_way = sum(trial["state"] == "running" for trial in record["trials"])
    if under_way:
        lines.append(f"{under_way} trials are still running in other processes; run the command again to see them.")
    return lines


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(map(_yaml, value)) + "]"
    return "null" if value is None else str(value)
