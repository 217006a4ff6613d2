"""FlowTS's network against a plain forward pass, its attention's changes against closed forms, official sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from baselines.diffusion.prepared import PreparedNetwork
from baselines.diffusion.trend_season import Basis, Sizes
from baselines.flowts.generator import FlowTS
from baselines.flowts.network import FlowTSNetwork, NormalisedPair, RotatedPair
from benchmark.config.generators import load_spec, resolve
from benchmark.training import build
from tests.baselines.flowts.plain_flowts import plain

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
SIZES = {  # blocks of encoder and decoder, width, width of the season's kernel
    "sines": (1, 2, 64, 1),
    "stocks": (2, 2, 64, 1),
    "etth": (3, 2, 64, 1),
    "mujoco": (3, 2, 64, 1),
    "energy": (4, 3, 96, 1),
    "fmri": (4, 4, 96, 5),
}
# Of the official module, without the registers that its forward pass never reads.
COUNTS = {
    "sines": {24: 232_817},
    "stocks": {24: 292_086},
    "etth": {24: 351_355, 64: 366_315, 128: 416_875, 256: 616_299},
    "mujoco": {24: 358_110},
    "energy": {24: 1_137_064, 64: 1_159_504, 128: 1_235_344, 256: 1_534_480},
    "fmri": {24: 1_403_794},
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def written_out(length: int, features: int, encoder: int, decoder: int, width: int, kernel: int) -> int:
    """The official count by layers."""

    def c(inputs: int, outputs: int, taps: int) -> int:
        return inputs * outputs * taps + outputs

    ada, attention = c(width, 2 * width, 1), 4 * c(width, width, 1) + 2 * width
    mlp, norm = c(width, 4 * width, 1) + c(4 * width, width, 1), 2 * width
    time = c(length, 2 * length, 1) + c(length, 3, 3) + c(width, features, 3) + c(width, features, 1)
    blocks = encoder * (ada + norm + attention + mlp) + decoder * (2 * ada + norm + 2 * attention + mlp + time)
    return blocks + c(features, width, 3) + c(width, features, 3) + width * features * kernel + decoder


@pytest.mark.parametrize("dataset", FEATURES)
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_official_parameter_counts_at_every_budget(dataset: str, length: int) -> None:
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "protocol": "paper"}
    expected = written_out(length, FEATURES[dataset], *SIZES[dataset])
    for budget in ("smoke", "quick", "fast", "paper"):
        made = FlowTS(**resolve(load_spec("flowts"), {**place, "budget": budget}, {}).params)
        assert sum(made.parameter_counts(length, FEATURES[dataset]).values()) == expected
    assert COUNTS[dataset].get(length, expected) == expected


@pytest.mark.parametrize(
    ("length", "features", "sizes"),
    [
        (24, 6, Sizes(32, 4, 2, 2, 1)),
        (25, 3, Sizes(16, 4, 1, 2, 5)),
        (64, 1, Sizes(16, 2, 1, 1, 1)),
    ],
)
def test_the_network_and_the_prepared_one_are_the_published_forward_pass(
    length: int, features: int, sizes: Sizes
) -> None:
    net = build(lambda: FlowTSNetwork(length, features, sizes), generator(3))
    for position, parameter in enumerate(net.parameters()):  # gains and biases of norms included: none may be forgotten
        nn.init.normal_(parameter, std=0.15, generator=generator(position))
    x = torch.randn((4, length, features), generator=generator(1))
    times = torch.tensor([0.0, 0.123, 0.5, 0.987])
    expected = plain(net, x, times)
    assert torch.allclose(net(x, times), expected, atol=2e-4 * float(expected.abs().max().detach()))
    with torch.inference_mode():
        made = PreparedNetwork(net, net.code(times))(x, 1)
        expected = plain(net, x, torch.full((4,), 0.123))
    assert torch.allclose(made, expected, atol=2e-4 * float(expected.abs().max()))


def test_gradients_are_those_of_the_plain_forward_pass_and_reach_every_parameter() -> None:
    net = build(lambda: FlowTSNetwork(24, 2, Sizes(16, 4, 1, 1, 1)), generator(3))
    x, times = torch.randn((3, 24, 2), generator=generator(1)), torch.tensor([0.1, 0.5, 0.9])
    ours = torch.autograd.grad(net(x, times).square().mean(), list(net.parameters()))
    theirs = torch.autograd.grad(plain(net, x, times).square().mean(), list(net.parameters()))
    for (name, _), one, other in zip(net.named_parameters(), ours, theirs, strict=True):
        assert torch.isfinite(one).all()
        assert float(one.abs().max()) > 0, name
        assert torch.allclose(one, other, atol=1e-4 * max(1.0, float(other.abs().max()))), name


def pair(length: int = 24, width: int = 32, heads: int = 4) -> RotatedPair:
    made = build(lambda: RotatedPair(length, width, heads), generator())
    made.requires_grad_(False)
    return made


def test_rotation_keeps_norms_and_products_depend_on_the_difference_of_positions() -> None:
    layer = pair()
    q, k = torch.randn((2, 1, 1, 32), generator=generator(4))
    turned_q, turned_k = (layer._turned(x.expand(1, 24, 32)) for x in (q, k))
    assert torch.allclose(turned_q.norm(dim=2), q.norm().expand(1, 24), rtol=1e-5)
    by_head = (part.unflatten(2, (4, 8)).transpose(1, 2) for part in (turned_q, turned_k))
    products = torch.matmul(next(by_head), next(by_head).transpose(2, 3))[0]
    for shift in (-5, 0, 7):
        along = products.diagonal(shift, dim1=1, dim2=2)
        assert torch.allclose(along, along[:, :1].expand_as(along), atol=1e-4)
    assert float((products[:, 0, 0] - products[:, 7, 0]).abs().min()) > 1e-3


def test_the_first_pair_of_each_head_turns_by_the_position_and_the_next_by_less() -> None:
    layer = pair(length=3, width=16, heads=2)
    assert np.allclose(np.angle(layer.turns.numpy()[1]), [50_000 ** (-2 * j / 8) for j in (0, 1, 2, 3)] * 2, atol=1e-6)
    assert np.allclose(np.angle(layer.turns.numpy()[2, ::4]), 2.0, atol=1e-6)


def test_the_norm_is_over_all_channels_and_blind_to_scale_but_for_the_tenth_that_is_kept() -> None:
    layer = build(lambda: NormalisedPair(8, 4), generator()).requires_grad_(False)
    layer.gains[0] = torch.arange(8.0)
    x = torch.randn((2, 3, 8), generator=generator(5)) + 1
    for scale in (1.0, 7.0):
        query, key = layer(scale * x, scale * x)
        rms = x.square().mean(dim=2, keepdim=True).sqrt()
        assert torch.allclose(query - 0.1 * scale * x, torch.arange(8.0) * x / rms, atol=1e-4)
        assert torch.allclose((key - 0.1 * scale * x).square().mean(dim=2), torch.ones(2, 3), atol=1e-4)


@pytest.mark.parametrize(("length", "frequency"), [(24, 1), (24, 11), (64, 5), (25, 12), (3, 1), (4, 1)])
def test_a_cosine_comes_back_times_the_length(length: int, frequency: int) -> None:
    basis = build(lambda: Basis(length), generator())
    wave = torch.cos(2 * math.pi * frequency * torch.arange(length) / length)[None, :, None]
    assert torch.allclose(basis.season(basis.strongest(basis.waves @ wave)), length * wave, atol=1e-4 * length)


def test_two_steps_leave_no_frequency_and_no_season() -> None:
    basis = build(lambda: Basis(2), generator())
    assert torch.equal(basis.season(basis.strongest(basis.waves @ torch.ones(1, 2, 3))), torch.zeros(1, 2, 3))


def test_positions_are_seen_only_in_cross_attention() -> None:
    net = build(lambda: FlowTSNetwork(24, 2, Sizes(16, 4, 1, 2, 1)), generator())
    kinds = {name: type(part) for name, part in net.named_modules() if name.endswith(".match")}
    rotated = {name for name, kind in kinds.items() if kind is RotatedPair}
    assert rotated == {"decoder.0.cross.match", "decoder.1.cross.match"}
    others = set(kinds) - rotated
    assert {kinds[name] for name in others} == {NormalisedPair}
    assert len(others) == 3
