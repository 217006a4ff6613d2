"""Context-KID and Context-FID∞ against a plain kernel, known distributions, and Context-FID's own encoder."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from metrics import context_kid
from metrics.base import ScoreContext
from metrics.common.frechet import frechet_distance, moments
from metrics.context_fid import ContextFID
from metrics.context_fid_infinity import ContextFIDInfinity, extrapolated
from metrics.context_kid import ContextKID, polynomial_mmd

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("rows", [1024, 7])
def test_kernel_distance_is_its_definition(rows, monkeypatch):
    monkeypatch.setattr(context_kid, "_BLOCK_ROWS", rows)
    a, b = RNG.standard_normal((20, 6)), RNG.standard_normal((33, 6)) + 0.3
    within = [polynomial_kernel(one, degree=3, gamma=1 / 6, coef0=1) for one in (a, b)]
    pairs = [(kernel.sum() - np.trace(kernel)) / (len(kernel) * (len(kernel) - 1)) for kernel in within]
    expected = sum(pairs) - 2 * polynomial_kernel(a, b, degree=3, gamma=1 / 6, coef0=1).mean()
    assert polynomial_mmd(a, b) == pytest.approx(expected, rel=1e-10)


def test_kernel_distance_is_unbiased_at_few_points():
    values = [polynomial_mmd(*RNG.standard_normal((2, 12, 4))) for _ in range(3000)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_extrapolation_removes_the_bias():
    """N(0, I) against N(μ, I) is |μ|² apart; at n points the plain distance is far above it."""
    C, n = 40, 400
    shift = np.full(C, 0.1)
    drawn = [(RNG.standard_normal((n, C)), RNG.standard_normal((n, C)) + shift) for _ in range(6)]
    plain = np.mean([frechet_distance(*moments(a), *moments(b)) for a, b in drawn])
    value = np.mean([extrapolated(a, b, seed)[0] for seed, (a, b) in enumerate(drawn)])
    assert plain > 0.4 + 1
    assert value == pytest.approx(0.4, abs=0.25)


@pytest.mark.parametrize("metric", [ContextKID, ContextFIDInfinity])
def test_the_encoder_is_that_of_context_fid(metric, waves):
    real, fake = waves(40, 0), waves(30, 1)
    ours, theirs = metric(steps=2).prepare(real, 5), ContextFID(steps=2).prepare(real, 5)
    assert ours.keys() == theirs.keys()
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)
    assert metric.encoder_of == ContextFID.info.name
    shared = metric(steps=2).compute(real, fake, ScoreContext(seeds=[5], prepared=[theirs]))
    assert shared.values == metric(steps=2).compute(real, fake, ScoreContext(seeds=[5])).values
    with pytest.raises(ValueError, match="1 prepared states are given for 2 seeds"):
        metric(steps=2).compute(real, fake, ScoreContext(seeds=[5, 6], prepared=[theirs]))
    with pytest.raises(ValueError, match="reads 4 features and the windows have 3"):
        metric(steps=2).compute(real[:, :, :3], fake[:, :, :3], ScoreContext(seeds=[5], prepared=[theirs]))
