"""KoVAE's networks and the terms of its loss (Naiman et al. 2024, section 4); sequences inside are (T, B, ·)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from baselines.kovae.recurrence import BidirectionalGRU, RecurrentPrior


class Sizes(NamedTuple):
    """Latent dimensions K a step, GRU units H, layers of encoder and decoder."""

    latent: int
    hidden: int
    layers: int


class Gaussian(NamedTuple):
    """Independent normal distributions of latent sequences: means and log-variances, each (T, B, K)."""

    mean: Tensor
    log_variance: Tensor


class StepNorm(nn.BatchNorm1d):
    """Batch normalisation of channels, its statistics over windows and time: (T, B, C) to (T, B, C)."""

    def seeded_reset(self, rng: torch.Generator) -> None:
        """PyTorch's default: the identity."""
        del rng
        self.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        """Normalised x (T, B, C)."""
        return super().forward(x.flatten(0, 1)).view_as(x)


class KoVAENetwork(nn.Module):
    """Encoder, prior and decoder for windows of D features and any length."""

    def __init__(self, features: int, sizes: Sizes) -> None:
        super().__init__()
        latent, hidden, layers = sizes
        self.latent = latent
        self.encoder = BidirectionalGRU(features, hidden, layers)
        self.norm = StepNorm(2 * hidden)
        self.posterior = nn.Linear(2 * hidden, 2 * latent)
        self.prior = RecurrentPrior(latent, hidden)
        self.decoder = BidirectionalGRU(latent, hidden, layers)
        self.output = nn.Linear(2 * hidden, features)

    def encode(self, windows: Tensor) -> Gaussian:
        """The latent distributions, independent over time, of windows (B, T, D)."""
        states = self.norm(self.encoder(windows.transpose(0, 1).contiguous()))
        return Gaussian(*self.posterior(states).chunk(2, dim=2))

    def decode(self, latent: Tensor) -> Tensor:
        """Windows (B, T, D) in (0, 1) of latent sequences (T, B, K)."""
        made: Tensor = self.output(self.decoder(latent))
        return made.transpose(0, 1).sigmoid()

    def draw(self, noise: Tensor) -> tuple[Tensor, Gaussian]:
        """The prior's latent sequences (T, B, K) of standard normal noise (T, B, K), and what each step was drawn from."""
        samples, mean, log_variance = self.prior(noise)
        return samples, Gaussian(mean, log_variance)


def reconstruction(windows: Tensor, decoded: Tensor) -> Tensor:
    """Squared errors (B, T, D) summed over time and features, mean over windows."""
    return (decoded - windows).square().sum() / len(windows)


def divergence(posterior: Gaussian, prior: Gaussian) -> Tensor:
    """KL (nats) of the posterior from the prior of an unrelated sample, step by step; summed over T and K, mean over windows."""
    spread = posterior.log_variance.exp() + (posterior.mean - prior.mean).square()
    ratio = prior.log_variance - posterior.log_variance
    nats: Tensor = 0.5 * (ratio + spread * (-prior.log_variance).exp() - 1)
    return nats.sum() / nats.shape[1]


def koopman_error(latent: Tensor) -> Tensor:
    """The mean squared error of predicting each step from the one before by one linear map, over the norm of the prediction.

    With rows P = z_1 … z_{T−1} and F = z_2 … z_T of latent sequences (T, B, K) and A minimising ‖P A − F‖, mean((P A − F)²) /
    ‖P A‖. A is the minimiser, so the derivative of the error with respect to A is 0, and A is held fixed. ‖P A‖² equals
    ⟨P A, F⟩ there; written as 2 ⟨P A, F⟩ − ‖P A‖² it too has the derivative 0 with respect to A. 0 where there are fewer than K
    rows, which any map fits.
    """
    before, after = latent[:-1].flatten(0, 1), latent[1:].flatten(0, 1)
    if len(before) < before.shape[1]:
        return latent.new_zeros(())
    with torch.no_grad():
        orthogonal, triangle = torch.linalg.qr(before)
        best = torch.linalg.solve_triangular(triangle, orthogonal.t() @ after, upper=True)
    predicted = before @ best
    norm = (2 * (predicted * after).sum() - predicted.square().sum()).sqrt()
    return (predicted - after).square().mean() / norm
