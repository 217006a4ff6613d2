"""Bayesian comparisons with a region of practical equivalence (ROPE): how probable it is that one is better, equal, worse.

Source: Benavoli, Corani, Demšar and Zaffalon, Time for a change: a tutorial for comparing multiple classifiers through Bayesian
analysis, JMLR 18 (2017); computed by the authors' package baycomp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    from baycomp.single import Posterior

    count = len(advantages)
    posterior = Posterior(float(advantages.mean()), float(advantages.var(ddof=1)) / count, count - 1, rope)
    worse, *within, better = map(float, posterior.probs())
    return Probabilities(better, sum(within), worse)


def sign_probabilities(signs: Sequence[int], seed: int) -> Probabilities:
    """Which outcome is the most frequent in new settings, given one sign a setting: 1 better, 0 equivalent, −1 worse.

    The Bayesian sign test: a Dirichlet posterior of the three frequencies, whose prior is one setting of equivalence.
    """
    from baycomp import SignTest

    outcomes = np.asarray(signs, dtype=np.float64)
    worse, equivalent, better = SignTest.probs(np.zeros_like(outcomes), outcomes, 0.5, random_state=seed)
    return Probabilities(float(better), float(equivalent), float(worse))
