"""Multi-scale residual quantization with one shared codebook (paper Algorithm 2; VAR's quantizer in one dimension)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from timemar.codebook import Codebook
from timemar.convolution import Convolution
from timemar.resampling import area_matrix, linear_matrix


@dataclass(frozen=True)
class Quantized:
    """`latent` (B, L, C) passes its gradient straight through; `tokens` (B, n) coarse to fine; `loss` is L_vq.

    `pooled` (B, n, C) are the vectors that were looked up and `errors` (B, n) their squared distances to their codes.
    """

    latent: Tensor
    tokens: Tensor
    loss: Tensor
    pooled: Tensor
    errors: Tensor


def straight_through(value: Tensor, source: Tensor) -> Tensor:
    """`value` forward, the gradient of `source` backward (van den Oord et al. 2017)."""
    return source + (value - source).detach()


class ScaleConvolution(nn.Module):
    """φ_k: `share` of a width-3 convolution blended with the identity."""

    def __init__(self, channels: int, share: float = 0.5) -> None:
        super().__init__()
        self.share = share
        self.conv = Convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) → (B, L, C)."""
        return torch.lerp(x, self.conv(x), self.share)


class MultiScaleQuantizer(nn.Module):
    """Quantizes latents (B, L, C) at K lengths l_1 .. l_K = L, each scale what the coarser ones left over."""

    def __init__(self, codebook: Codebook, channels: int, patch_nums: tuple[int, ...], beta: float) -> None:
        super().__init__()
        self.patch_nums, self.beta = patch_nums, beta
        self.codebook = codebook
        self.scales = nn.ModuleList(ScaleConvolution(channels) for _ in patch_nums)
        length = patch_nums[-1]
        for index, size in enumerate(patch_nums):
            self.register_buffer(f"down_{index}", torch.empty(size, length), persistent=False)
            self.register_buffer(f"up_{index}", torch.empty(length, size), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Write the constant resampling matrices; nothing is drawn."""
        del rng
        length = self.patch_nums[-1]
        for index, size in enumerate(self.patch_nums):
            self.get_buffer(f"down_{index}").copy_(area_matrix(length, size).t())
            self.get_buffer(f"up_{index}").copy_(linear_matrix(size, length).t())

    def forward(self, z: Tensor) -> Quantized:
        """Quantize z (B, L, C); L_vq is ‖sg[z] − e‖² + β‖z − sg[e]‖² of the partial sums e, averaged over scales."""
        target, rest = z.detach(), z.detach()
        total = torch.zeros_like(target)
        loss = z.new_zeros(())
        tokens, pooled, errors = [], [], []
        for index in range(len(self.patch_nums)):
            vectors = self.get_buffer(f"down_{index}") @ rest
            chosen = self.codebook.nearest(vectors)
            codes = self.codebook.lookup(chosen)
            part = self._upsample(index, codes)
            total = total + part
            rest = rest - part.detach()
            loss = loss + functional.mse_loss(total, target) + self.beta * functional.mse_loss(z, total.detach())
            tokens.append(chosen)
            pooled.append(vectors)
            errors.append((vectors - codes.detach()).square().sum(dim=-1))
        return Quantized(
            latent=straight_through(total, z),
            tokens=torch.cat(tokens, dim=1),
            loss=loss / len(self.patch_nums),
            pooled=torch.cat(pooled, dim=1),
            errors=torch.cat(errors, dim=1),
        )

    def decode(self, tokens: Tensor) -> Tensor:
        """The latent (B, L, C) that tokens (B, n) stand for: Σ_k φ_k(interpolate(lookup(r_k)))."""
        parts = tokens.split(list(self.patch_nums), dim=1)
        return torch.stack([self._upsample(index, self.codebook.lookup(part)) for index, part in enumerate(parts)]).sum(
            dim=0
        )

    def _upsample(self, index: int, codes: Tensor) -> Tensor:
        return self.scales[index](self.get_buffer(f"up_{index}") @ codes)
