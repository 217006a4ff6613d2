"""What a cell's record says it cost and where it comes from, over all sessions of a fit that was interrupted."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from benchmark.config.suites import SuiteSpec
from benchmark.errors import Interrupted
from benchmark.interface import Progress
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run import clock
from benchmark.run.stages import CellRun
from benchmark.seeds import derive_seed
from benchmark.store import provenance
from benchmark.store.records import Spent
from benchmark.store.store import Store
from tests.conftest import PLUGINS


def planned(generator: str) -> Cell:
    suite = SuiteSpec(name="cost", datasets=("sines",), generators=(generator,), budget="smoke", scores=("spectral",))
    (cell,) = make_plan(suite, Request()).cells
    return cell


def attempt(store: Store, cell: Cell, *, stop: bool, stages: tuple[str, ...] = ("fit",)) -> None:
    folder = store.cell(cell)
    folder.path.mkdir(exist_ok=True)
    folder.write_record(cell)
    # A stop before the stage would be one between two stages.
    asked = iter([False] * len(stages))
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: next(asked, stop))
    for stage in stages:
        run.run(stage)


def test_a_fit_of_three_sessions_costs_their_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PLUGINS))
    store, cell = Store(tmp_path / "runs").create(), planned("faulty:StopsWhenAsked")
    folder, costs = store.cell(cell), []
    for _ in range(2):
        with pytest.raises(Interrupted):
            attempt(store, cell, stop=True)
        costs.append(folder.unfinished())
    first, second = costs
    assert (first.sessions, second.sessions) == (1, 2)
    assert first.cpu_seconds >= 0.2
    assert second.cpu_seconds >= first.cpu_seconds + 0.2
    assert second.wall_seconds >= first.wall_seconds + 0.2
    attempt(store, cell, stop=False)
    record = folder.provenance().stage("fit")
    assert record.sessions == 3
    assert record.earlier_seconds == second.wall_seconds
    assert record.wall_seconds >= second.wall_seconds + 0.2
    assert (record.cpu_seconds or 0) >= second.cpu_seconds + 0.2
    assert (record.peak_memory_mib or 0) >= second.peak_memory_mib > 0
    assert (record.device_seconds, record.peak_device_memory_mib) == (None, None)
    assert folder.unfinished() == Spent()


def test_a_session_that_is_killed_counts_up_to_its_last_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "WRITE_SECONDS", 0.0)
    path, seen = tmp_path / "elapsed", []
    ticking = clock.Clock(path, Spent(wall_seconds=5, cpu_seconds=4, sessions=1), "cpu", seen.append)
    ticking(Progress("fit", 1, 2))
    kept = Spent.model_validate_json(path.read_text())
    assert (kept.sessions, len(seen)) == (2, 1)
    assert 5 <= kept.wall_seconds < 60
    assert kept.cpu_seconds >= 4


def test_seconds_of_an_accelerator_are_summed_and_its_memory_is_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "peak_device_memory_mib", lambda device: 70.0)
    earlier = Spent(wall_seconds=5, device_seconds=5, peak_device_memory_mib=90, sessions=1)
    found = clock.total(earlier, 2.5, 1.0, "cuda")
    assert (found.device_seconds, found.peak_device_memory_mib, found.sessions) == (7.5, 90.0, 2)


def test_every_seed_and_count_stands_in_the_record(tmp_path: Path) -> None:
    store, cell = Store(tmp_path / "runs").create(), planned("gaussian")
    attempt(store, cell, stop=False, stages=("fit", "sample", "score:spectral"))
    found = store.cell(cell).provenance()
    setting = (cell.dataset.id, cell.length, cell.protocol)
    assert found.stage("fit").seeds == {
        "training": (cell.seed,),
        "fit": (derive_seed("fit", cell.generator, *setting, cell.seed),),
        "split": (derive_seed("split", *setting),),
    }
    assert found.stage("sample").seeds == {"sample": (derive_seed("sample", cell.generator, *setting, cell.seed),)}
    repetitions = range(cell.budget.repetitions)
    assert found.stage("score:spectral").seeds == {
        "metric": tuple(derive_seed("metric", "spectral", *setting, repetition) for repetition in repetitions)
    }
    assert found.windows == {"train": found.stage("sample").windows, "test": found.stage("sample").windows}
    assert found.rows is None
    assert found.stage("fit").machine.device == "cpu"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of two commits, from which the code is said to run; the user's git settings play no part."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    git = partial(
        subprocess.run,
        cwd=tmp_path,
        check=True,
        env={**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    for arguments in (
        ["init", "-q"],
        ["config", "user.email", "a@b.c"],
        ["config", "user.name", "A"],
        ["commit", "-q", "--allow-empty", "-m", "one"],
    ):
        git(["git", *arguments])
    (tmp_path / "model.py").write_text("x = 1\n")
    git(["git", "add", "."])
    git(["git", "commit", "-q", "-m", "two"])
    monkeypatch.setattr(provenance, "ROOT", tmp_path.resolve())
    return tmp_path


def test_the_difference_from_the_commit_has_a_hash(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = provenance.commit.__wrapped__
    clean = read()
    # As in a hook of another repository.
    monkeypatch.setenv("GIT_DIR", str(checkout / "another"))
    assert read() == clean
    assert (clean["dirty"], clean["diff_sha256"], len(clean["commit"])) == (False, None, 40)
    (checkout / "notes.txt").write_text("no code\n")
    assert read() == clean
    (checkout / "model.py").write_text("x = 2\n")
    changed = read()
    assert (changed["dirty"], changed["commit"], len(changed["diff_sha256"])) == (True, clean["commit"], 64)
    assert read() == changed
    (checkout / "model.py").write_text("x = 3\n")
    assert read()["diff_sha256"] != changed["diff_sha256"]
    (checkout / "model.py").write_text("x = 1\n")
    (checkout / "new.py").write_text("y = 1\n")
    new = read()
    assert (new["dirty"], len(new["diff_sha256"])) == (True, 64)
    (checkout / "new.py").write_text("y = 2\n")
    assert read()["diff_sha256"] != new["diff_sha256"]


def test_the_driver_and_the_processor_are_named(tmp_path: Path) -> None:
    stated = tmp_path / "version"
    stated.write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC 12\n"
    )
    assert provenance.driver_version(stated) == "535.104.05"
    stated.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  560.35.03  Release Build\n")
    assert provenance.driver_version(stated) == "560.35.03"
    assert provenance.driver_version(tmp_path / "absent") is None
    stated.write_text("processor : 0\nmodel name\t: Some Processor 9000\n")
    assert provenance.processor_model(stated) == "Some Processor 9000"


def test_settings_of_pytorch_are_told() -> None:
    found = provenance.flags("cpu")
    assert found["deterministic_algorithms"] == torch.are_deterministic_algorithms_enabled()
    assert found["float32_matmul_precision"] == torch.get_float32_matmul_precision()
    found = provenance.flags("cuda")
    assert found["tf32_cudnn"] == torch.backends.cudnn.allow_tf32
    assert found["tf32_matmul"] == torch.backends.cuda.matmul.allow_tf32


def test_settings_of_pytorch_are_not_a_reason_to_load_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    found = provenance.flags("cpu")
    assert found["NVIDIA_TF32_OVERRIDE"] == "0"
    assert "cpu_capability" not in found
    assert "torch" not in sys.modules
