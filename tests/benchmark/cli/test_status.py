from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.files import write_json
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from tests.conftest import CommandLine, environment


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a cell that failed, in the folder where commands run."""
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    made, (cell,) = Store(tmp_path / "runs").create(), make_plan(suite, Request()).cells
    made.cell(cell).path.mkdir()
    made.cell(cell).write_record(cell)
    write_json(made.cell(cell).path / "status.json", sealed({"state": "failed", "reason": "a reason", "stage": "fit"}))
    return made


def test_status_of_a_store_and_of_a_suite(command: CommandLine, store: Store) -> None:
    done = command("status")
    assert done.returncode == 0, done.stderr
    assert "store runs: 1 cell\n" in done.stdout
    assert "Copy  failed in fit; a reason; to compute: fit, sample" in done.stdout
    done = command("status", "--suite", "quick", "--budget", "smoke", "--only", "dataset=sines", "--json", "-")
    record = json.loads(done.stdout)
    assert {cell["generator"]: cell["state"] for cell in record["cells"]} == {
        "timemar_s": "missing",
        "oracle": "missing",
        "copy": "failed",
        "gaussian": "missing",
    }
    assert record["suite"] == "TimeMAR-S beside the controls, dataset=sines"
    assert record["totals"]["left"] > 0


def test_mistakes_are_one_sentence(command: CommandLine, store: Store) -> None:
    for arguments, sentence in (
        (("--store", "nowhere"), "there is no store 'nowhere'"),
        (("--suite", "quick", "--store", "nowhere"), "there is no store 'nowhere'"),
        (
            ("--seeds", "2"),
            "--seeds, --sampling-seeds, --set and --csv change a suite, but none is named; add --suite quick",
        ),
        (("--only", "generator=copi"), "did you mean 'copy'?"),
    ):
        done = command("status", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in done.stderr
        assert done.stderr.count("\n") == 1


def test_status_of_a_store_imports_nothing_heavy(store: Store) -> None:
    code = "import sys; sys.argv = ['x', 'status']\nfrom benchmark.cli.app import main\ntry: main()\n"
    code += "finally: print([m for m in ('torch', 'pandas', 'scipy', 'mlflow') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=store.root.parent,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
