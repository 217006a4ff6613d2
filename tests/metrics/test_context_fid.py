"""Context-FID: the distance's closed forms, the sharing of encoders, and the encoder against PyTorch's own layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from metrics.base import ScoreContext
from metrics.common.frechet import frechet_distance, moments
from metrics.context_fid import ContextFID
from metrics.nets.ts2vec import Views, draw_steps, draw_views, steps_for, train_encoder
from metrics.nets.ts2vec_encoder import Architecture, Layout, Pass, encode, initial_weights
from metrics.nets.ts2vec_loss import hierarchical_loss

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden"


def windows(n: int, seed: int = 0, length: int = 8, features: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).random((n, length, features), np.float32)


def test_frechet_distance_is_the_reference_formula():
    arrays = np.load(GOLDEN / "exact_fid_formula.npz")
    full = frechet_distance(*moments(arrays["full_a"]), *moments(arrays["full_b"]))
    assert full == pytest.approx(float(arrays["full_fid"]), abs=1e-6)
    deficient = frechet_distance(*moments(arrays["defic_a"]), *moments(arrays["defic_b"]))
    assert deficient == pytest.approx(float(arrays["defic_fid_eig"]), abs=1e-6)
    assert deficient == pytest.approx(float(arrays["defic_fid_scipy117"]), abs=1e-5)


def test_frechet_distance_in_one_dimension():
    """(m − n)² + (s − t)² for Gaussians of one variable."""
    one = np.ones((1, 1))
    assert frechet_distance(np.zeros(1), 4 * one, np.array([3.0]), 25 * one) == pytest.approx(9 + 9)
    same = moments(np.random.default_rng(0).random((50, 4)))
    assert frechet_distance(*same, *same) == pytest.approx(0, abs=1e-12)


def torch_encoder(weights: dict[str, torch.Tensor], x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """The encoder by PyTorch's own convolutions, in (B, C, T); all taps and all padding computed."""
    x = x @ weights["input.weight"] + weights["input.bias"]
    if mask is not None:
        x = x * mask
    x = x.transpose(1, 2)
    depth = Architecture.of(weights).depth
    for i in range(depth + 1):
        skip = x
        if i == depth:
            skip = functional.conv1d(
                x, weights[f"block{i}.skip.weight"].t()[:, :, None], weights[f"block{i}.skip.bias"]
            )
        for name in ("conv1", "conv2"):
            kernel = weights[f"block{i}.{name}.weight"].permute(2, 1, 0)
            x = functional.conv1d(
                functional.gelu(x), kernel, weights[f"block{i}.{name}.bias"], padding=2**i, dilation=2**i
            )
        x = x + skip
    return x.transpose(1, 2)


@pytest.mark.parametrize("length", [3, 8, 13, 40])
def test_encoding_is_that_of_padded_convolutions(length):
    weights = initial_weights(np.random.default_rng(0), Architecture(2, 6, 10, 4))
    x = windows(9, length=length, features=2)
    expected = torch_encoder({k: torch.from_numpy(v) for k, v in weights.items()}, torch.from_numpy(x), None)
    np.testing.assert_allclose(encode(weights, x), expected.amax(dim=1), atol=1e-5)


