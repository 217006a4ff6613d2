"""Cells on a real Ray of this machine, started once for this file, beside the same cells on the local executor."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmark.run import launch
from benchmark.run.executors import ray_executor
from benchmark.run.executors.ray_task import Task
from benchmark.run.limits import Limits
from tests.benchmark.run.conftest import bytes_of, run_suite, suite_command
from tests.conftest import environment
from tests.waiting import wait_until

pytest.importorskip("ray", reason='needs Ray: pip install "timemar-benchmark[ray]"')

HEAD = """
import os, sys
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
import ray
started = ray.init(
    address="local", num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False,
    object_store_memory=80 << 20,
)
print(started.address_info["gcs_address"], flush=True)
sys.stdin.read()
ray.shutdown()
"""
PLUG_IN = """
import os, signal, time
from baselines.controls.copy import Copy
from benchmark.errors import Interrupted


class Loses(Copy):
    def victim(self):
        return os.getpid()

    def fit(self, windows, context):
        mark = context.checkpoint_dir / "tried"
        if not mark.exists():
            mark.touch()
            os.kill(self.victim(), signal.SIGKILL)
            time.sleep(60)
        return super().fit(windows, context)


class LosesItsParent(Loses):
    def victim(self):
        return os.getppid()


class Waits(Copy):
    def fit(self, windows, context):
        while not context.stop_requested():
            time.sleep(0.02)
        raise Interrupted("stopped in fit")
"""
SUITE = """
budget: smoke
datasets: [sines]
generators: [copy, gaussian, block_bootstrap, 'faulty:Raises', 'mine:Loses']
scores: [duplicates, discriminative, context_fid]
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a Ray of this machine with two CPUs."""
    with subprocess.Popen(
        [sys.executable, "-c", HEAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as head:
        assert head.stdin is not None
        assert head.stdout is not None
        yield head.stdout.readline().strip()
        head.stdin.close()


def fits(folder: Path, generator: str) -> list[str]:
    """What became of the attempts at a generator's fit, from the cells' journals."""
    (path,) = (folder / "runs").glob(f"cells/*-{generator}-*/journal.jsonl")
    return [line["event"] for line in map(json.loads, path.read_text().splitlines()) if line["stage"] == "fit"]


def test_cells_have_the_bytes_of_the_local_executor_and_only_a_lost_worker_is_replaced(
    address: str, tmp_path: Path
) -> None:
    for name, options in {"local": (), "ray": ("--executor", "ray", "--address", address)}.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "mine.py").write_text(PLUG_IN)
        done = run_suite(folder, "--workers", "2", *options, text=SUITE)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
    local, other = tmp_path / "local", tmp_path / "ray"
    assert len(list((other / "runs").glob("cells/*/samples.npz"))) == 4
    assert bytes_of(other / "runs") == bytes_of(local / "runs")
    frame = pd.read_csv(next((other / "runs" / "suites").glob("*/results.csv"))).set_index("generator")
    assert frame.loc["raises", "status"] == "failed"
    assert "the widget is bent" in frame.loc["raises", "reason"]
    assert fits(other, "raises") == ["started", "failed"]
    assert fits(other, "loses") == ["started", "started", "finished"]


def test_a_lost_ray_worker_and_a_node_that_does_not_see_the_store_change_no_byte(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "budget: smoke\ndatasets: [sines]\ngenerators: [gaussian, 'mine:LosesItsParent']\nscores: [context_fid]\n"
    (tmp_path / "mine.py").write_text(PLUG_IN)
    done = run_suite(
        tmp_path, "--executor", "ray", "--address", address, "--only", "generator=mine:LosesItsParent", text=text
    )
    assert done.returncode == 0, done.stderr
    assert fits(tmp_path, "loses_its_parent") == ["started", "started", "finished"]

    apart = tmp_path / "apart"
    apart.mkdir()

    def elsewhere(attempt: str, job: str, store: str, *rest: Any) -> Task:
        """A task whose node finds another store under the path of this one."""
        return Task(attempt, job, f"not {store}", *rest)

    monkeypatch.setattr(ray_executor, "Task", elsewhere)
    both = text.replace(", 'mine:LosesItsParent'", ", copy")
    done = run_suite(apart, "--executor", "ray", "--address", address, "--workers", "1", text=both)
    assert done.returncode == 0, done.stderr
    here = tmp_path / "here"
    here.mkdir()
    assert run_suite(here, text=both).returncode == 0
    assert bytes_of(apart / "runs") == bytes_of(here / "runs")
    assert sorted(path.name for path in (apart / "runs" / "cells").iterdir()) == sorted(
        path.name for path in (here / "runs" / "cells").iterdir()
    )


def test_a_terminated_run_stops_its_cells_cleanly(address: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUG_IN)
    text = "budget: smoke\ndatasets: [sines]\ngenerators: ['mine:Waits']\nscores: [dcr_ratio]\n"
    command = [sys.executable, "-m", "benchmark", *suite_command(tmp_path, text=text)]
    with (tmp_path / "lines").open("wb") as lines:
        runner = subprocess.Popen(
            [*command, "--executor", "ray", "--address", address], cwd=tmp_path, env=environment(), stderr=lines
        )
    wait_until(lambda: list((tmp_path / "runs").glob("cells/*/journal.jsonl")), runner)
    runner.send_signal(signal.SIGTERM)
    assert runner.wait(timeout=180) == 130
    assert fits(tmp_path, "waits") == ["started", "interrupted"]
    said = (tmp_path / "lines").read_text()
    assert "interrupted; run the same command again to go on from here" in said
    assert "Traceback" not in said


def test_a_cluster_without_a_gpu_or_without_an_answer_is_one_sentence(address: str) -> None:
    options = launch.options("cuda", None, None, None, executor="ray", address=address)
    with pytest.raises(Exception, match="--device cuda was asked for, but no node of the Ray cluster has a GPU"):
        launch.open_executor(options, Limits(60.0))
