"""The transformer of trend and season prepared for sampling: what follows from the weights or the time alone is computed once.

The same function as `TrendSeasonNetwork`, without gradient and with every window at one time.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from baselines.diffusion.layers import attend, narrow_convolution
from baselines.diffusion.transformer import AdaptiveNorm, CrossAttention, EncoderBlock, FeedForward, SelfAttention
from baselines.diffusion.trend_season import Basis, DecoderBlock, Head, TrendSeasonNetwork
from benchmark.training.kernels import PackedLinear, conv1d, linear_add, linear_gelu, pack_weight, packed_linear


class PreparedNetwork:
    """Windows of noisy ones at one of the times that `codes` (S, C) tell, by the weights that `network` has now."""

    def __init__(self, network: TrendSeasonNetwork, codes: Tensor) -> None:
        basis, head = network.basis, network.head
        self.network, self.basis = network, basis
        self.encoder = [_Encoder(cast(EncoderBlock, block), codes) for block in network.encoder]
        self.decoder = [
            _Decoder(cast(DecoderBlock, block), codes, basis, level_weight)
            for block, level_weight in zip(network.decoder, head.levels.weight[0], strict=True)
        ]
        self.season_map, self.waves = _season(head, basis)

    def __call__(self, noisy: Tensor, step: int) -> Tensor:
        """Windows (B, T, D) of noisy ones (B, T, D) at the time number `step`."""
        network, head = self.network, self.network.head
        embedded = conv1d(functional.pad(noisy, (0, 0, 1, 1)), network.embed.weight, network.embed.bias)
        encoded, x = network.encoder_positions(embedded), network.decoder_positions(embedded)
        for encoder in self.encoder:
            encoded = encoder(encoded, step)
        # Trend and level of each block are linear in a few values a window: they add up as rows of T · D.
        windows = noisy.new_zeros((len(noisy), noisy[0].numel()))
        transforms = []
        for decoder in self.decoder:
            x, windows, transform = decoder(x, encoded, windows, step)
            transforms.append(self.basis.strongest(transform))
        rest = narrow_convolution(x, head.rest.weight, head.rest.bias)  # type: ignore[arg-type]
        season = packed_linear(sum(transforms[1:], start=transforms[0]), self.season_map)
        return rest.add_(windows.view_as(noisy)).add_(self.waves @ season.view(len(noisy), -1, noisy.shape[2]))


class _Norm:
    """An adaptive norm whose scales and shifts (S, C) are tabulated."""

    def __init__(self, norm: AdaptiveNorm, codes: Tensor) -> None:
        scale, self.shift = norm.map(codes).chunk(2, dim=1)
        self.scale = 1 + scale

    def __call__(self, x: Tensor, step: int) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], self.scale[step], self.shift[step])


class _SelfAttention:
    def __init__(self, part: SelfAttention, codes: Tensor) -> None:
        self.norm, self.heads = _Norm(part.norm, codes), part.heads
        self.qkv, self.out, self.match = pack_weight(part.qkv), pack_weight(part.out), part.match

    def __call__(self, x: Tensor, step: int) -> Tensor:
        query, key, value = packed_linear(self.norm(x, step), self.qkv).chunk(3, dim=-1)
        query, key = self.match(query, key)
        return linear_add(x, attend(query, key, value, self.heads), self.out)


class _CrossAttention:
    def __init__(self, part: CrossAttention, codes: Tensor) -> None:
        self.norm, self.heads = _Norm(part.norm, codes), part.heads
        self.query, self.kv, self.out = (
            pack_weight(part.query),
            pack_weight(part.kv),
            pack_weight(part.out),
        )
        self.match = part.match

    def __call__(self, x: Tensor, encoded: Tensor, step: int) -> Tensor:
        key, value = packed_linear(encoded, self.kv).chunk(2, dim=-1)
        query, key = self.match(packed_linear(self.norm(x, step), self.query), key)
        return linear_add(x, attend(query, key, value, self.heads), self.out)


class _FeedForward:
    def __init__(self, part: FeedForward) -> None:
        self.norm, self.up_proj, self.down_proj = (
            part.norm,
            pack_weight(part.up_proj),
            pack_weight(part.down_proj),
        )

    def __call__(self, x: Tensor) -> Tensor:
        return linear_add(x, linear_gelu(self.norm(x), self.up_proj), self.down_proj)


class _Encoder:
    def __init__(self, block: EncoderBlock, codes: Tensor) -> None:
        self.attention, self.feed_forward = _SelfAttention(block.attention, codes), _FeedForward(block.feed_forward)

    def __call__(self, x: Tensor, step: int) -> Tensor:
        """The stream (B, T, C) after the block."""
        return self.feed_forward(self.attention(x, step))


class _Decoder:
    """A block, the map of its stream to trend and transform, and those of trend and mean to windows.

    `level_weight` is the weight of its level in the head.
    """

    def __init__(self, block: DecoderBlock, codes: Tensor, basis: Basis, level_weight: Tensor) -> None:
        self.attention, self.feed_forward = _SelfAttention(block.attention, codes), _FeedForward(block.feed_forward)
        self.cross, self.folded = _CrossAttention(block.cross, codes), block.folded
        self.rows, self.offsets = block.projection(basis)
        self.trend = _trend(block, basis)
        weight, bias = (level_weight * part for part in (block.level.weight, block.level.bias))
        self.level = pack_weight(PackedLinear(weight.repeat(basis.length, 1), bias.repeat(basis.length)))

    def __call__(self, x: Tensor, encoded: Tensor, windows: Tensor, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """The stream (B, T, C) less its mean, `windows` (B, T · D) with trend and level, the season's transform (B, 2 F, C)."""
        x = self.cross(self.attention(x, step), encoded, step)
        made = torch.baddbmm(self.offsets[:, None], self.rows.expand(len(x), -1, -1), x)
        folded, transform = self.folded(made)
        windows = linear_add(windows, folded.flatten(1), self.trend)
        x = self.feed_forward(x)
        mean = x.mean(dim=1, keepdim=True)
        return x - mean, linear_add(windows, mean[:, 0], self.level), transform


def _trend(block: DecoderBlock, basis: Basis) -> PackedLinear:
    """The map of folded series (B, 3 · C) to the trend's windows (B, T · D), read off what it makes of unit vectors."""
    weight, bias = block.coefficients.weight, block.coefficients.bias
    count = len(basis.powers) * weight.shape[1]
    units = torch.eye(count, device=weight.device).view(count, -1, weight.shape[1])
    made = basis.trend(narrow_convolution(units, weight, torch.zeros_like(bias)))  # type: ignore[arg-type]
    offset = basis.trend(bias.expand(len(basis.powers), -1))  # type: ignore[union-attr]
    return pack_weight(PackedLinear(made.flatten(1).t().contiguous(), offset.flatten()))


def _season(head: Head, basis: Basis) -> tuple[PackedLinear, Tensor]:
    """The map of transforms (B, 2 F, C) to D values a tap of the season's convolution, and the waves (T, 2 F · taps) they weigh.

    The convolution is circular: a tap sees the waves moved in time.
    """
    weight = head.season.weight
    taps = weight.shape[2]
    moved = [2 * basis.waves.roll(taps // 2 - tap, dims=1) for tap in range(taps)]
    return PackedLinear(weight.permute(2, 0, 1).flatten(0, 1), None), torch.stack(moved, dim=1).flatten(
        0, 1
    ).t().contiguous()
