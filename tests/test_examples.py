"""The examples do what they say, in a short form."""

from __future__ import annotations

import re
import runpy
from functools import partial

import pytest

from benchmark import api
from benchmark.data import load_spec
from benchmark.data.locate import locate
from benchmark.errors import SkipCell
from tests.conftest import ROOT


def test_twelve_lines_train_sample_and_print_a_score_with_its_floor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        locate(load_spec("stocks"), None)
    except SkipCell as reason:
        pytest.skip(str(reason))
    path = ROOT / "examples" / "twelve_lines.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 12
    # The published score trains five encoders for minutes.
    monkeypatch.setattr(api, "score", partial(api.score, budget="smoke"))
    found = runpy.run_path(str(path))
    assert found["samples"].shape == (500, 24, 6)
    assert re.fullmatch(r"Context-FID \d+\.?\d* ± \d+\.?\d* \(floor 0\.\d+\)\n", capsys.readouterr().out)
