"""The Python that pages show runs as it stands there."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from metrics.base import ScoreContext
from tests.conftest import ROOT


def block(page: str) -> str:
    """The one block of Python on a page."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return str(code)


def test_the_metric_that_a_page_adds_computes_what_it_says() -> None:
    names: dict[str, Any] = {}
    exec(block("docs/add_metric.md"), names)  # noqa: S102 - the page is ours
    real = np.zeros((3, 4, 2), np.float32)
    fake = real + np.array([0.25, 0.5], np.float32)
    score = names["MeanGap"]().compute(real, fake, ScoreContext(seeds=(0, 1)))
    assert score.values == (0.5, 0.5)


def test_a_script_computes_a_score_as_its_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    windows = np.random.default_rng(0).random((2, 30, 8, 2), np.float32)
    code = block("metrics/README.md").replace("context_fid", "spectral")
    exec(code, {"real": windows[0], "fake": windows[1]})  # noqa: S102
    mean, values = capsys.readouterr().out.split(maxsplit=1)
    assert values.startswith("(")
    assert float(mean) > 0
