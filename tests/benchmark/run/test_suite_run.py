from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.benchmark.run.conftest import SUITE, bytes_of, finished_stages, run_suite


def test_the_store_keeps_its_contract(finished: Path) -> None:
    cells = sorted((finished / "runs" / "cells").iterdir())
    assert len(cells) == 4
    for cell in cells:
        record = json.loads((cell / "cell.json").read_text())
        assert cell.name.endswith(record["key"])
        with np.load(cell / "samples.npz", allow_pickle=False) as archive:
            samples = archive["samples"]
        assert samples.dtype == np.float32
        assert samples.shape == (256, 24, 5)
        assert 0 <= samples.min() <= samples.max() <= 1
        scores = json.loads((cell / "scores.json").read_text())
        assert {len(scores[name]["repetitions"]) for name in ("discriminative", "predictive", "context_fid")} == {2}
        provenance = json.loads((cell / "provenance.json").read_text())
        assert set(provenance["stages"]) == {"fit", "sample", *(f"score:{name}" for name in scores)}
        assert json.loads((cell / "status.json").read_text())["state"] == "done"
        assert not (cell / "error.txt").exists()
        assert not (cell / "checkpoint").exists()


def test_the_frame_is_tidy(finished: Path) -> None:
    frame = pd.read_csv(next((finished / "runs" / "suites").glob("*/results.csv")))
    assert set(frame["status"]) == {"done"}
    assert not frame.duplicated(["cell", "metric", "repetition"]).any()
    assert set(frame["generator"]) == {"timemar_s", "gaussian", "copy", "oracle"}


def test_a_second_run_and_a_reordered_one_compute_nothing(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "runs", tmp_path / "runs")
    before = finished_stages(tmp_path / "runs")
    again = run_suite(tmp_path)
    assert again.returncode == 0
    assert again.stderr.count("nothing to compute") == 4
    reordered = SUITE.replace("[timemar_s, gaussian, copy, oracle]", "[oracle, copy, timemar_s, gaussian]")
    assert run_suite(tmp_path, text=reordered).stderr.count("nothing to compute") == 4
    assert finished_stages(tmp_path / "runs") == before
    assert set(before.values()) == {1}


def test_a_damaged_sample_file_is_made_again(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "runs", tmp_path / "runs")
    damaged = next((tmp_path / "runs").glob("cells/sines-24-gaussian-*/samples.npz"))
    damaged.write_bytes(damaged.read_bytes()[:1000])
    done = run_suite(tmp_path)
    assert done.returncode == 0
    assert done.stderr.count("nothing to compute") == 3
    assert bytes_of(tmp_path / "runs") == bytes_of(finished / "runs")


def test_dry_run_shows_what_is_cached_and_makes_nothing(finished: Path, tmp_path: Path) -> None:
    empty = run_suite(tmp_path, "--dry-run")
    assert empty.returncode == 0
    assert "4 of 4 cells to compute" in empty.stdout
    assert not (tmp_path / "runs").exists()
    shutil.copytree(finished / "runs", tmp_path / "runs")
    shutil.rmtree(next((tmp_path / "runs").glob("cells/*copy*")))
    partly = run_suite(tmp_path, "--dry-run")
    assert "1 of 4 cells to compute" in partly.stdout
    assert "sines 24 oracle: done (nothing to compute)" in partly.stdout


