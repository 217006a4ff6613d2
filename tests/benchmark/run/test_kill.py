from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmark.run.conftest import SUITE, bytes_of, finished_stages, run_suite
from tests.conftest import environment


def start(folder: Path) -> subprocess.Popen[bytes]:
    (folder / "small.yaml").write_text(SUITE)
    return subprocess.Popen(
        [sys.executable, "-m", "benchmark", "run", "--suite", "small.yaml", "--device", "cpu", "--workers", "2"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
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


def kill_at_random(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Start the suite and kill the runner or a child, `kills` times at random moments; how often each was hit."""
    rng = random.Random(seed)
    hits = {"runner": 0, "child": 0}
    while sum(hits.values()) < kills:
        runner = start(folder)
        time.sleep(rng.uniform(2.5, 9.0))
        children = workers_of(runner.pid)
        if runner.poll() is None and children and rng.random() < 0.5:
            os.kill(rng.choice(children), signal.SIGKILL)
            hits["child"] += 1
            time.sleep(rng.uniform(0.0, 2.0))
        if runner.poll() is None:
            runner.kill()
            hits["runner"] += 1
        else:
            break
        runner.wait()
    return hits


def check(folder: Path, finished: Path) -> None:
    done = run_suite(folder)
    assert done.returncode == 0, done.stderr
    assert bytes_of(folder / "runs") == bytes_of(finished / "runs")
    stages = finished_stages(folder / "runs")
    assert set(stages.values()) == {1}
    assert set(stages) == set(finished_stages(finished / "runs"))


def test_killed_runs_end_with_the_bytes_of_an_uninterrupted_one(finished: Path, tmp_path: Path) -> None:
    hits = kill_at_random(tmp_path, kills=2, seed=1)
    assert sum(hits.values()) >= 1
    check(tmp_path, finished)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
def test_many_kills(finished: Path, tmp_path: Path, seed: int) -> None:
    hits = kill_at_random(tmp_path, kills=6, seed=seed)
    print(hits)  # noqa: T201
    check(tmp_path, finished)


def under_way(store: Path) -> set[str]:
    """The stages that a journal says were started and does not say how they ended."""
    found = set()
    for path in store.glob("cells/*timemar_s*/journal.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        if lines and lines[-1]["event"] == "started":
            found.add(lines[-1]["stage"])
    return found


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["runner", "child"])
@pytest.mark.parametrize("stage", ["fit", "sample", "score:discriminative", "score:context_fid"])
def test_a_kill_inside_each_stage(finished: Path, tmp_path: Path, stage: str, victim: str) -> None:
    runner = start(tmp_path)
    deadline = time.monotonic() + 120
    while stage not in under_way(tmp_path / "runs") and runner.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    for pid in workers_of(runner.pid) if victim == "child" else [runner.pid]:
        os.kill(pid, signal.SIGKILL)
    if victim == "child":
        runner.wait(timeout=120)
    else:
        runner.wait()
        time.sleep(1)
    journal = next((tmp_path / "runs").glob("cells/*timemar_s*/journal.jsonl")).read_text()
    last = [json.loads(line) for line in journal.splitlines() if json.loads(line)["stage"] == stage]
    assert "finished" not in {line["event"] for line in last}, "the stage was over before the kill"
    check(tmp_path, finished)


def test_a_killed_runner_takes_its_children_along(tmp_path: Path) -> None:
    runner = start(tmp_path)
    deadline = time.monotonic() + 30
    while not (children := workers_of(runner.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert children
    time.sleep(2)
    runner.kill()
    runner.wait()
    time.sleep(2)
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists() and "Z" not in _state(pid)]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def test_an_interrupt_stops_cleanly_with_status_130(tmp_path: Path, finished: Path) -> None:
    runner = start(tmp_path)
    time.sleep(6)
    runner.send_signal(signal.SIGINT)
    assert runner.wait(timeout=30) == 130
    check(tmp_path, finished)


def test_two_runners_share_the_work(finished: Path, tmp_path: Path) -> None:
    first, second = start(tmp_path), start(tmp_path)
    assert first.wait(timeout=300) == 0
    assert second.wait(timeout=300) == 0
    check(tmp_path, finished)
