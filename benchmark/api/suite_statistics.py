"""Which generator of a suite is better, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from benchmark.api.suites import Suite, plan_suite
from benchmark.api.view import View

if TYPE_CHECKING:
    from benchmark.report.statistics import SuiteStatistics


def statistics(suite: Suite = "quick", store: str | Path = "runs", **view: Unpack[View]) -> SuiteStatistics:
    """Test and rank a suite's generators by the scores that a store holds; nothing is trained, scored or written.

    Args:
        suite: A suite's name, its YAML file, or the mapping that such a file holds.
        store: The folder of results.
        **view: Which part of the suite, and how altered: see `View`.

    Returns:
        What `python -m benchmark statistics --json` holds; `as_json()` has its keys.

    Raises:
        UserError: Something that is named does not exist, or the store holds nothing that can be compared.

    Example:
        >>> for one in statistics("table1", only={"dataset": "stocks"}).scores:
        ...     print(one.title, dict(zip(one.generators, one.mean_ranks)))
    """
    from benchmark.report.available import require_results
    from benchmark.report.frame import results_frame
    from benchmark.report.statistics import suite_statistics

    plan, held = plan_suite(suite, store, **view)
    require_results(plan, held)
    return suite_statistics(plan.title, results_frame(plan.cells, plan.score_names, held))
