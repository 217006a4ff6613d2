"""Convolutions with TensorFlow's "same" padding against loops of its rule and Keras; their initial values are Glorot's."""

import numpy as np
import pytest
import torch

from baselines.timevae.keras_conv import SameConv, SameConvTranspose, same_length
from benchmark.training import build

# Steps, inputs, outputs, width, stride: even and odd numbers of steps, TimeVAE's width and stride, and others.
SHAPES = [
    (24, 3, 4, 3, 2),
    (6, 2, 5, 3, 2),
    (7, 3, 2, 3, 2),
    (1, 2, 3, 3, 2),
    (9, 2, 2, 5, 3),
    (10, 1, 3, 4, 1),
    (8, 2, 3, 2, 3),
]


def made(layer, inputs, outputs, width, stride):
    layer = build(lambda: layer(inputs, outputs, width, stride), torch.Generator().manual_seed(0))
    with torch.no_grad():
        layer.bias += torch.linspace(-1, 1, outputs)
    return layer


def sequence(length, channels):
    return torch.randn((3, length, channels), generator=torch.Generator().manual_seed(1))


def convolved(x, weight, bias, stride):
    """TensorFlow's rule: ⌈T / stride⌉ steps, zeros where a tap leaves the sequence, the odd one on the right."""
    batch, length, _ = x.shape
    width = weight.shape[2]
    steps = int(np.ceil(length / stride))
    left = max((steps - 1) * stride + width - length, 0) // 2
    y = np.tile(bias, (batch, steps, 1)).astype(np.float64)
    for t in range(steps):
        for k in range(width):
            place = t * stride + k - left
            if 0 <= place < length:
                y[:, t] += x[:, place] @ weight[:, :, k].T
    return y


def transposed(x, weight, bias, stride):
    """The adjoint of `convolved` from T · stride steps to T: a tap writes where the convolution's tap would read."""
    batch, length, _ = x.shape
    width = len(weight)
    left = max((length - 1) * stride + width - length * stride, 0) // 2
    y = np.tile(bias, (batch, length * stride, 1)).astype(np.float64)
    for t in range(length):
        for k in range(width):
            place = t * stride + k - left
            if 0 <= place < length * stride:
                y[:, place] += x[:, t] @ weight[k].T
    return y


def arrays(layer, x):
    return [value.detach().double().numpy() for value in (x, layer.weight, layer.bias)]


@pytest.mark.parametrize(("length", "inputs", "outputs", "width", "stride"), SHAPES)
@pytest.mark.parametrize(("kind", "loop"), [(SameConv, convolved), (SameConvTranspose, transposed)])
def test_it_is_the_loop_of_tensorflows_rule(kind, loop, length, inputs, outputs, width, stride):
    layer, x = made(kind, inputs, outputs, width, stride), sequence(length, inputs)
    assert np.allclose(layer(x).detach().numpy(), loop(*arrays(layer, x), stride), atol=1e-5)


@pytest.mark.parametrize(("length", "inputs", "outputs", "width", "stride"), SHAPES[:5])
def test_the_gradients_are_those_of_double_precision_and_of_differences(length, inputs, outputs, width, stride):
    for kind in (SameConv, SameConvTranspose):
        layer, x = made(kind, inputs, outputs, width, stride), sequence(length, inputs).requires_grad_()
        layer(x).sin().sum().backward()
        double = made(kind, inputs, outputs, width, stride).double()
        values = [v.detach().double().requires_grad_() for v in (x, *layer.parameters())]

        def run(x, weight, bias, layer=double):
            return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, x).sin()

        assert torch.autograd.gradcheck(run, values, fast_mode=True)
        expected = torch.autograd.grad(run(*values).sum(), values)
        for found, gradient in zip((x, *layer.parameters()), expected, strict=True):
            assert torch.allclose(found.grad.double(), gradient, atol=1e-4)


def test_both_are_the_layers_of_keras():
    keras = pytest.importorskip("tensorflow").keras
    # Keras draws unseeded initial values from the global state.
    quiet = {"padding": "same", "kernel_initializer": "zeros"}
    for length, inputs, outputs, width, stride in SHAPES:
        x = sequence(length, inputs)
        for kind, reference in ((SameConv, keras.layers.Conv1D), (SameConvTranspose, keras.layers.Conv1DTranspose)):
            layer, theirs = made(kind, inputs, outputs, width, stride), reference(outputs, width, stride, **quiet)
            theirs.build((None, length, inputs))
            weight = layer.weight.detach().numpy()
            theirs.set_weights([weight.transpose(2, 1, 0) if kind is SameConv else weight, layer.bias.detach().numpy()])
            assert np.allclose(layer(x).detach().numpy(), np.asarray(theirs(x.numpy())), atol=1e-5)


def test_the_odd_zero_is_on_the_right_and_the_odd_step_is_cut_there():
    layer = build(lambda: SameConv(1, 1, 3, 2), torch.Generator().manual_seed(0))
    back = build(lambda: SameConvTranspose(1, 1, 3, 2), torch.Generator().manual_seed(0))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[1.0, 10.0, 100.0]]]))
        back.weight.copy_(torch.tensor([[[1.0]], [[10.0]], [[100.0]]]))
    x = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 4, 1)
    assert layer(x).flatten().tolist() == [321.0, 43.0]
    assert back(x[:, :2]).flatten().tolist() == [1.0, 10.0, 102.0, 20.0]


def test_lengths():
    assert [same_length(length, 2) for length in (24, 12, 6, 3, 1)] == [12, 6, 3, 2, 1]
    assert [same_length(length, 3) for length in (1, 3, 4, 9, 10)] == [1, 1, 2, 3, 4]


@pytest.mark.parametrize("kind", [SameConv, SameConvTranspose])
def test_initial_values_are_glorots_over_whole_taps(kind):
    layer = build(lambda: kind(40, 60, 3, 2), torch.Generator().manual_seed(0))
    limit = (6 / (3 * 40 + 3 * 60)) ** 0.5
    assert 0.99 * limit < float(layer.weight.detach().abs().max()) <= limit
    assert float(layer.weight.detach().std()) == pytest.approx(limit / 3**0.5, rel=0.05)
    assert not layer.bias.any()
