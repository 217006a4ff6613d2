"""The reconstruction objective of stage 1 (paper section 4.4)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from timemar.config import LossWeights
from timemar.vqvae import Pass


def fourier_distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean over bins and features of |Re| + |Im| of the difference of the orthonormal rFFTs over time of (B, T, D)."""
    difference = torch.view_as_real(torch.fft.rfft(a - b, dim=1, norm="ortho"))
    return 2 * difference.abs().mean()


def objective(result: Pass, detail: Tensor, weights: LossWeights) -> dict[str, Tensor]:
    """The weighted sum, first and under `loss`, then its terms unweighted.

    Windows and trends are compared in the model's inner units, seasonal parts in units of their standard deviation `detail` (D).
    The targets of the component terms carry no gradient: the split is learned, and would otherwise move towards whatever
    is easy to decode.
    """
    parts, decoded = result.parts, result.decoded
    terms = {
        "reconstruction": functional.mse_loss(decoded.window, result.window),
        "vq": result.quantized.loss,
        "trend": functional.mse_loss(decoded.trend, parts.trend.detach()),
        "season": functional.mse_loss(decoded.seasonal / detail, parts.seasonal.detach() / detail),
        "coarse": functional.mse_loss(decoded.coarse / detail, parts.coarse.detach() / detail),
        "fourier": fourier_distance(decoded.seasonal / detail, parts.seasonal.detach() / detail),
    }
    loss = torch.stack([getattr(weights, name) * term for name, term in terms.items()]).sum()
    return {"loss": loss, **terms}
