"""Cells that differ in sampling parameters alone train once, however many workers there are."""

from __future__ import annotations

import json
from pathlib import Path

from tests.benchmark.run.conftest import finished_stages, run_suite

SUITE = """
budget: smoke
datasets: [sines]
scores: [duplicates]
generators: ['tunable:Warm']
variants:
  - {generator: 'tunable:Warm', params: {temperature: 2.0}}
"""


def test_cells_that_can_share_a_fit_wait_for_it(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "--workers", "2", text=SUITE)
    assert done.returncode == 0, done.stderr
    assert sum(finished_stages(tmp_path / "runs").values()) == 6
    records = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("cells/*/provenance.json")]
    trained = [record for record in records if "fit_of" not in record["stages"]["fit"]]
    assert (len(records), len(trained)) == (2, 1)
