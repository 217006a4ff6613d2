"""Noise schedules, posterior and samplers of diffusion models against closed forms, Bayes' rule and Gaussian data."""

import math

import numpy as np
import pytest
import torch

from baselines.diffusion.sampler import implicit_times, sample_ancestral, sample_implicit, sample_respaced
from baselines.diffusion.schedule import NoiseSchedule, cosine_betas, linear_betas, quadratic_betas

SCHEDULES = {
    "cosine": cosine_betas(200),
    "linear": linear_betas(200, 5e-4, 0.1),
    "quadratic": quadratic_betas(50, 1e-4, 0.5),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_cosine_betas_leave_a_squared_cosine():
    betas = cosine_betas(500).numpy()
    time = (np.arange(501) / 500 + 0.008) / 1.008 * math.pi / 2
    assert np.allclose(np.cumprod(1 - betas)[:-1], (np.cos(time) / np.cos(time[0]))[1:-1] ** 2, rtol=1e-9)
    assert betas[-1] == pytest.approx(0.999)


def test_linear_and_quadratic_betas_by_hand():
    assert linear_betas(5, 0.1, 0.5).tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert quadratic_betas(3, 0.01, 0.25).tolist() == pytest.approx([0.01, 0.09, 0.25])
    # What the published schedules leave of the signal's power at the last step.
    assert float((1 - quadratic_betas(50, 1e-4, 0.5)).prod()) == pytest.approx(3e-5, rel=0.2)
    assert float((1 - linear_betas(50, 1e-4, 0.05)).prod()) == pytest.approx(0.28, abs=0.01)
    assert float((1 - linear_betas(200, 1e-4, 0.02)).prod()) == pytest.approx(0.13, abs=0.01)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("step", [1, 20, 45])
def test_the_posterior_is_bayes_rule_on_a_grid(name, step):
    betas = SCHEDULES[name].numpy()
    kept, clean, noisy = np.cumprod(1 - betas), 0.3, -0.7
    schedule = NoiseSchedule.of(SCHEDULES[name])
    grid = np.linspace(-12, 12, 480_001)
    log = -((grid - math.sqrt(kept[step - 1]) * clean) ** 2) / (2 * (1 - kept[step - 1]))
    log -= (noisy - math.sqrt(1 - betas[step]) * grid) ** 2 / (2 * betas[step])
    distribution = np.exp(log - log.max())
    distribution /= distribution.sum()
    mean = (distribution * grid).sum()
    assert float(schedule.mean_clean[step] * clean + schedule.mean_noisy[step] * noisy) == pytest.approx(mean, abs=2e-5)
    std = math.sqrt((distribution * (grid - mean) ** 2).sum())
    assert float(schedule.std[step]) == pytest.approx(std, rel=1e-3)


def test_the_first_step_returns_the_clean_windows():
    schedule = NoiseSchedule.of(SCHEDULES["cosine"])
    assert (float(schedule.mean_clean[0]), float(schedule.mean_noisy[0]), float(schedule.std[0])) == (1, 0, 0)


def test_noise_is_added_by_window_and_told_apart_again():
    schedule = NoiseSchedule.of(linear_betas(3, 0.1, 0.3))
    clean, noise = torch.full((2, 4, 1), 2.0), torch.full((2, 4, 1), -1.0)
    noisy = schedule.add_noise(clean, torch.tensor([0, 2]), noise)
    # The kept powers are 0.9 and 0.9 · 0.8 · 0.7 = 0.504.
    assert noisy[:, 0, 0].tolist() == pytest.approx(
        [2 * math.sqrt(0.9) - math.sqrt(0.1), 2 * math.sqrt(0.504) - math.sqrt(0.496)]
    )
    assert torch.allclose(schedule.clean(noisy[1:], 2, noise[1:]), clean[1:], atol=1e-6)


def gaussian_denoiser(schedule, mean, std):
    """E[x_0 | x_t] of independent normal values."""

    def predict(x, step):
        signal, noise = float(schedule.signal[step]), float(schedule.noise[step])
        gain = std**2 * signal / (signal**2 * std**2 + noise**2)
        return mean + gain * (x - signal * mean)

    return predict


@pytest.mark.parametrize(
    "betas", [cosine_betas(1000), linear_betas(1000, 1e-4, 0.02), quadratic_betas(1000, 1e-5, 0.04)]
)
@pytest.mark.parametrize(("jumps", "std"), [(None, 0.5), (300, 0.5), (300, 0.9)])
def test_the_perfect_denoiser_of_gaussian_data_samples_its_distribution(betas, jumps, std):
    schedule = NoiseSchedule.of(betas)
    predict = gaussian_denoiser(schedule, 0.25, std)
    noise, stream = torch.randn((2000, 3, 2), generator=generator()), generator(1)
    if jumps is None:
        made = sample_ancestral(predict, schedule, noise, stream, clamp=False)
    else:
        made = sample_implicit(predict, schedule, noise, jumps, clamp=False)
    assert float(made.mean()) == pytest.approx(0.25, abs=0.02)
    assert float(made.std()) == pytest.approx(std, rel=0.03)


def test_a_chain_that_stops_less_often_samples_the_distribution_of_gaussian_data_too():
    schedule = NoiseSchedule.of(linear_betas(1000, 1e-4, 0.02))
    noise, stream = torch.randn((2000, 3, 2), generator=generator()), generator(1)
    made = sample_respaced(gaussian_denoiser(schedule, 0.25, 0.5), schedule, noise, 300, stream, clamp=False)
    assert float(made.mean()) == pytest.approx(0.25, abs=0.02)
    assert float(made.std()) == pytest.approx(0.5, rel=0.03)


def test_the_schedule_of_some_steps_by_hand():
    schedule = NoiseSchedule.of(linear_betas(4, 0.2, 0.5))
    some = schedule.at([1, 3])  # kept powers 0.8 · 0.7 = 0.56 and 0.56 · 0.6 · 0.5 = 0.168
    assert some.betas.tolist() == pytest.approx([0.44, 0.7])
    assert some.signal.tolist() == pytest.approx(schedule.signal[[1, 3]].tolist())
    assert torch.allclose(schedule.at(range(4)).betas, schedule.betas)


def test_ancestral_sampling_has_the_variance_that_its_steps_add_up_to():
    betas = SCHEDULES["linear"].numpy()
    kept, std, variance = np.cumprod(1 - betas), 0.1, 1.0
    for step in range(len(betas) - 1, -1, -1):
        before = kept[step - 1] if step else 1.0
        gain = std**2 * math.sqrt(kept[step]) / (std**2 * kept[step] + 1 - kept[step])
        slope = math.sqrt(before) * betas[step] * gain + math.sqrt(1 - betas[step]) * (1 - before)
        variance = variance * (slope / (1 - kept[step])) ** 2 + betas[step] * (1 - before) / (1 - kept[step])
    schedule = NoiseSchedule.of(SCHEDULES["linear"])
    noise = torch.randn((8000, 3, 2), generator=generator())
    made = sample_ancestral(gaussian_denoiser(schedule, 0.0, 0.1), schedule, noise, generator(1), clamp=False)
    assert float(made.std()) == pytest.approx(math.sqrt(variance), rel=0.01)


@pytest.mark.parametrize("jumps", [None, 1, 4])
def test_estimates_beyond_the_range_are_cut_where_asked(jumps):
    schedule = NoiseSchedule.of(cosine_betas(20))
    noise = torch.zeros((5, 2, 1))

    def far(x, step):
        return torch.full_like(x, 3.0)

    def run(clamp):
        if jumps is None:
            return sample_ancestral(far, schedule, noise, generator(), clamp=clamp)
        return sample_implicit(far, schedule, noise, jumps, clamp=clamp)

    assert torch.allclose(run(True), torch.ones_like(noise))
    assert torch.allclose(run(False), torch.full_like(noise, 3.0))


def test_jumps_begin_at_evenly_spread_steps():
    expected = [int(t) for t in np.linspace(-1, 499, 8)[:0:-1]]
    assert implicit_times(500, 7) == expected
    assert implicit_times(50, 50) == list(range(49, -1, -1))
    assert implicit_times(50, 1) == [49]


def test_an_implicit_jump_by_hand():
    schedule = NoiseSchedule.of(linear_betas(4, 0.2, 0.5))
    # Betas 0.2, 0.3, 0.4, 0.5; kept powers 0.8, 0.56, 0.336, 0.168; jumps begin at steps 3 and 1.
    seen = []

    def predict(x, step):
        seen.append((step, float(x[0, 0, 0])))
        return torch.full_like(x, 0.5)

    sample_implicit(predict, schedule, torch.full((1, 1, 1), 2.0), 2, clamp=True)
    noise = (2 - math.sqrt(0.168) * 0.5) / math.sqrt(0.832)
    assert [step for step, _ in seen] == [3, 1]
    assert seen[1][1] == pytest.approx(math.sqrt(0.56) * 0.5 + math.sqrt(0.44) * noise, rel=1e-5)
