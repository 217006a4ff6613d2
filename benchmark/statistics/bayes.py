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


def mean_probabilities(
    first: NDArray[np.float64], other: NDArray[np.float64], rope: float, *, paired: bool
) -> Probabilities:
    """Where the first's mean advantage lies, other − first, given K ≥ 2 losses of each and the half-width of the region.

    The posterior is Student's t about the mean advantage. `paired`: with K − 1 degrees of freedom and the scale s / √K, the
    correlated t-test with the correlation 0, since units share no data by which they were fitted. Else: with the scale and
    the degrees of freedom of Welch's test.
    """
    mean = float(other.mean() - first.mean())
    samples = (other - first,) if paired else (first, other)
    squares = [0.0 if without_spread(one) else float(one.var(ddof=1)) / len(one) for one in samples]
    if not any(squares):
        better, worse = float(mean > rope), float(mean < -rope)
    else:
        from scipy.stats import t as student

        degrees = sum(squares) ** 2 / sum(
            square**2 / (len(one) - 1) for one, square in zip(samples, squares, strict=True)
        )
        posterior = student(degrees, mean, math.sqrt(sum(squares)))
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
