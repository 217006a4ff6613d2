"""Sweeps by the command line, with children: the grid's optimum, pruning, kills, interrupts, two processes at once."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.cli import app as cli
from tests.benchmark.run.conftest import finished_stages
from tests.conftest import PLUGINS, CommandLine, environment
from tests.forked import ForkedCommand

BASE = ("sweep", "--generator", "tunable:Tunable", "--dataset", "sines", "--budget", "smoke", "--device", "cpu")
KNOWN = (*BASE, "--objective", "measurement:loss")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmark", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore SIGINT and hand that on, which would spoil the test of it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(files: Path, pattern: str, count: int) -> None:
    """Wait until `count` files match; the processes that make them wait themselves, so only a failure takes long."""
    deadline = time.monotonic() + 120
    while len(found := list(files.glob(pattern))) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} files {pattern} in {files}"
        time.sleep(0.02)


def test_a_grid_finds_the_optimum_and_a_second_run_computes_nothing(command: CommandLine, tmp_path: Path) -> None:
    grid = (*BASE, "--param", "depth=3,4", "--param", "patch_nums=1-6,1-2-3-6")
    done = command(*grid, "--objective", "measurement:loss", "--study", "known", "--json", "-")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["best"]["settings"] == {"depth": 3, "patch_nums": [1, 6]}
    # Only the best trial is scored against the test windows.
    (scored,) = (tmp_path / "runs").glob("cells/*/scores.json")
    assert scored.parent.name == record["best"]["cells"][0]
    mean = json.loads(scored.read_text())["context_fid"]["mean"]
    assert record["best"]["test_scores"] == {
        "context_fid": {"mean": mean, "half_width": None, "status": "done", "reason": ""}
    }
    assert {(t["params"]["depth"], t["params"]["patch_nums"]): t["value"] for t in record["trials"]} == {
        (3, "1-6"): 0.0,
        (3, "1-2-3-6"): 4.0,
        (4, "1-6"): 1.0,
        (4, "1-2-3-6"): 5.0,
    }
    folder = tmp_path / "runs" / "sweeps" / "known"
    assert "| 3 | **0** | 4 |" in (folder / "sensitivity.md").read_text()
    assert {path.name for path in folder.glob("*.p*")} == {
        f"{name}.{kind}" for name in ("contours", "importance", "slices") for kind in ("pdf", "png")
    }
    assert (folder / "slices.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "sensitivity.tex").read_text().count(r"\begin{document}") == 1
    assert set(finished_stages(tmp_path / "runs").values()) == {1}
    # The cells are ordinary ones: a sweep by another objective finds them finished, and a failure is a row with its reason.
    again = command(*grid, "--objective", "measurement:nonsense", "--study", "other", "--trials", "1")
    assert again.returncode == 1, again.stderr
    assert again.stderr.count("nothing to compute") == 1
    assert "computing" not in again.stderr
    reason = (
        "failed: the fitted generator recorded no measurement 'nonsense'; choose among what it recorded: loss, mse."
    )
    assert reason in again.stdout


def test_a_killed_sweep_runs_every_trial_exactly_once(command: CommandLine, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    grid = (*KNOWN, "--param", "depth=2,3", "--param", f"trap={trap}", "--study", "killed")
    killed = start(tmp_path, *grid)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert trap.read_text() == str(killed.pid)
    done = command(*grid, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert "trial 0 is run again" in done.stderr
    record = json.loads(done.stdout)
    assert [(t["trial"], t["state"], t["params"]["depth"], t["value"]) for t in record["trials"]] == [
        (0, "done", 2, 1.0),
        (1, "done", 3, 0.0),
    ]
    stages = finished_stages(tmp_path / "runs")
    assert set(stages.values()) == {1}
    assert len({cell for cell, _ in stages}) == 2


def test_an_interrupt_ends_with_130_and_two_processes_go_on_together(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.mkdir()
    grid = (*KNOWN, "--param", "depth=1,2,3", "--param", f"gate={gate}", "--study", "shared")
    alone = ForkedCommand(grid, environment(), tmp_path)
    wait_for(gate, "*.waiting", 1)
    os.kill(alone.pid, signal.SIGINT)
    assert alone.wait(timeout=120) == 130, alone.errors
    assert "interrupted; run the same command again" in alone.errors
    pair = [ForkedCommand((*grid, "--json", f"{name}.json"), environment(), tmp_path) for name in ("first", "second")]
    wait_for(gate, "*.waiting", 3)
    (gate / "open").touch()
    assert [process.wait(timeout=120) for process in pair] == [0, 0], [process.errors for process in pair]
    texts = [process.errors for process in pair]
    assert sum(text.count(" computing fit") for text in texts) == 3
    assert all(" computing fit" in text for text in texts), "one process did everything"
    records = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("first", "second")]
    longest = max(records, key=lambda record: sum(trial["state"] == "done" for trial in record["trials"]))
    assert [trial["value"] for trial in longest["trials"]] == [4.0, 1.0, 0.0]
    stages = finished_stages(tmp_path / "runs")
    # Fit and samples of three trials, and the score of the best.
    assert len(stages) == 7
    assert set(stages.values()) == {1}


def test_a_pruner_stops_a_trial_that_is_behind(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(
        "generator: 'tunable:Tunable'\ndataset: sines\nbudget: smoke\nobjective: measurement:loss\npruner: halving\n"
        "param: {depth: [3, 9], stall_above: [1.0]}\nstudy: pruned\n"
    )
    done = command("sweep", "--config", "sweep.yaml", "--device", "cpu", "--json", "-")
    assert done.returncode == 0, done.stderr
    trials = json.loads(done.stdout)["trials"]
    assert trials[0]["state"] == "done"
    assert trials[1]["state"] == "pruned"
    assert re.fullmatch(r"loss 3\d\.?\d* at \d0 % of train", trials[1]["reason"])
    cell = tmp_path / "runs" / "cells" / trials[1]["cells"][0]
    assert json.loads((cell / "status.json").read_text())["state"] == "interrupted"
    assert not (cell / "samples.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sweep", "--param", "a=1"), r"a sweep needs a generator; add --generator NAME\."),
        (("sweep", "--generator", "timemar_s"), r"a sweep needs a parameter to vary"),
        ((*BASE, "--param", "depth=0,1"), r"'depth' is 0, but input should be greater than or equal to 1"),
        ((*BASE, "--param", "patch_nums=1-5"), r"Tunable's patch_nums \(1, 5\) must end at 6, not at 5"),
        ((*BASE, "--param", "dept=1"), r"unknown parameter 'dept' in generator 'tunable'; did you mean 'depth'\?"),
        (
            (*BASE, "--param", "depth=1..3"),
            r"is a range, but a grid needs single values; list them or use --sampler tpe",
        ),
        (
            (*BASE, "--param", "depth=1", "--sampler", "gird"),
            r"'sampler' is 'gird', but input should be 'grid' or 'tpe'",
        ),
        ((*BASE, "--param", "depth=1", "--study", "a/b"), r"'study' is 'a/b', but a study's name holds letters"),
        ((*BASE, "--param", "depth=1", "--objective", "discriminativ"), r"did you mean 'discriminative'\?"),
        (
            (*BASE, "--param", "depth=1", "--objective", "discriminative"),
            r"is a score that tables report, and choosing by it spoils it as a test; .* add --allow-test-objective",
        ),
        ((*BASE, "--param", "depth=1", "--scores", "context_fidd"), r"'context_fidd' in --scores; did you mean"),
        ((*BASE, "--param", "depth=1", "--protocol", "paper"), r"the objective 'validation' needs validation windows"),
        ((*BASE, "--param", "depth=1", "--storage", "nowhere"), r"the storage 'nowhere' cannot be opened"),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PLUGINS)
    monkeypatch.delenv("TIMEMAR_BUDGET", raising=False)
    monkeypatch.setattr(sys, "argv", ["benchmark", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert re.search(message, error)


def test_a_dry_run_makes_nothing(command: CommandLine, tmp_path: Path) -> None:
    done = command(
        "sweep", "--generator", "timemar_s", "--param", "patch_nums", "--param", "vocab_size=256,384", "--dry-run"
    )
    assert done.returncode == 0, done.stderr
    assert "8 trials by grid" in done.stdout
    assert "patch_nums: 1-2-3-6,1-2-3-4-5-6,1-2-4-6,1-6" in done.stdout
    assert list(tmp_path.iterdir()) == []


def trials_of(file: Path) -> list[tuple[int, str, dict, float]]:
    return [(t["trial"], t["state"], t["params"], t["value"]) for t in json.loads(file.read_text())["trials"]]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2))
def test_many_kills_end_with_the_trials_of_an_undisturbed_sweep(tmp_path: Path, seed: int) -> None:
    """TPE draws its first ten trials blindly, so the last ones depend on the order in which the others ended."""
    tpe = (*KNOWN, "--sampler", "tpe", "--trials", "13", "--param", "depth=1..9", "--param", "level=0.0..1.0")
    rng = random.Random(seed)
    for _ in range(5):
        process = start(tmp_path, *tpe, "--study", "s")
        assert process.stderr is not None
        for _ in range(rng.randint(1, 3)):
            while " computing " not in (line := process.stderr.readline()):
                assert line, "the sweep ended before the kill"
        process.kill()
        assert process.wait() == -signal.SIGKILL
        process.communicate()
    resumed = start(tmp_path, *tpe, "--study", "s", "--json", "killed.json")
    _, errors = resumed.communicate()
    assert resumed.returncode == 0, errors
    assert errors.count("is run again") == 1
    undisturbed = start(tmp_path, *tpe, "--study", "s", "--store", "other", "--json", "undisturbed.json")
    _, errors = undisturbed.communicate()
    assert undisturbed.returncode == 0, errors
    assert trials_of(tmp_path / "killed.json") == trials_of(tmp_path / "undisturbed.json")
    assert len({json.dumps(params) for _, _, params, _ in trials_of(tmp_path / "killed.json")}) > 1
    stages = finished_stages(tmp_path / "runs")
    assert set(stages.values()) == {1}
    assert set(stages) == set(finished_stages(tmp_path / "other"))
