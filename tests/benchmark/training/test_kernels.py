"""Linear maps and convolutions agree with PyTorch's own, forward and backward, whatever the processor."""

import pytest
import torch
from torch.nn import functional

from benchmark.training import build, kernels
from benchmark.training.kernels import Linear, conv1d, linear, uses_onednn

SHAPES = [(3, 9, 5, 4, 3, 1), (2, 8, 1, 6, 3, 2), (4, 7, 3, 3, 1, 1), (2, 11, 4, 2, 5, 3)]


@pytest.fixture(params=[True, False])
def _each_library(request, monkeypatch):
    monkeypatch.setattr(kernels, "is_amd_with_avx512", lambda: request.param)


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def gradients(output, inputs):
    direction = torch.cos(torch.arange(output.numel(), dtype=torch.float32)).reshape(output.shape)
    return torch.autograd.grad(output, inputs, direction)


def agree(found, expected, inputs):
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    for a, b in zip(gradients(found, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("_each_library")
@pytest.mark.parametrize("shape", [(7,), (5, 7), (2, 3, 7)])
@pytest.mark.parametrize("biased", [True, False])
def test_linear_is_the_linear_layer(shape, biased):
    x, weight, bias = normal(*shape), normal(4, 7, seed=1), normal(4, seed=2)
    given = (x, weight, bias) if biased else (x, weight)
    agree(linear(*given), functional.linear(*given), given)


@pytest.mark.usefixtures("_each_library")
@pytest.mark.parametrize(("batch", "length", "channels", "out", "width", "stride"), SHAPES)
def test_conv1d_is_the_convolution(batch, length, channels, out, width, stride):
    x, weight, bias = normal(batch, length, channels), normal(out, channels, width, seed=1), normal(out, seed=2)
    expected = functional.conv1d(x.transpose(1, 2), weight, bias, stride).transpose(1, 2)
    agree(conv1d(x, weight, bias, stride), expected, (x, weight, bias))


@pytest.mark.usefixtures("_each_library")
def test_a_strided_input_and_one_without_gradient_are_taken():
    x, weight, bias = normal(2, 5, 9), normal(3, 5, 3, seed=1), normal(3, seed=2)
    expected = functional.conv1d(x, weight, bias).transpose(1, 2)
    again = functional.conv1d(x.detach(), weight, bias).transpose(1, 2)
    agree(conv1d(x.transpose(1, 2), weight, bias), expected, (x, weight, bias))
    agree(conv1d(x.detach().transpose(1, 2), weight, bias), again, (weight, bias))


def test_the_processor_decides_and_only_for_float32(monkeypatch):
    for wide, chosen in ((True, torch.backends.mkldnn.is_available()), (False, False)):
        monkeypatch.setattr(kernels, "is_amd_with_avx512", lambda wide=wide: wide)
        assert uses_onednn(normal(2, 3)) is chosen
        assert not uses_onednn(normal(2, 3).double())
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert linear(normal(2, 3), normal(4, 3, seed=1)).dtype == torch.bfloat16


def test_a_layer_starts_as_pytorchs_does():
    ours = build(lambda: Linear(5, 4), torch.Generator().manual_seed(3))
    theirs = build(lambda: torch.nn.Linear(5, 4), torch.Generator().manual_seed(3))
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)
