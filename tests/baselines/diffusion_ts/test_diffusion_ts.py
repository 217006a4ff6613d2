"""Diffusion-TS's network, loss and rate against NumPy, plain PyTorch and hand-computed values."""

import math

import numpy as np
import pytest
import torch

from baselines.diffusion.averaged import AveragedTask
from baselines.diffusion.learning_rate import Plateau, PlateauSchedule
from baselines.diffusion.prepared import PreparedNetwork
from baselines.diffusion.schedule import NoiseSchedule, cosine_betas
from baselines.diffusion.trend_season import Basis, Sizes
from baselines.diffusion_ts.network import DiffusionTSNetwork
from baselines.diffusion_ts.training import TimeFrequencyLoss, spectrum_matrix, step_weights, time_frequency_error
from benchmark.training import WeightAverage, build
from tests.baselines.diffusion_ts.plain_diffusion_ts import plain, plain_loss


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def basis(length):
    return build(lambda: Basis(length), generator())


@pytest.mark.parametrize(("length", "kept"), [(24, 2), (25, 2), (64, 3), (128, 4), (256, 4), (9, 1)])
def test_seasons_keep_the_strongest_frequencies_unnormalised(length, kept):
    series = np.random.default_rng(length).normal(size=(3, length, 2))
    spectrum = np.fft.rfft(series, axis=1)
    spectrum[:, 0] = 0
    if length % 2 == 0:
        spectrum[:, -1] = 0
    weakest_kept = np.sort(np.abs(spectrum), axis=1)[:, -kept, :][:, None]
    expected = length * np.fft.irfft(np.where(np.abs(spectrum) >= weakest_kept, spectrum, 0), n=length, axis=1)
    layer = basis(length)
    transform = layer.waves @ torch.from_numpy(series).float()
    assert np.allclose(layer.season(layer.strongest(transform)), expected, atol=2e-4 * length**0.5)


def test_a_wave_comes_back_times_the_length():
    time = np.arange(24)
    wave = 0.7 * np.cos(2 * np.pi * 3 * time / 24 + 0.4) + 5.0 + 0.2 * (-1.0) ** time
    layer = basis(24)
    made = layer.season(layer.strongest(layer.waves @ torch.from_numpy(wave).float()[None, :, None]))
    expected = 24 * 0.7 * np.cos(2 * np.pi * 3 * time / 24 + 0.4)
    assert np.allclose(made[0, :, 0], expected, atol=1e-4)


def test_trends_are_cubics_without_a_constant():
    coefficients = torch.tensor([[[1.0], [-2.0], [4.0]]])
    share = np.arange(1, 25) / 25
    made = basis(24).trend(coefficients)
    assert np.allclose(made[0, :, 0], share - 2 * share**2 + 4 * share**3, atol=1e-6)


@pytest.mark.parametrize(
    ("length", "features", "sizes"),
    [
        (24, 6, Sizes(32, 4, 2, 2, 1)),
        (25, 3, Sizes(16, 4, 1, 2, 5)),
        (64, 1, Sizes(16, 4, 1, 1, 1)),
    ],
)
def test_the_network_and_the_prepared_one_are_the_published_forward_pass(length, features, sizes):
    net = build(lambda: DiffusionTSNetwork(length, features, sizes, 50), generator(3))
    for position, parameter in enumerate(net.parameters()):  # biases of norms included: none may be forgotten
        torch.nn.init.normal_(parameter, std=0.15, generator=generator(position))
    x = torch.randn((5, length, features), generator=generator(1))
    steps = torch.tensor([0, 7, 20, 33, 49])
    expected = plain(net, x, steps)
    assert torch.allclose(net(x, steps), expected, atol=2e-4 * float(expected.abs().max().detach()))
    with torch.inference_mode():
        made = PreparedNetwork(net, net.code.table)(x, 20)
        expected = plain(net, x, torch.full((5,), 20))
    assert torch.allclose(made, expected, atol=2e-4 * float(expected.abs().max()))


def test_gradients_of_the_network_are_those_of_the_forward_pass():
    sizes = Sizes(16, 4, 1, 1, 1)
    net = build(lambda: DiffusionTSNetwork(24, 2, sizes, 50), generator(3))
    x, steps = torch.randn((3, 24, 2), generator=generator(1)), torch.tensor([0, 20, 49])
    ours = torch.autograd.grad(net(x, steps).square().mean(), list(net.parameters()))
    theirs = torch.autograd.grad(plain(net, x, steps).square().mean(), list(net.parameters()))
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, atol=1e-4 * max(1.0, float(other.abs().max())))


