"""Rectified flow against closed forms: paths, loss, grid, Euler's method, and the affine flow between two Gaussians."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from baselines.diffusion.averaged import AveragedTask
from baselines.diffusion.learning_rate import CosineSchedule
from baselines.flowts.flow import draw_times, flow_error, flow_loss, integrate, point, time_grid
from benchmark.training import WeightAverage, build


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pair() -> Tensor:
    return torch.randn((2, 5, 24, 3), generator=generator(1))


def test_paths_lead_from_noise_at_0_to_windows_at_1() -> None:
    clean, noise = pair()
    assert torch.equal(point(clean, noise, torch.zeros(5)), noise)
    assert torch.equal(point(clean, noise, torch.ones(5)), clean)
    times = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9])
    expected = times.numpy()[:, None, None] * clean.numpy() + (1 - times.numpy())[:, None, None] * noise.numpy()
    assert np.allclose(point(clean, noise, times), expected, atol=1e-6)


def test_the_loss_of_the_true_velocity_is_0_and_of_another_its_mean_square() -> None:
    clean, noise = pair()
    times = torch.rand(5, generator=generator())

    def off_by(error: Tensor) -> float:
        return float(flow_error(lambda x, t: clean - noise + error, clean, noise, times))  # type: ignore[arg-type]

    assert off_by(torch.zeros(1)) == 0
    error = torch.randn(clean.shape, generator=generator(2))
    assert off_by(error) == pytest.approx(float(error.square().mean()), rel=1e-6)


def test_the_network_is_told_the_point_and_its_time() -> None:
    clean, noise = pair()
    times = torch.rand(5, generator=generator())
    told: list[Tensor] = []
    flow_error(lambda x, t: told.extend((x, t)) or x, clean, noise, times)  # type: ignore[arg-type, func-returns-value]
    assert torch.equal(told[0], point(clean, noise, times))
    assert torch.equal(told[1], times)


def test_the_grid_is_the_shifted_one_and_its_last_step_the_largest() -> None:
    assert time_grid(4, 3.0).tolist() == pytest.approx([0, 0.1, 0.25, 0.5, 1])
    assert time_grid(5, 1.0).tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    widths = time_grid(100, 3.0).diff()
    assert (widths.diff() > 0).all()
    assert float(widths[-1]) == pytest.approx(3 / 100, rel=0.03)
    assert float(widths[0]) == pytest.approx(1 / 300, rel=0.03)


@pytest.mark.parametrize(("steps", "shift"), [(1, 3.0), (4, 3.0), (7, 1.0), (30, 0.5)])
def test_euler_is_exact_for_a_constant_velocity(steps: int, shift: float) -> None:
    start, velocity = pair()
    made = integrate(lambda x, step: velocity, start, time_grid(steps, shift))
    assert torch.allclose(made, start + velocity, atol=1e-5)


def test_euler_takes_each_step_by_the_velocity_at_its_beginning() -> None:
    times = time_grid(3, 3.0)
    x = 1.0
    for begin, end in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        x += (end - begin) * (begin - x)
    made = integrate(lambda x, step: times[step] - x, torch.ones(1, 1, 1, dtype=torch.float64), times)
    assert float(made) == pytest.approx(x, rel=1e-12)


def test_times_are_uniform_or_logit_normal() -> None:
    uniform = draw_times(20_000, "uniform", generator(), torch.device("cpu")).sort().values
    assert float((uniform - torch.linspace(0, 1, 20_000)).abs().max()) < 0.02
    normal = draw_times(20_000, "logit_normal", generator(), torch.device("cpu")).logit()
    assert float(normal.mean()) == pytest.approx(0, abs=0.03)
    assert float(normal.std()) == pytest.approx(1, abs=0.03)


class Affine(nn.Module):
    """A velocity that is affine in the point, its coefficients cubics in the time: the rectified flow between two Gaussians."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.map = nn.Linear(4 * size, size)
        self.offset = nn.Linear(4, size)

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        flat = x.flatten(1)
        powers = torch.stack([times**p for p in range(4)], dim=1)
        made = self.map((flat[:, None] * powers[:, :, None]).flatten(1)) + self.offset(powers)
        return made.view_as(x)


def test_a_trained_flow_of_gaussian_windows_has_their_mean_and_covariance() -> None:
    """Loss and sampler together: the velocity (A_t x + b_t) is learned, then followed from noise."""
    rng = np.random.default_rng(0)
    # A correlated pair, like a window of two steps; a mean away from 0.
    covariance = np.array([[0.30, 0.20], [0.20, 0.25]])
    mean = np.array([0.4, -0.3])
    data = rng.multivariate_normal(mean, covariance, 4000).astype(np.float32)[:, :, None]
    net = build(lambda: Affine(2), generator())
    steps = 700
    task = AveragedTask(
        net,
        torch.from_numpy(data),
        partial(flow_loss, net, "uniform"),
        batch=512,
        micro_batches=1,
        learning_rate=CosineSchedule(steps, 0.02, 50),
        average=WeightAverage(net, lambda step: 0.98),
    )
    stream = generator(1)
    for step in range(steps):
        task.step(step, stream)
    net.load_state_dict(task.weights())
    times = time_grid(50, 3.0)
    with torch.no_grad():
        noise = torch.randn((20_000, 2, 1), generator=generator(2))
        made = integrate(lambda x, step: net(x, times[step : step + 1].float().expand(len(x))), noise, times)
    drawn = made[:, :, 0].numpy()
    assert np.allclose(drawn.mean(axis=0), mean, atol=0.05)
    assert np.allclose(np.cov(drawn.T), covariance, atol=0.05)
