"""COT-GAN: its objective against POT and direct loops, official sizes, determinism, resuming, refusals, learning something."""

import os
from itertools import product

import numpy as np
import pytest
import torch

from baselines.cotgan.generator import COTGAN, AdversarialTask, draw_noise
from baselines.cotgan.networks import BatchNorm, Judge, Networks
from baselines.cotgan.objective import (
    causal_term,
    martingale_penalty,
    mixed_divergence,
    sinkhorn_cost,
    squared_distances,
)
from benchmark.config.generators import load_spec, resolve
from benchmark.errors import DivergedError, UserError
from benchmark.interface import FitContext
from benchmark.training import build

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
COUNTS = {"sines": 20_165, "stocks": 20_518, "etth": 20_871, "mujoco": 23_342, "energy": 28_284, "fmri": 36_050}
TINY = {"noise": 3, "hidden": 8, "filters": 6, "kernel": 3, "steps": 6, "batch": 8, "iterations": 10}


def parameters(dataset, length=24, budget="paper"):
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec("cotgan"), place, {}).params


def waves(count=40, length=12, features=2, seed=3):
    draw = np.random.default_rng(seed)
    phase, speed = draw.uniform(0, 6, (2, count, 1, features))
    return (0.5 + 0.4 * np.sin(phase + speed * np.arange(length)[:, None] / 10)).astype(np.float32)


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module")
def pot():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TENSORFLOW", "JAX", "CUPY"):  # it imports every library of arrays that it finds
            patch.setitem(os.environ, f"POT_BACKEND_DISABLE_{name}", "1")
        return pytest.importorskip("ot")


@pytest.fixture(scope="module")
def fitted():
    return COTGAN(**TINY).fit(waves(), FitContext(seed=5))


@pytest.mark.parametrize("dataset", COUNTS)
@pytest.mark.parametrize("budget", ["smoke", "quick", "fast", "paper"])
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_official_parameter_counts(dataset, budget, length):
    features = FEATURES[dataset]
    parts = COTGAN(**parameters(dataset, length, budget)).parameter_counts(length, features)
    assert sum(parts.values()) == COUNTS[dataset]
    assert parts == {"generator": 7904 + 33 * features, "h": 5248 + 160 * features, "m": 5248 + 160 * features}


def test_the_paper_budget_is_the_official_schedule():
    params = parameters("energy")
    assert (params["steps"], params["batch"], params["learning_rate"]) == (100_000, 32, 1e-3)
    assert (params["iterations"], params["penalty"]) == (100, 10)


def test_sinkhorn_is_that_of_pot(pot):
    costs = normal(3, 6, 8).abs() * 4
    costs[2] -= 3  # a causal cost may be negative
    got = sinkhorn_cost(costs, torch.tensor(1.5), 300)
    for value, cost in zip(got, costs.numpy(), strict=True):
        plan = pot.sinkhorn(np.full(6, 1 / 6), np.full(8, 1 / 8), cost, 1.5, method="sinkhorn_log", stopThr=1e-12)
        assert float(value) == pytest.approx((plan * cost).sum(), rel=1e-6)


def test_sinkhorns_limits():
    cost = normal(1, 5, 5).abs()
    assert float(sinkhorn_cost(cost, torch.tensor(1e6), 50)) == pytest.approx(float(cost.mean()), rel=1e-5)
    nearest = 10 - 9 * torch.eye(5)[None]
    assert float(sinkhorn_cost(nearest, torch.tensor(0.05), 50)) == pytest.approx(1.0, rel=1e-6)


def test_sinkhorns_gradient_goes_through_its_rounds():
    cost = normal(2, 4, 3).abs().requires_grad_()
    assert torch.autograd.gradcheck(lambda c: sinkhorn_cost(c, torch.tensor(0.7, dtype=torch.float64), 4), cost)


def test_the_causal_cost_is_the_direct_sum():
    x, y = normal(1, 4, 6, 2), normal(1, 5, 6, 2, seed=1)
    m, h = normal(1, 4, 6, 3, seed=2), normal(1, 5, 6, 3, seed=3)
    distances, causal = squared_distances(x, y)[0], causal_term(m, h)[0]
    for i, j in product(range(4), range(5)):
        assert float(distances[i, j]) == pytest.approx(
            sum(float((x[0, i, t] - y[0, j, t]).square().sum()) for t in range(6))
        )
        moves = [float(h[0, j, t] @ (m[0, i, t + 1] - m[0, i, t])) for t in range(5)]
        assert float(causal[i, j]) == pytest.approx(sum(moves) / 5)


def test_the_penalty_is_the_direct_sum():
    m = normal(4, 6, 3)
    total = 0.0
    for t, j in product(range(5), range(3)):
        std = m[:, :, j].numpy().std() + 1e-6
        total += abs(np.mean([float(m[i, t + 1, j] - m[i, t, j]) / std for i in range(4)])) / 6
    assert float(martingale_penalty(m)) == pytest.approx(total)
    steps = normal(3, 1, 2)
    assert float(martingale_penalty(torch.cat((steps, -steps)).cumsum(1).repeat(1, 4, 1))) == pytest.approx(0)


