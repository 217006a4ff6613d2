"""Noise on decoded windows (ours): a decoder trained by squared error returns a mean, smoother than the data."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.training import seeded

_RIDGE = 1e-6
"""Share of the mean variance added to the diagonal, so that fewer windows than steps have a Cholesky factor too."""
_LEAST = 1e-12
"""Variance of a feature that is reconstructed without error."""


class OutputNoise(nn.Module):
    """Gaussian noise, independent between features; over time its covariance is that of the reconstruction errors.

    `factor` (D, T, T) are the Cholesky factors of the features' covariances.
    """

    factor: Tensor

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.register_buffer("factor", torch.empty(features, length, length))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """No noise yet; nothing is drawn."""
        del rng
        self.factor.zero_()

    @torch.no_grad()
    def fit(self, errors: Tensor) -> None:
        """Take the second moments of reconstruction errors (N, T, D), in the data's units."""
        by_feature = errors.cpu().double().permute(2, 0, 1)
        covariance = by_feature.transpose(1, 2) @ by_feature / len(errors)
        ridge = _RIDGE * covariance.diagonal(dim1=1, dim2=2).mean(dim=1) + _LEAST
        self.factor.copy_(
            torch.linalg.cholesky(covariance + torch.diag_embed(ridge[:, None].expand(-1, errors.shape[1])))
        )

    def forward(self, windows: Tensor, seed: int) -> Tensor:
        """Windows (N, T, D) with noise drawn from `seed`."""
        # A stream of its own: `seed` itself draws the tokens.
        own = int(torch.randint(2**31, (1,), generator=seeded(seed)))
        normal = torch.randn(windows.shape, generator=seeded(own)).to(windows.device)
        return windows + torch.einsum("dts,nsd->ntd", self.factor, normal)


class NoOutputNoise(nn.Module):
    """The stand-in that leaves windows as they are."""

    def fit(self, errors: Tensor) -> None:
        """Nothing to fit."""

    def forward(self, windows: Tensor, seed: int) -> Tensor:
        """The windows (N, T, D) themselves."""
        del seed
        return windows
