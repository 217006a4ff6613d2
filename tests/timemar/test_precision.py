"""Mixed precision rounds products in training, and nothing else; the CUDA path runs where there is a device."""

import numpy as np
import pytest
import torch

from benchmark.interface import FitContext
from tests.devices import DEVICE
from timemar.generator import TimeMAR

TINY = {
    "vocab_size": 32, "z_channels": 8, "ch": 8, "attention": 1, "embed_dim": 16, "layers": 1, "heads": 2, "dropout": 0.1,
    "stage1_steps": 40, "stage1_batch": 16, "stage1_learning_rate": 5e-3, "stage2_steps": 20, "stage2_batch": 16,
    "kernels": (3, 9),
}  # fmt: skip


def waves(count=120):
    phase = np.random.default_rng(3).uniform(0, 6, (count, 1, 2))
    return (0.5 + 0.4 * np.sin(phase + np.arange(24)[:, None] / 3)).astype(np.float32)


def fit(device="cpu", **changes):
    return TimeMAR(**{**TINY, **changes}).fit(waves(), FitContext(seed=2, device=device))


@pytest.fixture(scope="module")
def full():
    return fit()


def types(generator):
    stages = (generator.tokenizer_, generator.transformer_)
    return {value.dtype for stage in stages for value in stage.parameters()}


def test_rounded_products_train_as_well(full):
    rounded = fit(precision="bfloat16")
    assert types(rounded) == types(full) == {torch.float32}
    assert rounded.measurements_["mse"] != full.measurements_["mse"]
    assert rounded.measurements_["mse"] < 0.9 * waves().var()
    assert rounded.measurements_["mse"] == pytest.approx(full.measurements_["mse"], rel=0.5)
    assert rounded.measurements_["train_nll"] == pytest.approx(full.measurements_["train_nll"], rel=0.3)


def test_the_first_losses_agree_to_the_precision_of_bfloat16():
    losses = {}
    for precision in ("float32", "bfloat16"):
        seen = []
        context = FitContext(seed=2, progress=lambda report, seen=seen: seen.append(report))
        TimeMAR(**{**TINY, "stage1_steps": 1, "stage2_steps": 1, "precision": precision}).fit(waves(), context)
        losses[precision] = [report.metrics["loss"] for report in seen if "loss" in report.metrics]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.02)
    assert losses["bfloat16"] != losses["float32"]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_cuda_device_trains_and_samples_as_the_cpu_does(full, precision, tmp_path):
    made = fit(DEVICE, precision=precision)
    assert {value.device.type for value in made.tokenizer_.parameters()} == {DEVICE}
    assert made.measurements_["mse"] == pytest.approx(full.measurements_["mse"], rel=0.5)
    assert made.sample(9, 1).shape == (9, 24, 2)
    made.save(tmp_path)
    device, cpu = TimeMAR.load(tmp_path, DEVICE).sample(64, 1), TimeMAR.load(tmp_path).sample(64, 1)
    same = np.isclose(device, cpu, atol=1e-3).all(axis=(1, 2))
    assert same.mean() > 0.9
