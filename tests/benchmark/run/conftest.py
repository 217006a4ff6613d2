"""A small suite on generated data and what an uninterrupted run of it leaves behind."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.command_line import Done, in_this_process
from tests.conftest import environment

SUITE = """
title: A small suite
summary: for the tests of the runner
budget: smoke
datasets: [sines]
lengths: [24]
generators: [timemar_s, gaussian, copy, oracle]
"""


def run_suite(folder: Path, *arguments: str, text: str = SUITE, **extra: str) -> Done:
    """Run a suite in `folder`, whose store is `folder`/runs."""
    return in_this_process(suite_command(folder, *arguments, text=text), folder, environment(**extra))


def suite_command(folder: Path, *arguments: str, text: str = SUITE, device: str = "cpu") -> tuple[str, ...]:
    """The arguments that run a suite, whose file is written into `folder`."""
    (folder / "small.yaml").write_text(text)
    return ("run", "--suite", "small.yaml", "--device", device, *arguments)


def bytes_of(store: Path) -> dict[str, str]:
    """Digests of everything that must not depend on time, machine or interruptions."""
    kept = [*store.glob("cells/*/scores.json"), *store.glob("cells/*/samples.npz"), *store.glob("cells/*/model/*")]
    kept += [*store.glob("cells/*/cell.json"), *store.glob("shared/*/*.npz"), *store.glob("suites/*/table.*")]
    return {str(path.relative_to(store)): hashlib.sha256(_settled(path)).hexdigest() for path in kept}


def _settled(path: Path) -> bytes:
    """A file's bytes, without the comments of a LaTeX table that tell the commit and the state of the tree behind each cell."""
    if path.suffix != ".tex":
        return path.read_bytes()
    return b"".join(line for line in path.read_bytes().splitlines() if not line.startswith(b"% cell "))


def finished_stages(store: Path) -> Counter[tuple[str, str]]:
    """How often each stage of each cell was finished, from the journals."""
    found: Counter[tuple[str, str]] = Counter()
    for path in store.glob("cells/*/journal.jsonl"):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if entry["event"] == "finished":
                found[path.parent.name, entry["stage"]] += 1
    return found


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("finished")
    done = run_suite(folder, "--workers", "2")
    assert done.returncode == 0, done.stderr
    return folder
