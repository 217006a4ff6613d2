"""Products through oneDNN agree with PyTorch's own layers, forward and backward."""

import pytest
import torch
from torch.nn import functional

from benchmark.training import build
from benchmark.training.onednn import Linear, affine, convolve, prefers_onednn

SHAPES = [(3, 9, 5, 4, 3, 1), (2, 8, 1, 6, 3, 2), (4, 7, 3, 3, 1, 1), (2, 11, 4, 2, 5, 3)]


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def gradients(output, inputs):
    direction = torch.cos(torch.arange(output.numel(), dtype=torch.float32)).reshape(output.shape)
    return torch.autograd.grad(output, inputs, direction)


def agree(found, expected, inputs):
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    for a, b in zip(gradients(found, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(7,), (5, 7), (2, 3, 7)])
@pytest.mark.parametrize("biased", [True, False])
def test_affine_is_the_linear_layer(shape, biased):
    x, weight, bias = normal(*shape), normal(4, 7, seed=1), normal(4, seed=2)
    given = (x, weight, bias) if biased else (x, weight)
    agree(affine(*given), functional.linear(*given), given)


@pytest.mark.parametrize(("batch", "length", "channels", "out", "width", "stride"), SHAPES)
def test_convolve_is_the_convolution(batch, length, channels, out, width, stride):
    x, weight, bias = normal(batch, length, channels), normal(out, channels, width, seed=1), normal(out, seed=2)
    expected = functional.conv1d(x.transpose(1, 2), weight, bias, stride).transpose(1, 2)
    agree(convolve(x, weight, bias, stride), expected, (x, weight, bias))


def test_a_strided_input_and_one_without_gradient_are_taken():
    x, weight, bias = normal(2, 5, 9), normal(3, 5, 3, seed=1), normal(3, seed=2)
    expected = functional.conv1d(x, weight, bias).transpose(1, 2)
    again = functional.conv1d(x.detach(), weight, bias).transpose(1, 2)
    agree(convolve(x.transpose(1, 2), weight, bias), expected, (x, weight, bias))
    agree(convolve(x.detach().transpose(1, 2), weight, bias), again, (weight, bias))


def test_what_onednn_does_not_take_goes_to_pytorch():
    x, weight = normal(2, 3).double(), normal(4, 3, seed=1).double()
    assert not prefers_onednn(x)
    assert torch.equal(affine(x, weight), functional.linear(x, weight))
    assert convolve(normal(2, 6, 3).double(), normal(4, 3, 3).double()).shape == (2, 4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert affine(normal(2, 3), normal(4, 3, seed=1)).dtype == torch.bfloat16


def test_a_layer_starts_as_pytorchs_does():
    ours = build(lambda: Linear(5, 4), torch.Generator().manual_seed(3))
    theirs = build(lambda: torch.nn.Linear(5, 4), torch.Generator().manual_seed(3))
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)
