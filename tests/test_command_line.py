"""The command line in the tests' own process shows what a new process shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.command_line import ROOT, Done, in_a_new_process, in_this_process
from tests.conftest import environment

LOUD = """
import logging, os, sys, warnings
from baselines.controls.copy import Copy

print("a line of output")
print("an error", file=sys.stderr, flush=True)
os.write(2, b"past Python's own streams\\n")
os.system("echo from a child >&2")
warnings.warn("a warning")
warnings.warn("a deprecation that Python keeps quiet about", DeprecationWarning)
logging.getLogger("anybody").warning("a line of a log")


class Mine(Copy):
    is_control = False


class Bent(Copy):
    def fit(self, windows, context):
        raise RuntimeError("the widget is bent")


class Unreadable(Copy):
    __signature__ = "none"
"""
CALLS = {
    ("--help",): 0,
    ("describe", "loud:Mine", "--json", "-"): 0,
    ("check", "loud:Bent"): 1,
    ("describe", "loud:Unreadable"): 1,
    ("describe", "stopped:Mine"): 130,
    ("describe", "--lenght", "9"): 2,
    ("describe", "loud:Nobody"): 2,
}
"""Commands and their exit statuses: pages, results, failed checks, an error of the program, an interrupt, mistakes."""


def printed(done: Done) -> tuple[int, str, str]:
    """Status, output and errors; of a traceback what comes after the frames that started the module."""
    before, started, rest = done.stderr.partition(f'  File "{ROOT}/benchmark/__main__.py"')
    return done.returncode, done.stdout, before.partition("Traceback")[0] + started + rest


def test_output_and_exit_status_are_those_of_a_new_process(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(LOUD)
    (tmp_path / "stopped.py").write_text("raise KeyboardInterrupt\n")
    with ThreadPoolExecutor(2) as pool:
        expected = list(pool.map(lambda call: in_a_new_process(call, tmp_path, environment()), CALLS))
    found = [in_this_process(call, tmp_path, environment()) for call in CALLS]
    assert [printed(done) for done in found] == [printed(done) for done in expected]
    assert [done.returncode for done in found] == list(CALLS.values())
    assert found[1].stdout.startswith("a line of output\n{")
    for line in ("an error", "past Python's own streams", "from a child", "UserWarning: a warning", "a line of a log"):
        assert line in found[1].stderr
    assert "quiet" not in found[1].stderr
    assert "Traceback" in found[3].stderr
