"""Samples from elsewhere as a row of a store: entered, scored like every other, the same bytes wherever it is done."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.data import load_spec, load_windows
from benchmark.errors import UserError
from benchmark.external.enter import Entry, enter
from benchmark.external.entered import with_entered
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.report.suite import render, suite_result
from benchmark.run.stages import CellRun
from benchmark.store.records import State, Status
from benchmark.store.store import Store
from tests.conftest import CommandLine

SUITE = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke", scores=("spectral",))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 windows of another draw of Sines."""
    path = tmp_path_factory.mktemp("samples") / "mine.npy"
    drawn = load_windows(load_spec("sines"), 24, "paper", view="real_disjoint", seed_for_split=0, limit=300)
    assert drawn.real_disjoint is not None
    np.save(path, drawn.real_disjoint)
    return path


def entry(samples: Path, **changes: object) -> Entry:
    values = {
        "name": "mine",
        "fake": samples,
        "dataset": "sines",
        "length": 24,
        "budget": "smoke",
        "scores": ("spectral",),
    }
    return Entry(**{**values, "selection": "the last checkpoint", "code": "https://example.org/code", **changes})


def scored(samples: Path, root: Path, **changes: object) -> Store:
    store = Store(root)
    plan = enter(entry(samples, **changes), store)
    (cell,) = plan.cells
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
    missing = store.state(cell, plan.score_names).missing
    assert missing == ("sample", "score:spectral")
    for stage in missing:
        run.run(stage)
    return store


def test_an_entered_row_stands_in_the_tables_of_its_setting_with_rule_and_code(samples: Path, tmp_path: Path) -> None:
    store = scored(samples, tmp_path / "runs")
    plan = with_entered(make_plan(SUITE, Request()), store)
    assert [cell.generator for cell in plan.cells] == ["copy", "mine"]
    text = render(suite_result(plan, store), "markdown")
    (row,) = (
        line for line in text.splitlines() if line.startswith("| Spectral distance ↓ | mine (not trained here) | 0.")
    )
    assert "published" not in row
    told = "mine (not trained here), Sines 24: selection rule: the last checkpoint; code: https://example.org/code."
    assert told in text


@pytest.mark.parametrize(
    "request_", [Request(budget="quick"), Request(protocol="strict"), Request(only=("generator=copy",))]
)
def test_other_settings_and_narrowed_rows_have_none(samples: Path, tmp_path: Path, request_: Request) -> None:
    store = scored(samples, tmp_path / "runs")
    assert {cell.generator for cell in with_entered(make_plan(SUITE, request_), store).cells} == {"copy"}


def test_whoever_enters_the_same_file_gets_the_same_bytes(samples: Path, tmp_path: Path) -> None:
    here, there = (scored(samples, tmp_path / name) for name in ("here", "there"))
    for name in ("samples.npz", "scores.json", "cell.json", "model/windows.npy"):
        first, second = (next((store.root / "cells").iterdir()) / name for store in (here, there))
        assert first.read_bytes() == second.read_bytes()


def test_windows_off_the_unit_interval_by_rounding_are_entered(samples: Path, tmp_path: Path) -> None:
    windows = np.load(samples).astype(np.float64)
    windows[0, 0, 0] = 1 + 2.2e-16
    np.save(tmp_path / "rounded.npy", windows)
    (folder,) = scored(tmp_path / "rounded.npy", tmp_path / "runs").folders()
    with np.load(folder.samples) as archive:
        assert archive["samples"].max() <= 1


def test_the_score_is_the_metrics_own(samples: Path, tmp_path: Path) -> None:
    from metrics.spectral import Spectral

    store = scored(samples, tmp_path / "runs")
    (folder,) = store.folders()
    with np.load(folder.samples) as archive:
        given = archive["samples"]
    assert {row.tobytes() for row in given} <= {row.tobytes() for row in np.load(samples)}
    (cell,) = (cell for cell in with_entered(make_plan(SUITE, Request()), store).cells if cell.generator == "mine")
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
    assert folder.scores()["spectral"].mean == Spectral().compute(run.windows.test, given).mean


