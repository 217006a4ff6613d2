"""COT-GAN's objective: a causal cost, the mixed Sinkhorn divergence, and a penalty that keeps M near a martingale.

R couplings run side by side as one tensor; x and y are windows (R, B, T, D), h and M are sequences (R, B, T, C).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Σ_t ‖x_it − y_jt‖² (R, I, J) of windows (R, I, T, D) and (R, J, T, D)."""
    a, b = x.flatten(2), y.flatten(2)
    norms = a.square().sum(dim=2)[:, :, None] + b.square().sum(dim=2)[:, None, :]
    return (norms - 2 * a @ b.mT).clamp_min(0)


def causal_term(m: Tensor, h: Tensor) -> Tensor:
    """1/(T−1) Σ_t h_t(y_j) · (M_{t+1}(x_i) − M_t(x_i)) (R, I, J): the part of the causal cost that depends on h and M.

    m is M of the first argument (R, I, T, C), h of the second (R, J, T, C). This is the paper's pairing (section 3); the official
    code adds the transpose of this matrix to the cost.
    """
    moves, weights = m.diff(dim=2), h[:, :, :-1]
    return moves.flatten(2) @ weights.flatten(2).mT / moves.shape[2]


def sinkhorn_cost(cost: Tensor, epsilon: Tensor, iterations: int) -> Tensor:
    """⟨π, C⟩ (R) of entropic couplings π of uniform distributions, costs C (R, I, J), by `iterations` rounds in the log domain.

    A round fits the rows' sums, then the columns'. `epsilon` is a scalar in the units of C. The gradient goes through the rounds.
    """
    scaled = -cost / epsilon
    from_rows, from_columns = -math.log(cost.shape[1]), -math.log(cost.shape[2])
    v = torch.zeros_like(scaled[:, :1])
    for _ in range(iterations):
        u = from_rows - torch.logsumexp(scaled + v, dim=2, keepdim=True)
        v = from_columns - torch.logsumexp(scaled + u, dim=1, keepdim=True)
    return ((scaled + u + v).exp() * cost).sum(dim=(1, 2))


def mixed_divergence(costs: Tensor, epsilon: Tensor, iterations: int) -> Tensor:
    """W(x, y) + W(x', y') − W(x, x') − W(y, y') of costs (4, B, B) in this order (the paper's mixed Sinkhorn divergence)."""
    first, second, real, fake = sinkhorn_cost(costs, epsilon, iterations)
    return first + second - real - fake


def martingale_penalty(m: Tensor) -> Tensor:
    """1/T Σ_t Σ_C |mean over B of the moves of M, in its standard deviations over B and T| of m (B, T, C)."""
    std = m.std(dim=(0, 1), correction=0) + 1e-6
    return (m.diff(dim=1) / std).mean(dim=0).abs().sum() / m.shape[1]
