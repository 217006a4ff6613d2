"""Components of a score's variance: how much comes from training, from sampling, and from the metric's own randomness.

The model of a balanced design is y_ijk = μ + T_i + S_j(i) + R_k + e_ijk: training seed i, sampling seed j within it, and
repetition k of the metric, whose seeds are the same for all samples, so that repetitions are crossed with the rest.

Sources: Searle, Casella and McCulloch, Variance Components (1992), chapter 4, for the estimates by analysis of variance; Ting,
Burdick, Graybill, Jeyaratnam and Lu, Confidence intervals on linear combinations of variance components, JSCS 35 (1990), for
the intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

UNITS = ("seed", "sampling_seed", "repetition")
"""The columns of the design, from the outermost unit."""
SOURCES = ("training seed", "sampling seed", "repetition", "residual")


@dataclass(frozen=True)
class Component:
    """The variance that one source adds to a score.

    Attributes:
        source: One of `SOURCES`.
        variance: The estimate, not below 0; None where the design cannot tell it from another.
        share: Of the sum of all components.
        interval: 95 %, not below 0.
        degrees: Degrees of freedom of the source's mean square.
        reason: Why there is none, what else it contains, or that a negative estimate stands as 0.
    """

    source: str
    variance: float | None
    share: float | None
    interval: tuple[float, float] | None
    degrees: int
    reason: str = ""


class MeanSquare(NamedTuple):
    """A mean square and its degrees of freedom."""

    value: float
    degrees: int


def variance_components(frame: pd.DataFrame) -> tuple[Component, ...]:
    """The components of a frame with the columns seed, sampling_seed, repetition and value, one for each of `SOURCES`.

    Sampling seeds count within their training seed, whatever they are called. A source of which the design has one unit has no
    component of its own; what it adds is then part of the one that its reason names.

    Raises:
        UserError: The design is not balanced: some training seed has other numbers of sampling seeds or other repetitions.
    """
    return components_of(_balanced(frame))


def components_of(values: NDArray[np.float64]) -> tuple[Component, ...]:
    """The components of balanced values (I training seeds, J sampling seeds within each, K repetitions)."""
    trainings, samplings, repetitions = values.shape
    training, sampling, repetition, residual = mean_squares(values)
    # What is left of a source's mean square is its coefficient times its variance plus the expectation of the next one below.
    below_sampling = residual if residual.degrees else None
    below_training = sampling if sampling.degrees else below_sampling
    found = [
        _component("training seed", training, below_training, samplings * repetitions),
        _component("sampling seed", sampling, below_sampling, repetitions),
        _component("repetition", repetition, residual if residual.degrees else None, trainings * samplings),
        _component("residual", residual, None, 1),
    ]
    total = sum(one.variance or 0.0 for one in found)
    reasons = _confounded(trainings, samplings, repetitions)
    return tuple(
        Component(
            one.source,
            one.variance,
            None if one.variance is None or not total else one.variance / total,
            one.interval,
            one.degrees,
            "; ".join(filter(None, (reasons[one.source], one.reason))),
        )
        for one in found
    )


def mean_squares(values: NDArray[np.float64]) -> tuple[MeanSquare, MeanSquare, MeanSquare, MeanSquare]:
    """The mean squares of training seed, sampling seed, repetition and residual of balanced values (I, J, K); 0 without df."""
    trainings, samplings, repetitions = values.shape
    grand = values.mean()
    by_training = values.mean(axis=(1, 2), keepdims=True)
    by_sample = values.mean(axis=2, keepdims=True)
    by_repetition = values.mean(axis=(0, 1), keepdims=True)
    samples = trainings * samplings
    parts = (
        (by_training - grand, trainings - 1, samplings * repetitions),
        (by_sample - by_training, trainings * (samplings - 1), repetitions),
        (by_repetition - grand, repetitions - 1, samples),
        (values - by_sample - by_repetition + grand, (samples - 1) * (repetitions - 1), 1),
    )
    first, second, third, fourth = (
        MeanSquare(float(weight * np.square(deviation).sum()) / degrees if degrees else 0.0, degrees)
        for deviation, degrees, weight in parts
    )
    return first, second, third, fourth


def _component(source: str, own: MeanSquare, below: MeanSquare | None, coefficient: int) -> Component:
    if not own.degrees:
        return Component(source, None, None, None, 0)
    estimate = (own.value - (below.value if below else 0.0)) / coefficient
    low, high = (max(0.0, limit / coefficient) for limit in difference_interval(own, below))
    negative = f"the estimate is negative ({estimate:.3g}) and stands as 0" if estimate < 0 else ""
    return Component(source, max(0.0, estimate), None, (low, high), own.degrees, negative)


def _confounded(trainings: int, samplings: int, repetitions: int) -> dict[str, str]:
    """What a source of one unit leads to, by source."""
    reasons = dict.fromkeys(SOURCES, "")
    if trainings < 2:
        reasons["training seed"] = "one training seed has no variance"
    if samplings < 2:
        reasons["sampling seed"] = "one sampling seed has no variance"
        if trainings > 1:
            reasons["sampling seed"] = "one sampling seed a model: its variance is part of training's"
            reasons["training seed"] = "contains the variance of sampling"
    if repetitions < 2:
        reasons["repetition"] = "one repetition has no variance"
        reasons["residual"] = "one repetition: the residual is part of sampling's variance, or of training's"
    elif trainings * samplings < 2:
        reasons["repetition"] = "contains the residual"
        reasons["residual"] = "one sample: the residual is part of the repetitions' variance"
    return reasons


def difference_interval(own: MeanSquare, below: MeanSquare | None) -> tuple[float, float]:
    """The 95 % interval of E[own] − E[below] by Ting et al. (1990); exact, by χ², where nothing is below."""
    from scipy.stats import chi2, f

    a, n = 0.025, own.degrees
    g1, h1 = 1 - n / float(chi2.isf(a, n)), n / float(chi2.isf(1 - a, n)) - 1
    if below is None:
        return own.value * (1 - g1), own.value * (1 + h1)
    m = below.degrees
    g2, h2 = 1 - m / float(chi2.isf(a, m)), m / float(chi2.isf(1 - a, m)) - 1
    high_f, low_f = float(f.isf(a, n, m)), float(f.isf(1 - a, n, m))
    g12 = ((high_f - 1) ** 2 - (g1 * high_f) ** 2 - h2**2) / high_f
    h12 = ((1 - low_f) ** 2 - (h1 * low_f) ** 2 - g2**2) / low_f
    squares, product = (own.value**2, below.value**2), own.value * below.value
    down = g1**2 * squares[0] + h2**2 * squares[1] + g12 * product
    up = h1**2 * squares[0] + g2**2 * squares[1] + h12 * product
    estimate = own.value - below.value
    return estimate - math.sqrt(max(0.0, down)), estimate + math.sqrt(max(0.0, up))


def _balanced(frame: pd.DataFrame) -> NDArray[np.float64]:
    """The values (I, J, K) of a frame; raises UserError where they make no balanced design."""
    units = frame.dropna(subset=["value"]).set_index(list(UNITS))["value"]
    wide = units[~units.index.duplicated()].unstack("repetition")
    counts = wide.groupby(level="seed").size()
    if wide.empty or wide.size != len(frame) or wide.isna().any(axis=None) or counts.nunique() != 1:
        raise UserError(
            "components of variance need a balanced design: as many sampling seeds for every training seed, and every "
            "repetition once for each; complete the failed cells (--retry failed), or leave their training seeds out."
        )
    return wide.to_numpy(np.float64).reshape(len(counts), -1, wide.shape[1])
