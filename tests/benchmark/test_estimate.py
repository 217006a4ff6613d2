from __future__ import annotations

from pathlib import Path

from benchmark.estimate import History
from benchmark.plan import Request, make_plan
from benchmark.store import Store, write_json
from benchmark.suites import SuiteSpec

SUITE = SuiteSpec(name="x", datasets=("sines",), generators=("timevae", "copy"), lengths=(12, 24, 96), budget="fast")


def seconds(store: Store) -> dict[tuple[str, int], float]:
    history = History(store)
    return {(c.generator, c.length): history.stage_seconds(c, "fit") for c in make_plan(SUITE, Request()).cells}


def test_without_history_a_fit_takes_its_budget_and_more_the_longer_its_windows_are(tmp_path: Path) -> None:
    found = seconds(Store(tmp_path))
    assert [found["timevae", length] for length in (12, 24, 96)] == [900, 900, 3600]
    assert found["copy", 96] == 2


def test_what_the_store_remembers_comes_first(tmp_path: Path) -> None:
    store = Store(tmp_path).create()
    (tmp_path / "cells" / "one").mkdir()
    record = {"generator": "timevae", "dataset": "sines", "length": 96, "budget": "fast"}
    write_json(tmp_path / "cells" / "one" / "provenance.json", {**record, "stages": {"fit": {"wall_seconds": 70.0}}})
    found = seconds(store)
    assert (found["timevae", 96], found["timevae", 24], found["copy", 96]) == (70, 70, 2)
