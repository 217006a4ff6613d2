"""Runs that are killed or interrupted at known points of their journals, and what the next run makes of what they left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from tests.benchmark.run.conftest import SUITE, bytes_of, finished_stages, run_suite, suite_command
from tests.conftest import environment
from tests.forked import ForkedCommand
from tests.waiting import wait_until

HANGING = "budget: smoke\ndatasets: [sines]\ngenerators: ['faulty:Hangs']\nscores: [dcr_ratio]\nseeds: 2\n"


def start(folder: Path, text: str = SUITE, workers: int = 2) -> subprocess.Popen[bytes]:
    with (folder / "lines").open("ab") as lines:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmark", *suite_command(folder, "--workers", str(workers), text=text)],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=lines,
            # A shell's background jobs ignore SIGINT and hand that on, which would spoil the test of it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def workers_of(runner: int) -> list[int]:
    """The process ids of a runner's children that compute cells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == runner:
            found.append(int(path.parent.name))
    return found


def gone(pids: list[int]) -> bool:
    """Whether all of these processes have ended."""
    return not [pid for pid in pids if _state(pid) != "Z"]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def journal(store: Path, cells: str = "*") -> list[dict[str, Any]]:
    """What the cells' journals say; a line that is being written is not read yet."""
    texts = [path.read_text() for path in store.glob(f"cells/{cells}/journal.jsonl")]
    return [json.loads(line) for text in texts for line in text.splitlines(keepends=True) if line.endswith("\n")]


