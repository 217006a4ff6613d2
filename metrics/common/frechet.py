"""The Fréchet distance between two Gaussians, from eigenvalues of symmetric matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def moments(points: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
    """The mean (C,) and the covariance (C, C), divisor B − 1, of points (B, C), in float64; B is at least 2."""
    exact = np.asarray(points, np.float64)
    mean = exact.mean(axis=0)
    centred = exact - mean
    return mean, centred.T @ centred / (len(exact) - 1)


def frechet_distance(mean_a: Doubles, covariance_a: Doubles, mean_b: Doubles, covariance_b: Doubles) -> float:
    """|μ_a − μ_b|² + tr(S_a + S_b − 2 √(S_a S_b)), at least 0 (Dowson and Landau 1982; Heusel et al. 2017).

    tr √(S_a S_b) = Σ √eig(S_a^½ S_b S_a^½), whose matrix is symmetric and positive semi-definite: the eigenvalues are real and a
    covariance without full rank needs no added ε. In the squared units of the points.
    """
    from scipy import linalg

    values, vectors = linalg.eigh(covariance_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle = root @ covariance_b @ root
    shared = np.sqrt(np.maximum(linalg.eigvalsh((middle + middle.T) / 2), 0)).sum()
    difference = mean_a - mean_b
    distance = difference @ difference + np.trace(covariance_a) + np.trace(covariance_b) - 2 * shared
    return max(0.0, float(distance))
