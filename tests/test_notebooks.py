"""The notebooks of the site run from the first cell to the last, and find what their text says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOTEBOOKS = ROOT / "docs" / "notebooks"
CLAIMS = {
    "compare_your_generator": """
folder = Path("saved")
folder.mkdir()
mine.generator_.save(folder)
assert np.array_equal(Components.load(folder).sample(20, seed=3), mine.generator_.sample(20, seed=3))
assert samples.shape == (500, 24, 5)
assert set(mine_scored) == set(timemar_scored) == set(scores)
assert mine_scored["dcr_ratio"].mean > 0.5 > mine_scored.controls["copy"]["dcr_ratio"].mean
""",
    "judge_your_samples": """
assert frame.loc["dcr_ratio", "parrot"] < 0.2 < 0.7 < frame.loc["dcr_ratio", "second river"]
assert (frame.loc[["context_fid", "spectral"], ["second river", "smooth", "parrot"]].idxmin(axis=1) == "parrot").all()
assert (frame.loc[["context_fid", "spectral"], "smooth"] > 3 * frame.loc[["context_fid", "spectral"], "floor"]).all()
""",
}
"""What is asserted where a notebook ends, in its own names."""


def test_every_notebook_has_claims() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(CLAIMS)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLAIMS)
def test_a_notebook_runs_and_its_claims_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbclient
    import nbformat

    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    book = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    book.cells.append(nbformat.v4.new_code_cell(CLAIMS[name]))
    nbclient.NotebookClient(book, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