def test_data_that_cannot_be_had_is_a_skipped_row_that_says_how_to_get_it(tmp_path: Path) -> None:
    text = "budget: smoke\ndatasets: [stocks, sines]\ngenerators: [copy]\nscores: [dcr_ratio]\n"
    empty = {"TIMEMAR_DATA_DIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = run_suite(tmp_path, "--no-download", text=text, **empty)
    assert done.returncode == 0, done.stderr
    frame = pd.read_csv(next((tmp_path / "runs" / "suites").glob("*/results.csv")))
    assert dict(zip(frame["dataset"], frame["status"], strict=True)) == {"stocks": "skipped", "sines": "done"}
    assert "python -m benchmark data fetch stocks" in done.stdout


def test_only_keeps_some_cells(finished: Path, tmp_path: Path) -> None:
    done = run_suite(tmp_path, "--dry-run", "--only", "generator=copy,oracle")
    assert "2 of 2 cells to compute" in done.stdout


STRICT = "budget: smoke\nprotocol: strict\ndatasets: [sines]\ngenerators: [timemar_s]\nscores: [dcr_ratio]\n"


def test_a_strict_run_measures_the_likelihood_of_validation_windows(tmp_path: Path) -> None:
    done = run_suite(tmp_path, text=STRICT)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("runs/cells/*/model/generator.json")
    measurements = json.loads(path.read_text())["fitted"]["measurements"]
    # Another draw of the same distribution costs about as much after twenty steps, and never exactly as much.
    assert measurements["validation_nll"] == pytest.approx(measurements["train_nll"], rel=0.05)
    assert measurements["validation_nll"] != measurements["train_nll"]


def test_force_computes_the_named_cells_again_and_leaves_the_whole_suites_files(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "runs", tmp_path / "runs")
    done = run_suite(tmp_path, "--only", "generator=copy", "--force")
    assert done.returncode == 0, done.stderr
    stages = finished_stages(tmp_path / "runs")
    assert {count for (cell, _), count in stages.items() if "-copy-" in cell} == {2}
    assert {count for (cell, _), count in stages.items() if "-copy-" not in cell} == {1}
    again, before = bytes_of(tmp_path / "runs"), bytes_of(finished / "runs")
    narrowed = {name for name in again if name.startswith("suites/small-paper-smoke--generator=copy/")}
    assert {Path(name).name for name in narrowed} == {"table.md", "table.tex", "table.html"}
    assert {name: value for name, value in again.items() if name not in narrowed} == before


PLUG_IN = """
from baselines.controls.copy import Copy


class Mine(Copy):
    is_control = False

    def sample(self, n, seed):
        return super().sample(n, seed) * {factor}
"""


def test_an_edited_plug_in_is_computed_again(tmp_path: Path) -> None:
    suite = "budget: smoke\ndatasets: [sines]\ngenerators: [my_plug_in:Mine]\nscores: [dcr_ratio]\n"
    printed = []
    # The edited file has another length: Python takes one of equal length and equal second for the file that it has compiled.
    for factor in (1.0, 1.0, 0.25):
        (tmp_path / "my_plug_in.py").write_text(PLUG_IN.format(factor=factor))
        done = run_suite(tmp_path, text=suite)
        assert done.returncode == 0, done.stderr
        printed.append(done)
    assert [done.stderr.count("nothing to compute") for done in printed] == [0, 1, 0]
    assert printed[0].stdout == printed[1].stdout
    assert "| 0.00 |" in printed[1].stdout
    assert "| 0.00 |" not in printed[2].stdout


def test_a_store_holds_no_absolute_path(finished: Path) -> None:
    """Nothing but what says where something went wrong: logs and tracebacks are for the machine that wrote them."""
    for path in (finished / "runs").rglob("*"):
        if path.is_file() and path.suffix != ".log":
            assert str(finished).encode() not in path.read_bytes(), path


DIAGNOSIS = """
from baselines.controls.copy import Copy


class Mine(Copy):
    is_control = False

    def fit(self, windows, context):
        context.warn("the codebook collapsed: the training windows use 10 % of 384 codes;\\n train longer.")
        return super().fit(windows, context)
"""


def test_what_a_generator_says_of_its_own_training_stands_at_the_end_and_stays_there(tmp_path: Path) -> None:
    suite = "budget: smoke\ndatasets: [sines]\ngenerators: [my_plug_in:Mine]\nscores: [dcr_ratio]\n"
    (tmp_path / "my_plug_in.py").write_text(DIAGNOSIS)
    sentence = "the codebook collapsed: the training windows use 10 % of 384 codes; train longer."
    for _ in range(2):  # computed, and read again from the store
        done = run_suite(tmp_path, text=suite)
        assert done.returncode == 0, done.stderr
        assert f"- Warning, Mine on Sines 24: {sentence}" in done.stdout.splitlines()
    status = json.loads(next((tmp_path / "runs").glob("cells/*/status.json")).read_text())
    assert (status["state"], status["warnings"]) == ("done", [sentence])
    assert sentence.replace("%", r"\%") in next((tmp_path / "runs").glob("suites/*/table.tex")).read_text().replace(
        "%", r"\%"
    )
