"""The batched two-layer LSTM against torch.nn.LSTM and autograd, and its score on cases with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from metrics.base import ScoreContext
from metrics.discriminative import Discriminative
from metrics.discriminative_lstm2 import DiscriminativeLSTM2, hidden_units, standardize
from metrics.nets.adam import TensorFlowAdam
from metrics.nets.classifier import LastStateHead
from metrics.nets.lstm import Layout, Stack, Weights
from metrics.nets.recurrent import train


def matching(layout: Layout, weights: Weights, r: int) -> tuple[torch.nn.LSTM, torch.nn.Linear]:
    """PyTorch's own modules with network r's weights, in float64."""
    # On the meta device, initial values draw nothing from the global generator
    lstm = torch.nn.LSTM(layout.features, layout.units, num_layers=2, batch_first=True, device="meta").to_empty(
        device="cpu"
    )
    dense = torch.nn.Linear(layout.units, 1, device="meta").to_empty(device="cpu")
    state = {}
    for k, layer in enumerate((weights.lower, weights.upper)):
        inputs = layer.shape[2] - 1 - layout.units
        state[f"weight_ih_l{k}"], bias, state[f"weight_hh_l{k}"] = layer[r].split([inputs, 1, layout.units], dim=1)
        state[f"bias_ih_l{k}"], state[f"bias_hh_l{k}"] = bias[:, 0], torch.zeros(4 * layout.units)
    lstm.load_state_dict(state)
    dense.load_state_dict({"weight": weights.dense[r], "bias": weights.dense_bias[r, 0]})
    return lstm.double(), dense.double()


def random_parameters(layout: Layout, repetitions: int, seed: int) -> torch.Tensor:
    values = np.random.default_rng(seed).normal(0, 0.5, (repetitions, layout.size))
    return torch.from_numpy(values.astype(np.float32))


def gradients(lstm: torch.nn.LSTM) -> list[torch.Tensor]:
    parts = []
    for k in range(2):
        inputs, bias, states = (getattr(lstm, f"{name}_l{k}").grad for name in ("weight_ih", "bias_ih", "weight_hh"))
        parts.append(torch.cat([inputs, bias[:, None], states], dim=1))
    return parts


@pytest.mark.parametrize(("D", "H"), [(1, 1), (2, 8), (6, 3)])
@pytest.mark.parametrize("every_state", [False, True])
def test_states_and_gradients_are_those_of_pytorch(D, H, every_state):
    rng, layout = np.random.default_rng(D), Layout(D, H)
    R, B, T, N = 3, 7, 5, 20
    windows = rng.random((N, T, D), np.float32)
    rows = torch.from_numpy(rng.integers(0, N, (R, B)))
    slopes = torch.from_numpy(rng.normal(size=(T, R, H, B)).astype(np.float32))
    if not every_state:
        slopes[:-1] = 0
    parameters = random_parameters(layout, R, seed=D)
    gradient, weights = torch.zeros_like(parameters), layout.views(parameters)
    stack = Stack(layout, R, B, T)
    stack.take(torch.from_numpy(windows), rows)
    states = stack.forward(layout.views(parameters * layout.doubling(parameters)))
    upstream = list(slopes) if every_state else [torch.tensor(0.0)] * (T - 1) + [slopes[-1]]
    stack.backward(weights, upstream, layout.views(gradient))

    ours = layout.views(gradient)
    for r in range(R):
        lstm, _ = matching(layout, weights, r)
        expected, _ = lstm(torch.from_numpy(windows[rows[r].numpy()]).double())
        np.testing.assert_allclose(states[1:, r].permute(2, 0, 1), expected.detach(), atol=2e-6)
        (expected * slopes[:, r].permute(2, 0, 1)).sum().backward()
        for part, theirs in zip((ours.lower, ours.upper), gradients(lstm), strict=True):
            np.testing.assert_allclose(part[r], theirs, atol=2e-5, rtol=1e-4)


def test_training_is_that_of_pytorch_and_autograd():
    """Ten steps of both repetitions together end where each ends alone in float64, with PyTorch's modules and losses."""
    rng, layout = np.random.default_rng(0), Layout(3, 4)
    windows = torch.from_numpy(rng.random((40, 6, 3), np.float32))
    batches = torch.from_numpy(rng.integers(0, 40, (10, 2, 12)))
    start = random_parameters(layout, 2, seed=1)
    parameters = start.clone()
    head = LastStateHead(5, 7, 6, "cpu")
    losses = train(parameters, layout, windows, batches, head)

    for r in range(2):
        lstm, dense = matching(layout, layout.views(start), r)
        leaves = [*lstm.parameters(), *dense.parameters()]
        optimizers = [TensorFlowAdam(leaf.data) for leaf in leaves]
        for step in range(10):
            logits = dense(lstm(windows[batches[step, r]].double())[0][:, -1])[:, 0]
            loss = softplus(-logits[:5]).mean() + softplus(logits[5:]).mean()
            assert losses[step, r].item() == pytest.approx(loss.item(), abs=1e-6)
            slopes = torch.autograd.grad(loss, leaves)
            for optimizer, leaf, slope in zip(optimizers, leaves, slopes, strict=True):
                # PyTorch writes a bias as two terms: the first is ours, the second stays 0
                if not any(leaf is getattr(lstm, f"bias_hh_l{k}") for k in range(2)):
                    optimizer.step(slope)
        trained, _ = matching(layout, layout.views(parameters), r)
        for ours, theirs in zip(trained.parameters(), lstm.parameters(), strict=True):
            np.testing.assert_allclose(ours.detach(), theirs.detach(), atol=1e-5)


