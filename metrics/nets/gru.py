"""The GRU cell of TensorFlow 1, many small networks at once, with its gradient written out by hand.

The cell resets before the product: [r, u] = σ(W_g [x, h] + b_g), c = tanh(W_c [x, r∘h] + b_c), h ← u∘h + (1 − u)∘c
(Cho et al. 2014, equations 5 to 8, with u and 1 − u exchanged); `torch.nn.GRU` resets after it. R networks (one per repetition)
run side by side as batched products, with the windows B as the last, contiguous axis: for two to twenty-five units the cost of
a step is the number of operations, not their size. On an AMD EPYC (two cores, no AVX-512) a training step of five classifiers on
Stocks takes 2.7 times as long through autograd with the same products (`python -m tests.speed.gradient_speed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float32]


class Kernels(NamedTuple):
    """One network's weights in TensorFlow's shapes: rows [x; h], columns [r | u]; D features, H units."""

    gates: Floats
    """(D + H, 2H)"""
    gates_bias: Floats
    """(2H,)"""
    candidate: Floats
    """(D + H, H)"""
    candidate_bias: Floats
    """(H,)"""
    dense: Floats
    """(H, 1)"""
    dense_bias: Floats
    """(1,)"""


def initial_kernels(rng: np.random.Generator, features: int, units: int) -> Kernels:
    """Glorot-uniform products, gate biases 1, all other biases 0: TensorFlow 1's initial values."""

    def glorot(rows: int, columns: int) -> Floats:
        limit = (6 / (rows + columns)) ** 0.5
        return rng.uniform(-limit, limit, (rows, columns)).astype(np.float32)

    return Kernels(
        glorot(features + units, 2 * units),
        np.ones(2 * units, np.float32),
        glorot(features + units, units),
        np.zeros(units, np.float32),
        glorot(units, 1),
        np.zeros(1, np.float32),
    )


class Weights(NamedTuple):
    """Views of R networks' flat parameters in the shapes that the products want; the rows of `inputs` are [r, u, c]."""

    inputs: Tensor
    """(R, 3H, D + 1), the last column is the bias"""
    gates: Tensor
    """(R, 2H, H)"""
    candidate: Tensor
    """(R, H, H)"""
    dense: Tensor
    """(R, 1, H)"""
    dense_bias: Tensor
    """(R, 1, 1)"""


@dataclass(frozen=True)
class Layout:
    """How a network with D features and H units lies in one flat row of parameters."""

    features: int
    units: int

    @property
    def size(self) -> int:
        """Parameters of one network."""
        D, H = self.features, self.units
        return 3 * H * (D + 1) + 3 * H * H + H + 1

    @property
    def numbers(self) -> int:
        """Numbers that evaluation holds for one window and time step."""
        return 5 * self.units + self.features

    def cells(self, networks: int, windows: int, steps: int, device: str, *, learns: bool = True) -> Cells:
        """The cells of `networks` on so many windows at once."""
        return Cells(self, networks, windows, steps, device, learns=learns)

    def views(self, flat: Tensor) -> Weights:
        """The parts of flat parameters (R, size)."""
        D, H = self.features, self.units
        R = flat.shape[0]
        parts = flat.split([3 * H * (D + 1), 2 * H * H, H * H, H, 1], dim=1)
        shapes = [(R, 3 * H, D + 1), (R, 2 * H, H), (R, H, H), (R, 1, H), (R, 1, 1)]
        return Weights(*(part.unflatten(1, shape[1:]) for part, shape in zip(parts, shapes, strict=True)))

    def doubling(self, flat: Tensor) -> Tensor:
        """A row (1, size) of factors: 2 where a weight feeds the candidate, since tanh(a) = 2 σ(2a) − 1, else 1."""
        factors = torch.ones_like(flat[:1])
        views = self.views(factors)
        views.inputs[:, 2 * self.units :] = 2
        views.candidate.fill_(2)
        return factors

    def pack(self, kernels: Kernels) -> Floats:
        """The flat row (size,) of one network."""
        D = self.features
        products = np.concatenate([kernels.gates[:D], kernels.candidate[:D]], axis=1)
        biases = np.concatenate([kernels.gates_bias, kernels.candidate_bias])
        inputs = np.concatenate([products.T, biases[:, None]], axis=1)
        parts = (inputs, kernels.gates[D:].T, kernels.candidate[D:].T, kernels.dense, kernels.dense_bias)
        return np.concatenate([part.reshape(-1) for part in parts]).astype(np.float32)

    def unpack(self, row: Floats) -> Kernels:
        """The TensorFlow shapes of one flat row (size,)."""
        D, H = self.features, self.units
        weights = [part[0].numpy() for part in self.views(torch.from_numpy(row[None].copy()))]
        inputs, gates, candidate, dense, dense_bias = weights
        return Kernels(
            np.concatenate([inputs[: 2 * H, :D].T, gates.T]),
            inputs[: 2 * H, D],
            np.concatenate([inputs[2 * H :, :D].T, candidate.T]),
            inputs[2 * H :, D],
            dense.T,
            dense_bias[0],
        )


