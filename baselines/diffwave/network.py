"""DiffWave's denoiser with D input and output channels: dilated convolutions with gates (Kong et al. 2021, section 3)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.layers import KaimingLinear, StepEmbedding, gated
from benchmark.training.kernels import Linear, linear

_EMBEDDED = 512
_OFFICIAL_STEPS = 50


class Sizes(NamedTuple):
    """Channels C, residual layers, after how many the dilation is 1 again (None: ⌈log2 T⌉), diffusion steps S."""

    channels: int
    layers: int
    dilation_cycle: int | None
    diffusion_steps: int


class DilatedConvolution(nn.Module):
    """A convolution of three taps, `dilation` steps apart, with zero padding: (B, T, C) to (B, T, C')."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3))
        self.bias = nn.Parameter(torch.empty(outputs))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Weights Kaiming-normal, biases PyTorch's default distribution."""
        nn.init.kaiming_normal_(self.weight, generator=rng)
        bound = 1 / math.sqrt(self.weight[0].numel())
        self.bias.uniform_(-bound, bound, generator=rng)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C') of x (B, T, C); taps that reach only padding are not computed."""
        reach = self.dilation
        if reach >= x.shape[1]:
            return linear(x, self.weight[:, :, 1], self.bias)
        left = functional.pad(x[:, :-reach], (0, 0, reach, 0))
        right = functional.pad(x[:, reach:], (0, 0, 0, reach))
        return linear(torch.cat((left, x, right), dim=2), self.weight.transpose(1, 2).flatten(1), self.bias)


class ResidualLayer(nn.Module):
    """A dilated convolution of the stream plus the step's code, a gate, and its shares for the stream and the skip."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.convolution = DilatedConvolution(channels, 2 * channels, dilation)
        self.out = KaimingLinear(channels, 2 * channels)

    def forward(self, x: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """The next stream and the skip, both (B, T, C), of x (B, T, C) and a code (B or 1, 1, C)."""
        residual, skip = self.out(gated(self.convolution(x + code))).chunk(2, dim=2)
        return (x + residual) * math.sqrt(0.5), skip


class DiffWaveNetwork(nn.Module):
    """The noise ε in x_t at step t, for windows (T=length, D=features)."""

    def __init__(self, length: int, features: int, sizes: Sizes) -> None:
        super().__init__()
        channels, layers = sizes.channels, sizes.layers
        cycle = sizes.dilation_cycle or max(1, math.ceil(math.log2(length)))
        self.embedding = StepEmbedding(sizes.diffusion_steps, _EMBEDDED, _OFFICIAL_STEPS / sizes.diffusion_steps)
        self.codes = Linear(_EMBEDDED, layers * channels)  # the maps of all layers' codes, side by side
        self.input = KaimingLinear(features, channels)
        self.layers = nn.ModuleList(ResidualLayer(channels, 2 ** (layer % cycle)) for layer in range(layers))
        self.skip = KaimingLinear(channels, channels)
        self.output = KaimingLinear(channels, features, zero=True)

    def forward(self, noisy: Tensor, steps: Tensor) -> Tensor:
        """ε (B, T, D) of x_t (B, T, D) at steps (B,), or (1,) for one step of the whole batch."""
        codes = self.codes(self.embedding(steps))[:, None].chunk(len(self.layers), dim=2)
        x = functional.relu(self.input(noisy))
        total = torch.zeros_like(x)
        for layer, code in zip(self.layers, codes, strict=True):
            x, skip = layer(x, code)
            total = total + skip
        return self.output(functional.relu(self.skip(total * math.sqrt(1 / len(self.layers)))))
