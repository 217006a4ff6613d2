"""Plans for batch systems: the missing cells of a suite as a file, and the cells of such a file computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

from benchmark.api.suites import Report, Suite, plan_suite, plan_with_data, run_options
from benchmark.api.view import View
from benchmark.errors import UserError

if TYPE_CHECKING:
    from benchmark.run.launch import LimitOptions
    from benchmark.run.manifest import Manifest
    from benchmark.run.outcome import Outcome


def plan_only(
    suite: Suite,
    target: Path,
    *,
    store: str | Path,
    device: str,
    most: int,
    retry: str | None,
    report: Report | None,
    **view: Unpack[View],
) -> Manifest:
    """Write the missing cells of a suite in at most `most` bundles; nothing is computed. Raises UserError.

    `report` is told of data files that are downloaded; None downloads nothing.
    """
    from benchmark.run.manifest import make_manifest, write_manifest

    options = run_options("cpu", 1, retry, False, view)
    plan, results = plan_with_data(suite, store, view, report)
    manifest = make_manifest(plan, results, options, suite, view, device, most)
    write_manifest(target, manifest)
    return manifest


def run_planned(
    path: Path,
    index: int | None,
    key: str | None,
    *,
    workers: int | None,
    report: Report,
    limits: LimitOptions | None = None,
) -> Sequence[Outcome]:
    """Compute one bundle of a plan, one of its cells, or all of it; raises UserError where the suite has changed since."""
    from benchmark.data import DatasetSpec
    from benchmark.run.manifest import chosen_keys, read_manifest
    from benchmark.validation import parse

    manifest = read_manifest(path)
    keys = chosen_keys(manifest, index, key)
    view = cast(View, manifest.view)
    if isinstance(own := manifest.view.get("csv"), dict):
        view["csv"] = parse(DatasetSpec, own, owner=f"the data set of the plan '{path}'")
    return run_cells(
        manifest.suite, keys, store=manifest.store, device=manifest.device, workers=workers or 1, retry=manifest.retry,
        force=False, report=report, limits=limits, **view,
    )  # fmt: skip


def run_cells(
    suite: Suite,
    keys: Sequence[str],
    *,
    store: str | Path,
    device: str,
    workers: int | None,
    retry: str | None,
    force: bool,
    report: Report,
    limits: LimitOptions | None = None,
    **view: Unpack[View],
) -> Sequence[Outcome]:
    """Compute the cells of a suite whose keys, or whose folders' names, begin with `keys`; raises UserError for any other."""
    from benchmark.run import launch

    options = run_options(device, workers, retry, force, view, limits)
    plan, results = plan_suite(suite, store, **view)
    found = []
    for key in keys:
        cells = [cell for cell in plan.cells if cell.key.startswith(key) or cell.slug.startswith(key)]
        if len(cells) != 1:
            many = "several cells" if cells else "no cell"
            advice = "give more of its key" if cells else "the suite or the program has changed, so plan again"
            raise UserError(f"{many} of suite '{plan.suite.name}' begin with '{key}'; {advice}.")
        found += cells
    results.create()
    return launch.run(replace(plan, cells=tuple({cell.key: cell for cell in found}.values())), results, options, report)
