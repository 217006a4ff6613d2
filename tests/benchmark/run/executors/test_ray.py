"""Cells on a real Ray of this machine, started once for this file, beside the same cells on the local executor."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.benchmark.run.conftest import bytes_of, suite_command
from tests.command_line import Done
from tests.conftest import environment
from tests.data_files import short
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason='needs Ray: pip install "timemar-benchmark[ray]"'
)

HEAD = """
import sys
from benchmark.run.executors.ray_cluster import connect, import_ray
ray = import_ray(None)
connect(ray, None, 2, "cpu")
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
ray.shutdown()
"""
PROGRAM = "import sys; sys.argv[0] = 'benchmark'; from benchmark.__main__ import main; main()"
ELSEWHERE = """
from dataclasses import replace
from benchmark.run.executors import ray_executor
Task = ray_executor.Task
# A task whose node finds another store under the path of this one.
ray_executor.Task = lambda *values: replace(Task(*values), store="another")
"""
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
# Else Ray takes 127.0.0.1 in an address for this machine's public one.
RAY = {**TOKEN, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
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
scores: [duplicates, spectral]
"""
ONE = "budget: smoke\ndatasets: [sines]\ngenerators: ['{}']\nscores: [duplicates]\n"


@contextlib.contextmanager
def ray_of_this_machine() -> Iterator[str]:
    """The address of a Ray of this machine with two CPUs."""
    with subprocess.Popen(
        [sys.executable, "-c", HEAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(**TOKEN)
    ) as head:
        assert head.stdin is not None
        assert head.stdout is not None
        yield head.stdout.readline().strip()
        head.stdin.close()


def run(folder: Path, address: str | None, *arguments: str, text: str, before: str = "", device: str = "cpu") -> Done:
    """Run a suite in `folder`, on a Ray where there is an address, in a new process after the statements `before`."""
    options = ["--executor", "ray", "--address", address] if address else []
    command = [
        sys.executable,
        "-c",
        before + PROGRAM,
        *suite_command(folder, *arguments, *options, text=text, device=device),
    ]
    return subprocess.run(
        command, cwd=folder, env=environment(**RAY), capture_output=True, text=True, timeout=300, check=False
    )


def fits(folder: Path, generator: str) -> list[str]:
    """What became of the attempts at a generator's fit, from the cells' journals."""
    (path,) = (folder / "runs").glob(f"cells/*-{generator}-*/journal.jsonl")
    return [line["event"] for line in map(json.loads, path.read_text().splitlines()) if line["stage"] == "fit"]


def two(folder: Path) -> tuple[Path, Path]:
    """Folders for a local run and one on Ray, both with the plug-ins."""
    for name in ("local", "ray"):
        (folder / name).mkdir()
        (folder / name / "mine.py").write_text(PLUG_IN)
    return folder / "local", folder / "ray"


def cells_have_the_bytes_of_the_local_executor_and_only_a_lost_worker_is_replaced(address: str, folder: Path) -> None:
    local, other = two(folder)
    done = run(local, None, "--workers", "2", text=SUITE)
    assert done.returncode == 1, done.stderr
    done = run(other, address, text=SUITE)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((other / "runs").glob("cells/*/samples.npz"))) == 4
    assert bytes_of(other / "runs") == bytes_of(local / "runs")
    frame = pd.read_csv(next((other / "runs" / "suites").glob("*/results.csv"))).set_index("generator")
    assert set(frame.loc["raises", "status"]) == {"failed"}
    assert set(frame.loc["raises", "reason"]) == {"RuntimeError: the widget is bent"}
    assert fits(other, "raises") == ["started", "failed"]
    assert fits(other, "loses") == ["started", "killed", "started", "finished"]


def a_lost_ray_worker_is_replaced_too(address: str, folder: Path) -> None:
    _, other = two(folder)
    done = run(other, address, text=ONE.format("mine:LosesItsParent"))
    assert done.returncode == 0, done.stderr
    assert fits(other, "loses_its_parent") == ["started", "started", "finished"]


def a_node_that_does_not_see_the_store_changes_no_byte(address: str, folder: Path) -> None:
    local, other = two(folder)
    text = "budget: smoke\ndatasets: [sines]\ngenerators: [gaussian, copy]\nscores: [context_fid]\n"
    for one in (local, other):
        short(one)
    assert run(local, None, "--csv", "short.csv", text=text).returncode == 0
    # The second cell is sent the encoders that the first one trained.
    done = run(other, address, "--workers", "1", "--csv", "short.csv", text=text, before=ELSEWHERE)
    assert done.returncode == 0, done.stderr
    assert bytes_of(other / "runs") == bytes_of(local / "runs")
    for cell in (local / "runs" / "cells").iterdir():
        same = other / "runs" / "cells" / cell.name
        assert sorted(path.name for path in same.iterdir()) == sorted(path.name for path in cell.iterdir())
    assert not list((other / "runs" / "locks").glob("*.owner"))
    prepared = [cell / "provenance.json" for cell in (other / "runs" / "cells").iterdir()]
    seconds = [
        json.loads(path.read_text())["stages"]["score:context_fid"].get("preparing_seconds", 0) for path in prepared
    ]
    assert min(seconds) == 0 < max(seconds)


def a_terminated_run_stops_its_cells_cleanly(address: str, folder: Path) -> None:
    (folder / "mine.py").write_text(PLUG_IN)
    command = [sys.executable, "-m", "benchmark", *suite_command(folder, text=ONE.format("mine:Waits"))]
    with (folder / "lines").open("wb") as lines:
        runner = subprocess.Popen(
            [*command, "--executor", "ray", "--address", address],
            cwd=folder,
            env=environment(**RAY),
            stdout=subprocess.DEVNULL,
            stderr=lines,
        )
    wait_until(lambda: list((folder / "runs").glob("cells/*/journal.jsonl")), runner)
    os.kill(runner.pid, signal.SIGTERM)
    status = runner.wait(timeout=180)
    said = (folder / "lines").read_text()
    assert status == 130, said
    assert fits(folder, "waits") == ["started", "interrupted"]
    assert "interrupted; run the same command again to go on from here" in said
    assert "Traceback" not in said


def a_device_that_no_node_has_is_one_sentence(address: str, folder: Path) -> None:
    done = run(folder, address, text=ONE.format("copy"), device="cuda")
    assert done.returncode == 2
    assert "--device cuda was asked for, but no node of the Ray cluster has a GPU" in done.stderr
    assert "Traceback" not in done.stderr


CHECKS: tuple[Callable[[str, Path], None], ...] = (
    cells_have_the_bytes_of_the_local_executor_and_only_a_lost_worker_is_replaced,
    a_lost_ray_worker_is_replaced_too,
    a_node_that_does_not_see_the_store_changes_no_byte,
    a_terminated_run_stops_its_cells_cleanly,
    a_device_that_no_node_has_is_one_sentence,
)


def test_cells_on_a_ray_of_this_machine(tmp_path: Path) -> None:
    # One test, because tests that run in parallel would each start a Ray.
    with ray_of_this_machine() as address:
        assert address.startswith("127.0.0.1:"), "it listens on the loopback alone"
        for check in CHECKS:
            folder = tmp_path / check.__name__
            folder.mkdir()
            check(address, folder)


def test_an_address_where_nothing_listens_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "127.0.0.1:1", text=ONE.format("copy"))
    assert done.returncode == 2
    assert "error: no Ray at '127.0.0.1:1' answers ([Errno 111] Connection refused); check --address" in done.stderr
