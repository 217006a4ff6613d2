"""A plan computed bundle by bundle ends with the bytes of one run, whatever the environment and however often it is started."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.benchmark.run.conftest import bytes_of, finished_stages, run_suite
from tests.command_line import Done, in_this_process
from tests.conftest import environment
from tests.data_files import short

TEXT = "budget: smoke\ndatasets: [sines]\ngenerators: [gaussian, copy]\nscores: [dcr_ratio]\n"


def cli(folder: Path, *arguments: str) -> Done:
    return in_this_process(arguments, folder, environment())


def plan(folder: Path, *arguments: str) -> Done:
    return run_suite(folder, "--plan-only", "plan.json", *arguments, text=TEXT)


def bundles_of(folder: Path) -> list[list[str]]:
    values = json.loads((folder / "plan.json").read_text())
    return [[cell["cell"] for cell in bundle["cells"]] for bundle in values["bundles"]]


def spread(folder: Path) -> None:
    """One cell a bundle, as for cells that take longer."""
    path = folder / "plan.json"
    values = json.loads(path.read_text())
    cells = [cell for bundle in values["bundles"] for cell in bundle["cells"]]
    values["bundles"] = [{**values["bundles"][0], "index": i, "cells": [cell]} for i, cell in enumerate(cells)]
    path.write_text(json.dumps(values))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a local run."""
    folder = tmp_path_factory.mktemp("local")
    done = run_suite(folder, text=TEXT)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_plan_computes_nothing_and_its_bundles_one_after_the_other_all(local: Path, tmp_path: Path) -> None:
    done = plan(tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(bundles_of(tmp_path)[0]) == 2
    assert "--array=0-0 " in done.stdout
    assert not list((tmp_path / "runs" / "cells").iterdir())
    spread(tmp_path)
    for index in (0, 1, 1):
        ended = cli(tmp_path, "run", "--plan", "plan.json", "--index", str(index))
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout == "1 of 1 cells done or skipped, 0 failed\n"
    assert set(finished_stages(tmp_path / "runs").values()) == {1}
    table = run_suite(tmp_path, text=TEXT)
    assert table.stderr.count("nothing to compute") == 2
    assert bytes_of(tmp_path / "runs") == bytes_of(local / "runs")
    again = plan(tmp_path)
    assert again.returncode == 2
    assert "nothing of suite 'small' is missing" in again.stderr


def test_a_plan_of_ones_own_file_is_read_as_it_was_planned(tmp_path: Path) -> None:
    short(tmp_path)
    text = "budget: smoke\ngenerators: [copy]\ndatasets: [sines]\nscores: [dcr_ratio]\n"
    options = ("--csv", "short.csv", "--length", "8", "--plan-only", "plan.json")
    done = run_suite(tmp_path, *options, text=text)
    assert done.returncode == 0, done.stderr
    ended = cli(tmp_path, "run", "--plan", "plan.json", "--index", "0")
    assert ended.stdout == "1 of 1 cells done or skipped, 0 failed\n", ended.stderr
    assert [path.name.split("-")[0] for path in (tmp_path / "runs" / "cells").iterdir()] == ["short"]


def test_the_printed_line_works_in_an_empty_environment_and_a_lost_job_is_planned_again(
    local: Path, tmp_path: Path
) -> None:
    plan(tmp_path)
    spread(tmp_path)
    first = plan(tmp_path).stdout
    spread(tmp_path)
    line = next(line for line in first.splitlines() if "xargs -P 2" in line).replace("seq 0 0", "printf '0\\n0\\n'")
    done = subprocess.run(["/bin/sh", "-c", line], env={}, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 of 1 cells done or skipped, 0 failed\n" * 2
    lost = bundles_of(tmp_path)[1]
    plan(tmp_path)
    assert bundles_of(tmp_path) == [lost]
    assert cli(tmp_path, "run", "--plan", "plan.json", "--index", "0").returncode == 0
    run_suite(tmp_path, text=TEXT)
    assert set(finished_stages(tmp_path / "runs").values()) == {1}
    assert bytes_of(tmp_path / "runs") == bytes_of(local / "runs")


def test_one_cell_of_a_suite_or_of_a_plan_by_its_key(tmp_path: Path) -> None:
    plan(tmp_path)
    names = bundles_of(tmp_path)[0]
    done = run_suite(tmp_path, "--cell", names[0].rpartition("-")[2], text=TEXT)
    assert done.returncode == 0, done.stderr
    assert {cell for cell, _ in finished_stages(tmp_path / "runs")} == {names[0]}
    again = cli(tmp_path, "run", "--plan", "plan.json", "--cell", names[0])
    assert (again.returncode, "nothing to compute" in again.stderr) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--index", "0"), "error: --index needs --plan; add it, or leave the option out."),
        (("--max-array", "9", "--index", "0"), "--max-array needs --plan-only, and --index needs --plan;"),
        (("--plan", "plan.json", "--index", "3"), "--index is 3, but the plan has the bundles 0 to 0."),
        (("--plan", "plan.json", "--dry-run"), "error: --plan takes no --dry-run; leave out one or the other."),
        (
            ("--plan", "plan.json", "--store", "x", "--seeds", "3"),
            "error: --plan takes no --seeds and --store; leave out one or the other.",
        ),
        (
            ("--suite", "small.yaml", "--cell", "00", "--tracking", "none"),
            "error: --cell takes no --tracking; leave out one or the other.",
        ),
        (("--plan-only", "plan.json", "--force"), "error: --plan-only takes no --force; leave out one or the other."),
        (("--plan", "none.json"), "cannot be read (No such file or directory)"),
        (("--plan", "small.yaml"), "is no plan, or is damaged"),
        (("--plan", "plan.json", "--cell", "zz"), "no cell of suite 'small' begin with 'zz'"),
        (("--suite", "small.yaml", "--plan-only", "no/plan.json"), "the folder 'no' of --plan-only does not exist"),
    ],
)
def test_mistakes_are_one_sentence(arguments: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    plan(tmp_path)
    done = cli(tmp_path, "run", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_plan_of_another_suite_than_it_was_made_of_is_refused(tmp_path: Path) -> None:
    plan(tmp_path)
    (tmp_path / "small.yaml").write_text(TEXT.replace("gaussian, copy", "shuffle"))
    done = cli(tmp_path, "run", "--plan", "plan.json", "--index", "0")
    assert done.returncode == 2
    assert "the suite or the program has changed, so plan again" in done.stderr


def test_a_store_is_exported_and_imported_elsewhere_and_nothing_is_computed(local: Path, tmp_path: Path) -> None:
    assert cli(local, "store", "export", "all.tar").returncode == 0
    done = cli(tmp_path, "store", "import", str(local / "all.tar"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 added, 0 already there, 0 kept"
    again = run_suite(tmp_path, text=TEXT)
    assert again.stderr.count("nothing to compute") == 2
    assert finished_stages(tmp_path / "runs") == {}
    assert bytes_of(tmp_path / "runs") == bytes_of(local / "runs")
    checked = cli(tmp_path, "store", "check")
    assert (checked.returncode, " 0 altered, " in checked.stdout) == (0, True)
    sample = next((tmp_path / "runs").glob("cells/*/samples.npz"))
    sample.write_bytes(sample.read_bytes()[:-1])
    checked = cli(tmp_path, "store", "check")
    assert (checked.returncode, " 1 altered, " in checked.stdout) == (1, True)
    assert f"{sample.relative_to(tmp_path / 'runs')}: altered after it was written" in checked.stdout


def test_altered_scores_are_named_set_aside_and_computed_again(local: Path, tmp_path: Path) -> None:
    shutil.copytree(local / "runs", tmp_path / "runs")
    scores = next((tmp_path / "runs").glob("cells/*copy*/scores.json"))
    scores.write_bytes(scores.read_bytes()[:30])
    done = run_suite(tmp_path, text=TEXT)
    assert done.returncode == 0, done.stderr
    assert "scores.json was altered after it was written; it is not used, and is computed again" in done.stderr
    assert bytes_of(tmp_path / "runs") == bytes_of(local / "runs")
    aside = tmp_path / "runs" / "set_aside"
    assert (aside / scores.relative_to(tmp_path / "runs")).stat().st_size == 30
    assert "--yes removes them" in cli(tmp_path, "store", "gc").stdout
    assert aside.exists()
    assert cli(tmp_path, "store", "gc", "--yes").returncode == 0
    assert not aside.exists()
