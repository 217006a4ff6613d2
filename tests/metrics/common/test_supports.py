"""α-precision and β-recall: uniform distributions whose integrals are known, and the distribution of a perfect generator."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.alpha_precision import AlphaPrecision
from metrics.beta_recall import BetaRecall


def grid(n: int, width: float) -> np.ndarray:
    """Windows of one number, evenly spaced in ½ ± width / 2."""
    return (0.5 + width * ((np.arange(n) + 0.5) / n - 0.5)).reshape(n, 1, 1).astype(np.float32)


@pytest.mark.parametrize("ratio", [0.25, 0.5, 0.8])
def test_a_narrower_law(ratio):
    """P_α = min(1, α / r), R_β = r β: twice the area between them and the diagonal is 1 − r for both."""
    wide, narrow = grid(2000, 0.8), grid(2000, 0.8 * ratio)
    precision, recall = AlphaPrecision().compute(wide, narrow), BetaRecall().compute(wide, narrow)
    assert precision.values[0] == pytest.approx(ratio, abs=2e-3)
    assert recall.values[0] == pytest.approx(ratio, abs=2e-3)
    assert precision.details["inwards"] == pytest.approx((1 - ratio) / 2, abs=2e-3)
    assert recall.details["inwards"] == pytest.approx(-(1 - ratio) / 2, abs=2e-3)


def test_one_is_the_other_with_the_sides_changed():
    rng = np.random.default_rng(0)
    a, b = rng.random((70, 3, 2), np.float32), rng.random((45, 3, 2), np.float32) ** 2
    assert AlphaPrecision().compute(a, b).values == BetaRecall().compute(b, a).values


@pytest.mark.parametrize("metric", [AlphaPrecision(), BetaRecall()])
def test_identical_constant_and_distant_sets(metric):
    windows = np.random.default_rng(0).random((37, 4, 2), np.float32)
    assert metric.compute(windows, windows).values == (pytest.approx(1.0),)
    constant = np.full((9, 4, 2), 0.5, np.float32)
    assert metric.compute(constant, constant).values == (pytest.approx(1.0),)
    assert metric.compute(windows, windows + 50).values == (pytest.approx(0.0),)


@pytest.mark.parametrize("metric", [AlphaPrecision(), BetaRecall()])
def test_a_perfect_generator_gets_the_floor(metric):
    n, rng = 200, np.random.default_rng(1)
    values = [metric.compute(*rng.random((2, n, 2, 2), np.float32)).mean for _ in range(150)]
    assert np.mean(values) == pytest.approx(metric.floor(n), abs=0.006)
