"""Bayesian comparisons with a region of practical equivalence (ROPE): how probable it is that one is better, equal, worse.

Source: Benavoli, Corani, Demšar and Zaffalon, Time for a change: a tutorial for comparing multiple classifiers through Bayesian
analysis, JMLR 18 (2017). The authors' package baycomp is no dependency, because it installs a package
`tests` of its own beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.intervals import without_spread

DRAWS = 50_000
LITTLE = 1e-4
"""Added to each count, since a Dirichlet distribution needs positive ones."""


@dataclass(frozen=True)
class Probabilities:
    """Of being better by more than the region, of a difference within it, and of being worse by more than it."""

    better: float
    equivalent: float
    worse: float


def mean_probabilities(advantages: NDArray[np.float64], rope: float) -> Probabilities:
    """Where the mean advantage lies, given K ≥ 2 independent advantages (positive: better) and the half-width of the region.

    The posterior is Student's t with K − 1 degrees of freedom about the mean with the scale s / √K: the correlated t-test
    with the correlation 0, since units share no data by which they were fitted.
    """
    mean, count = float(advantages.mean()), len(advantages)
    if without_spread(advantages):
        better, worse = float(mean > rope), float(mean < -rope)
    else:
        from scipy.stats import t as student

        posterior = student(count - 1, mean, float(advantages.std(ddof=1)) / math.sqrt(count))
        better, worse = float(posterior.sf(rope)), float(posterior.cdf(-rope))
    return Probabilities(better, max(0.0, 1.0 - better - worse), worse)


def sign_probabilities(signs: Sequence[int], seed: int) -> Probabilities:
    """Which outcome is the most frequent in new settings, given one sign a setting: 1 better, 0 equivalent, −1 worse.

    The Bayesian sign test: a Dirichlet posterior of the three frequencies, whose prior is one setting of equivalence.
    """
    counts = np.array([signs.count(1), signs.count(0) + 1, signs.count(-1)], dtype=np.float64)
    drawn = np.random.default_rng(seed).dirichlet(counts + LITTLE, DRAWS)
    shares = np.bincount(drawn.argmax(axis=1), minlength=3) / DRAWS
    return Probabilities(*map(float, shares))
