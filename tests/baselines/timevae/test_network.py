"""TimeVAE's parts against closed forms, its terms of the loss against torch.distributions and sums, the encoder by hand."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from baselines.timevae.network import (
    Encoder,
    Level,
    Residual,
    Season,
    Sizes,
    TimeVAENetwork,
    Trend,
    divergence,
    reconstruction,
)
from benchmark.training import build

SIZES = Sizes(filters=(4, 6), latent=3, trend_poly=0, seasons=(), residual=True)


def made(make, seed=0):
    return build(make, torch.Generator().manual_seed(seed))


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def dense(layer, x):
    return x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()


def relu(x):
    return np.maximum(x, 0)


def run(part, *given):
    with torch.no_grad():
        found = part(*given)
    return found.numpy() if isinstance(found, torch.Tensor) else [value.numpy() for value in found]


def stir(part, seed=9):
    """Weights and biases that are all different from their start, where biases are 0."""
    stream = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in part.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=stream)
    return part


def test_the_level_is_two_dense_layers_at_all_steps():
    level, z = stir(made(lambda: Level(2, 3))), normal(5, 3)
    expected = dense(level.second, relu(dense(level.first, z.numpy())))
    assert np.allclose(run(level, z)[:, 0], expected, atol=1e-6)
    network = stir(made(lambda: TimeVAENetwork(12, 2, SIZES._replace(residual=False))))
    windows = run(network.decode, z)
    assert windows.shape == (5, 12, 2)
    assert (windows == windows[:, :1]).all()


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_the_trend_is_a_polynomial_without_constant(degree):
    trend, z = stir(made(lambda: Trend(8, 2, 3, degree))), normal(5, 3)
    weights = dense(trend.second, relu(dense(trend.first, z.numpy()))).reshape(5, 2, degree)
    expected = np.zeros((5, 8, 2))
    for b in range(5):
        for d in range(2):
            for i in range(8):
                expected[b, i, d] = sum(weights[b, d, p] * (i / 8) ** (p + 1) for p in range(degree))
    found = run(trend, z)
    assert np.allclose(found, expected, atol=1e-6)
    assert not found[:, 0].any()
    assert np.allclose(np.diff(found, n=degree + 1, axis=1), 0, atol=1e-5)


@pytest.mark.parametrize(("seasons", "steps"), [(4, 1), (3, 2), (2, 5), (20, 1)])
def test_a_season_holds_its_value_and_comes_again(seasons, steps):
    season, z = stir(made(lambda: Season(12, 2, 3, seasons, steps))), normal(5, 3)
    values = dense(season.values, z.numpy()).reshape(5, 2, seasons)
    held = np.repeat(values, steps, axis=2)
    expected = np.concatenate([held] * 12, axis=2)[:, :, :12].swapaxes(1, 2)
    assert np.allclose(run(season, z), expected, atol=1e-6)


def test_the_encoder_is_two_convolutions_and_two_dense_layers():
    encoder, x = stir(made(lambda: Encoder(8, 2, SIZES))), normal(5, 8, 2)
    seen = x.numpy()
    for layer in encoder.convolutions:
        padded = np.concatenate((seen, np.zeros_like(seen[:, :1])), axis=1)  # even lengths: one zero, on the right
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        taps = [padded[:, k : k + seen.shape[1] - 1 : 2] @ weight[:, :, k].T for k in range(3)]
        seen = relu(sum(taps) + bias)
    assert seen.shape == (5, 2, 6)
    flat = seen.reshape(5, 12)  # step by step, channels innermost
    mean, log_variance = run(encoder, x)
    assert np.allclose(mean, dense(encoder.mean, flat), atol=1e-5)
    assert np.allclose(log_variance, dense(encoder.log_variance, flat), atol=1e-5)


def test_the_residual_is_transposed_convolutions_all_rectified_then_a_dense_layer_over_the_window():
    part, z = stir(made(lambda: Residual(8, 2, 12, SIZES))), normal(5, 3)
    seen = relu(dense(part.first, z.numpy())).reshape(5, 2, 6)
    for layer in part.convolutions:
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        length = 2 * seen.shape[1]
        wide = np.zeros((5, length + 1, weight.shape[1]))  # one step more than is kept, on the right
        for k in range(3):
            wide[:, k : k + length - 1 : 2] += seen @ weight[k].T
        seen = relu(wide[:, :length] + bias)
    assert seen.shape == (5, 8, 2)
    assert (seen == 0).any()
    assert np.allclose(run(part, z), dense(part.last, seen.reshape(5, 16)).reshape(5, 8, 2), atol=1e-5)


def test_the_decoder_adds_its_parts():
    sizes = SIZES._replace(trend_poly=2, seasons=((4, 1), (2, 3)))
    network, z = stir(made(lambda: TimeVAENetwork(12, 2, sizes))), normal(5, 3)
    assert [type(part) for part in network.decoder] == [Level, Trend, Season, Season, Residual]
    level, *rest = (run(part, z) for part in network.decoder)
    assert np.allclose(run(network.decode, z), level + sum(rest), atol=1e-5)


def test_latents_are_drawn_from_mean_and_std():
    network, x, e = stir(made(lambda: TimeVAENetwork(8, 2, SIZES))), normal(5, 8, 2), normal(5, 3, seed=2)
    decoded, mean, log_variance = run(network, x, e)
    z = mean + np.exp(log_variance / 2) * e.numpy()
    assert np.allclose(run(network.decode, torch.from_numpy(z)), decoded, atol=1e-5)
    assert np.allclose(run(network.encoder, x), (mean, log_variance))


def test_the_divergence_is_that_of_torch_distributions():
    mean, log_variance = normal(7, 3).double(), normal(7, 3, seed=1).double()
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(torch.zeros(7, 3), torch.ones(7, 3)))
    assert float(divergence(mean, log_variance)) == pytest.approx(float(expected.sum()), rel=1e-12)
    assert float(divergence(torch.zeros(7, 3), torch.zeros(7, 3))) == 0


def test_the_reconstruction_is_a_sum_over_all_and_one_over_means():
    windows = torch.tensor([[[1.0, 2.0], [0.0, 0.0]]])
    decoded = torch.tensor([[[2.0, 5.0], [1.0, -1.0]]])
    # Squares 1 + 9 + 1 + 1; means over features are off by (1 + 3) / 2 and 0.
    assert float(reconstruction(windows, decoded)) == 12 + 4
    twice = [torch.cat((x, x)) for x in (windows, decoded)]
    assert float(reconstruction(*twice)) == 32  # a sum over the batch
