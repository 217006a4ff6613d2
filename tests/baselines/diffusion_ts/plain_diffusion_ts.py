"""Diffusion-TS's forward pass, loss and training step read literally, on the weights of our network: what ours is held against.

Queries, keys and values by their own layers, every convolution made, the spectrum by torch.fft, the season by angles; nothing is
merged, reordered or kept from one step to the next.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.schedule import NoiseSchedule
from baselines.diffusion_ts.network import DiffusionTSNetwork

Layer = tuple[Tensor, Tensor]
"""Weight and bias of a linear map."""


def attention(x: Tensor, source: Tensor, q: Layer, k: Layer, v: Layer, out: nn.Linear, heads: int) -> Tensor:
    """Softmax of scaled products of queries and keys, by head."""
    query, key, value = (
        functional.linear(given, *layer).unflatten(2, (heads, -1)).transpose(1, 2)
        for given, layer in ((x, q), (source, k), (source, v))
    )
    shares = (query @ key.transpose(2, 3) / math.sqrt(query.shape[3])).softmax(dim=3)
    return functional.linear((shares @ value).transpose(1, 2).flatten(2), out.weight, out.bias)


def parts(layer: nn.Linear, count: int) -> list[Layer]:
    """The layers that one of ours holds on top of one another."""
    return list(zip(layer.weight.chunk(count), layer.bias.chunk(count), strict=True))


def adapted(x: Tensor, norm: nn.Module, steps: Tensor) -> Tensor:
    """The norm whose scale and shift come from sinusoids of the step."""
    width = x.shape[2]
    half = width // 2
    angle = steps[:, None] * torch.exp(-math.log(10_000) * torch.arange(half) / (half - 1))
    code = functional.silu(torch.cat((angle.sin(), angle.cos()), dim=1))
    scale, shift = functional.linear(code, norm.map.weight, norm.map.bias).chunk(2, dim=1)
    return functional.layer_norm(x, (width,)) * (1 + scale[:, None]) + shift[:, None]


def itself(x: Tensor, part: nn.Module, steps: Tensor) -> Tensor:
    """The stream after self-attention."""
    normed = adapted(x, part.norm, steps)
    return x + attention(normed, normed, *parts(part.qkv, 3), part.out, part.heads)


def feed(x: Tensor, part: nn.Module) -> Tensor:
    """The stream after the feed-forward part."""
    inner = functional.layer_norm(x, x.shape[2:], part.norm.weight, part.norm.bias)
    inner = functional.gelu(functional.linear(inner, part.up_proj.weight, part.up_proj.bias))
    return x + functional.linear(inner, part.down_proj.weight, part.down_proj.bias)


def season_of(series: Tensor) -> Tensor:
    """The strongest frequencies of each channel of a series (B, T, C), as cosines, not divided by T."""
    length = series.shape[1]
    spectrum = torch.fft.rfft(series, dim=1)[:, 1 : (length - 1) // 2 + 1]
    kept = spectrum.abs().topk(int(math.log(spectrum.shape[1])), dim=1)
    angle = spectrum.angle().gather(1, kept.indices)
    time = torch.arange(length)[None, None, :, None]
    waves = 2 * math.pi * (kept.indices[:, :, None] + 1) * time / length + angle[:, :, None]
    return (2 * kept.values[:, :, None] * waves.cos()).sum(dim=1)


def trend_of(series: Tensor, block: nn.Module) -> Tensor:
    """The cubic without constant (B, T, d) that is read from a series (B, T, C)."""
    length = series.shape[1]
    folded = functional.gelu(functional.conv1d(series, block.fold.weight, block.fold.bias, padding=1))
    weights = functional.conv1d(folded.transpose(1, 2), block.coefficients.weight, block.coefficients.bias, padding=1)
    share = torch.arange(1, length + 1) / (length + 1)
    return (weights @ torch.stack((share, share**2, share**3))).transpose(1, 2)


def plain(net: DiffusionTSNetwork, x: Tensor, steps: Tensor) -> Tensor:
    """x_0 (B, T, d) of x_t (B, T, d) at steps (B,)."""
    embedded = functional.conv1d(x.transpose(1, 2), net.embed.weight, net.embed.bias, padding=1).transpose(1, 2)
    encoded = embedded + net.encoder_positions.table
    for block in net.encoder:
        encoded = feed(itself(encoded, block.attention, steps), block.feed_forward)
    stream = embedded + net.decoder_positions.table
    means, trend, season = [], 0, 0
    for block in net.decoder:
        stream = itself(stream, block.attention, steps)
        part = block.cross
        normed, query = adapted(stream, part.norm, steps), (part.query.weight, part.query.bias)
        stream = stream + attention(normed, encoded, query, *parts(part.kv, 2), part.out, part.heads)
        first, second = functional.conv1d(stream, block.split.weight, block.split.bias).chunk(2, dim=1)
        trend = trend + trend_of(first, block)
        season = season + season_of(second)
        stream = feed(stream, block.feed_forward)
        mean = stream.mean(dim=1, keepdim=True)
        means.append(functional.linear(mean, block.level.weight, block.level.bias))
        stream = stream - mean
    head = net.head
    rest = functional.conv1d(stream.transpose(1, 2), head.rest.weight, head.rest.bias, padding=1).transpose(1, 2)
    side = head.season.kernel_size[0] // 2
    around = functional.pad(season.transpose(1, 2), (side, side), mode="circular") if side else season.transpose(1, 2)
    seasonal = functional.conv1d(around, head.season.weight).transpose(1, 2) + rest - rest.mean(dim=1, keepdim=True)
    level = functional.conv1d(torch.cat(means, dim=1), head.levels.weight)
    return seasonal + level + rest.mean(dim=1, keepdim=True) + trend


def plain_loss(predicted: Tensor, clean: Tensor, steps: Tensor, schedule: NoiseSchedule) -> Tensor:
    """The weighted L1 of windows (B, T, d) in time and of their full spectrum."""
    there, here = (torch.fft.fft(windows, dim=1, norm="forward") for windows in (predicted, clean))
    spectral = (there.real - here.real).abs() + (there.imag - here.imag).abs()
    error = (predicted - clean).abs() + math.sqrt(clean.shape[1]) / 5 * spectral
    kept = (1 - schedule.betas).cumprod(dim=0)
    weights = (1 - schedule.betas).sqrt() * (1 - kept).sqrt() / (100 * schedule.betas)
    return (error.mean(dim=(1, 2)) * weights.float()[steps]).mean()


def plain_step(
    net: DiffusionTSNetwork,
    optimizer: torch.optim.Optimizer,
    batches: list[tuple[Tensor, Tensor, Tensor]],
    schedule: NoiseSchedule,
) -> None:
    """An optimizer step on the mean over micro-batches of clean windows, steps and noise."""
    optimizer.zero_grad()
    for clean, steps, noise in batches:
        predicted = plain(net, schedule.add_noise(clean, steps, noise), steps)
        (plain_loss(predicted, clean, steps, schedule) / len(batches)).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
