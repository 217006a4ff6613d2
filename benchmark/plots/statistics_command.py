"""The body of `python -m benchmark statistics`: a suite's statistics from its frame as tables, a figure and files."""

from __future__ import annotations

from functools import partial

from benchmark.files import write_bytes, write_json
from benchmark.plan.planner import Plan
from benchmark.plots.critical import can_be_drawn, draw_critical
from benchmark.plots.origin import frame_origin
from benchmark.plots.style import write
from benchmark.report.available import require_results
from benchmark.report.command_result import CommandResult
from benchmark.report.frame import results_frame
from benchmark.report.render import markdown
from benchmark.report.statistics import suite_statistics
from benchmark.report.statistics_text import statistics_tables
from benchmark.report.suite import suite_folder
from benchmark.report.variance import variance_table
from benchmark.report.written import written
from benchmark.store.store import Store


def write_statistics(plan: Plan, store: Store) -> CommandResult:
    """Statistics of what a store holds of a plan, written beside the suite's table; raises UserError where there are none."""
    require_results(plan, store)
    frame = results_frame(plan.cells, plan.score_names, store)
    found = suite_statistics(plan.title, frame)
    spread = variance_table(found.variance, {})
    folder = suite_folder(plan, store)
    folder.mkdir(parents=True, exist_ok=True)
    tables = [*statistics_tables(found), *([spread] if spread else [])]
    write_bytes(folder / "statistics.md", "\n".join(map(markdown, tables)).encode())
    files = [folder / "statistics.md"]
    drawn = [score for score in found.scores if can_be_drawn(score)]
    if drawn:
        files += write(partial(draw_critical, drawn), folder, "critical_difference", frame_origin(frame))
    files.append(folder / "statistics.json")
    record = {"suite": plan.suite.name, **found.as_json(), "files": [str(path) for path in files]}
    write_json(folder / "statistics.json", record)
    return CommandResult((*tables, *written(files)), record, failed=False)
