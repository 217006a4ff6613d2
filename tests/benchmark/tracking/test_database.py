from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from mlflow.tracking._tracking_service import utils

from benchmark.store.store import Store
from benchmark.tracking.database import anchor, newest_experiment
from benchmark.tracking.destination import ARTEFACTS, DATABASE, local
from benchmark.tracking.mlflow_upload import Uploader
from benchmark.tracking.suite_runs import SuiteRun, SuiteRuns
from tests.benchmark.tracking.test_mlflow_upload import upload


def addresses(path: Path) -> list[str]:
    base = sqlite3.connect(path)
    rows = base.execute(
        "SELECT artifact_location FROM experiments UNION SELECT artifact_uri FROM runs ORDER BY 1"
    ).fetchall()
    base.close()
    return [str(address) for (address,) in rows]


def test_a_moved_store_keeps_its_artefacts_and_writes_to_none_of_its_old_places(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader, tmp_path: Path
) -> None:
    upload(run, suite_runs, uploader)
    old = suite_runs.store.root
    moved = Store(tmp_path / "elsewhere" / "moved")
    shutil.copytree(old, moved.root)
    assert all(str(old) in address for address in addresses(moved.root / DATABASE))
    again = Uploader(local(moved), moved)
    # MLflow remembers addresses for the life of a process, and a store is moved between two.
    utils._artifact_repos_cache.clear()
    found = addresses(moved.root / DATABASE)
    assert all(address.startswith(str(moved.root.resolve() / ARTEFACTS)) for address in found)
    before = sorted(old.rglob("*"))
    (moved.root / "plots" / run.cells[0].slug).mkdir(parents=True)
    (moved.root / "plots" / run.cells[0].slug / "late.png").write_bytes(b"png")
    assert upload(run, SuiteRuns(moved), again).uploaded == 1
    assert sorted(old.rglob("*")) == before, "the old destination is left alone"
    assert list((moved.root / ARTEFACTS).rglob("late.png"))
    assert anchor(moved.root / DATABASE, moved.root.resolve() / ARTEFACTS) == 0, "a second opening changes nothing"


def test_what_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("no database " * 100)
    for name in ("missing.db", "empty.db", "text.db"):
        assert anchor(tmp_path / name, tmp_path / ARTEFACTS) == 0


def test_the_newest_experiment_is_that_of_the_last_run(empty_database: Path, tmp_path: Path) -> None:
    base = tmp_path / "mlflow.db"
    shutil.copy(empty_database, base)
    assert newest_experiment(base) is None
    with closing(sqlite3.connect(base)) as link, link:
        for number in (1, 2, 3):
            stage = "deleted" if number == 3 else "active"
            experiment = (number, f"experiment {number}", "", "active")
            link.execute(
                "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) VALUES (?, ?, ?, ?)",
                experiment,
            )
            run = (f"run {number}", number, 10 * number, stage)
            link.execute(
                "INSERT INTO runs (run_uuid, experiment_id, start_time, lifecycle_stage) VALUES (?, ?, ?, ?)", run
            )
    assert newest_experiment(base) == "2"
    (tmp_path / "other.db").touch()
    assert newest_experiment(tmp_path / "other.db") is None
