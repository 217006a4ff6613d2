"""The README's two commands are what is run: the first in a fresh copy and environment, the second by the build."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, CommandLine
from tests.tree import kept_files

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    """The fenced block after the comment `<!-- name -->`; there must be exactly one."""
    found = re.findall(rf"<!-- {name} -->\s*```\w*\n(.*?)```", README, re.DOTALL)
    assert len(found) == 1, f"the README has {len(found)} blocks named {name}"
    return found[0]


def test_the_build_runs_the_second_block_as_it_stands() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r're\.search\(r"(.+?)", text', text)
    assert pattern is not None
    found = re.search(pattern.group(1), README, re.DOTALL)
    assert found is not None
    assert found.group(1) == block("test")


def test_every_command_that_the_readme_shows_exists(command: CommandLine) -> None:
    shown = set(re.findall(r"python -m benchmark((?: [a-z][a-z-]*)+)", README))
    assert len(shown) >= 5
    for text in sorted(
        {
            " ".join(words.split()[:2] if words.split()[0] in ("data", "config") else words.split()[:1])
            for words in shown
        }
    ):
        done = command(*shlex.split(text), "--help")
        assert done.returncode == 0, text + done.stderr


@pytest.mark.readme
def test_the_first_block_ends_in_a_table_from_a_fresh_copy(tmp_path: Path) -> None:
    for path in kept_files():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "PYTHONPATH", "TOX_"))}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block("run")],
        cwd=tmp_path,
        env={**kept, "TIMEMAR_BUDGET": "smoke"},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "| Sines | Stocks |" in done.stdout
    assert "TimeMAR-S" in done.stdout
    written = re.findall(r"^wrote (.+)$", done.stdout, re.MULTILINE)
    assert [Path(name).suffix for name in written] == [".md", ".tex", ".html", ".csv"]
    assert all((tmp_path / name).stat().st_size > 0 for name in written)
