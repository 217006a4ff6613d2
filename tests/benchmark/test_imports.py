"""A file of the user's that has the name of one of the project's packages neither breaks nor replaces it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmark.config.generators import load_class, load_spec
from benchmark.errors import UserError
from benchmark.imports import OWN, own_modules_first
from tests.benchmark.run.conftest import suite_command
from tests.command_line import in_a_new_process
from tests.conftest import ROOT, environment

SUITE = "budget: smoke\ndatasets: [sines]\ngenerators: [my_plug_in:Mine]\nscores: [dcr_ratio]\n"


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A folder with a module of every name but the one that `python -m benchmark` itself is found by, and a plug-in."""
    for name in set(OWN) - {"benchmark"}:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('the wrong {name}')\n")
    (tmp_path / "my_plug_in.py").write_text(
        "from baselines.controls.copy import Copy\nclass Mine(Copy): is_control = False\n"
    )
    return tmp_path


def test_modules_of_the_same_names_in_the_current_folder_change_nothing(crowded: Path) -> None:
    # What a new process finds first is the matter here.
    done = in_a_new_process(suite_command(crowded, text=SUITE), crowded, environment())
    assert done.returncode == 0, done.stderr
    assert "| Mine | 0.00 |" in done.stdout


def test_the_console_script_is_not_replaced_by_a_module_of_the_programs_name(crowded: Path) -> None:
    (crowded / "benchmark.py").write_text("print('the wrong benchmark')\n")
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['x', 'list']\n"
    script += "from benchmark.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=crowded, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "timemar_s" in done.stdout


def test_a_plug_in_of_a_taken_name_is_told_so(crowded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(crowded)
    with pytest.raises(
        UserError, match=r"'metrics\.py' has the name of the benchmark's own package 'metrics'.*rename it"
    ):
        load_class(load_spec("metrics:Mine"))


def test_a_foreign_module_that_is_loaded_already_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    foreign = ModuleType("metrics")
    foreign.__file__ = str(tmp_path / "metrics.py")
    monkeypatch.setitem(sys.modules, "metrics", foreign)
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(UserError, match=r"metrics\.py' has the name of the benchmark's own 'metrics'; rename it"):
        own_modules_first()
