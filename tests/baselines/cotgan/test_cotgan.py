"""COT-GAN: its objective against POT and direct loops, official sizes and choices, refusals, learning something."""

import os
from itertools import product

import numpy as np
import pytest
import torch

from baselines.cotgan.generator import COTGAN, AdversarialTask, adam_in_turn, draw_noise
from baselines.cotgan.networks import BatchNorm, FixedNorm, Judge, Networks
from baselines.cotgan.objective import (
    causal_term,
    martingale_penalty,
    mixed_divergence,
    sinkhorn_cost,
    squared_distances,
)
from benchmark.config.generators import load_spec, main_generator_names, resolve
from benchmark.errors import DivergedError, UserError
from benchmark.interface import FitContext
from benchmark.report.published import published_scores
from benchmark.training import build

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
COUNTS = {"sines": 20_165, "stocks": 20_518, "etth": 20_871, "mujoco": 23_342, "energy": 28_284, "fmri": 36_050}
TINY = {"noise": 3, "hidden": 8, "filters": 6, "kernel": 3, "steps": 6, "batch": 8, "iterations": 10}
OURS = {"output": "sigmoid", "pairing": "paper", "judge_norm": "batch", "epsilon": 0.1, "epsilon_relative": True}
NAMES = ["cotgan", "cotgan_paper"]


def parameters(dataset, length=24, budget="paper", name="cotgan"):
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec(name), place, {}).params


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


def small_networks(norm="batch"):
    sizes = {"noise": 3, "hidden": 8, "filters": 6, "kernel": 3}
    return build(lambda: Networks(2, **sizes, judge_norm=norm, bounded=True), torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def fitted():
    return COTGAN(**TINY).fit(waves(), FitContext(seed=5))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dataset", COUNTS)
@pytest.mark.parametrize("budget", ["smoke", "quick", "fast", "paper"])
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_official_parameter_counts(dataset, budget, length, name):
    features = FEATURES[dataset]
    parts = COTGAN(**parameters(dataset, length, budget, name)).parameter_counts(length, features)
    assert sum(parts.values()) == COUNTS[dataset]
    assert parts == {"generator": 7904 + 33 * features, "h": 5248 + 160 * features, "m": 5248 + 160 * features}


@pytest.mark.parametrize("name", NAMES)
def test_the_paper_budget_is_the_official_schedule(name):
    params = parameters("energy", name=name)
    assert (params["steps"], params["batch"], params["learning_rate"]) == (100_000, 32, 1e-3)
    assert (params["iterations"], params["penalty"]) == (100, 10)


def test_tables_of_all_generators_have_both_and_published_values_stand_beside_the_official_one():
    assert set(NAMES) <= set(main_generator_names())
    methods = {method for _, _, _, method in published_scores()}
    assert methods & set(NAMES) == {"cotgan"}


@pytest.mark.parametrize("budget", ["smoke", "quick", "fast", "paper"])
def test_the_variant_differs_from_the_official_method_in_five_choices(budget):
    official, ours = (parameters("sines", budget=budget, name=name) for name in NAMES)
    assert {name: official[name] for name in OURS} == {
        "output": "linear",
        "pairing": "code",
        "judge_norm": "fixed",
        "epsilon": 100,
        "epsilon_relative": False,
    }
    assert {name: value for name, value in ours.items() if value != official[name]} == OURS


def test_sinkhorn_is_that_of_pot(pot):
    costs = normal(3, 6, 8).abs() * 4
    costs[2] -= 3  # a causal cost may be negative
    got = sinkhorn_cost(costs, torch.tensor(1.5), 300)
    for value, cost in zip(got, costs.numpy(), strict=True):
        plan = pot.sinkhorn(np.full(6, 1 / 6), np.full(8, 1 / 8), cost, 1.5, method="sinkhorn_log", stopThr=1e-12)
        assert float(value) == pytest.approx((plan * cost).sum(), rel=1e-6)


def test_a_round_of_sinkhorn_fits_the_rows_and_then_the_columns():
    cost = normal(1, 4, 6).abs()
    kernel = np.exp(-cost[0].numpy() / 0.7)
    rows, columns = np.ones(4), np.ones(6)
    for count in (1, 2, 3):
        rows = 1 / 4 / (kernel @ columns)
        columns = 1 / 6 / (kernel.T @ rows)
        plan = rows[:, None] * kernel * columns
        assert np.allclose(plan.sum(axis=0), 1 / 6)
        assert not np.allclose(plan.sum(axis=1), 1 / 4, atol=1e-8)
        expected = (plan * cost[0].numpy()).sum()
        assert float(sinkhorn_cost(cost, torch.tensor(0.7), count)) == pytest.approx(expected, rel=1e-6)


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


@pytest.mark.parametrize(("pairing", "relative"), [("paper", True), ("code", False)])
def test_the_mixed_divergence_couples_the_four_pairs(pot, pairing, relative):
    changed = {**TINY, **OURS, "pairing": pairing, "epsilon_relative": relative, "iterations": 200, "epsilon": 0.3}
    values = COTGAN(**changed).parameters()
    networks = small_networks().double()
    real, fake = normal(2, 5, 12, 2).sigmoid(), normal(2, 5, 12, 2, seed=1).sigmoid()
    got, penalty = AdversarialTask(networks, real.flatten(0, 1), values).divergence(real, fake)
    h, m, (x, x2), (y, y2) = networks.h, networks.m, real, fake
    pairs = [(x, y), (x2, y2), (x, x2), (y, y2)]
    mean = np.mean([((a[:, None] - b[None]) ** 2).sum((2, 3)).mean().item() for a, b in pairs])
    expected = []
    for a, b in pairs:
        cost = ((a[:, None] - b[None]) ** 2).sum((2, 3))
        causal = (h(b)[None, :, :-1] * (m(a)[:, 1:] - m(a)[:, :-1])[:, None]).sum((2, 3)) / 11
        cost = cost + (causal if pairing == "paper" else causal.T)
        weights, matrix = np.full(5, 0.2), cost.detach().numpy()
        plan = pot.sinkhorn(
            weights, weights, matrix, 0.3 * mean if relative else 0.3, method="sinkhorn_log", stopThr=1e-12
        )
        expected.append((plan * matrix).sum())
    assert float(got.detach()) == pytest.approx(expected[0] + expected[1] - expected[2] - expected[3], rel=1e-5)
    assert float(penalty.detach()) == pytest.approx(10 * float(martingale_penalty(m(x)).detach()))


def test_equal_batches_are_at_distance_zero():
    cost = normal(1, 5, 5).abs().expand(4, 5, 5)
    assert float(mixed_divergence(cost, torch.tensor(1.0), 20)) == pytest.approx(0, abs=1e-12)


def test_the_test_functions_see_the_past_only():
    judge = build(lambda: Judge(2, 6, 5, "batch"), torch.Generator().manual_seed(0)).eval()
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


def test_the_official_test_functions_see_each_window_by_itself():
    """In training too: batch normalisation of mean 0 and variance 1 is a scale and a shift of each channel."""
    networks = small_networks("fixed").train()
    with torch.no_grad():
        networks.h.norm.weight.copy_(torch.linspace(0.5, 2, 6))
        networks.h.norm.bias.copy_(torch.linspace(-1, 1, 6))
    x = torch.from_numpy(waves(8))
    alone = torch.cat([networks.h(window[None]) for window in x])
    assert torch.allclose(networks.h(x), alone, atol=1e-6)
    hidden = networks.h.first(x)
    scaled = hidden / (1 + 1e-3) ** 0.5 * torch.linspace(0.5, 2, 6) + torch.linspace(-1, 1, 6)
    assert torch.allclose(networks.h.norm(hidden), scaled, atol=1e-6)
    mixed = small_networks("batch").train()
    assert not torch.allclose(mixed.h(x)[:1], mixed.h(x[:4])[:1], atol=1e-2)


def test_the_fixed_normalisation_is_keras_own_in_inference():
    keras = pytest.importorskip("tensorflow").keras
    reference = keras.layers.BatchNormalization()
    reference.build((8, 12, 3))
    reference.set_weights([np.array([0.5, 1, 2]), np.array([-1, 0, 1]), np.zeros(3), np.ones(3)])
    layer = build(lambda: FixedNorm(3), torch.Generator().manual_seed(0))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.5, 1, 2]))
        layer.bias.copy_(torch.tensor([-1.0, 0, 1]))
    x = 2 * normal(8, 12, 3).float() + 1
    assert np.allclose(layer(x).detach().numpy(), np.asarray(reference(x.numpy())), atol=1e-6)