def test_lost_windows_are_told_and_not_invented(samples: Path, tmp_path: Path) -> None:
    store = scored(samples, tmp_path / "runs")
    (folder,) = store.folders()
    (folder.model / "windows.npy").unlink()
    folder.samples.unlink()
    (cell,) = (cell for cell in with_entered(make_plan(SUITE, Request()), store).cells if cell.generator == "mine")
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
    with pytest.raises(UserError, match="enter them again with: score --as"):
        run.run(store.state(cell, ("spectral",)).missing[0])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "../up"}, "is no name for a row"),
        ({"name": "oracle"}, "is the name of a generator that is trained here"),
        ({"dataset": "sins"}, "sines"),
        ({"length": 30}, "holds windows of 24 steps, but --length is 30; leave --length out"),
        ({"budget": "fast"}, "holds 300 windows, but 'sines' at length 24 compares 10,000"),
        ({"units": "feet"}, "data, scaled"),
    ],
)
def test_what_cannot_be_a_row_is_refused_and_leaves_nothing(
    samples: Path, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        enter(entry(samples, **changes), Store(tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()


def test_values_outside_the_unit_interval_need_their_units(samples: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "wide.npy", np.load(samples) * 1.5)
    with pytest.raises(UserError, match="--units data"):
        enter(entry(tmp_path / "wide.npy"), Store(tmp_path / "runs"))
    plan = enter(entry(tmp_path / "wide.npy", units="data"), Store(tmp_path / "runs"))
    held = np.load(Store(tmp_path / "runs").cell(plan.cells[0]).model / "windows.npy")
    # Sines lie in [0, 1], so that their own units are scaled ones and what exceeds 1 is clipped.
    assert held.max() == 1.0


def test_a_name_holds_one_set_of_samples_a_training_seed(samples: Path, tmp_path: Path) -> None:
    store = scored(samples, tmp_path / "runs")
    enter(entry(samples), store)
    np.save(tmp_path / "other.npy", np.load(samples)[::-1])
    with pytest.raises(UserError, match="already holds other samples of 'mine'"):
        enter(entry(tmp_path / "other.npy"), store)
    enter(entry(tmp_path / "other.npy", seed=1), store)
    assert len(store.folders()) == 2


def test_the_command_scores_a_row_and_refuses_options_without_effect(samples: Path, command: CommandLine) -> None:
    setting = (
        "score",
        "--fake",
        str(samples),
        "--as",
        "mine",
        "--dataset",
        "sines",
        "--length",
        "24",
        "--budget",
        "smoke",
    )
    done = command(*setting, "--scores", "spectral", "--json", "-")
    assert done.returncode == 0, done.stderr
    (cell,) = json.loads(done.stdout)["cells"]
    assert (cell["generator"], cell["scores"]["spectral"]["status"]) == ("mine", "done")
    for extra, sentence in (
        (("--real", str(samples)), "--as takes no --real;"),
        (("--seed", "3"), "--as takes no --seed;"),
        (("--no-controls",), "--as takes no --no-controls;"),
    ):
        refused = command(*setting, *extra)
        assert (refused.returncode, sentence in refused.stderr) == (2, True)
    alone = command("score", "--fake", str(samples), "--real", str(samples), "--code", "x")
    assert (alone.returncode, "--real takes no --code, which needs --as NAME;" in alone.stderr) == (2, True)
    neither = command("score", "--fake", str(samples), "--code", "x", "--units", "data")
    assert (neither.returncode, "--units needs --as NAME, and --code needs --as NAME" in neither.stderr) == (2, True)
    assert command("score", "--fake", str(samples)).returncode == 2


def test_statistics_compare_entered_rows_too(samples: Path, tmp_path: Path, command: CommandLine) -> None:
    store = scored(samples, tmp_path / "runs")
    np.save(tmp_path / "noisy.npy", np.clip(np.load(samples) * 0.5, 0, 1))
    scored(tmp_path / "noisy.npy", store.root, name="yours")
    (tmp_path / "s.yaml").write_text("budget: smoke\ndatasets: [sines]\ngenerators: [copy]\nscores: [spectral]\n")
    for folder in store.folders():
        folder.write_status(Status(state=State.DONE))
    done = command("statistics", "--suite", "s.yaml")
    assert done.returncode == 0, done.stderr
    assert "mine (not trained here)" in done.stdout
    assert "yours (not trained here)" in done.stdout
