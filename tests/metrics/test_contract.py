"""What every score promises: its facts, degenerate windows, refusals, determinism."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from metrics import registry
from metrics.base import Metric, NotApplicable, Score, ScoreContext
from tests.metrics.conftest import SCORES, independent, sine_windows

NEEDS_PAIRS = {"cross_correlation", "correlational"}
DRAWS = {
    "c2st", "c2st_auc", "block_c2st", "context_kid", "context_fid_infinity", "sliced_wasserstein", "tstr", "data_copying",
    "tstr_horizons",
}  # fmt: skip
"""Scores with one value a seed; the others have one value."""


def make(name: str) -> Metric:
    return registry.load(name)(**({"steps": 1} if name.startswith("context") else {}))


def score(name: str, real: np.ndarray, fake: np.ndarray, seeds=(3,)) -> Score:
    return make(name).compute(real, fake, context(real, seeds))


def context(real: np.ndarray, seeds=(3,), **options) -> ScoreContext:
    """What protocol strict hands over: training windows, and who is independent of whom."""
    training = sine_windows(20, 9, *real.shape[1:])
    return ScoreContext(seeds=seeds, training=training, blocks=independent(len(real), len(training)), **options)


@pytest.mark.parametrize("name", SCORES)
def test_the_info_is_complete(name):
    metric = make(name)
    info = metric.info
    assert info.name == name
    assert info.summary
    assert info.range[0] <= info.ideal <= info.range[1]
    assert info.source
    for n in (300, 10_000):
        floor = metric.floor(n)
        assert floor is None or info.range[0] <= floor <= info.range[1]
    # The harness hashes the constructor's arguments, so they must be there under their names.
    assert all(hasattr(metric, parameter) for parameter in inspect.signature(type(metric)).parameters)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("features", [1, 2])
@pytest.mark.parametrize("n_fake", [12, 17])
def test_few_windows_of_few_features(name, features, n_fake):
    real, fake = sine_windows(12, 0, 6, features), sine_windows(n_fake, 1, 6, features)
    if features == 1 and name in NEEDS_PAIRS:
        with pytest.raises(NotApplicable):
            score(name, real, fake)
        return
    result = score(name, real, fake)
    low, high = make(name).info.range
    assert all(np.isfinite(value) and low <= value <= high for value in result.values)


@pytest.mark.parametrize("name", SCORES)
def test_constant_windows_are_scored(name):
    real, fake = np.full((12, 6, 2), 0.4, np.float32), np.full((12, 6, 2), 0.6, np.float32)
    for pair in ((real, fake), (real, real), (real, sine_windows(12, 0, 6, 2)), (sine_windows(12, 0, 6, 2), real)):
        assert np.isfinite(score(name, *pair).values).all()


@pytest.mark.parametrize(
    "name",
    ["spectral", "autocorrelation", "cross_correlation", "correlational", "marginal_wasserstein", "sliced_wasserstein",
     "alpha_precision", "beta_recall", "coverage"],
)  # fmt: skip
def test_identical_sets_are_ideal(name):
    for windows in (sine_windows(30, 0), np.full((12, 6, 2), 0.4, np.float32)):
        assert score(name, windows, windows).values == (pytest.approx(make(name).info.ideal, abs=1e-12),)


@pytest.mark.parametrize("name", SCORES)
def test_windows_that_are_not_finite_or_of_another_shape_are_refused(name):
    good = sine_windows(12, 0, 6, 2)
    bad = good.copy()
    bad[4, 2, 1] = np.nan
    with pytest.raises(ValueError, match=r"the generated windows are not all finite .* number 4"):
        score(name, good, bad)
    with pytest.raises(ValueError, match="give windows of one shape"):
        score(name, good, sine_windows(12, 0, 7, 2))
    if name not in {"authenticity", "duplicates"}:
        with pytest.raises(ValueError, match="the real windows are not all finite"):
            score(name, bad, good)


@pytest.mark.parametrize("name", SCORES)
def test_the_same_seeds_give_the_same_bytes_and_leave_the_windows_alone(name):
    real, fake = sine_windows(20, 0, 6, 2), sine_windows(20, 1, 6, 2)
    kept = real.tobytes(), fake.tobytes()
    ticks: list[tuple[int, int]] = []
    first = make(name).compute(real, fake, context(real, [1, 2], progress=lambda *tick: ticks.append(tick)))
    again = score(name, real, fake, [1, 2])
    assert first == again
    assert len(first.values) == (2 if name in DRAWS else 1)
    assert ticks[-1][0] == ticks[-1][1]
    assert (real.tobytes(), fake.tobytes()) == kept
    if name in DRAWS:
        with pytest.raises(ValueError, match="give one non-negative integer per repetition"):
            make(name).compute(real, fake, context(real, []))
