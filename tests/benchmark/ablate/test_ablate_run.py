from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.store.records import State
from tests.conftest import CommandLine


def test_a_part_that_matters_is_told(command: CommandLine, tmp_path: Path) -> None:
    done = command(
        "ablate", "--drop", "denoise", "--generator", "tunable:Layered", "--dataset", "sines", "--seeds", "2",
        "--budget", "smoke", "--device", "cpu", "--json", "result.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "result.json").read_text())
    found = {effect["quantity"]: effect for effect in record["effects"]}
    assert set(found) == {"context_fid", "spectral", "discriminative", "mse", "parameters"}
    # The part keeps noise of 0.1 away, which no spectrum can hide.
    assert found["spectral"]["conclusion"] == "worse without it"
    assert found["spectral"]["high"] > found["spectral"]["difference"] > found["spectral"]["low"] > 0
    assert found["mse"]["difference"] == pytest.approx(0.01)
    assert found["parameters"]["difference"] == -20
    assert found["parameters"]["conclusion"] == "-16.7 %"
    assert "| Sines | denoise | Spectral distance |" in done.stdout
    assert "\\begin{tabular}" in (tmp_path / record["files"][1]).read_text()
    states = [json.loads(path.read_text())["state"] for path in tmp_path.glob("runs/cells/*/status.json")]
    assert states == [State.DONE] * 5
