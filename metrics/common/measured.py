"""Two small classes between `Metric` and a metric: one value for both sets of windows, or one value per seed."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.base import DEFAULT_CONTEXT, Metric, Score, ScoreContext, Windows
from metrics.common.checks import check_pair, check_shape


class Measured(NamedTuple):
    """One value and its JSON-able details."""

    value: float
    details: dict[str, Any]


class DeterministicMetric(Metric):
    """A deterministic metric: one value of the real and the generated windows, independent of the seeds."""

    @abc.abstractmethod
    def measure(self, real: Windows, fake: Windows) -> Measured:
        """The value for checked windows (N, T, D) and (M, T, D)."""

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; one value."""
        real, fake = check_pair(real, fake, self.min_windows)
        check_shape(self, real)
        value, details = self.measure(real, fake)
        context.progress(1, 1)
        return Score((value,), details)


class SeededMetric(Metric):
    """A metric that draws random numbers (splits, projections, subsets): one value per seed.

    Every detail of a repetition becomes a list with one entry per seed.
    """

    @abc.abstractmethod
    def measure(self, real: Windows, fake: Windows, seed: int) -> Measured:
        """The value of one repetition for checked windows (N, T, D) and (M, T, D)."""

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`."""
        real, fake = check_pair(real, fake, self.min_windows)
        check_shape(self, real)
        repetitions = []
        for number, seed in enumerate(context.seeds):
            repetitions.append(self.measure(real, fake, seed))
            context.progress(number + 1, len(context.seeds))
        return collect(repetitions)


def collect(repetitions: Sequence[Measured]) -> Score:
    """Several repetitions as one score, each detail a list."""
    details = {name: [one.details[name] for one in repetitions] for name in repetitions[0].details}
    return Score(tuple(one.value for one in repetitions), details)


def flat(windows: Windows) -> NDArray[np.float64]:
    """Windows (N, T, D) as float64 rows (N, T · D); −0 becomes 0, so that equal windows have equal bytes."""
    return windows.reshape(len(windows), -1).astype(np.float64) + 0.0
