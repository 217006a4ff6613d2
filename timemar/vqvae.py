"""Stage 1: the dual-path VQ-VAE (paper Algorithm 1), read top to bottom in the order the data flow."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from timemar.decomposition import Components
from timemar.quantizer import MultiScaleQuantizer, Quantized
from timemar.scaling import Scaling


@dataclass(frozen=True)
class Pass:
    """All that one training pass yields: the input in inner units, its parts, the quantized latent, the decoded parts."""

    window: Tensor
    parts: Components
    quantized: Quantized
    decoded: Components


FULL_PRECISION: AbstractContextManager[object] = nullcontext()


class DualPathVQVAE(nn.Module):
    """Windows (B, T, D) ↔ tokens (B, n). Every part is an object, so that a stand-in can take its place."""

    def __init__(
        self,
        *,
        scaling: Scaling,
        decomposition: nn.Module,
        coarse: nn.Module,
        coarse_encoder: nn.Module,
        fine_encoder: nn.Module,
        frequency: nn.Module,
        fusion: nn.Module,
        quantizer: MultiScaleQuantizer,
        split: nn.Module,
        coarse_decoder: nn.Module,
        fine_decoder: nn.Module,
        guidance: nn.Module,
    ) -> None:
        super().__init__()
        self.scaling = scaling
        self.decomposition = decomposition
        self.coarse = coarse
        self.coarse_encoder = coarse_encoder
        self.fine_encoder = fine_encoder
        self.frequency = frequency
        self.fusion = fusion
        self.quantizer = quantizer
        self.split = split
        self.coarse_decoder = coarse_decoder
        self.guidance = guidance
        self.fine_decoder = fine_decoder

    @torch.no_grad()
    def fit_scaling(self, windows: Tensor) -> None:
        """Fit the inner units to training windows (N, T, D), before the first step."""
        self.scaling.fit(windows)
        squares = [
            self.decompose(self.scaling.transform(part)).seasonal.square().sum(dim=0) for part in windows.split(1024)
        ]
        self.scaling.fit_detail(torch.stack(squares).sum(dim=(0, 1)) / (windows.shape[0] * windows.shape[1]))

    def decompose(self, inner: Tensor) -> Components:
        """The parts of windows (B, T, D) given in inner units."""
        trend, seasonal = self.decomposition(inner)
        return Components(trend, seasonal, self.coarse(seasonal))

    def encode(self, parts: Components) -> Tensor:
        """The fused latent (B, L, C) before quantization."""
        trend, coarse, seasonal = parts.trend, parts.coarse / self.scaling.detail, parts.seasonal / self.scaling.detail
        smooth = torch.cat([trend, coarse])
        z_trend, z_coarse = self.coarse_encoder(smooth).chunk(2)
        z_fine = self.frequency(self.fine_encoder(seasonal), seasonal)
        return self.fusion(z_trend, z_coarse, z_fine)

    def decode(self, latent: Tensor) -> Components:
        """The decoded parts of a quantized latent (B, L, C), in the model's inner units."""
        z_trend, z_coarse, z_fine = self.split(latent)
        smooth = self.coarse_decoder(torch.cat([z_trend, z_coarse])).float()
        trend, coarse = smooth.chunk(2)
        fine = self.fine_decoder(self.guidance(z_fine, coarse)).float()
        return Components(trend, fine * self.scaling.detail, coarse * self.scaling.detail)

    def forward(self, windows: Tensor, precision: AbstractContextManager[object] = FULL_PRECISION) -> Pass:
        """One training pass over windows (B, T, D) in the data's units; encoders and decoders run inside `precision`."""
        inner = self.scaling.transform(windows)
        parts = self.decompose(inner)
        with precision:
            latent = self.encode(parts)
        quantized = self.quantizer(latent.float())
        with precision:
            decoded = self.decode(quantized.latent)
        return Pass(inner, parts, quantized, decoded)

    @torch.no_grad()
    def tokenize(self, windows: Tensor) -> Tensor:
        """Tokens (B, n), coarse to fine, of windows (B, T, D)."""
        return self.quantizer(self.encode(self.decompose(self.scaling.transform(windows)))).tokens

    @torch.no_grad()
    def reconstruct(self, tokens: Tensor) -> Tensor:
        """Windows (B, T, D) in [0, 1] that tokens (B, n) stand for."""
        return self.scaling.inverse_transform(self.decode(self.quantizer.decode(tokens)).window).clamp(0.0, 1.0)

    @torch.no_grad()
    def parts_of(self, windows: Tensor) -> Components:
        """The parts of windows (B, T, D), in the data's units."""
        return self._in_data_units(self.decompose(self.scaling.transform(windows)))

    @torch.no_grad()
    def reconstruct_parts(self, tokens: Tensor) -> Components:
        """The decoded parts that tokens (B, n) stand for, each (B, T, D) in the data's units, not clamped."""
        return self._in_data_units(self.decode(self.quantizer.decode(tokens)))

    def _in_data_units(self, parts: Components) -> Components:
        std = self.scaling.std
        return Components(self.scaling.inverse_transform(parts.trend), parts.seasonal * std, parts.coarse * std)
