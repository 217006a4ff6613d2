"""The plug-ins in `examples/` keep the promises of the interface, and CONTRIBUTING.md shows the first as it stands."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark.config.generators import load_spec
from benchmark.config.suites import load_suite
from benchmark.conformance import check_spec
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"
PEERS: list[tuple[str, str, dict[str, Any]]] = [
    ("tsbootstrap", "tsbootstrap_generator.py:TSBootstrap", {"block_length": 3}),
    ("deepecho", "deepecho_par.py:PAR", {"epochs": 1}),
    (
        "timevqvae",  # on Python 3.12 and later
        "timevqvae_generator.py:TimeVQVAE",
        {"stage1_steps": 6, "stage2_steps": 6, "vocab_size": 16, "hidden": 16},
    ),
]
IN_SUITE = ("tsbootstrap", "deepecho")


@pytest.fixture(autouse=True)
def _path_comes_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in ("tsbootstrap_generator", "deepecho_par", "timevqvae_generator"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(("library", "name", "params"), PEERS)
def test_a_peer_keeps_every_promise(library: str, name: str, params: dict[str, Any]) -> None:
    pytest.importorskip(library)
    found = check_spec(load_spec(f"{EXAMPLES}/{name}"), params, length=5, features=2)
    assert {finding.check: finding.reason for finding in found if finding.state != "passed"} == {}


def test_the_suite_of_peers_has_a_cell_of_each() -> None:
    for library in IN_SUITE:
        pytest.importorskip(library)
    cells = make_plan(load_suite(str(EXAMPLES / "peers.yaml")), Request()).cells
    assert {"tsbootstrap", "par", "oracle"} <= {cell.generator for cell in cells}
    assert all(cell.source for cell in cells if cell.generator in ("tsbootstrap", "par"))


def test_contributing_shows_the_example_and_counts_lines() -> None:
    text = Path(ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert (EXAMPLES / "tsbootstrap_generator.py").read_text(encoding="utf-8") in shown
    counted = dict(re.findall(r"`examples/(\w+\.py)` \((\d+) lines\)", text))
    assert set(counted) == {"tsbootstrap_generator.py", "deepecho_par.py", "timevqvae_generator.py"}
    lines = {name: len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) for name in counted}
    assert {name: int(count) for name, count in counted.items()} == lines
