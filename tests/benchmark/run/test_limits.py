from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmark.run import launch
from benchmark.run.device import limit_memory
from benchmark.run.group_memory import group_mib
from benchmark.run.limits import Guard, Limits
from benchmark.store.records import State
from tests.benchmark.run.conftest import run_suite
from tests.waiting import wait_until


@dataclass
class Process:
    pid: int


@dataclass
class Worker:
    """A worker as a guard sees it."""

    pid: int
    started: float = 1e12
    exceeded: Any = None
    killed: list[Any] = field(default_factory=list)

    @property
    def process(self) -> Process:
        return Process(self.pid)

    def kill(self, exceeded: Any = None) -> None:
        self.exceeded = exceeded
        self.killed.append(exceeded)


def test_the_worker_that_exceeds_a_limit_is_ended_once_and_its_row_says_which() -> None:
    workers = [Worker(1), Worker(2), Worker(3, started=0.0)]
    guard = Guard(Limits(60.0, 1000.0), lambda pid: {1: 999.0, 2: 1001.4, 3: 5000.0}[pid])
    for _ in range(2):
        guard.measured_at = 0.0
        guard.enforce(workers)
    assert workers[0].killed == []
    (memory,), (wall,) = workers[1].killed, workers[2].killed
    assert memory == (State.OUT_OF_MEMORY, "killed at its memory limit of 1,000 MiB with 1,001 MiB")
    assert wall[0] is State.TIMEOUT
    assert wall[1].startswith("killed after its limit of ")


def test_without_a_limit_of_memory_none_is_measured() -> None:
    def measure(pid: int) -> float:
        raise AssertionError("measured")

    Guard(Limits(60.0), measure).enforce([Worker(1)])


HOLDS = (
    "import subprocess, sys; data = bytearray(b'x') * (64 << 20); {rest}; print('held', flush=True); sys.stdin.read()"
)
CHILD = HOLDS.format(rest="pass")


def test_the_memory_of_a_group_is_that_of_all_its_processes() -> None:
    program = HOLDS.format(rest=f"subprocess.Popen([sys.executable, '-c', {CHILD!r}], stdin=subprocess.PIPE)")
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == [b"held\n"] * 2
        held = group_mib(process.pid)
        process.kill()
    assert 128 < held < 300
    wait_until(lambda: group_mib(process.pid) == 0)


def test_the_accelerators_limit_is_a_share_of_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    shares: list[float] = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1, 16 * 2**30))
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", shares.append)
    assert limit_memory("cuda", 4096.0) == "its limit of GPU memory is 4,096 MiB"
    assert limit_memory("cuda", 99999.0)
    assert limit_memory("cuda", None, 1 / 8) == "its limit of GPU memory is 2,048 MiB"
    assert limit_memory("cuda", 1024.0, 1 / 8) == "its limit of GPU memory is 1,024 MiB"
    assert limit_memory("cpu", None, 1 / 8) == ""
    assert limit_memory("cpu", 4096.0) == ""
    assert limit_memory("cuda", None) == ""
    assert shares == [0.25, 1.0, 0.125, 0.0625]


def test_an_unreadable_limit_is_one_sentence() -> None:
    with pytest.raises(
        Exception, match="--memory-limit is 'much', but an amount of memory is a number with MiB or GiB"
    ):
        launch.options("cpu", 1, None, None, memory_limit="much")
    options = launch.options("cpu", 1, None, None, memory_limit="1.5GiB", gpu_memory_limit="10 MiB", stop_after=3)
    assert (options.memory_mib, options.gpu_memory_mib, options.stop_after) == (1536, 10, 3)


PLUG_IN = """
import os, signal, time
from baselines.controls.copy import Copy


class Grows(Copy):
    def fit(self, windows, context):
        held = []
        while True:
            held.append(bytearray(b"x") * (32 << 20))
            time.sleep(0.05)


class LostOnce(Copy):
    def fit(self, windows, context):
        mark = context.checkpoint_dir / "tried"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(windows, context)
"""
TEXT = "budget: smoke\ndatasets: [sines]\ngenerators: ['mine:Grows', 'mine:LostOnce']\nscores: [duplicates]\n"


def test_a_cell_that_outgrows_its_memory_is_ended_and_a_lost_worker_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUG_IN)
    done = run_suite(tmp_path, "--memory-limit", "2GiB", "--workers", "1", text=TEXT)
    assert done.returncode == 1, done.stderr
    frame = pd.read_csv(next((tmp_path / "runs" / "suites").glob("*/results.csv"))).set_index("generator")
    assert frame.loc["lost_once", "status"] == "done"
    assert frame.loc["grows", "status"] == "out of memory"
    said = r"killed at its memory limit of 2,048 MiB with 2,\d{3} MiB in (starting|fit)"
    assert re.fullmatch(said, frame.loc["grows", "reason"])
    assert done.stderr.count("lost_once: computing") == 1
    events = next((tmp_path / "runs").glob("cells/*lost_once*/journal.jsonl")).read_text()
    assert events.count('"stage": "fit", "event": "started"') == 2
    events = next((tmp_path / "runs").glob("cells/*grows*/journal.jsonl")).read_text()
    assert events.count('"stage": "fit", "event": "started"') == 1


def test_after_equal_failures_a_generators_other_cells_wait(tmp_path: Path) -> None:
    text = "budget: smoke\ndatasets: [sines]\ngenerators: ['faulty:Raises']\nseeds: 4\nscores: [duplicates]\n"
    done = run_suite(tmp_path, "--stop-after", "1", "--workers", "1", text=text)
    assert done.returncode == 1
    assert done.stderr.count("computing fit") == 1
    sentence = "missing: not started after 1 equal failures of raises: RuntimeError: the widget is bent"
    assert done.stderr.count(sentence) == 3
    # What has failed for good counts in the next run too.
    again = run_suite(tmp_path, "--stop-after", "1", "--workers", "1", text=text)
    assert (again.stderr.count("computing fit"), again.stderr.count(sentence)) == (0, 3)
