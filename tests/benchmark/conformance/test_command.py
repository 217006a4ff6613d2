from __future__ import annotations

import json

import pytest

from benchmark.config.generators import load_spec
from benchmark.conformance import check_spec
from tests.conftest import CommandLine


def test_a_failed_check_is_a_row_and_status_1(command: CommandLine) -> None:
    done = command("check", "promise_breakers:IgnoresTheSeed")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "ignores_the_seed (promise_breakers:IgnoresTheSeed), T = 24, D = 5"
    assert [line.split()[1] for line in lines if line.startswith("✗")] == ["another_seed_gives_other_samples"]
    assert lines[-1] == "25 of 26 checks passed"


def test_a_window_of_any_size_and_parameters_as_json(command: CommandLine) -> None:
    done = command("check", "jitter", "--set", "noise=0.2", "--length", "7", "--features", "1", "--json", "-")
    assert done.returncode == 0, done.stdout
    record = json.loads(done.stdout)
    assert record["generator"] == "jitter"
    assert record["passed"] is True
    assert {"check", "asks", "state", "reason"} == set(record["checks"][0])


def test_the_smallest_windows_are_no_fault_of_a_generator() -> None:
    spec = load_spec("copy")
    findings = check_spec(spec, {}, length=2, features=1)
    assert [finding for finding in findings if finding.state != "passed"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("copi",), "error: unknown generator 'copi'; did you mean 'copy'?"),
        (("promise_breakers:Missing",), "error: generator 'missing': 'promise_breakers' has no 'Missing'"),
        (("nowhere:Model",), "error: generator 'model': the module 'nowhere' cannot be imported"),
        (("jitter", "--set", "noise"), "error: --set 'noise' is not understood; write name=value"),
        (
            ("jitter", "--set", "copy.noise=1"),
            "error: --set 'copy.noise=1' names 'copy', but the generator is 'jitter'",
        ),
        (("jitter", "--set", "jitter.noise=-1"), "error: generator 'jitter': 'noise' is -1"),
        (("jitter", "--set", "noise=-1"), "error: generator 'jitter': 'noise' is -1"),
        (("jitter", "--set", "noize=1"), "error: unknown key 'noize' in generator 'jitter'; did you mean 'noise'?"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(
    command: CommandLine, arguments: tuple[str, ...], sentence: str
) -> None:
    done = command("check", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
