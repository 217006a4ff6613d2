"""KoVAE's recurrences against PyTorch's own GRU and cell, values and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from baselines.kovae.recurrence import BidirectionalGRU, RecurrentPrior
from benchmark.training import build
from tests.baselines.kovae.plain_kovae import official_gru, plain_prior


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


@pytest.mark.parametrize(("length", "batch", "layers"), [(7, 3, 2), (1, 2, 1), (4, 1, 3)])
def test_layers_are_pytorchs_gru_in_both_directions(length: int, batch: int, layers: int) -> None:
    ours = build(lambda: BidirectionalGRU(3, 4, layers), generator()).double()
    theirs = official_gru(ours)
    x, weights = normal(length, batch, 3).requires_grad_(), normal(length, batch, 8, seed=2)
    made, expected = ours(x), theirs(x.transpose(0, 1))[0].transpose(0, 1)
    assert torch.allclose(made, expected, atol=1e-12)
    (of_x,) = torch.autograd.grad((made * weights).sum(), [x], retain_graph=True)
    (of_x_too,) = torch.autograd.grad((expected * weights).sum(), [x], retain_graph=True)
    assert torch.allclose(of_x, of_x_too, atol=1e-12)
    (made * weights).sum().backward()
    (expected * weights).sum().backward()
    gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for place, layer in enumerate(ours):
        for direction, suffix in enumerate(("", "_reverse")):
            for name, part in (("weight_ih", layer.inputs), ("weight_hh", layer.states)):
                assert torch.allclose(part.grad[direction].flatten(0, 1), gradients[f"{name}_l{place}{suffix}"])
            for name, part in (("bias_ih", layer.input_bias), ("bias_hh", layer.state_bias)):
                assert torch.allclose(part.grad[direction].flatten(), gradients[f"{name}_l{place}{suffix}"])


@pytest.mark.parametrize("length", [1, 2, 6])
def test_the_prior_runs_on_its_own_samples(length: int) -> None:
    prior = build(lambda: RecurrentPrior(3, 4), generator()).double()
    noise = normal(length, 5, 3)
    weights = normal(3, length, 5, 3, seed=2)
    losses = []
    for made in (prior(noise), plain_prior(prior, noise)):
        losses.append(sum((part * weight).sum() for part, weight in zip(made, weights, strict=True)))
    for one, other in zip(prior(noise), plain_prior(prior, noise), strict=True):
        assert torch.allclose(one, other, atol=1e-12)
    ours, theirs = (torch.autograd.grad(loss, list(prior.parameters())) for loss in losses)
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, atol=1e-12)


def test_initial_values_are_uniform_within_one_over_the_root_of_the_units() -> None:
    for part in (
        build(lambda: RecurrentPrior(16, 20), generator()),
        build(lambda: BidirectionalGRU(5, 20, 1), generator()),
    ):
        values = torch.cat([parameter.detach().flatten() for parameter in part.parameters()])
        assert float(values.abs().max()) == pytest.approx(20**-0.5, rel=0.01)
        assert float(values.std()) == pytest.approx((20 * 3) ** -0.5, rel=0.03)
