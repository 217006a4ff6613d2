"""`statistics`: which generator is better over a suite, and how sure that is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmark.api.view import View
from benchmark.cli.options import (
    Json,
    StoreOption,
    Suite,
)
from benchmark.cli.printing import emit
from benchmark.cli.view import with_view
from benchmark.errors import UserError


@with_view
def statistics(
    *,
    suite: Suite = "quick",
    view: View,
    store: StoreOption = Path("runs"),
    json_target: Json = None,
) -> None:
    """Test and rank a suite's generators: paired tests, Friedman, win rates, rank stability, components of variance.

    Example: python -m benchmark statistics --suite table1 --only dataset=stocks,sines
    """
    from benchmark.api import suites
    from benchmark.files import write_bytes, write_json
    from benchmark.plots.critical import can_be_drawn, draw_critical
    from benchmark.plots.origin import frame_origin
    from benchmark.plots.style import write
    from benchmark.report.available import require_results
    from benchmark.report.frame import results_frame
    from benchmark.report.render import markdown
    from benchmark.report.statistics import statistics_of
    from benchmark.report.statistics_text import statistics_tables
    from benchmark.report.suite import suite_folder
    from benchmark.report.variance import variance_table, variances_of
    from benchmark.report.written import written

    plan, results = suites.plan_suite(suite, store, **view)
    require_results(plan, results)
    frame = results_frame(plan.cells, plan.score_names, results)
    found, spread = statistics_of(frame), variance_table(frame, {})
    if not found.scores and spread is None:
        raise UserError(
            f"suite '{plan.title}' has no two generators beside the controls with the same score, and no several models or draws "
            "of samples; run more of it, with --seeds or --sampling-seeds, or choose others with --only."
        )
    folder = suite_folder(plan, results)
    tables = [*statistics_tables(found), *([spread] if spread else [])]
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "statistics.md", "\n".join(map(markdown, tables)).encode())
    files = [folder / "statistics.md"]
    drawn = [score for score in found.scores if can_be_drawn(score)]
    if drawn:
        files += write(partial(draw_critical, drawn), folder, "critical_difference", frame_origin(frame))
    files.append(folder / "statistics.json")
    components = [one.as_json() for one in variances_of(frame)]
    record = {
        "suite": plan.suite.name,
        **found.as_json(),
        "variance": components,
        "files": [str(path) for path in files],
    }
    write_json(folder / "statistics.json", record)
    emit([*tables, *written(files)], record, json_target)
