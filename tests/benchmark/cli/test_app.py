from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmark import __version__
from tests.conftest import CommandLine, environment


def test_help_imports_nothing_heavy() -> None:
    heavy = ("torch", "pandas", "scipy", "sklearn", "matplotlib")
    code = f"import sys, benchmark.cli.app; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_list_has_a_line_for_everything(command: CommandLine) -> None:
    found = json.loads(command("list", "--json", "-").stdout)
    assert {"timemar_s", "oracle", "copy", "gaussian"} <= set(found["generators"])
    assert set(found["datasets"]) == {"sines", "stocks", "etth", "mujoco", "energy", "fmri"}
    assert {"discriminative", "predictive", "context_fid"} <= set(found["scores"])
    assert {"quick", "table1"} <= set(found["suites"])
    assert all(line for entries in found.values() for line in entries.values())


def test_describe_takes_the_budget_of_the_environment_and_parameters_without_the_generators_name(
    command: CommandLine,
) -> None:
    done = command("describe", "timevae", "--set", "latent=7", "--json", "-", TIMEMAR_BUDGET="smoke")
    record = json.loads(done.stdout)
    assert record["budget"] == "smoke"
    assert record["params"]["latent"]["value"] == 7


def test_describe_counts_parameters_by_part(command: CommandLine) -> None:
    record = json.loads(command("describe", "timemar_s", "--dataset", "etth", "--json", "-").stdout)
    assert record["parameters"]["total"] == sum(record["parameters"]["parts"].values())
    assert 0 < record["parameters"]["total"] < 6_000_000
    assert record["params"]["vocab_size"]["source"]


def test_config_show_says_where_values_come_from(command: CommandLine) -> None:
    text = command("config", "show", "--set", "timemar_s.vocab_size=300", "--budget", "smoke").stdout
    assert "vocab_size: 300  # --set" in text
    assert "budget: smoke  # command line" in text
    assert "datasets: [sines, stocks]  # configs/suites/quick.yaml" in text


def test_a_budget_from_the_environment(command: CommandLine) -> None:
    assert "budget: smoke  # command line" in command("config", "show", TIMEMAR_BUDGET="smoke").stdout


def test_json_to_standard_output_is_all_that_goes_there(command: CommandLine) -> None:
    done = command(
        "run",
        "--budget",
        "smoke",
        "--only",
        "dataset=sines",
        "--only",
        "generator=copy",
        "--json",
        "-",
        "--device",
        "cpu",
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["suite"] == "quick"
    assert len(record["cells"][0]["scores"]["context_fid"]["repetitions"]) == 2


def test_the_version_is_printed(command: CommandLine) -> None:
    done = command("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"timemar-bench {__version__}\n", "")


def test_completion_is_of_the_console_script(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    # Typer finds the shell among the parents of the process, and a test may have none.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    script = command("--show-completion", "bash")
    assert script.returncode == 0, script.stderr
    assert "complete -o default -F _timemar_bench_completion timemar-bench" in script.stdout
    code = "import sys; sys.argv = ['timemar-bench']; from benchmark.__main__ import main; main()"
    asked = {"_TIMEMAR_BENCH_COMPLETE": "complete_bash", "COMP_WORDS": "timemar-bench sam", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(**asked), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["sample"]
