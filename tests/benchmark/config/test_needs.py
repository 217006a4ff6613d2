from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.config.generators import load_spec
from benchmark.config.needs import Needs, mebibytes
from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request

OWN = "class: baselines.controls.copy:Copy\n"


@pytest.mark.parametrize(("text", "value"), [("8 GiB", 8192), ("0.5GiB", 512), ("300 MiB", 300)])
def test_amounts_of_memory(text: str, value: float) -> None:
    assert mebibytes(text) == value


@pytest.mark.parametrize("text", ["8", "8 GB", "-1 GiB", "0 GiB", "GiB", "1e3 MiB"])
def test_an_unreadable_amount_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"{OWN}needs: {{memory: '{text}'}}\n")
    with pytest.raises(UserError, match=r"'needs\.memory' is .* but an amount of memory is a number with MiB or GiB"):
        load_spec(str(tmp_path / "mine.yaml"))


def test_needs_reach_the_cell_are_inherited_and_are_no_part_of_its_key(tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text(OWN)
    (tmp_path / "needy.yaml").write_text(OWN + "needs: {gpu: true, memory: 8 GiB}\n")
    (tmp_path / "child.yaml").write_text(f"extends: {tmp_path}/needy.yaml\n")
    keys = {}
    for name in ("plain", "needy", "child"):
        suite = SuiteSpec(name="x", datasets=("sines",), generators=(str(tmp_path / f"{name}.yaml"),), budget="smoke")
        (cell,) = make_plan(suite, Request()).cells
        keys[name] = {**cell.identity(), "generator": ""}
        assert cell.needs == (Needs() if name == "plain" else Needs(gpu=True, memory="8 GiB"))
        assert cell.needs.memory_mib == (2048 if name == "plain" else 8192)
    assert keys["plain"] == keys["needy"] == keys["child"]
