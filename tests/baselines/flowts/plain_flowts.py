"""FlowTS's forward pass read literally, on the weights of our network: what ours is held against.

Queries, keys and values by their own layers, rotations by cosine and sine of each pair, the season by angles.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.flowts.network import FlowTSNetwork
from tests.baselines.diffusion_ts.plain_diffusion_ts import Layer, adapted, feed, parts, season_of, trend_of


def rescaled(x: Tensor, gain: Tensor) -> Tensor:
    """The sum of g x / rms(x), over all channels, and 0.1 x."""
    rms = (x**2).mean(dim=2, keepdim=True).add(1e-6).sqrt()
    return gain * x / rms + 0.1 * x


def rotated(x: Tensor) -> Tensor:
    """Heads (B, heads, T, e) whose neighbouring channels are turned by the position."""
    length, width = x.shape[2:]
    made = torch.empty_like(x)
    for j in range(width // 2):
        angle = torch.arange(length) * 50_000 ** (-2 * j / width)
        even, odd = x[..., 2 * j], x[..., 2 * j + 1]
        made[..., 2 * j] = even * angle.cos() - odd * angle.sin()
        made[..., 2 * j + 1] = even * angle.sin() + odd * angle.cos()
    return made


def attention(
    x: Tensor, source: Tensor, layers: list[Layer], gains: Tensor, out: nn.Linear, heads: int, *, turn: bool
) -> Tensor:
    """Softmax of scaled products of rescaled, perhaps rotated queries and keys, by head."""
    query, key, value = (
        functional.linear(given, *layer) for given, layer in zip((x, source, source), layers, strict=True)
    )
    query, key, value = (
        part.unflatten(2, (heads, -1)).transpose(1, 2)
        for part in (rescaled(query, gains[0]), rescaled(key, gains[1]), value)
    )
    if turn:
        query, key = rotated(query), rotated(key)
    shares = (query @ key.transpose(2, 3) / math.sqrt(query.shape[3])).softmax(dim=3)
    return functional.linear((shares @ value).transpose(1, 2).flatten(2), out.weight, out.bias)


def itself(x: Tensor, part: nn.Module, tau: Tensor) -> Tensor:
    """The stream after self-attention."""
    normed = adapted(x, part.norm, tau)
    return x + attention(normed, normed, parts(part.qkv, 3), part.match.gains, part.out, part.heads, turn=False)


def plain(net: FlowTSNetwork, x: Tensor, times: Tensor) -> Tensor:
    """The velocity (B, T, d) at points (B, T, d) and times (B,)."""
    tau = 1000 * times
    embedded = functional.conv1d(x.transpose(1, 2), net.embed.weight, net.embed.bias, padding=1).transpose(1, 2)
    encoded = embedded
    for block in net.encoder:
        encoded = feed(itself(encoded, block.attention, tau), block.feed_forward)
    stream = embedded
    means, trend, season = [], 0, 0
    for block in net.decoder:
        stream = itself(stream, block.attention, tau)
        part = block.cross
        layers = [(part.query.weight, part.query.bias), *parts(part.kv, 2)]
        gains = part.match.normalise.gains
        normed = adapted(stream, part.norm, tau)
        stream = stream + attention(normed, encoded, layers, gains, part.out, part.heads, turn=True)
        first, second = functional.conv1d(stream, block.split.weight, block.split.bias).chunk(2, dim=1)
        trend, season = trend + trend_of(first, block), season + season_of(second)
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
