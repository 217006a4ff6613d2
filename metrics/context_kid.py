"""Context-KID: a kernel two-sample distance in the representation of Context-FID, unbiased at every number of windows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import MetricInfo
from metrics.common.encoded import EncodedMetric
from metrics.common.measured import Measured

_BLOCK_ROWS = 1024


class ContextKID(EncodedMetric):
    """The unbiased squared maximum mean discrepancy of TS2Vec representations under the kernel (x·y / C + 1)³.

    Its mean is 0 for a perfect generator at every n, so single values can be negative. All windows are used at once.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="context_kid",
        title="Context-KID",
        symbol="C-KID",
        summary="kernel distance (unbiased MMD²) between real and generated windows in a TS2Vec representation",
        higher_is_better=None,
        range=(float("-inf"), float("inf")),
        ideal=0.0,
        cost="training",
        version=2,
        source="Bińkowski et al. 2018 (KID), on the encoder of Context-FID",
        decimals=6,
    )

    def distance(self, real: NDArray[np.float32], fake: NDArray[np.float32], seed: int) -> Measured:
        """See the class; the seed is the encoder's and draws nothing here."""
        del seed
        return Measured(polynomial_mmd(real, fake), {"real_windows": len(real), "generated_windows": len(fake)})


def polynomial_mmd(real: NDArray[np.floating], fake: NDArray[np.floating]) -> float:
    """The unbiased MMD² of points (N, C) and (M, C) under (x·y / C + 1)³ (Gretton et al. 2012, equation 3); N, M ≥ 2."""
    a, b = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    crossed = sum(_kernel(a[start : start + _BLOCK_ROWS], b).sum() for start in range(0, len(a), _BLOCK_ROWS))
    return float(_mean_of_pairs(a) + _mean_of_pairs(b) - 2 * crossed / (len(a) * len(b)))


def _mean_of_pairs(points: NDArray[np.float64]) -> float:
    """The mean kernel of two different points, each pair computed once outside the diagonal blocks."""
    total = 0.0
    for start in range(0, len(points), _BLOCK_ROWS):
        block = points[start : start + _BLOCK_ROWS]
        inside = _kernel(block, block)
        total += inside.sum() - np.trace(inside)
        total += 2 * _kernel(block, points[start + len(block) :]).sum()
    return total / (len(points) * (len(points) - 1))


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    base = a @ b.T
    base /= a.shape[1]
    base += 1
    return base * base * base