@pytest.mark.parametrize(("steps", "mean", "largest"), [(500, 1.02, 1.6), (1000, 2.03, 3.2)])
def test_weights_of_the_loss_by_step(steps, mean, largest):
    weights = step_weights(NoiseSchedule.of(cosine_betas(steps)))
    assert float(weights.mean()) == pytest.approx(mean, abs=0.01)
    assert float(weights.max()) == pytest.approx(largest, abs=0.05)
    assert int(weights.argmax()) == pytest.approx(steps / 20, rel=0.3)
    assert float(weights[-1]) == pytest.approx(3e-4, abs=5e-5)


@pytest.mark.parametrize("length", [7, 24, 25, 64])
def test_the_loss_is_l1_in_time_and_of_the_full_spectrum(length):
    draw = np.random.default_rng(length)
    predicted, clean = draw.normal(size=(2, 3, length, 4)).astype(np.float32)
    difference = np.fft.fft(predicted, axis=1, norm="forward") - np.fft.fft(clean, axis=1, norm="forward")
    weight = math.sqrt(length) / 5
    expected = np.abs(predicted - clean) + weight * (np.abs(difference.real) + np.abs(difference.imag))
    made = time_frequency_error(torch.from_numpy(predicted), torch.from_numpy(clean), spectrum_matrix(length), weight)
    assert np.allclose(made, expected.mean(axis=(1, 2)), rtol=1e-5)


def test_the_plain_loss_is_ours_weighted_by_step():
    schedule, steps = NoiseSchedule.of(cosine_betas(50)), torch.tensor([0, 20, 49])
    predicted, clean = torch.randn((2, 3, 24, 4), generator=generator())
    ours = (
        time_frequency_error(predicted, clean, spectrum_matrix(24), math.sqrt(24) / 5) * step_weights(schedule)[steps]
    )
    assert float(plain_loss(predicted, clean, steps, schedule)) == pytest.approx(float(ours.mean()), rel=1e-4)


def test_the_rate_warms_up_then_halves_on_a_plateau_down_to_its_floor():
    learning_rate = PlateauSchedule(Plateau(first=0.1, peak=0.5, warmup=4, patience=2))
    assert learning_rate.learning_rate == 0.1
    assert [learning_rate.update(step, 9.0) for step in range(4)] == pytest.approx([0.2, 0.3, 0.4, 0.5])
    losses = [1.0, 0.95, 0.95, 0.95, 0.91, 0.89, 2, 2, 2, 2, 2, 2]
    # The best is 1; the third bad step in a row halves; 0.89 is 11 % below 1 and starts the count again; the floor is 0.1.
    expected = [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.1]
    made = [learning_rate.update(4 + place, loss) for place, loss in enumerate(losses)]
    assert made == pytest.approx(expected)
    other = PlateauSchedule(learning_rate.settings)
    other.load(learning_rate.state())
    assert other == learning_rate


def test_a_step_takes_both_micro_batches_and_stays_within_the_clipped_gradient():
    net = build(lambda: DiffusionTSNetwork(8, 1, Sizes(8, 2, 1, 1, 1), 20), generator())
    seen = []
    net.register_forward_hook(lambda module, inputs, output: seen.append(len(inputs[0])))
    task = AveragedTask(
        net,
        torch.rand((40, 8, 1), generator=generator(1)) * 2 - 1,
        TimeFrequencyLoss(net, NoiseSchedule.of(cosine_betas(20)), 8),
        batch=8,
        micro_batches=2,
        learning_rate=PlateauSchedule(Plateau(1e-5, 8e-4, 5, 100)),
        average=WeightAverage(net, lambda step: 0.9, every=10),
    )
    metrics = task.step(0, generator(2))
    assert seen == [16]
    norm = math.sqrt(sum(float(p.grad.square().sum()) for p in net.parameters()))
    assert norm == pytest.approx(min(1.0, float(metrics["gradient_norm"])), rel=1e-3)
    assert task.optimizer.param_groups[0]["lr"] == pytest.approx(1e-5 + (8e-4 - 1e-5) / 5)
