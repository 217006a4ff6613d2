"""TimeGAN's five recurrent networks (the paper's sections 4.1 and 4.2, sizes of the official code)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.tensorflow_layers import Dense, GRULayer


class Recurrent(nn.Module):
    """GRU layers and a dense layer at every step: (T, B, inputs) to (T, B, outputs), through σ where `bounded`."""

    def __init__(self, inputs: int, hidden: int, outputs: int, layers: int, *, bounded: bool = True) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(GRULayer(hidden if i else inputs, hidden) for i in range(layers)))
        self.dense = Dense(hidden, outputs)
        self.bounded = bounded

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (T, B, outputs) of x (T, B, inputs)."""
        made = self.dense(self.layers(x))
        return made.sigmoid() if self.bounded else made


class Networks(nn.Module):
    """The five networks for windows of D features; latent steps have `hidden` channels in (0, 1), sequences are (T, B, ·)."""

    low: Tensor
    span: Tensor

    def __init__(self, features: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.embedder = Recurrent(features, hidden, hidden, layers)
        self.recovery = Recurrent(hidden, hidden, features, layers)
        self.generator = Recurrent(features, hidden, hidden, layers)
        self.supervisor = Recurrent(hidden, hidden, hidden, layers - 1)
        self.discriminator = Recurrent(hidden, hidden, 1, layers, bounded=False)
        self.register_buffer("low", torch.zeros(features))
        self.register_buffer("span", torch.ones(features))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Start as the identity; `fit` sets the range."""
        del rng
        self.low.zero_()
        self.span.fill_(1.0)

    def fit(self, windows: Tensor) -> None:
        """Take each feature's range over windows (N, T, D)."""
        self.low = windows.amin(dim=(0, 1))
        self.span = windows.amax(dim=(0, 1)) - self.low + 1e-7

    def transform(self, windows: Tensor) -> Tensor:
        """Sequences (T, N, D) in [0, 1] of windows (N, T, D)."""
        return ((windows - self.low) / self.span).transpose(0, 1).contiguous()

    def synthesize(self, noise: Tensor) -> Tensor:
        """Windows (n, T, D) in the data's units of noise (n, T, D), uniform in (0, 1)."""
        latent = self.supervisor(self.generator(noise.transpose(0, 1).contiguous()))
        return self.recovery(latent).transpose(0, 1) * self.span + self.low
