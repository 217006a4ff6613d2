"""What all tests share: the command line, and a check on the global random state."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rich.console  # noqa: F401 - it draws a random number when first imported, which is no test's doing

from tests.command_line import ROOT, Done, in_this_process

PLUGINS = ROOT / "tests" / "fixtures" / "plugins"

CommandLine = Callable[..., Done]


def environment(**extra: str) -> dict[str, str]:
    """The environment of a child: the project and the misbehaving plug-ins importable, no budget from outside, no tracking."""
    kept = {name: value for name, value in os.environ.items() if name != "TIMEMAR_BUDGET"}
    python_path = f"{ROOT}{os.pathsep}{PLUGINS}"
    return {**kept, "PYTHONPATH": python_path, "COLUMNS": "200", "TIMEMAR_TRACKING": "none", **extra}


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    """Run `python -m benchmark ARGUMENTS` in an empty folder, in the tests' own process."""

    def call(*arguments: str, **extra: str) -> Done:
        return in_this_process(arguments, tmp_path, environment(**extra))

    return call


@pytest.fixture(autouse=True)
def _no_proxy_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that tests start are reached directly, whatever proxy the user has."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@pytest.fixture
def data_files_are_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans are made as on a machine that has the file of every shipped data set; no file is read."""
    # Imported here, because the environment of the README's tests has numpy alone.
    from benchmark.data.locate import expected_fingerprint

    monkeypatch.setattr("benchmark.plan.setting.fingerprint", lambda spec, _: expected_fingerprint(spec))


@pytest.fixture(autouse=True)
def _global_random_state_is_untouched() -> Iterator[None]:
    """No code under test may read or write a global random state, so it is the same after each test as before."""
    before = (random.getstate(), np.random.get_state()[1].tobytes(), _torch_state())  # noqa: NPY002
    yield
    after = (random.getstate(), np.random.get_state()[1].tobytes(), _torch_state())  # noqa: NPY002
    if before[2] is None:
        before, after = before[:2], after[:2]
    assert before == after


def _torch_state() -> bytes | None:
    torch = sys.modules.get("torch")
    return None if torch is None else torch.random.get_rng_state().numpy().tobytes()
