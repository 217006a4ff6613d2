"""KoVAE's recurrences against PyTorch's own GRU and cell, values and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from baselines.kovae.recurrence import BidirectionalGRU, RecurrentPrior
from benchmark.training import build


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def official_gru(ours: BidirectionalGRU, inputs: int, units: int) -> nn.GRU:
    """PyTorch's GRU with the weights of ours; rows of a layer's matrices are the gates r, z, n."""
    with torch.device("meta"):
        gru = nn.GRU(inputs, units, len(ours), bidirectional=True)
    gru = gru.to_empty(device="cpu").double()
    for place, layer in enumerate(ours):
        for direction, suffix in enumerate(("", "_reverse")):
            with torch.no_grad():
                gru.get_parameter(f"weight_ih_l{place}{suffix}").copy_(layer.inputs[direction].flatten(0, 1))
                gru.get_parameter(f"weight_hh_l{place}{suffix}").copy_(layer.states[direction].flatten(0, 1))
                gru.get_parameter(f"bias_ih_l{place}{suffix}").copy_(layer.input_bias[direction].flatten())
                gru.get_parameter(f"bias_hh_l{place}{suffix}").copy_(layer.state_bias[direction].flatten())
    return gru


@pytest.mark.parametrize(("length", "batch", "layers"), [(7, 3, 2), (1, 2, 1), (4, 1, 3)])
def test_layers_are_pytorchs_gru_in_both_directions(length: int, batch: int, layers: int) -> None:
    ours = build(lambda: BidirectionalGRU(3, 4, layers), generator()).double()
    theirs = official_gru(ours, 3, 4)
    x, weights = normal(length, batch, 3).requires_grad_(), normal(length, batch, 8, seed=2)
    made, expected = ours(x), theirs(x)[0]
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


def plain_prior(prior: RecurrentPrior, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Step by step, by PyTorch's cell: each sample is fed back."""
    z, h = noise.new_zeros(noise.shape[1:]), noise.new_zeros(noise.shape[1], prior.states.shape[1])
    made = []
    for eps in noise:
        h = torch.gru_cell(z, h, prior.inputs, prior.states, prior.input_bias, prior.state_bias)
        mean, log_variance = prior.heads(h).chunk(2, dim=1)
        z = mean + (log_variance / 2).exp() * eps
        made.append((z, mean, log_variance))
    samples, means, log_variances = zip(*made, strict=True)
    return torch.stack(samples), torch.stack(means), torch.stack(log_variances)


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