def test_initial_values_are_glorot_uniform_with_an_open_forget_gate():
    D, H = 20, 10
    layout = Layout(D, H)
    weights = layout.views(torch.from_numpy(layout.initial(np.random.default_rng(1))[None]))
    for layer, fan_in in ((weights.lower, D + H), (weights.upper, 2 * H)):
        inputs, bias, states = layer[0].split([fan_in - H, 1, H], dim=1)
        product = torch.cat([inputs, states], dim=1)
        limit = (6 / (fan_in + 4 * H)) ** 0.5
        assert product.shape == (4 * H, fan_in)
        assert 0.95 * limit < product.abs().max() <= limit
        assert product.std().item() == pytest.approx(limit / 3**0.5, rel=0.06)
        np.testing.assert_array_equal(bias[:, 0], np.repeat([0, 1, 0, 0], H))
    assert 0.5 * (6 / (H + 1)) ** 0.5 < weights.dense.abs().max() <= (6 / (H + 1)) ** 0.5
    assert weights.dense_bias.item() == 0


def test_the_width_never_falls_below_eight():
    assert [hidden_units(D) for D in (1, 6, 14, 17, 28, 50)] == [8, 8, 8, 8, 14, 25]


@pytest.mark.parametrize("features", [1, 3])
def test_windows_far_apart_are_told_apart(features):
    real, fake = np.random.default_rng(0).random((2, 100, 8, features), np.float32) * 0.3
    score = DiscriminativeLSTM2(steps=150).compute(real, fake + 0.7, ScoreContext(seeds=[0, 1]))
    assert min(score.values) > 0.45
    np.testing.assert_allclose(score.values, np.abs(score.details["signed"]))
    assert score.details["comparable"] is False
    assert DiscriminativeLSTM2().floor(3662) == Discriminative().floor(3662)


def test_order_in_time_is_seen_where_every_marginal_is_the_same():
    """Ramps against the same ramps run backwards: each window holds the same values, so only their order tells."""
    rng = np.random.default_rng(0)
    real = (np.linspace(0.2, 0.6, 8)[:, None] + rng.uniform(-0.2, 0.4, (200, 1, 2))).astype(np.float32)
    score = DiscriminativeLSTM2(steps=400).compute(real, real[:, ::-1], ScoreContext(seeds=[0, 1]))
    assert min(score.values) > 0.4


def test_the_scale_of_a_feature_does_not_matter():
    rng = np.random.default_rng(0)
    real, fake = rng.random((2, 100, 8, 2), np.float32)
    fake[:, 1::2] = fake[:, ::2]
    scale, shift = np.array([0.01, 0.5], np.float32), np.array([0.7, 0.2], np.float32)
    whole = DiscriminativeLSTM2(steps=60).compute(real, fake, ScoreContext(seeds=[0]))
    shrunk = DiscriminativeLSTM2(steps=60).compute(real * scale + shift, fake * scale + shift, ScoreContext(seeds=[0]))
    assert shrunk.details["final_loss"] == pytest.approx(whole.details["final_loss"], abs=1e-3)
    np.testing.assert_allclose(standardize(real, real).std(axis=(0, 1)), 1, rtol=1e-5)
    np.testing.assert_allclose(standardize(real, real).mean(axis=(0, 1)), 0, atol=1e-6)


def test_a_feature_that_is_constant_in_the_real_windows_is_only_centred():
    real = np.full((10, 4, 2), 0.5, np.float32)
    np.testing.assert_allclose(standardize(real + 0.25, real), 0.25)
    score = DiscriminativeLSTM2(steps=200).compute(real, real + 0.25, ScoreContext(seeds=[0]))
    assert score.values == (0.5,)


def test_evaluation_in_blocks_changes_nothing(monkeypatch):
    real, fake = np.random.default_rng(0).random((2, 400, 6, 3), np.float32)
    whole = DiscriminativeLSTM2(steps=5).compute(real, fake, ScoreContext(seeds=[0, 1]))
    monkeypatch.setattr("metrics.nets.recurrent._EVALUATED_NUMBERS", 1)
    assert DiscriminativeLSTM2(steps=5).compute(real, fake, ScoreContext(seeds=[0, 1])) == whole
