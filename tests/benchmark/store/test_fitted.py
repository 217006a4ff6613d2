"""The fitted generator of a cell: by the class and the source that the cell was computed by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.errors import SkipCell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.store.cell_folder import CellFolder
from benchmark.store.fitted import open_fitted
from benchmark.store.store import Store
from tests.conftest import CommandLine

PLUG_IN = "from baselines.controls.copy import Copy\n\n\nclass Mine(Copy):\n    pass\n"


@pytest.fixture
def folder(command: CommandLine, tmp_path: Path) -> CellFolder:
    """The cell of a plug-in that was run."""
    (tmp_path / "mine_copy.py").write_text(PLUG_IN)
    suite = {
        "budget": "smoke",
        "datasets": ["sines"],
        "generators": [f"{tmp_path / 'mine_copy'}.py:Mine"],
        "scores": ["spectral"],
    }
    (tmp_path / "suite.yaml").write_text(json.dumps(suite))
    done = command("run", "--suite", "suite.yaml", "--workers", "1", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    plan = make_plan(SuiteSpec(name="suite", **suite), Request())
    return Store(tmp_path / "runs").cell(plan.cells[0])


def test_a_model_is_opened_by_the_source_that_made_it(folder: CellFolder, tmp_path: Path) -> None:
    record = folder.record()
    assert record is not None
    assert len(open_fitted(folder, record).sample(3, 0)) == 3
    (tmp_path / "mine_copy.py").write_text(PLUG_IN + "# edited\n")
    with pytest.raises(
        SkipCell, match=r"the source of '.*mine_copy.py:Mine' is not that which the cell was computed by"
    ):
        open_fitted(folder, record)
    (tmp_path / "mine_copy.py").unlink()
    with pytest.raises(SkipCell, match=r"cannot be loaded: .*mine_copy.py") as error:
        open_fitted(folder, record)
    assert "delete" not in str(error.value)
