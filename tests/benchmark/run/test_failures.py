from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from tests.benchmark.run.conftest import run_suite

SUITE = """
title: Misbehaving generators
budget: smoke
datasets: [sines]
scores: [dcr_ratio]
generators:
  - faulty:Raises
  - faulty:NaN
  - faulty:WrongShape
  - faulty:OutOfRange
  - faulty:Killed
  - faulty:Exits
  - faulty:Hungry
  - faulty:FillsTheDisk
  - faulty:Chatty
  - copy
"""
REASONS = {
    "raises": ("failed", "RuntimeError: the widget is bent"),
    "na_n": ("diverged", "1 of 30720 generated values are not finite"),
    "wrong_shape": ("failed", "sample returned shape (255, 24, 5), not (256, 24, 5)"),
    "out_of_range": ("failed", "outside [0, 1]"),
    "killed": ("killed", "killed by SIGKILL in"),
    "exits": ("failed", "ended with status 7"),
    "hungry": ("out of memory", "Unable to allocate"),
    "fills_the_disk": (
        "storage",
        "cannot be used (No space left on device); free some space and give the same command",
    ),
    "chatty": ("done", ""),
    "copy": ("done", ""),
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("failed")
    done = run_suite(folder, text=SUITE)
    assert done.returncode == 1, done.stderr
    (folder / "stdout").write_text(done.stdout)
    return folder


@pytest.mark.parametrize("generator", list(REASONS))
def test_each_failure_is_a_row_with_its_reason(failed: Path, generator: str) -> None:
    frame = pd.read_csv(next((failed / "runs" / "suites").glob("*/results.csv")), keep_default_na=False)
    row = frame[frame["generator"] == generator].iloc[0]
    status, reason = REASONS[generator]
    assert row["status"] == status
    assert reason in row["reason"]
    if status != "done":
        assert reason in (failed / "stdout").read_text()
        assert (failed / "runs" / "cells" / row["cell"] / "error.txt").read_text()


def test_a_generator_that_hangs_is_killed_after_the_time_limit(tmp_path: Path) -> None:
    # It never ends, so that its limit may be short: only the stage that it is killed in depends on the machine.
    text = "budget: smoke\ntime_limit_minutes: 0.05\ndatasets: [sines]\nscores: [dcr_ratio]\ngenerators: ['faulty:Hangs']\n"
    done = run_suite(tmp_path, text=text)
    assert done.returncode == 1, done.stderr
    (path,) = (tmp_path / "runs").glob("cells/*hangs*/status.json")
    status = json.loads(path.read_text())
    assert status["state"] == "timeout"
    assert re.fullmatch(r"killed after its limit of \d+ s in \w+", status["reason"])
    assert status["reason"] in done.stdout
    assert (path.parent / "error.txt").read_text().startswith(status["reason"])
    frame = pd.read_csv(next((tmp_path / "runs" / "suites").glob("*/results.csv")))
    assert (set(frame["status"]), set(frame["reason"])) == ({"timeout"}, {status["reason"]})


def test_the_traceback_is_kept_in_a_file(failed: Path) -> None:
    error = next((failed / "runs" / "cells").glob("*raises*/error.txt")).read_text()
    assert "Traceback" in error
    assert "the widget is bent" in error


def test_windows_changed_in_place_do_not_reach_the_scores(failed: Path) -> None:
    entry = json.loads(next((failed / "runs" / "cells").glob("*chatty*/scores.json")).read_text())["dcr_ratio"]
    assert entry["details"]["median_generated"] > 0


def test_lasting_failures_wait_for_retry_and_others_do_not(failed: Path) -> None:
    only = ("--only", "generator=raises,killed,fills_the_disk")
    plain = run_suite(failed, *only, text=SUITE)
    assert plain.returncode == 1
    assert "killed: computing" in plain.stderr
    assert "fills_the_disk: computing" in plain.stderr
    assert "raises: computing" not in plain.stderr
    again = run_suite(failed, *only, "--retry", "failed", text=SUITE)
    assert "raises: computing" in again.stderr
