"""Suites: run them, and read, tabulate and draw what a store holds of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from benchmark.api.view import View, as_path, request_of
from benchmark.errors import unknown

if TYPE_CHECKING:
    import pandas as pd

    from benchmark.plan.planner import Plan
    from benchmark.plots.command import Drawn
    from benchmark.report.suite import SuiteResult
    from benchmark.run.launch import LimitOptions
    from benchmark.run.outcome import Outcome
    from benchmark.run.runner import Options
    from benchmark.store.store import Store

Suite = str | Path | Mapping[str, Any]
"""A suite's name, its YAML file, or the mapping that such a file holds."""
Report = Callable[[str], None]
_log: Report = logging.getLogger("benchmark").info


@dataclass(frozen=True)
class SuiteRun:
    """What a run of a suite ended with: its plan, how each cell ended, its results and the files written."""

    plan: Plan
    outcomes: Sequence[Outcome]
    result: SuiteResult
    files: Sequence[Path]

    @property
    def failed(self) -> bool:
        """Whether a cell failed."""
        return any(outcome.failed for outcome in self.outcomes)

    def record(self) -> dict[str, Any]:
        """The results with stable keys, as `run --json` writes them."""
        from benchmark.report.suite import as_json

        return as_json(self.result.suite, self.result.frame, [self.result.table], self.files)


def run(
    suite: Suite = "quick",
    *,
    store: str | Path = "runs",
    device: str = "auto",
    workers: int | None = None,
    retry: str | None = None,
    force: bool = False,
    download: bool = True,
    tracking: str | None = "none",
    report: Report = _log,
    limits: LimitOptions | None = None,
    **view: Unpack[View],
) -> pd.DataFrame:
    """Compute the missing cells of a suite, each in a process of its own; finished ones are never computed again.

    Args:
        suite: A suite's name, its YAML file, or the mapping that such a file holds.
        store: The folder of results.
        device: auto, cpu or cuda.
        workers: Cells at a time (default: one a core; on an accelerator one).
        retry: "failed": compute failed cells again too.
        force: Compute all cells again.
        download: Fetch data files that are missing.
        tracking: Where MLflow keeps the run: a tracking URI, "local" or "none".
        report: Called with lines of progress (default: the logger "benchmark").
        limits: "memory_limit" and "gpu_memory_limit" of a cell, such as "8 GiB"; "stop_after" K equal failures of a generator;
            "executor" "local" or "ray", and the "address" of the Ray cluster.
        **view: Which part of the suite, and how altered: see `View`.

    Returns:
        The results frame, one row for each cell, score and repetition, and for each failure.

    Raises:
        UserError: Something that is named does not exist or cannot work.

    Example:
        >>> frame = run("quick", budget="smoke", store="runs", only={"dataset": "stocks"})
    """
    whole = run_suite(
        suite, store=store, device=device, workers=workers, retry=retry, force=force, download=download, tracking=tracking,
        report=report, show=lambda _: None, limits=limits, **view,
    )  # fmt: skip
    return whole.result.frame


def run_suite(
    suite: Suite,
    *,
    store: str | Path,
    device: str,
    workers: int | None,
    retry: str | None,
    force: bool,
    download: bool,
    tracking: str | None,
    report: Report,
    show: Callable[[SuiteRun], None],
    limits: LimitOptions | None = None,
    **view: Unpack[View],
) -> SuiteRun:
    """`run` with everything that it ends with; `show` is called with it before the tracker is waited for."""
    from benchmark.report import suite as suite_report
    from benchmark.run import launch
    from benchmark.tracking.destination import check
    from benchmark.tracking.observer import track_plan

    options = run_options(device, workers, retry, force, view, limits)
    check(tracking)
    plan, results = plan_with_data(suite, store, view, report if download else None)
    with track_plan(plan, results, tracking, report) as tracked:
        outcomes = launch.run(plan, results, options, report, [tracked])
        result = suite_report.suite_result(plan, results)
        files = suite_report.write_outputs(plan, result, results)
        tracked.keep(files)
        whole = SuiteRun(plan, outcomes, result, files)
        show(whole)
    return whole


def run_options(
    device: str, workers: int | None, retry: str | None, force: bool, view: View, limits: LimitOptions | None = None
) -> Options:
    """Checked options of a run; raises UserError."""
    from benchmark.run import launch

    return launch.options(device, workers, as_path(view.get("data_dir")), retry, force=force, **(limits or {}))


def plan_suite(suite: Suite, store: str | Path, **view: Unpack[View]) -> tuple[Plan, Store]:
    """The cells of a view of a suite, with the rows that were entered into the store, and the store; raises UserError."""
    from benchmark.config.suites import load_suite
    from benchmark.external.entered import with_entered
    from benchmark.plan.planner import make_plan
    from benchmark.store.store import Store

    results = Store(Path(store))
    spec = load_suite(suite if isinstance(suite, Mapping) else str(suite))
    return with_entered(make_plan(spec, request_of(**view)), results), results


