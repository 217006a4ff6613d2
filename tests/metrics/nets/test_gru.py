"""The batched GRU against an independent implementation: a plain loop in float64, and autograd through it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from metrics.nets.adam import TensorFlowAdam
from metrics.nets.gru import Cells, Kernels, Layout, initial_kernels, with_ones


def plain_states(kernels: list[torch.Tensor], x: torch.Tensor) -> list[torch.Tensor]:
    """The cell as the paper writes it, windows (B, T, D) one step at a time."""
    gates, gates_bias, candidate, candidate_bias = kernels[:4]
    H = candidate.shape[1]
    h = torch.zeros(len(x), H, dtype=x.dtype)
    states = []
    for t in range(x.shape[1]):
        r, u = torch.sigmoid(torch.cat([x[:, t], h], 1) @ gates + gates_bias).split(H, 1)
        c = torch.tanh(torch.cat([x[:, t], r * h], 1) @ candidate + candidate_bias)
        h = u * h + (1 - u) * c
        states.append(h)
    return states


def random_kernels(rng: np.random.Generator, D: int, H: int) -> Kernels:
    return Kernels(*(rng.normal(0, 0.7, part.shape).astype(np.float32) for part in initial_kernels(rng, D, H)))


@pytest.mark.parametrize(("D", "H"), [(1, 1), (2, 1), (6, 3), (9, 4)])
@pytest.mark.parametrize("every_state", [False, True])
def test_states_and_gradients_are_those_of_autograd(D, H, every_state):
    rng, layout = np.random.default_rng(D), Layout(D, H)
    R, B, T, N = 3, 7, 5, 20
    networks = [random_kernels(rng, D, H) for _ in range(R)]
    windows = rng.random((N, T, D), np.float32)
    rows = torch.from_numpy(rng.integers(0, N, (R, B)))
    slopes = torch.from_numpy(rng.normal(size=(T, R, H, B)).astype(np.float32))
    if not every_state:
        slopes[:-1] = 0

    parameters = torch.from_numpy(np.stack([layout.pack(network) for network in networks]))
    gradient = torch.zeros_like(parameters)
    cells = Cells(layout, R, B, T)
    cells.take(torch.from_numpy(with_ones(windows)), rows)
    states = cells.forward(layout.views(parameters * layout.doubling(parameters)))
    upstream = list(slopes) if every_state else [torch.tensor(0.0)] * (T - 1) + [slopes[-1]]
    cells.backward(layout.views(parameters), upstream, layout.views(gradient))

    for r, network in enumerate(networks):
        leaves = [torch.from_numpy(part).double().requires_grad_() for part in network]
        expected = torch.stack(plain_states(leaves, torch.from_numpy(windows[rows[r].numpy()]).double()))
        np.testing.assert_allclose(states[1:, r].transpose(1, 2), expected.detach(), atol=2e-6)
        (expected * slopes[:, r].transpose(1, 2)).sum().backward()
        for ours, leaf in zip(layout.unpack(gradient[r].numpy())[:4], leaves[:4], strict=True):
            np.testing.assert_allclose(ours, leaf.grad, atol=2e-5, rtol=1e-4)


def test_packing_is_undone_by_unpacking():
    layout = Layout(5, 2)
    kernels = random_kernels(np.random.default_rng(0), 5, 2)
    row = layout.pack(kernels)
    assert len(row) == layout.size == sum(part.size for part in kernels)
    for part, back in zip(kernels, layout.unpack(row), strict=True):
        np.testing.assert_array_equal(part, back)


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


def test_adam_takes_tensorflow_steps():
    """The closed form of the first step: rate · g / (|g| + ε / √(1 − β₂)), where ε matters only for tiny slopes."""
    gradient = torch.tensor([3.0, -1e-3, 1e-8], dtype=torch.float64)
    parameters = torch.zeros(3, dtype=torch.float64)
    TensorFlowAdam(parameters).step(gradient)
    expected = -1e-3 * gradient / (gradient.abs() + 1e-8 / np.sqrt(1e-3))
    np.testing.assert_allclose(parameters, expected, rtol=1e-10)
    assert abs(parameters[2]) < 0.05 * abs(parameters[0])
