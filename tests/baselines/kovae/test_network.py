"""KoVAE's terms against closed forms and independent computations; official sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from baselines.kovae.generator import KoVAE
from baselines.kovae.network import Gaussian, KoVAENetwork, Sizes, StepNorm, divergence, koopman_error, reconstruction
from benchmark.config.generators import load_spec, resolve
from benchmark.training import build
from tests.baselines.kovae.plain_kovae import PlainKoVAE, plain_koopman

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
COUNTS = {"sines": 42_109, "stocks": 42_270, "etth": 42_431, "mujoco": 43_558, "energy": 45_812, "fmri": 49_354}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=generator(seed))


def network(features: int = 2) -> KoVAENetwork:
    return build(lambda: KoVAENetwork(features, Sizes(latent=3, hidden=4, layers=2)), generator())


@pytest.mark.parametrize("name", ["kovae", "kovae_no_koopman"])
@pytest.mark.parametrize("dataset", FEATURES)
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_official_parameter_counts_at_every_length_and_budget(name: str, dataset: str, length: int) -> None:
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "protocol": "paper"}
    for budget in ("smoke", "quick", "fast", "paper"):
        made = KoVAE(**resolve(load_spec(name), {**place, "budget": budget}, {}).params)
        assert sum(made.parameter_counts(length, FEATURES[dataset]).values()) == COUNTS[dataset]


def test_windows_lie_between_0_and_1() -> None:
    decoded = network().decode(30 * normal(24, 50, 3)).detach()
    assert decoded.shape == (50, 24, 2)
    assert 0 < float(decoded.min()) < float(decoded.max()) < 1


def test_the_posterior_is_of_the_normalised_states() -> None:
    net = network()
    posterior = net.encode(normal(5, 7, 2))
    assert posterior.mean.shape == posterior.log_variance.shape == (7, 5, 3)
    states = net.norm(net.encoder(normal(7, 5, 2)))
    assert torch.allclose(states.mean(dim=(0, 1)), torch.zeros(8), atol=1e-6)  # over windows and time
    assert torch.allclose(states.var(dim=(0, 1), correction=0), torch.ones(8), atol=1e-2)


def test_statistics_of_the_norm_run_along_as_in_pytorch() -> None:
    layer = build(lambda: StepNorm(2), generator())
    x = 3 * normal(7, 5, 2) + 1
    layer(x)
    assert torch.allclose(layer.running_mean, 0.1 * x.mean(dim=(0, 1)), atol=1e-6)
    assert torch.allclose(layer.running_var, 0.9 + 0.1 * x.flatten(0, 1).var(dim=0), atol=1e-5)


def test_reconstruction_is_summed_over_time_and_features() -> None:
    one, other = normal(2, 4, 24, 3)
    expected = np.square(one.numpy() - other.numpy()).sum(axis=(1, 2)).mean()
    assert float(reconstruction(one, other)) == pytest.approx(float(expected), rel=1e-5)


def test_divergence_is_that_of_normal_distributions() -> None:
    mean, log_variance, prior_mean, prior_log_variance = normal(4, 7, 5, 3)
    posterior = Normal(mean, (log_variance / 2).exp())
    prior = Normal(prior_mean, (prior_log_variance / 2).exp())
    expected = kl_divergence(posterior, prior).sum(dim=(0, 2)).mean()
    made = divergence(Gaussian(mean, log_variance), Gaussian(prior_mean, prior_log_variance))
    assert float(made) == pytest.approx(float(expected), rel=1e-5)


def test_divergence_is_0_where_both_heads_are_equal_and_constant() -> None:
    net = network()
    with torch.no_grad():
        for head in (net.posterior, net.prior.heads):
            head.weight.zero_()
            head.bias.copy_(torch.tensor([0.3, -1.0, 2.0, -0.5, 0.0, 1.0]))
    _, prior = net.draw(normal(7, 5, 3))
    assert float(divergence(net.encode(normal(5, 7, 2)), prior).detach()) == pytest.approx(0, abs=1e-5)


def test_the_koopman_term_and_its_gradient_are_those_of_least_squares() -> None:
    latent = normal(6, 5, 3).double().cumsum(dim=0).requires_grad_()
    ours, theirs = koopman_error(latent), plain_koopman(latent)
    assert float(ours.detach()) == pytest.approx(float(theirs.detach()), rel=1e-10)
    one, other = (torch.autograd.grad(value, latent)[0] for value in (ours, theirs))
    assert torch.allclose(one, other, atol=1e-12)
    assert float(one.abs().max()) > 1e-4


def test_a_fixed_linear_map_leaves_no_koopman_error() -> None:
    turn = torch.tensor([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.3, 0.0, 0.9]])
    states = [normal(5, 3)]
    for _ in range(6):
        states.append(states[-1] @ turn)
    assert float(koopman_error(torch.stack(states))) == pytest.approx(0, abs=1e-6)


def test_the_koopman_errors_share_is_blind_to_the_latent_coordinates() -> None:
    latent = normal(6, 5, 3).double().cumsum(dim=0)
    change = normal(3, 3, seed=4).double()

    def residuals(z: Tensor) -> Tensor:
        before, after = z[:-1].flatten(0, 1), z[1:].flatten(0, 1)
        error = koopman_error(z) * torch.linalg.matrix_norm(before @ torch.linalg.lstsq(before, after).solution)
        return error * after.numel()

    orthogonal = torch.linalg.qr(change).Q
    assert float(residuals(latent @ orthogonal)) == pytest.approx(float(residuals(latent)), rel=1e-9)
    scaled = latent * torch.tensor([2.0, 0.5, 3.0])
    columns = ((latent[1:].flatten(0, 1) - predicted(latent)) ** 2).sum(dim=0)
    assert float(residuals(scaled)) == pytest.approx(float((columns * torch.tensor([4.0, 0.25, 9.0])).sum()), rel=1e-9)


def predicted(latent: Tensor) -> Tensor:
    before, after = latent[:-1].flatten(0, 1), latent[1:].flatten(0, 1)
    return before @ torch.linalg.lstsq(before, after).solution


def test_fewer_rows_than_dimensions_have_no_koopman_error() -> None:
    assert float(koopman_error(normal(2, 2, 3))) == 0
    assert float(koopman_error(normal(2, 4, 3))) > 0


def test_the_loss_and_all_gradients_are_those_of_the_plain_arrangement() -> None:
    net = network().double()
    windows = torch.rand((5, 7, 2), generator=generator(6), dtype=torch.float64)
    noise, prior_noise = normal(2, 7, 5, 3).double()
    posterior = net.encode(windows)
    drawn, prior = net.draw(prior_noise)
    decoded = net.decode(posterior.mean + (posterior.log_variance / 2).exp() * noise)
    loss = reconstruction(windows, decoded) + 0.3 * divergence(posterior, prior) + 50 * koopman_error(drawn)
    gradients = dict(zip(dict(net.named_parameters()), torch.autograd.grad(loss, list(net.parameters())), strict=True))
    for name, gradient in gradients.items():
        assert torch.isfinite(gradient).all(), name
        assert float(gradient.abs().max()) > 0, name
    theirs = PlainKoVAE(net)
    expected = theirs.loss(windows, noise, prior_noise, (0.3, 50.0))
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-10)
    expected.backward()
    for name, parameter in net.named_parameters():
        if parameter.grad is not None:  # those that both arrangements hold in one tensor
            assert torch.allclose(gradients[name], parameter.grad, atol=1e-10), name
    for ours, official in ((net.encoder, theirs.encoder), (net.decoder, theirs.decoder)):
        for place in range(2):
            part = "encoder" if ours is net.encoder else "decoder"
            for direction, suffix in enumerate(("", "_reverse")):
                made = gradients[f"{part}.{place}.states"][direction].flatten(0, 1)
                assert torch.allclose(made, official.get_parameter(f"weight_hh_l{place}{suffix}").grad, atol=1e-10)