def kill_at_random(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Start the suite and kill the runner or a child, `kills` times after a random number of stages; how often each was hit."""
    rng = random.Random(seed)
    hits = {"runner": 0, "child": 0}
    while sum(hits.values()) < kills:
        _kill_once(folder, rng, hits)
    return hits


def _kill_once(folder: Path, rng: random.Random, hits: dict[str, int]) -> None:
    """Start the suite and kill the runner, and half the time a child before."""
    runner = start(folder)
    wait_until(lambda: workers_of(runner.pid), runner)
    # The whole suite writes about sixty lines, so that none of these numbers is its end.
    lines = len(journal(folder / "runs")) + rng.randrange(6)
    wait_until(lambda: len(journal(folder / "runs")) >= lines, runner)
    if rng.random() < 0.5:
        victim = rng.choice(wait_until(lambda: workers_of(runner.pid), runner))
        os.kill(victim, signal.SIGKILL)
        hits["child"] += 1
        if rng.random() < 0.5:
            wait_until(lambda: victim not in workers_of(runner.pid), runner)
    children = workers_of(runner.pid)
    runner.kill()
    hits["runner"] += 1
    runner.wait()
    wait_until(lambda: gone(children))


def check(folder: Path, finished: Path) -> None:
    done = run_suite(folder)
    assert done.returncode == 0, done.stderr
    assert bytes_of(folder / "runs") == bytes_of(finished / "runs")
    stages = finished_stages(folder / "runs")
    assert set(stages.values()) == {1}
    assert set(stages) == set(finished_stages(finished / "runs"))


def test_killed_runs_end_with_the_bytes_of_an_uninterrupted_one(finished: Path, tmp_path: Path) -> None:
    hits = kill_at_random(tmp_path, kills=3, seed=1)
    assert hits["runner"] > 0
    assert hits["child"] > 0
    check(tmp_path, finished)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
def test_many_kills(finished: Path, tmp_path: Path, seed: int) -> None:
    hits = kill_at_random(tmp_path, kills=6, seed=seed)
    assert sum(hits.values()) >= 6
    check(tmp_path, finished)


def under_way(store: Path) -> set[str]:
    """The stages of TimeMAR that a journal says were started and does not say how they ended."""
    lines = journal(store, "*timemar_s*")
    return {lines[-1]["stage"]} if lines and lines[-1]["event"] == "started" else set()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["runner", "child"])
@pytest.mark.parametrize("stage", ["fit", "sample", "score:discriminative", "score:context_fid"])
def test_a_kill_inside_each_stage(finished: Path, tmp_path: Path, stage: str, victim: str) -> None:
    runner = start(tmp_path)
    wait_until(lambda: stage in under_way(tmp_path / "runs"), runner)
    children = workers_of(runner.pid)
    for pid in children if victim == "child" else [runner.pid]:
        os.kill(pid, signal.SIGKILL)
    runner.wait(timeout=180)
    wait_until(lambda: gone(children))
    events = [line["event"] for line in journal(tmp_path / "runs", "*timemar_s*") if line["stage"] == stage]
    # The runner says that a worker was lost and replaces it, and the stage begins anew.
    again = ["killed", "started", "finished"] if victim == "child" else []
    assert events == ["started", *again], "the stage was over before the kill"
    check(tmp_path, finished)


def test_a_killed_runner_takes_its_children_along(tmp_path: Path) -> None:
    # They would never end of themselves.
    runner = start(tmp_path, HANGING)
    wait_until(lambda: [line["event"] for line in journal(tmp_path / "runs")] == ["started"] * 2, runner)
    children = workers_of(runner.pid)
    assert len(children) == 2
    assert not gone(children)
    runner.kill()
    runner.wait()
    wait_until(lambda: gone(children), seconds=30)


def test_an_interrupt_stops_cleanly_with_status_130(tmp_path: Path, finished: Path) -> None:
    runner = start(tmp_path)
    (log,) = wait_until(lambda: list((tmp_path / "runs").glob("cells/*timemar_s*/log.jsonl")), runner)
    children = workers_of(runner.pid)
    runner.send_signal(signal.SIGINT)
    assert runner.wait(timeout=180) == 130
    assert gone(children)
    assert "interrupted; run the same command again to go on from here" in (tmp_path / "lines").read_text()
    assert "Traceback" not in (tmp_path / "lines").read_text()
    # The cell saved its state and said so, where a killed one would not have.
    assert json.loads((log.parent / "status.json").read_text())["state"] == "interrupted"
    assert (log.parent / "checkpoint").is_dir()
    check(tmp_path, finished)


STOPPABLE = """
import time
from baselines.controls.copy import Copy
from benchmark.errors import Interrupted


class Waits(Copy):
    def fit(self, windows, context):
        while not context.stop_requested():
            time.sleep(0.02)
        raise Interrupted("stopped in fit")
"""


def test_a_terminated_run_stops_as_cleanly_as_an_interrupted_one(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STOPPABLE)
    runner = start(tmp_path, "budget: smoke\ndatasets: [sines]\ngenerators: ['mine:Waits']\nscores: [dcr_ratio]\n")
    wait_until(lambda: [line["event"] for line in journal(tmp_path / "runs")] == ["started"], runner)
    children = workers_of(runner.pid)
    runner.send_signal(signal.SIGTERM)
    assert runner.wait(timeout=180) == 130
    assert gone(children)
    assert "interrupted; run the same command again to go on from here" in (tmp_path / "lines").read_text()
    assert "Traceback" not in (tmp_path / "lines").read_text()
    assert [line["event"] for line in journal(tmp_path / "runs")] == ["started", "interrupted"]


def test_two_runners_of_one_worker_each_share_the_work_and_give_the_bytes_of_one_of_two(
    finished: Path, tmp_path: Path
) -> None:
    # Equal seeds give equal bytes in another folder, whatever the number of workers.
    arguments = suite_command(tmp_path, "--workers", "1")
    runners = [ForkedCommand(arguments, environment(), tmp_path) for _ in range(2)]
    assert [runner.wait(timeout=600) for runner in runners] == [0, 0]
    # No stage was even started by both.
    events = Counter((line["stage"], line["event"]) for line in journal(tmp_path / "runs", "*timemar_s*"))
    assert set(events.values()) == {1}
    assert len({line["pid"] for line in journal(tmp_path / "runs", "*timemar_s*")}) == 1
    check(tmp_path, finished)


def test_a_cell_of_another_host_is_waited_for_until_its_owner_has_expired(tmp_path: Path) -> None:
    text = "budget: smoke\ndatasets: [sines]\ngenerators: [copy, gaussian]\nscores: [duplicates]\n"
    assert run_suite(tmp_path, "--only", "generator=gaussian", text=text).returncode == 0
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    (cell,) = make_plan(suite, Request()).cells
    owner = tmp_path / "runs" / "locks" / f"{cell.key}.owner"
    owner.write_text('{"host": "elsewhere", "boot": "another", "pid": 1, "holding": "before"}')
    runner = start(tmp_path, text, workers=1)
    said = "sines 24 copy: another run on elsewhere computes it; waiting for it"
    wait_until(lambda: said in (tmp_path / "lines").read_text(), runner)
    assert runner.poll() is None
    assert journal(tmp_path / "runs", "*copy*") == []
    os.utime(owner, (0, 0))
    assert runner.wait(timeout=180) == 0
    assert not owner.exists()
    assert finished_stages(tmp_path / "runs")[cell.slug, "fit"] == 1
    assert (tmp_path / "lines").read_text().count(said) == 1
