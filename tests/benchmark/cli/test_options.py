"""Options that several commands have: what their help shows, and that each has one value."""

from __future__ import annotations

import pytest

from benchmark.api.export import FORMATS as SAMPLE_FORMATS
from benchmark.external import UNITS
from benchmark.protocols import PROTOCOLS
from benchmark.report.formats import FORMATS
from benchmark.run import RETRIED
from benchmark.run.device import DEVICES
from benchmark.run.executors import EXECUTORS
from metrics.registry import BACKEND_NAMES
from tests.benchmark.cli.commands import commands
from tests.conftest import CommandLine

NAMED = "NAME|FILE"
SHOWN = {
    "budget": {"NAME"},
    "suite": {NAMED},
    "dataset": {NAMED},
    "device": {"|".join(DEVICES)},
    "protocol": {"|".join(PROTOCOLS)},
    "retry": {"|".join(RETRIED)},
    "executor": {"|".join(EXECUTORS)},
    "backend": {"|".join(BACKEND_NAMES)},
    "units": {"|".join(UNITS)},
    "format_name": {"|".join(FORMATS), "|".join(SAMPLE_FORMATS)},
    "missing": {"drop|interpolate"},
    "sampler": {"grid|tpe"},
    "pruner": {"none|median|halving"},
    "json_target": {"FILE|-"},
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_help_of_every_command_shows_what_an_option_takes(name: str) -> None:
    options = [one for command in commands().values() for one in command.params if one.name == name]
    assert {one.metavar for one in options} == SHOWN[name]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("run", "--csv", "a.csv", "--seeds", "2", "--csv", "b.csv"), "--csv a.csv and --csv b.csv"),
        (("run", "--download", "--no-download"), "--download and --no-download"),
        (("store", "gc", "--store=a", "--store", "b", "--store", "c"), "--store a and --store b and --store c"),
        (("sample", "--n", "3", "-n", "4", "--cell", "x"), "--n 3 and --n 4"),
    ],
)
def test_two_values_of_an_option_are_refused(command: CommandLine, arguments: tuple[str, ...], given: str) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {given} exclude each other; leave out all but one.\n"


def test_equal_values_and_options_that_repeat_are_taken(command: CommandLine) -> None:
    twice = ("--only", "dataset=sines", "--only", "generator=copy", "--budget", "smoke", "--budget", "smoke")
    done = command("config", "show", *twice)
    assert done.returncode == 0, done.stderr
    assert "budget: smoke" in done.stdout
