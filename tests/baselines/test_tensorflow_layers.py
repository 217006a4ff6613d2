"""The recurrent layers against TensorFlow's, their gradients against differences, their initial values against Glorot's range."""

import numpy as np
import pytest
import torch

from baselines.tensorflow_layers import Dense, GRULayer, LSTMLayer
from benchmark.training import build, count_parameters

T, B, D, H = 7, 5, 3, 4
# Keras draws unseeded initial values, and seeds of dropout, from the global state.
QUIET = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros", "seed": 0}


def made(make, seed=0):
    return build(make, torch.Generator().manual_seed(seed))


def sequence(seed=1):
    return torch.randn((T, B, D), generator=torch.Generator().manual_seed(seed))


def test_the_gru_is_tensorflows_that_resets_before_the_product():
    keras = pytest.importorskip("tensorflow").keras
    layer = made(lambda: GRULayer(D, H))
    with torch.no_grad():
        layer.gates_bias += torch.linspace(-1, 1, 2 * H)
        layer.candidate_bias += torch.linspace(-0.5, 0.5, H)
    r, u = layer.gates.detach().split(H, dim=1)
    r_bias, u_bias = layer.gates_bias.detach().split(H)
    # Keras has the update gate first.
    weights = torch.cat((u, r, layer.candidate.detach()), dim=1)
    bias = torch.cat((u_bias, r_bias, layer.candidate_bias.detach()))
    reference = keras.layers.RNN(keras.layers.GRUCell(H, reset_after=False, **QUIET), return_sequences=True)
    reference.build((B, T, D))
    reference.set_weights([weights[:D].numpy(), weights[D:].numpy(), bias.numpy()])
    x = sequence()
    expected = np.asarray(reference(x.transpose(0, 1).numpy())).swapaxes(0, 1)
    assert np.allclose(layer(x).detach().numpy(), expected, atol=1e-6)


def test_the_lstm_is_that_of_keras():
    keras = pytest.importorskip("tensorflow").keras
    layer = made(lambda: LSTMLayer(D, H))
    reference = keras.layers.LSTM(H, return_sequences=True, **QUIET)
    reference.build((B, T, D))
    forget = np.repeat([0.0, 1.0, 0.0, 0.0], H)
    assert np.array_equal(reference.get_weights()[2], forget)  # both start there
    assert np.array_equal(layer.bias.detach().numpy(), forget)
    reference.set_weights([w.detach().numpy().T for w in (layer.inputs, layer.states, layer.bias)])
    x = sequence()
    expected = np.asarray(reference(x.transpose(0, 1).numpy())).swapaxes(0, 1)
    assert np.allclose(layer(x).detach().numpy(), expected, atol=1e-6)


def test_the_grus_gradient_is_the_quotient_of_differences():
    layer = made(lambda: GRULayer(D, H)).double()
    x = sequence().double().requires_grad_()
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), x)

    values = [p.detach().clone().requires_grad_() for p in layer.parameters()]
    assert torch.autograd.gradcheck(run, (x, *values))


def test_counts_are_those_of_one_set_of_biases():
    assert count_parameters(made(lambda: GRULayer(D, H))) == 3 * H * (D + H + 1)
    assert count_parameters(made(lambda: LSTMLayer(20, 32))) == 4 * 32 * (20 + 32 + 1)


def test_initial_values_are_glorots():
    dense, gru, lstm = made(lambda: Dense(300, 100)), made(lambda: GRULayer(60, 90)), made(lambda: LSTMLayer(60, 90))
    for values, limit in (
        (dense.weight, (6 / 400) ** 0.5),
        (gru.gates, (6 / (150 + 180)) ** 0.5),
        (gru.candidate, (6 / (150 + 90)) ** 0.5),
        (lstm.inputs, (6 / (60 + 360)) ** 0.5),
        (lstm.states, (6 / (90 + 360)) ** 0.5),
    ):
        assert 0.99 * limit < float(values.detach().abs().max()) <= limit
        assert float(values.detach().std()) == pytest.approx(limit / 3**0.5, rel=0.05)
    assert (gru.gates_bias == 1).all()
    assert not dense.bias.any()
    assert not gru.candidate_bias.any()


def test_the_lstms_gradient_is_the_same_in_double_precision():
    single, double = made(lambda: LSTMLayer(D, H)), made(lambda: LSTMLayer(D, H)).double()
    for layer, x in ((single, sequence()), (double, sequence().double())):
        layer(x).sin().sum().backward()
    for a, b in zip(single.parameters(), double.parameters(), strict=True):
        assert torch.allclose(a.grad.double(), b.grad, atol=1e-5)