def test_one_adam_moves_h_and_m_in_turn_and_counts_both():
    """By hand over three iterations: moments of their own, corrected by steps 1, 3, 5 of h and 2, 4, 6 of M."""
    h, m = (torch.nn.utils.skip_init(torch.nn.Linear, 2, 1, bias=False) for _ in range(2))
    for part in (h, m):
        torch.nn.init.ones_(part.weight)
    optimizer = adam_in_turn(h, m, 0.1)
    gradients = np.array([[[1.0, -2.0]], [[0.5, 3.0]], [[-1.0, 0.1]]])
    for gradient in gradients:
        for part in (h, m):
            part.weight.grad = torch.from_numpy(gradient).float()
        optimizer.step()
    for part, first in ((h, 1), (m, 2)):
        expected, mean, square = np.ones((1, 2)), 0.0, 0.0
        for index, gradient in enumerate(gradients):
            mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
            count = 2 * index + first
            expected -= 0.1 * mean / (1 - 0.9**count) / (np.sqrt(square / (1 - 0.999**count)) + 1e-7)
        assert np.allclose(part.weight.detach().numpy(), expected, atol=1e-5)


def test_each_generated_batch_is_normalised_by_itself():
    values = COTGAN(**TINY, **OURS).parameters()
    task = AdversarialTask(small_networks(), torch.from_numpy(waves()), values)
    made = task._fake(torch.Generator().manual_seed(3))
    noise = draw_noise(16, 12, 3, torch.Generator().manual_seed(3))
    assert torch.allclose(made[0], task.networks.generator(noise[:8]), atol=1e-6)
    assert not torch.allclose(made[0], task.networks.generator(noise)[:8], atol=1e-3)


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


@pytest.mark.parametrize("choices", [{}, OURS])
def test_training_moves_the_samples_to_the_data(choices):
    data = 0.5 + 0.25 * waves(200, features=1)
    settings = {**TINY, **choices, "batch": 16, "learning_rate": 5e-3}
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


@pytest.mark.parametrize("choices", [{}, OURS])
@pytest.mark.parametrize("count", [1, 20])
def test_one_feature_and_one_window_are_enough(count, choices):
    sample = COTGAN(**TINY, **choices).fit(waves(count, features=1), FitContext(seed=0)).sample(3, 0)
    assert sample.shape == (3, 12, 1)
    assert np.isfinite(sample).all()
