"""TensorFlow's scores against the reference traces and against PyTorch's, step by step from the same weights and batches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from metrics import registry
from metrics.base import ScoreContext
from metrics.discriminative import Discriminative
from metrics.nets.classifier import train_classifiers
from metrics.nets.gru import Kernels, Layout, with_ones
from metrics.nets.predictor import train_predictors
from metrics.predictive import Predictive
from metrics.tensorflow_backend import discriminative, predictive
from metrics.tensorflow_backend.recurrent import Network, initial_kernels

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden"
CLASSES = {
    "discriminative": (discriminative.TensorFlowDiscriminative, Discriminative),
    "predictive": (predictive.TensorFlowPredictive, Predictive),
}


@pytest.fixture(scope="module")
def tf():
    """TensorFlow; the tests that ask for it are skipped where the extra is not installed."""
    return pytest.importorskip("tensorflow", reason='needs TensorFlow: pip install "timemar-benchmark[tensorflow]"')


def reference_kernels(trace, prefix: str, network: str, cell: str) -> Kernels:
    recurrent = ("gates.kernel", "gates.bias", "candidate.kernel", "candidate.bias")
    parts = [f"rnn.{cell}.{name}" for name in recurrent] + ["dense.kernel", "dense.bias"]
    return Kernels(*(trace[f"{prefix}.{network}.{part}"] for part in parts))


def random_kernels(D: int, H: int) -> Kernels:
    rng = np.random.default_rng(D)
    shapes = [(D + H, 2 * H), (2 * H,), (D + H, H), (H,), (H, 1), (1,)]
    return Kernels(*(rng.normal(0, 0.5, shape).astype(np.float32) for shape in shapes))


def assert_near(ours: Kernels, theirs: Kernels, atol: float) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, atol=atol, rtol=0)


def compare_classifiers(
    start: Kernels, windows: np.ndarray, batches: np.ndarray, real: int
) -> tuple[Network, np.ndarray]:
    """Train on both back ends from `start` on batches (steps, B); TensorFlow's network and losses."""
    D, H = windows.shape[2], len(start.candidate_bias)
    network = Network(D, H, every_state=False)
    network.assign(start)
    losses = discriminative.train_classifier(network, windows, batches, real)
    layout = Layout(D, H)
    row = torch.from_numpy(layout.pack(start)[None])
    rows = torch.from_numpy(batches)[:, None]
    torch_losses = train_classifiers(
        row, layout, torch.from_numpy(with_ones(windows)), rows, real, rows.shape[2] - real
    )
    np.testing.assert_allclose(losses, torch_losses[:, 0].numpy(), atol=1e-6, rtol=0)
    assert_near(network.kernels(), layout.unpack(row[0].numpy()), atol=1e-5)
    return network, losses


def compare_predictors(start: Kernels, windows: np.ndarray, batches: np.ndarray) -> tuple[Network, np.ndarray]:
    """Train on both back ends from `start` on batches (steps, B); TensorFlow's network and losses."""
    inputs, targets = predictive.inputs_and_targets(windows)
    D, H = inputs.shape[2], len(start.candidate_bias)
    network = Network(D, H, every_state=True)
    network.assign(start)
    losses = predictive.train_predictor(network, inputs, targets, batches)
    layout = Layout(D, H)
    row = torch.from_numpy(layout.pack(start)[None])
    data = [torch.from_numpy(part) for part in (with_ones(inputs), targets[:, :, 0].copy())]
    torch_losses = train_predictors(row, layout, *data, torch.from_numpy(batches)[:, None])
    np.testing.assert_allclose(losses, torch_losses[:, 0].numpy(), atol=1e-6, rtol=0)
    assert_near(network.kernels(), layout.unpack(row[0].numpy()), atol=1e-5)
    return network, losses


@pytest.mark.usefixtures("tf")
def test_classifier_follows_the_reference_trace_and_pytorch():
    trace = np.load(GOLDEN / "exact_disc_trace_sines.npz")
    windows = np.concatenate([trace["real"], trace["fake"]])
    n = len(trace["real"])
    batches = np.concatenate([trace["idx_real"].astype(np.int64), n + trace["idx_fake"].astype(np.int64)], axis=1)
    start = reference_kernels(trace, "init", "discriminator", "d_cell")

    network, losses = compare_classifiers(start, windows, batches, 128)

    np.testing.assert_allclose(losses, trace["loss"], atol=1e-6, rtol=0)
    assert_near(network.kernels(), reference_kernels(trace, "final", "discriminator", "d_cell"), atol=1e-5)
    _, fake_accuracy, real_accuracy = trace["score"]
    assert discriminative.predict_is_real(network, trace["real"][trace["eval_idx_real"]]).mean() == real_accuracy
    assert 1 - discriminative.predict_is_real(network, trace["fake"][trace["eval_idx_fake"]]).mean() == fake_accuracy


@pytest.mark.usefixtures("tf")
def test_predictor_follows_the_reference_trace_and_pytorch():
    trace = np.load(GOLDEN / "exact_pred_trace_sines.npz")
    start = reference_kernels(trace, "init", "predictor", "p_cell")

    network, losses = compare_predictors(start, trace["fake"], trace["idx_fake"].astype(np.int64))

    np.testing.assert_allclose(losses, trace["loss"], atol=1e-6, rtol=0)
    assert_near(network.kernels(), reference_kernels(trace, "final", "predictor", "p_cell"), atol=1e-5)
    error = predictive.mean_absolute_error(network, *predictive.inputs_and_targets(trace["real"]))
    assert error == pytest.approx(trace["score"], abs=1e-6)


