"""The recurrent networks against traces of the reference evaluation: losses and weights of thirty steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from metrics.nets.classifier import predict_is_real, train_classifiers
from metrics.nets.gru import Kernels, Layout, with_ones
from metrics.nets.predictor import inputs_and_targets, mean_absolute_errors, train_predictors

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden"


def kernels(trace, prefix: str, network: str, cell: str) -> Kernels:
    names = ("gates.kernel", "gates.bias", "candidate.kernel", "candidate.bias")
    recurrent = [trace[f"{prefix}.{network}.rnn.{cell}.{name}"] for name in names]
    return Kernels(*recurrent, *(trace[f"{prefix}.{network}.dense.{name}"] for name in ("kernel", "bias")))


def largest_difference(ours: Kernels, theirs: Kernels) -> float:
    assert [a.shape for a in ours] == [b.shape for b in theirs]
    return max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("repetitions", [1, 3])
def test_classifier_follows_the_reference_trace(repetitions):
    trace = np.load(GOLDEN / "exact_disc_trace_sines.npz")
    layout = Layout(features=5, units=2)
    row = layout.pack(kernels(trace, "init", "discriminator", "d_cell"))
    parameters = torch.from_numpy(np.stack([row] * repetitions))
    n = len(trace["real"])
    windows = torch.from_numpy(with_ones(np.concatenate([trace["real"], trace["fake"]])))
    rows = np.concatenate([trace["idx_real"].astype(np.int64), n + trace["idx_fake"].astype(np.int64)], axis=1)
    batches = torch.from_numpy(np.repeat(rows[:, None], repetitions, axis=1))

    losses = train_classifiers(parameters, layout, windows, batches, 128, 128)

    np.testing.assert_allclose(losses.numpy(), np.repeat(trace["loss"][:, None], repetitions, 1), atol=1e-6, rtol=0)
    final = kernels(trace, "final", "discriminator", "d_cell")
    for trained in parameters.numpy():
        assert largest_difference(layout.unpack(trained), final) < 1e-6
    tests = np.concatenate([trace["eval_idx_real"].astype(np.int64), n + trace["eval_idx_fake"].astype(np.int64)])
    called = predict_is_real(parameters, layout, windows, torch.from_numpy(np.stack([tests] * repetitions)))
    score, fake_accuracy, real_accuracy = trace["score"]
    assert called[0, :40].mean() == real_accuracy
    assert 1 - called[0, 40:].mean() == fake_accuracy
    assert abs((called[0, :40].mean() + 1 - called[0, 40:].mean()) / 2 - 0.5) == score


def test_predictor_follows_the_reference_trace():
    trace = np.load(GOLDEN / "exact_pred_trace_sines.npz")
    layout = Layout(features=4, units=2)
    parameters = torch.from_numpy(layout.pack(kernels(trace, "init", "predictor", "p_cell"))[None])
    inputs, targets = (torch.from_numpy(part) for part in inputs_and_targets(trace["fake"]))
    batches = torch.from_numpy(trace["idx_fake"].astype(np.int64))[:, None]

    losses = train_predictors(parameters, layout, inputs, targets, batches)

    np.testing.assert_allclose(losses[:, 0].numpy(), trace["loss"], atol=1e-6, rtol=0)
    final = kernels(trace, "final", "predictor", "p_cell")
    assert largest_difference(layout.unpack(parameters[0].numpy()), final) < 1e-6
    inputs, targets = (torch.from_numpy(part) for part in inputs_and_targets(trace["real"]))
    assert mean_absolute_errors(parameters, layout, inputs, targets)[0] == pytest.approx(trace["score"], abs=1e-6)