def test_the_mixed_divergence_couples_the_four_pairs(pot):
    values = {**COTGAN(**TINY).parameters(), "iterations": 200, "epsilon": 0.3}
    networks = build(
        lambda: Networks(2, noise=3, hidden=8, filters=6, kernel=3, bounded=True), torch.Generator().manual_seed(0)
    ).double()
    real, fake = normal(2, 5, 12, 2).sigmoid(), normal(2, 5, 12, 2, seed=1).sigmoid()
    got, penalty = AdversarialTask(networks, real.flatten(0, 1), values).divergence(real, fake)
    h, m, (x, x2), (y, y2) = networks.h, networks.m, real, fake
    pairs = [(x, y), (x2, y2), (x, x2), (y, y2)]
    mean = np.mean([((a[:, None] - b[None]) ** 2).sum((2, 3)).mean().item() for a, b in pairs])
    expected = []
    for a, b in pairs:
        cost = ((a[:, None] - b[None]) ** 2).sum((2, 3))
        cost = cost + (h(b)[None, :, :-1] * (m(a)[:, 1:] - m(a)[:, :-1])[:, None]).sum((2, 3)) / 11
        weights, matrix = np.full(5, 0.2), cost.detach().numpy()
        plan = pot.sinkhorn(weights, weights, matrix, 0.3 * mean, method="sinkhorn_log", stopThr=1e-12)
        expected.append((plan * matrix).sum())
    assert float(got.detach()) == pytest.approx(expected[0] + expected[1] - expected[2] - expected[3], rel=1e-5)
    assert float(penalty.detach()) == pytest.approx(10 * float(martingale_penalty(m(x)).detach()))


def test_equal_batches_are_at_distance_zero():
    cost = normal(1, 5, 5).abs().expand(4, 5, 5)
    assert float(mixed_divergence(cost, torch.tensor(1.0), 20)) == pytest.approx(0, abs=1e-12)


def test_the_test_functions_see_the_past_only():
    judge = build(lambda: Judge(2, 6, 5), torch.Generator().manual_seed(0)).eval()
    x = torch.from_numpy(waves(3))
    other = x.clone()
    other[:, 7:] += 1
    assert torch.equal(judge(x)[:, :7], judge(other)[:, :7])
    assert not torch.isclose(judge(x)[:, 7], judge(other)[:, 7]).any()


def test_batch_normalisation_is_that_of_keras():
    keras = pytest.importorskip("tensorflow").keras
    layer = build(lambda: BatchNorm(3), torch.Generator().manual_seed(0))
    reference = keras.layers.BatchNormalization()
    x = 2 * normal(8, 12, 3).float() + 1
    assert np.allclose(layer(x).detach().numpy(), np.asarray(reference(x.numpy(), training=True)), atol=1e-5)
    assert np.allclose(layer.running_mean.numpy(), np.asarray(reference.moving_mean), atol=1e-5)
    # PyTorch's running variance is the unbiased one.
    assert np.allclose(layer.running_var.numpy(), np.asarray(reference.moving_variance), rtol=1e-3)


def test_noise_is_uniform_by_step_and_by_window():
    noise = draw_noise(2000, 6, 4, torch.Generator().manual_seed(0))
    assert noise.shape == (2000, 6, 8)
    assert (noise[:, :, 4:] == noise[:, :1, 4:]).all()
    assert len(noise[:, :, :4].unique()) > 0.99 * 2000 * 6 * 4
    assert float(noise.min()) >= -1
    assert float(noise.var()) == pytest.approx(1 / 3, rel=0.02)


def test_the_size_of_batches_changes_no_sample(fitted, monkeypatch):
    sample = fitted.sample(7, 0)
    monkeypatch.setattr("baselines.cotgan.generator._SAMPLE_ROWS", 24)
    assert np.allclose(fitted.sample(7, 0), sample, atol=1e-6)


def test_training_moves_the_samples_to_the_data():
    data = 0.25 * waves(200, features=1)
    settings = {**TINY, "batch": 16, "learning_rate": 5e-3}
    first = COTGAN(**{**settings, "steps": 1}).fit(data, FitContext(seed=1)).sample(300, 0)
    trained = COTGAN(**{**settings, "steps": 150}).fit(data, FitContext(seed=1)).sample(300, 0)
    assert abs(trained.mean() - data.mean()) < 0.05 < abs(first.mean() - data.mean())


def test_what_cannot_work_is_refused():
    with pytest.raises(UserError, match="T = 2 or more"):
        COTGAN(**TINY).fit(waves(length=1), FitContext(seed=0))
    with pytest.raises(UserError, match="'epsilon' is 0"):
        COTGAN(**TINY, epsilon=0).fit(waves(), FitContext(seed=0))
    with pytest.raises(DivergedError, match="adversarial"):
        COTGAN(**{**TINY, "learning_rate": 1e38}).fit(waves(), FitContext(seed=0))


@pytest.mark.parametrize(("count", "features", "output"), [(1, 1, "sigmoid"), (20, 1, "linear")])
def test_an_absolute_epsilon_and_a_linear_output_work(count, features, output):
    made = COTGAN(**TINY, output=output, epsilon_relative=False, epsilon=100)
    sample = made.fit(waves(count, features=features), FitContext(seed=0)).sample(3, 0)
    assert sample.shape == (3, 12, features)
    assert np.isfinite(sample).all()