@pytest.mark.usefixtures("tf")
def test_one_feature_and_unequal_halves_train_as_in_pytorch():
    rng = np.random.default_rng(0)
    windows = rng.random((30, 5, 1), np.float32)
    batches = rng.integers(0, 30, (5, 12))
    compare_classifiers(random_kernels(1, 1), windows, batches, real=5)
    compare_predictors(random_kernels(1, 1), windows, batches)


@pytest.mark.usefixtures("tf")
def test_initial_values_are_glorot_uniform_on_the_whole_kernel():
    D, H = 20, 10
    kernels = initial_kernels(np.random.default_rng(1), D, H)
    for part, shape in ((kernels.gates, (D + H, 2 * H)), (kernels.candidate, (D + H, H)), (kernels.dense, (H, 1))):
        limit = np.sqrt(6 / sum(shape))
        assert part.shape == shape
        assert 0.7 * limit < np.abs(part).max() <= limit
    assert kernels.gates.std() == pytest.approx(np.sqrt(2 / (D + 3 * H)), rel=0.06)
    np.testing.assert_array_equal(kernels.gates_bias, np.ones(2 * H))
    np.testing.assert_array_equal(kernels.candidate_bias, np.zeros(H))
    np.testing.assert_array_equal(kernels.dense_bias, [0])
    assert not np.array_equal(kernels.gates[:, :H], kernels.candidate)
    network = Network(D, H, every_state=False)
    network.assign(kernels)
    assert_near(network.kernels(), kernels, atol=0)


@pytest.mark.usefixtures("tf")
@pytest.mark.parametrize("name", CLASSES)
def test_same_seeds_give_same_bytes_and_a_repetition_is_its_own(name):
    real, fake = np.random.default_rng(0).random((2, 40, 6, 3), np.float32)
    metric = registry.load(name, backend="tensorflow")(steps=4)
    first, again = (
        metric.compute(real, fake * 0.5, ScoreContext(seeds=[3, 4])),
        metric.compute(real, fake * 0.5, ScoreContext(seeds=[4, 3])),
    )
    assert again.values == first.values[::-1]
    assert again.details["final_loss"] == first.details["final_loss"][::-1]
    assert first.details["final_loss"][0] != first.details["final_loss"][1]


@pytest.mark.usefixtures("tf")
def test_windows_far_apart_are_told_apart_and_one_feature_is_marked():
    real, fake = np.random.default_rng(0).random((2, 100, 6, 1), np.float32) * 0.3
    seen = []
    metric = discriminative.TensorFlowDiscriminative(steps=600)
    score = metric.compute(real, fake + 0.7, ScoreContext(seeds=[6], progress=lambda *p: seen.append(p)))
    assert score.values[0] > 0.45
    assert (score.details["units"], score.details["comparable"], score.details["windows"]) == (1, False, 100)
    assert seen == [(done, 600) for done in range(50, 601, 50)]


@pytest.mark.usefixtures("tf")
def test_a_constant_target_is_learned_and_its_shift_is_the_error():
    fake, real = np.random.default_rng(0).random((2, 150, 6, 1), np.float32)
    fake[:], real[:] = 0.5, 0.7
    score = predictive.TensorFlowPredictive(steps=300).compute(real, fake, ScoreContext(seeds=[0]))
    assert score.values[0] == pytest.approx(0.2, abs=0.02)
    assert score.details["comparable"] is False
    with pytest.raises(ValueError, match="the windows have 1 step"):
        predictive.TensorFlowPredictive(steps=5).compute(real[:, :1], fake[:, :1], ScoreContext(seeds=[0]))


@pytest.mark.parametrize("name", CLASSES)
def test_the_sheet_and_the_floor_are_those_of_pytorch(name):
    ours, theirs = CLASSES[name]
    assert issubclass(ours, theirs)
    assert ours.info is theirs.info
    assert ours().floor(3662) == theirs().floor(3662)
    assert vars(ours()) == vars(theirs())


@pytest.mark.usefixtures("tf")
def test_loading_metrics_imports_neither_pytorch_nor_tensorflow():
    load = "from metrics import registry; [registry.load(name) for name in registry.names()]"
    code = f"import sys; {load}; print('torch' in sys.modules, 'tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_registry_knows_the_back_ends(monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: name)
    assert registry.load("predictive") is Predictive
    for name, (ours, _) in CLASSES.items():
        assert registry.load(name, backend="tensorflow") is ours
    with pytest.raises(ValueError, match="unknown back end 'jax'; choose one of: torch, tensorflow"):
        registry.load("predictive", backend="jax")
    with pytest.raises(ValueError, match="'context_fid' has no back end 'tensorflow', only discriminative, predictive"):
        registry.load("context_fid", backend="tensorflow")
    with pytest.raises(ValueError, match="unknown metric 'predictiv'; did you mean"):
        registry.load("predictiv", backend="tensorflow")


def test_a_missing_package_is_named_with_its_cure(monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'pip install "timemar-benchmark\[tensorflow\]"'):
        registry.load("predictive", backend="tensorflow")
