"""Components of variance of a results frame, by generator, setting and score."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchmark.report.frame import COLUMNS
from benchmark.report.variance import variance_table, variances_of


def crossed(values: np.ndarray, title: str = "Alpha") -> pd.DataFrame:
    """The frame of values (I training seeds, J sampling seeds, K repetitions)."""
    base = {"title": title, "dataset": "stocks", "length": 24, "metric": "spectral", "status": "done"}
    rows = [
        {**base, "seed": i, "sampling_seed": j, "repetition": k, "value": values[i, j, k]}
        for i, j, k in np.ndindex(values.shape)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_the_shares_of_a_design_in_which_training_alone_varies() -> None:
    values = np.array([0.1, 0.2, 0.3])[:, None, None] + np.zeros((3, 2, 4))
    (one,) = variances_of(crossed(values))
    training, *others = one.components
    # Three means with the variance 0.01.
    assert training.variance == pytest.approx(0.01)
    assert [component.variance for component in others] == pytest.approx([0.0, 0.0, 0.0])
    assert training.share == pytest.approx(1.0)
    table = variance_table([one], {("stocks", 24): "Stocks"})
    assert table is not None
    (line,) = table.lines
    assert [text.text for text in line.texts[:3]] == ["Alpha", "Stocks", "Spectral distance ↓"]
    assert line.texts[3].text.startswith(f"{math.sqrt(0.01):.4f} (100 %)")


def test_a_single_model_with_one_draw_has_no_row() -> None:
    assert variances_of(crossed(np.random.default_rng(0).normal(size=(1, 1, 5)))) == []
    assert variance_table([], {}) is None


def test_an_unbalanced_design_is_a_row_with_its_reason() -> None:
    frame = crossed(np.random.default_rng(0).normal(size=(2, 2, 3))).iloc[:-1]
    (one,) = variances_of(frame)
    assert one.components == ()
    assert "balanced design" in one.reason
    table = variance_table([one], {})
    assert table is not None
    assert "balanced design" in table.lines[0].texts[-1].text
