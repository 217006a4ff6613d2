"""The study of faults sees a fault, and a loss."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.benchmark.run.conftest import bytes_of, run_suite
from tests.studies.fault_kinds import SUITE, Struck, flip_bit
from tests.studies.faults import KINDS, strike, summary


def test_a_bit_is_flipped_in_one_file_and_its_cell_is_named(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "cells" / "a-1" / "scores.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(20))
    struck = flip_bit(tmp_path, random.Random(1))
    assert sorted(file.read_bytes())[:19] == [0] * 19
    assert bin(max(file.read_bytes())).count("1") == 1
    assert struck.cells == {"a-1"}
    assert struck.what.startswith("cells/a-1/scores.json: bit ")


def test_the_table_counts_each_kind() -> None:
    one = {"kind": "full disk", "codes": [1, 2], "code": 0, "lost": ["x"], "twice": [], "traceback": False}
    text = summary({"a": one, "b": {**one, "lost": [], "codes": [2]}})
    assert "| full disk | 2 | 1: 1, 2: 2 | 0 | 1 | 0 | 0 |" in text
    assert "| all | 2 |  | 0 | 1 | 0 | 0 |" in text


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_mended_fault_loses_nothing_and_a_lost_file_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_suite(tmp_path, "--workers", "2", text=SUITE).returncode == 0
    expected = bytes_of(tmp_path / "runs")
    found = strike(tmp_path, "bit flipped", random.Random(0), expected)
    assert (found["code"], found["lost"], found["twice"], found["traceback"]) == (0, [], [], False)
    monkeypatch.setitem(KINDS, "bit flipped", (lambda folder, rng: Struck("nothing", set()), 1))
    lost = strike(tmp_path, "bit flipped", random.Random(0), {**expected, "cells/x/scores.json": "0"})
    assert lost["lost"] == ["cells/x/scores.json"]