def with_ones(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Windows (B, T, D) with a last feature of ones, the input that carries the biases: (B, T, D + 1)."""
    return np.concatenate([windows, np.ones((*windows.shape[:2], 1), np.float32)], axis=2)


class Cells:
    """R networks on B windows of T steps each: buffers, the loop forward and the loop back.

    Everything is allocated once and each time step's views are made once, because in these loops the interpreter costs as
    much as the arithmetic. What a batched product writes to is kept whole, since PyTorch copies a strided result.
    """

    def __init__(
        self, layout: Layout, repetitions: int, windows: int, steps: int, device: str = "cpu", *, learns: bool = True
    ) -> None:
        R, B, T, H, D = repetitions, windows, steps, layout.units, layout.features

        def empty(*shape: int) -> Tensor:
            return torch.empty(shape, device=device)

        self.layout, self.shape = layout, (R, B, T)
        self.inputs = empty(T, R, D + 1, B)
        self.gates, self.candidate = empty(T, R, 2 * H, B), empty(T, R, H, B)
        self.states = torch.zeros((T + 1, R, H, B), device=device)
        self._reset_states = empty(T, R, H, B)
        self._rows = empty(R * B, T, D + 1)
        self._spread = empty(T, R, 3 * H, D + 1)
        self._one, self._minus_one = torch.tensor(1.0, device=device), torch.tensor(-1.0, device=device)
        r, u = self.gates.split(H, dim=2)
        before, after = self.states[:-1], self.states[1:]
        self._forward = list(zip(self.gates, r, u, self.candidate, self._reset_states, before, after, strict=True))
        if not learns:
            return
        self._derivatives, self._deltas = empty(T, R, 3 * H, B), empty(T, R, 3 * H, B)
        self._flow, self._through = empty(R, H, B), empty(R, H, B)
        derivative, delta = (buffer.unflatten(2, (3, H)) for buffer in (self._derivatives, self._deltas))
        delta_ru = self._deltas[:, :, : 2 * H]
        parts = (
            derivative[:, :, 1:],
            delta[:, :, 1:],
            delta[:, :, 2],
            derivative[:, :, 0],
            delta[:, :, 0],
            delta_ru,
            r,
            u,
        )
        self._backward = list(zip(*parts, strict=True))

    def take(self, windows: Tensor, rows: Tensor) -> None:
        """Load each network's windows, numbers `rows` (R, B) of `windows` (N, T, D + 1)."""
        R, B, T = self.shape
        torch.index_select(windows, 0, rows.view(-1), out=self._rows)
        self.inputs.copy_(self._rows.view(R, B, T, -1).permute(2, 0, 3, 1))

    def forward(self, doubled: Weights) -> Tensor:
        """The states (T + 1, R, H, B), the first is zero; `doubled` are weights times `Layout.doubling`."""
        H = self.layout.units
        self._spread.copy_(doubled.inputs.expand_as(self._spread))
        spread, inputs = self._spread.flatten(0, 1), self.inputs.flatten(0, 1)
        torch.bmm(spread[:, : 2 * H], inputs, out=self.gates.flatten(0, 1))
        torch.bmm(spread[:, 2 * H :], inputs, out=self.candidate.flatten(0, 1))
        gates_product, candidate_product, minus_one = doubled.gates, doubled.candidate, self._minus_one
        for gates, r, u, c, reset, before, after in self._forward:
            gates.baddbmm_(gates_product, before).sigmoid_()
            torch.mul(r, before, out=reset)
            c.baddbmm_(candidate_product, reset).sigmoid_()
            torch.add(minus_one, c, alpha=2, out=c)
            torch.lerp(c, before, u, out=after)
        return self.states

    def backward(self, weights: Weights, upstream: Sequence[Tensor], gradient: Weights) -> None:
        """Write the gradient of the recurrent weights, given that of state t + 1 as `upstream[t]` (R, H, B).

        An entry may be a scalar zero where the loss ignores that state. `weights` are not doubled; the dense layer
        is the caller's.
        """
        R, B, T = self.shape
        H = self.layout.units
        self._fill_derivatives()
        flow, through = self._flow, self._through
        gates_product, candidate_product = weights.gates.transpose(1, 2), weights.candidate.transpose(1, 2)
        flow.copy_(upstream[-1])
        for t in range(T - 1, 0, -1):
            derivative_uc, delta_uc, delta_c, derivative_r, delta_r, delta_ru, r, u = self._backward[t]
            torch.mul(derivative_uc, flow.unsqueeze(1), out=delta_uc)
            torch.bmm(candidate_product, delta_c, out=through)
            torch.mul(derivative_r, through, out=delta_r)
            torch.addcmul(upstream[t - 1], flow, u, out=flow)
            flow.addcmul_(through, r).baddbmm_(gates_product, delta_ru)
        derivative_uc, delta_uc, _, _, delta_r, *_ = self._backward[0]
        torch.mul(derivative_uc, flow.unsqueeze(1), out=delta_uc)
        delta_r.zero_()
        deltas, states = self._deltas.view(T * R, 3 * H, B), self.states[:-1].view(T * R, H, B)
        sum_of_products(deltas, self.inputs.view(T * R, -1, B), gradient.inputs)
        sum_of_products(deltas[:, : 2 * H], states, gradient.gates)
        sum_of_products(deltas[:, 2 * H :], self._reset_states.view(T * R, H, B), gradient.candidate)

    def _fill_derivatives(self) -> None:
        """∂h/∂(pre-activation) of u and c, and ∂(r∘h)/∂(pre-activation) of r, for all steps at once."""
        H = self.layout.units
        r, u = self.gates.split(H, dim=2)
        c = self.candidate
        derivative_r, derivative_u, derivative_c = self._derivatives.split(H, dim=2)
        before, aten = self.states[:-1], torch.ops.aten
        aten.sigmoid_backward.grad_input(before, r, grad_input=derivative_r)
        torch.sub(before, c, out=derivative_u)
        aten.sigmoid_backward.grad_input(derivative_u, u, grad_input=derivative_u)
        torch.sub(self._one, u, out=derivative_c)
        aten.tanh_backward.grad_input(derivative_c, c, grad_input=derivative_c)


def sum_of_products(left: Tensor, right: Tensor, out: Tensor) -> None:
    """Σ_t left_t right_tᵀ into `out` (R, P, Q), from (T·R, P, B) and (T·R, Q, B)."""
    products = torch.bmm(left, right.transpose(1, 2))
    torch.sum(products.unflatten(0, (-1, out.shape[0])), dim=0, out=out)
