from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.config.suites import load_suite
from benchmark.files import write_json
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from tests.benchmark.report.long_frame import make_frame
from tests.conftest import CommandLine

TIMING = "budget: smoke\ndatasets: [sines]\ngenerators: [copy]\nscores: [sampling_time]\n"


@pytest.mark.usefixtures("data_files_are_here")
def test_tables_of_a_store_with_one_failure_in_every_format(command: CommandLine, tmp_path: Path) -> None:
    store, cell = Store(tmp_path / "runs").create(), make_plan(load_suite("table8"), Request(budget="smoke")).cells[0]
    store.cell(cell).path.mkdir()
    write_json(store.cell(cell).path / "status.json", sealed({"state": "failed", "reason": "a reason", "stage": "fit"}))
    where = ("--suite", "table8", "--budget", "smoke")
    done = command("tables", *where, "--format", "latex", "--output", "table.tex", "--digits", "2")
    assert (done.returncode, done.stdout) == (0, "wrote table.tex\n"), done.stderr
    text = (tmp_path / "table.tex").read_text()
    assert text.startswith(r"\documentclass")
    assert r"missing {\scriptsize (0.01)}" in text
    fragment = command("tables", *where, "--format", "latex-fragment", "--no-published").stdout
    assert r"\documentclass" not in fragment
    assert "0.010" not in fragment
    other = command("tables", "--suite", "table8", "--budget", "paper")
    assert (other.returncode, other.stdout) == (2, "")
    assert "holds nothing of suite" in other.stderr
    done = command("tables", "--suite", "quick", "--format", "htm")
    assert done.returncode == 2
    assert "html" in done.stderr


def test_plots_without_results_is_one_sentence(command: CommandLine) -> None:
    for arguments, sentence in (
        (
            ("--suite", "quick", "--budget", "smoke"),
            "error: there is no store 'runs'; run a suite first, or name another with --store.",
        ),
        (("stocks-24",), "error: there is no store 'runs'"),
        ((), "error: plots takes either a cell or --suite"),
        (("sines", "--only", "seed=0"), "error: CELL takes no --only; leave out one or the other."),
    ):
        done = command("plots", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(sentence)
        assert done.stderr.count("\n") == 1


def test_plots_of_a_cell_are_reported_as_json(
    command: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Few windows and few dots, because embedding and drawing them take most of the time.
    monkeypatch.setattr("benchmark.plots.embedding.MOST_WINDOWS", 50)
    monkeypatch.setattr("benchmark.plots.style.DPI", 40)
    (tmp_path / "timing.yaml").write_text(TIMING)
    run = command("run", "--suite", "timing.yaml", "--device", "cpu")
    assert run.returncode == 0, run.stderr
    assert "Sampling time (s)" in run.stdout
    done = command("plots", "sines-24-copy", "--json", "-", "--output", "figures")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["skipped"] == {}
    assert {tmp_path / path for path in record["files"]} == set((tmp_path / "figures").iterdir())


def test_statistics_of_a_suite_are_printed_and_written(
    command: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = "generator=copy"
    where = ("--suite", "quick", "--budget", "smoke", "--only", only, "--only", "dataset=stocks")
    refused = command("statistics", *where)
    assert refused.stderr.startswith("error: there is no store 'runs'")
    plan = make_plan(load_suite("quick"), Request(budget="smoke", only=(only, "dataset=stocks")))
    store, cell = Store(tmp_path / "runs").create(), plan.cells[0]
    store.cell(cell).path.mkdir()
    write_json(store.cell(cell).path / "status.json", sealed({"state": "failed", "reason": "a reason", "stage": "fit"}))
    nothing = command("statistics", *where)
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "no two generators" in nothing.stderr
    monkeypatch.setattr("benchmark.plots.statistics_command.results_frame", lambda *_: make_frame(8))
    monkeypatch.setattr("benchmark.plots.style.DPI", 40)
    done = command("statistics", *where, "--json", "statistics.json")
    assert done.returncode == 0, done.stderr
    assert "ranks over 8 settings" in done.stdout
    record = json.loads((tmp_path / "statistics.json").read_text())
    files = [tmp_path / path for path in record["files"]]
    names = {"statistics.md", "statistics.json", "critical_difference.png", "critical_difference.pdf"}
    assert {path.name for path in files} == names == {path.name for path in files[0].parent.iterdir()}
    kept = json.loads((files[0].parent / "statistics.json").read_text())
    assert kept["scores"] == record["scores"]
