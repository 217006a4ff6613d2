"""Every generator and every metric on an accelerator: on CUDA where a device is there, and everywhere on one without hardware."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.config.generators import generator_names, load_class, load_spec, main_generator_names
from benchmark.training import NetworkGenerator
from metrics import registry
from tests import fake_accelerator
from tests.devices import DEVICE, Samples, fit_and_sample, scores

TRAIN_NETWORKS = {
    "discriminative",
    "discriminative_lstm2",
    "predictive",
    "context_fid",
    "context_kid",
    "context_fid_infinity",
    "block_c2st_lstm",
}
"""The metrics that compute on the device."""
Run = Callable[..., tuple[Any, int]]


@pytest.fixture(scope="module")
def on_fake() -> Iterator[Run]:
    """Call a function in a process that has the accelerator without hardware; its result, and the operations of the device."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=fake_accelerator.register) as pool:
        yield lambda call, *given: pool.submit(_on_fake, call, given).result()


def _on_fake(call: Callable[..., Any], given: tuple[Any, ...]) -> tuple[Any, int]:
    with fake_accelerator.accelerator() as operations:
        return call(*given, fake_accelerator.NAME), len(operations)


@pytest.mark.parametrize("name", generator_names())
def test_a_fit_leaves_nothing_on_the_cpu(name: str, on_fake: Run) -> None:
    samples, operations = on_fake(fit_and_sample, name)
    assert (operations > 0) == trains_a_network(name)
    np.testing.assert_array_equal(samples.loaded, samples.fitted)
    # The fake device draws the CPU's numbers, so that what differs is the path that the model takes on an accelerator.
    np.testing.assert_allclose(samples.on_cpu, samples.fitted, atol=1e-4)


@pytest.mark.parametrize("name", registry.names())
def test_a_metric_leaves_nothing_on_the_cpu(name: str, on_fake: Run) -> None:
    found, operations = on_fake(scores, name)
    assert (operations > 0) == (name in TRAIN_NETWORKS)
    assert found == pytest.approx(scores(name, "cpu"), rel=1e-4)


# On the CPU the promises of every generator are checked elsewhere, so that those with a base of their own are left out.
@pytest.mark.parametrize("name", main_generator_names() if DEVICE == "cpu" else generator_names())
def test_a_real_device_fits_samples_saves_and_loads(name: str) -> None:
    samples: Samples = fit_and_sample(name, DEVICE)
    assert (samples.fitted.shape, samples.fitted.dtype) == ((3, 24, 2), np.float32)
    assert np.isfinite(samples.fitted).all()
    assert np.isfinite(samples.on_cpu).all()
    np.testing.assert_allclose(samples.loaded, samples.fitted, atol=1e-3)


@pytest.mark.parametrize("name", sorted(TRAIN_NETWORKS))
def test_a_real_device_scores(name: str) -> None:
    # Two steps of training: a classifier's answers may differ in a window or two of the 24.
    assert scores(name, DEVICE) == pytest.approx(scores(name, "cpu"), rel=0.05, abs=0.1)


def trains_a_network(name: str) -> bool:
    return issubclass(load_class(load_spec(name)), NetworkGenerator) or name.startswith(("timemar", "sdformer"))


class Planted(nn.Module):
    """A linear map (B, 3) to (B, 3) with a constant that `to` does not move."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 3))
        self.shift = torch.ones(3)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight) + self.shift


def planted_constant(device: str) -> Tensor:
    return Planted().to(device)(torch.zeros(2, 3, device=device))


def planted_input(device: str) -> Tensor:
    return functional.linear(torch.zeros(2, 3), Planted().to(device).weight)


def planted_generator(device: str) -> Tensor:
    return torch.rand(3, device=device, generator=torch.Generator().manual_seed(1))


def planted_index(device: str) -> Tensor:
    return torch.zeros(3, device=device)[torch.tensor([0, 2])]


def planted_gradient(device: str) -> Tensor:
    weight = torch.ones(3, device=device, requires_grad=True)
    (gradient,) = torch.autograd.grad((weight * 2).sum(), weight)
    return gradient + torch.ones(3)


def planted_kernel(device: str) -> Tensor:
    x = torch.ones(2, 3, device=device)
    return torch.ops.mkldnn._linear_pointwise(x, torch.ones(3, 3, device=device), None, "none", [], "")


def planted_array(device: str) -> object:
    return torch.ones(3, device=device).numpy()


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (planted_constant, r"aten::add has an operand \(3,\) on the cpu"),
        (planted_input, r"aten::\w+ has an operand \(2, 3\) on the cpu"),
        (planted_generator, "aten::rand draws from a generator of the device cpu for fakecuda"),
        (planted_index, r"aten::index has an operand \(2,\) on the cpu"),
        (planted_gradient, r"aten::add has an operand \(3,\) on the cpu"),
        (planted_kernel, "mkldnn::_linear_pointwise exists on the CPU only"),
        (planted_array, r"is read as an array; copy it with cpu\(\) first"),
    ],
)
def test_what_is_left_on_the_cpu_is_found(call: Callable[..., Any], reason: str, on_fake: Run) -> None:
    with pytest.raises(fake_accelerator.DeviceMismatch, match=reason):
        on_fake(call)


def moved(device: str) -> list[object]:
    """What a sound program does: parameters moved, a number of the CPU in a product, values read back, gradients."""
    module = Planted().to(device)
    module.shift = module.shift.to(device)
    start = torch.rand(2, 3, device=device, generator=torch.Generator(device).manual_seed(1))
    out = module(start) * torch.tensor(2.0)
    out.sum().backward()
    assert module.weight.grad is not None
    return [str(out.device), module.weight.grad.tolist(), out.cpu().shape, bool((start > 0).any()), float(start.max())]


def test_a_sound_program_passes_and_computes_what_the_cpu_does(on_fake: Run) -> None:
    found, operations = on_fake(moved)
    assert found == ["fakecuda:0", *moved("cpu")[1:]]
    assert operations > 10