def plan_with_data(suite: Suite, store: str | Path, view: View, report: Report | None) -> tuple[Plan, Store]:
    """A plan and its store, which is made; data files that are missing are fetched where `report` is told of it."""
    from benchmark.data import fetch_missing

    plan, results = plan_suite(suite, store, **view)
    results.create()
    if report and fetch_missing(plan.lacking, as_path(view.get("data_dir")), report):
        plan, results = plan_suite(suite, store, **view)
    return plan, results


def results(store: str | Path = "runs") -> pd.DataFrame:
    """What a store holds of every cell: one row for each score and repetition, and for each failure.

    Raises:
        UserError: There is no such store.

    Example:
        >>> frame = results("runs")
        >>> frame.groupby(["dataset", "generator", "metric"])["value"].mean()
    """
    from benchmark.report.store_frame import store_frame
    from benchmark.store.store import Store

    return store_frame(Store(Path(store)))


def table(
    suite: Suite = "quick",
    store: str | Path = "runs",
    format: str = "markdown",  # noqa: A002 - as the command line calls it
    *,
    published: bool = True,
    controls: bool = True,
    efficiency: bool = False,
    digits: int | None = None,
    **view: Unpack[View],
) -> str:
    """The table of what a store holds of a suite; nothing is computed.

    Args:
        suite: A suite's name, its YAML file, or the mapping that such a file holds.
        store: The folder of results.
        format: markdown, latex (a document), latex-fragment (its table alone), html or csv.
        published: Published values beside measured ones.
        controls: Rows of controls.
        efficiency: Size, training and sampling time, and memory too.
        digits: Digits after the point (default: the metric's own).
        **view: Which part of the suite, and how altered: see `View`.

    Raises:
        UserError: Something that is named does not exist, or the store holds nothing of the suite.

    Example:
        >>> print(table("quick", store="runs", only={"dataset": "stocks"}))
    """
    from benchmark.report import suite as suite_report
    from benchmark.report.formats import FORMATS

    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    result = result_of(
        suite, store, published=published, controls=controls, efficiency=efficiency, digits=digits, **view
    )
    return suite_report.render(result, format)


def result_of(
    suite: Suite,
    store: str | Path,
    *,
    published: bool,
    controls: bool,
    efficiency: bool,
    digits: int | None,
    **view: Unpack[View],
) -> SuiteResult:
    """The frame and the table of what a store holds of a suite, as `table` prints it; raises UserError."""
    from benchmark.report import suite as suite_report
    from benchmark.report.available import require_results

    plan, held = plan_suite(suite, store, **view)
    require_results(plan, held)
    return suite_report.suite_result(plan, held, suite_report.Choices(published, controls, efficiency, digits))


def plot(
    suite_or_cell: Suite = "quick",
    store: str | Path = "runs",
    output: str | Path | None = None,
    *,
    report: Report = _log,
    **view: Unpack[View],
) -> list[Path]:
    """Draw what a store holds of a suite or of one cell, as PNG and PDF; nothing is trained.

    Args:
        suite_or_cell: A suite's name, YAML file or mapping; else a cell's name in the store, or the beginning of it or its key.
        store: The folder of results.
        output: A folder for the figures (default: one in the store).
        report: Called with lines of progress.
        **view: Which part of the suite, and how altered: see `View`; of a cell only `data_dir` has an effect.

    Returns:
        The files written.

    Raises:
        UserError: There is no such suite or cell, or nothing to draw.

    Example:
        >>> plot("stocks-24-timemar_s", store="runs")
    """
    from benchmark.config.files import is_yaml
    from benchmark.config.suites import SUITES

    name = suite_or_cell if isinstance(suite_or_cell, Mapping) else str(suite_or_cell)
    if isinstance(name, Mapping) or name in SUITES or is_yaml(name):
        return plot_suite(name, store, output, report, **view).files
    return plot_cell(name, store, output, view.get("data_dir")).files


def plot_suite(
    suite: Suite, store: str | Path, output: str | Path | None, report: Report, **view: Unpack[View]
) -> Drawn:
    """The figures of a suite, and what could not be drawn; raises UserError."""
    from benchmark.plots import command
    from benchmark.report.available import require_results

    plan, held = plan_suite(suite, store, **view)
    require_results(plan, held)
    return command.plot_suite(plan, held, as_path(output), as_path(view.get("data_dir")), report)


def plot_cell(cell: str, store: str | Path, output: str | Path | None, data_dir: str | Path | None) -> Drawn:
    """The figures of one cell, and what could not be drawn; raises UserError."""
    from benchmark.plots import command
    from benchmark.store.store import Store

    return command.plot_cell(cell, Store(Path(store)), as_path(output), as_path(data_dir))