@pytest.mark.parametrize(("length", "depth"), [(8, 1), (8, 4), (12, 3)])
def test_training_is_that_of_autograd_and_of_plain_adamw(length, depth):
    """Three steps against PyTorch's layers, autograd and AdamW, with the taps that no window reaches among the weights."""
    rng = np.random.default_rng(3)
    weights = initial_weights(rng, Architecture(2, 6, 10, depth))
    steps = list(draw_steps(rng, windows(20, length=length, features=2), 3, 10))
    trained = train_encoder(weights, length, steps)

    plain = {name: nn.Parameter(torch.from_numpy(value.copy())) for name, value in weights.items()}
    optimizer = torch.optim.AdamW(plain.values(), lr=1e-3, weight_decay=0.01)
    history = [{name: value.detach().clone() for name, value in plain.items()}]
    for number, step in enumerate(steps):
        parts = []
        for view, end in (
            (slice(0, step.first), slice(-step.overlap, None)),
            (slice(step.first, None), slice(0, step.overlap)),
        ):
            output = torch_encoder(plain, step.inputs[view].transpose(0, 1), step.mask[view].transpose(0, 1))
            parts.append(output[:, end].transpose(0, 1))
        outputs = torch.cat(parts) * step.dropout
        loss = autograd_loss(outputs[: step.overlap].transpose(0, 1), outputs[step.overlap :].transpose(0, 1))
        assert trained.losses[number] == pytest.approx(loss.item(), abs=1e-5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append({name: value.detach().clone() for name, value in plain.items()})
    for name in weights:
        np.testing.assert_allclose(trained.final[name], history[-1][name], atol=2e-5, err_msg=name)
        average = torch.stack([state[name] for state in history]).mean(dim=0)
        np.testing.assert_allclose(trained.averaged[name], average, atol=2e-5, err_msg=name)


def autograd_loss(z1: torch.Tensor, z2: torch.Tensor) -> torch.Tensor:
    """The loss as the paper writes it, for views (B, T, C), one pair of vectors at a time."""
    total, levels = torch.tensor(0.0), 0
    while True:
        levels += 1
        T = z1.shape[1]
        kinds = [(z1.transpose(0, 1), z2.transpose(0, 1))] + ([(z1, z2)] if T > 1 else [])
        for a, b in kinds:
            groups, M, _ = a.shape
            both = torch.cat([a, b], dim=1)
            for g in range(groups):
                for i in range(2 * M):
                    others = [j for j in range(2 * M) if j != i]
                    logits = both[g, others] @ both[g, i]
                    partner = both[g, (i + M) % (2 * M)] @ both[g, i]
                    total = total + 0.5 * (torch.logsumexp(logits, 0) - partner) / (groups * 2 * M)
        if T == 1:
            return total / levels
        z1, z2 = (functional.max_pool1d(z.transpose(1, 2), 2).transpose(1, 2) for z in (z1, z2))


@pytest.mark.parametrize("shape", [(2, 7, 3, 4), (2, 1, 3, 4), (2, 4, 1, 5)])
def test_loss_gradient_is_that_of_autograd(shape):
    views = torch.randn(shape, generator=torch.Generator().manual_seed(1), requires_grad=True)
    loss = autograd_loss(views[0].transpose(0, 1), views[1].transpose(0, 1))
    loss.backward()
    ours, gradient = hierarchical_loss(views.detach())
    assert float(ours) == pytest.approx(loss.item(), abs=1e-6)
    np.testing.assert_allclose(gradient, views.grad, atol=1e-6)


def test_views_are_crops_of_the_same_windows_that_share_the_overlap():
    batch = windows(8, length=9, features=1)
    batch[:, :, 0] = np.arange(9) + 100 * np.arange(8)[:, None]
    rng, mask, dropout, overlaps = np.random.default_rng(0), [], [], set()
    for _ in range(300):
        views = draw_views(rng, batch, 4)
        first, second = views.inputs[: views.first, :, 0], views.inputs[views.first :, :, 0]
        for view in (first, second):
            assert (view.diff(dim=0) == 1).all()
            assert (view // 100 == torch.arange(8.0)).all()
        assert torch.equal(first[-views.overlap :], second[: views.overlap])
        overlaps.add(views.overlap)
        mask.append(views.mask.mean())
        dropout.append((views.dropout > 0).float().mean())
        np.testing.assert_allclose(views.dropout[views.dropout > 0], 1 / 0.9, rtol=1e-6)
    assert overlaps == set(range(2, 10))
    assert np.mean(mask) == pytest.approx(0.5, abs=0.02)
    assert np.mean(dropout) == pytest.approx(0.9, abs=0.01)


def test_epochs_show_every_window_once_but_for_the_incomplete_batch():
    data = np.repeat(np.arange(19, dtype=np.float32)[:, None, None], 4, axis=1)
    views = list(draw_steps(np.random.default_rng(0), data, 5, 2))
    batches = [step.inputs[0, :, 0].tolist() for step in views]
    assert len(batches) == 5
    assert len(set(batches[0] + batches[1])) == 16
    assert len(set(batches[2] + batches[3])) == 16
    assert set(batches[0] + batches[1]) != set(batches[2] + batches[3])


def test_published_sizes():
    shapes = Architecture(6).shapes()
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 637_568
    assert steps_for(np.empty((100, 100, 10), np.float32)) == 200
    assert steps_for(np.empty((100_001, 1, 1), np.float32)) == 600


def test_masked_and_needed_steps():
    """Only the steps asked for come out, and a masked step's linear features do not matter."""
    weights = initial_weights(np.random.default_rng(0), Architecture(2, 6, 10, 4))
    layout = Layout(Architecture.of(weights), 8)
    network = layout.network(layout.flatten(weights))
    x = torch.from_numpy(windows(3, features=2)).transpose(0, 1).contiguous()
    mask = torch.ones(8, 3, 1)
    mask[5] = 0
    whole = Pass(network, x, [(0, 8)], mask=mask).output
    changed = x.clone()
    changed[5] = 9
    np.testing.assert_array_equal(Pass(network, changed, [(0, 8)], mask=mask).output, whole)
    part = Pass(network, x, [(0, 8)], slice(2, 6), mask).output
    np.testing.assert_allclose(part, whole[2:6], atol=1e-6)


def test_prepared_encoders_are_shared_and_give_the_same_value():
    real, fake, metric = windows(30), windows(25, seed=1), ContextFID(steps=3)
    prepared = [metric.prepare(real, seed) for seed in (0, 1)]
    assert metric.compute(real, fake, ScoreContext(seeds=[0, 1], prepared=prepared)) == metric.compute(
        real, fake, ScoreContext(seeds=[0, 1])
    )
    assert prepared[0]["mu"].shape == (320,)
    assert prepared[0]["cov"].dtype == np.float64
    assert sum(value.size for name, value in prepared[0].items() if name.startswith("encoder.")) == 637_568 - 3 * 64
    with pytest.raises(ValueError, match="1 prepared states are given for 2 seeds"):
        metric.compute(real, fake, ScoreContext(seeds=[0, 1], prepared=prepared[:1]))
    with pytest.raises(ValueError, match="reads 3 features and the windows have 2"):
        metric.compute(real[:, :, :2], fake[:, :, :2], ScoreContext(seeds=[0, 1], prepared=prepared))


def test_a_copy_scores_nothing_and_noise_scores_more_than_less_noise():
    real, metric = windows(60), ContextFID(steps=3)
    prepared = [metric.prepare(real, 0)]

    def score(fake: np.ndarray) -> float:
        return metric.compute(real, fake, ScoreContext(seeds=[0], prepared=prepared)).values[0]

    noise = np.random.default_rng(5).normal(0, 1, real.shape).astype(np.float32)
    assert score(real[::-1]) == pytest.approx(0, abs=1e-6)
    assert 0 < score(real + 0.1 * noise) < score(real + 0.3 * noise)


def test_one_step_windows_are_refused():
    with pytest.raises(ValueError, match="have 1 step; Context-FID needs at least 2"):
        ContextFID(steps=1).compute(windows(5, length=1), windows(5, length=1), ScoreContext(seeds=[0]))


def test_views_without_dropout_are_a_valid_step():
    weights = initial_weights(np.random.default_rng(0), Architecture(1, 4, 4, 1))
    step = Views(torch.rand(6, 2, 1, generator=torch.Generator().manual_seed(0)), torch.ones(6, 2, 1), 3, 3)
    assert np.isfinite(train_encoder(weights, 4, [step]).losses).all()


def test_an_encoder_trains_as_long_as_published_unless_told():
    prepared = [ContextFID(steps=1).prepare(windows(9))]
    for metric, steps in ((ContextFID(), 200), (ContextFID(steps=7), 7)):
        assert metric.compute(windows(9), windows(9, 1), ScoreContext(prepared=prepared)).details["steps"] == steps
