"""Two stacked LSTM layers, many small networks at once, with their gradient written out by hand.

[i, f, o] = σ(W [x, h] + b), g = tanh(W_g [x, h] + b_g), c ← f∘c + i∘g, h ← o∘tanh(c) (Hochreiter and Schmidhuber 1997 with the
forget gate of Gers et al. 2000, no peepholes); the second layer reads the first one's h. As in `metrics.nets.gru`, R networks run
side by side as batched products with the windows B as the last axis. On an AMD EPYC (two cores, no AVX-512) a training step of
five classifiers on Stocks takes 1.85 times as long through autograd (`python -m tests.speed.gradient_speed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metrics.nets.gru import sum_of_products


class Weights(NamedTuple):
    """Views of R networks' flat parameters. A layer's rows are [i, f, g, o], its columns [x, 1, h]. D features, H units."""

    lower: Tensor
    """(R, 4H, D + 1 + H)"""
    upper: Tensor
    """(R, 4H, H + 1 + H)"""
    dense: Tensor
    """(R, 1, H)"""
    dense_bias: Tensor
    """(R, 1, 1)"""


@dataclass(frozen=True)
class Layout:
    """How a network with D features and two layers of H units lies in one flat row of parameters."""

    features: int
    units: int

    @property
    def size(self) -> int:
        """Parameters of one network."""
        D, H = self.features, self.units
        return 4 * H * (D + 1 + H) + 4 * H * (H + 1 + H) + H + 1

    @property
    def numbers(self) -> int:
        """Numbers that evaluation holds for one window and time step."""
        return 16 * self.units + self.features

    def cells(self, networks: int, windows: int, steps: int, device: str, *, learns: bool = True) -> Stack:
        """Both layers of `networks` on so many windows at once."""
        return Stack(self, networks, windows, steps, device, learns=learns)

    def views(self, flat: Tensor) -> Weights:
        """The parts of flat parameters (R, size)."""
        D, H = self.features, self.units
        shapes = [(4 * H, D + 1 + H), (4 * H, H + 1 + H), (1, H), (1, 1)]
        parts = flat.split([rows * columns for rows, columns in shapes], dim=1)
        return Weights(*(part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)))

    def doubling(self, flat: Tensor) -> Tensor:
        """A row (1, size) of factors: 2 where a weight feeds g, since tanh(a) = 2 σ(2a) − 1, else 1."""
        factors = torch.ones_like(flat[:1])
        for layer in self.views(factors)[:2]:
            layer[:, 2 * self.units : 3 * self.units] = 2
        return factors

    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """One network's initial row (size,): products Glorot-uniform, forget biases 1, other biases 0.

        A layer's product is one matrix (D + H, 4H) to Glorot, as in TensorFlow 1, whose GRU the reference score uses.
        """
        row = torch.zeros(1, self.size)
        weights = self.views(row)
        H = self.units

        def glorot(rows: int, columns: int) -> Tensor:
            limit = (6 / (rows + columns)) ** 0.5
            return torch.from_numpy(rng.uniform(-limit, limit, (rows, columns)).astype(np.float32))

        for layer in weights[:2]:
            inputs = layer.shape[2] - 1 - H
            product = glorot(4 * H, inputs + H)
            layer[0, :, :inputs], layer[0, :, inputs + 1 :] = product[:, :inputs], product[:, inputs:]
            layer[0, H : 2 * H, inputs] = 1
        weights.dense[0] = glorot(1, H)
        return row[0].numpy()


class Layer:
    """One layer of R networks on B windows of T steps each: buffers, the loop forward and the loop back.

    Everything is allocated once and each time step's views are made once, as in `metrics.nets.gru.Cells`.
    """

    def __init__(
        self, features: int, units: int, repetitions: int, windows: int, steps: int, device: str, *, learns: bool
    ) -> None:
        R, B, T, H, D = repetitions, windows, steps, units, features

        def empty(*shape: int) -> Tensor:
            return torch.empty(shape, device=device)

        self.units = H
        # The input of a step, [x, 1, h]: the caller writes x, the previous step writes h, which starts at zero
        self._read = torch.zeros((T + 1, R, D + 1 + H, B), device=device)
        self._read[:, :, D] = 1
        self.inputs, self.states = self._read[:-1, :, :D], self._read[:, :, D + 1 :]
        self._gates, self._squashed = empty(T, R, 4 * H, B), empty(T, R, H, B)
        self._memory = torch.zeros((T + 1, R, H, B), device=device)
        self._minus_one, self._two = torch.tensor(-1.0, device=device), torch.tensor(2.0, device=device)
        i, f, g, o = self._gates.split(H, dim=2)
        memory = (self._memory[:-1], self._memory[1:])
        parts = (self._read[:-1], self._gates, i, f, g, o, *memory, self._squashed, self.states[1:])
        self._forward = list(zip(*parts, strict=True))
        if not learns:
            return
        self._derivatives, self._deltas = empty(T, R, 4 * H, B), empty(T, R, 4 * H, B)
        self._memory_derivatives = empty(T, R, H, B)
        self._flow, self._memory_flow = empty(R, H, B), empty(R, H, B)
        (derivative_ifg, derivative_o), (delta_ifg, delta_o) = (
            buffer.split([3 * H, H], dim=2) for buffer in (self._derivatives, self._deltas)
        )
        by_gate = (derivative_ifg.unflatten(2, (3, H)), delta_ifg.unflatten(2, (3, H)), derivative_o, delta_o)
        self._backward = list(zip(*by_gate, self._memory_derivatives, self._deltas, f, strict=True))

    def forward(self, doubled: Tensor) -> Tensor:
        """The states (T + 1, R, H, B) for `inputs`, the first is zero; `doubled` are weights times `Layout.doubling`."""
        minus_one, two = self._minus_one, self._two
        for read, gates, i, f, g, o, memory, new_memory, squashed, after in self._forward:
            torch.bmm(doubled, read, out=gates).sigmoid_()
            torch.add(minus_one, g, alpha=2, out=g)
            torch.mul(f, memory, out=new_memory).addcmul_(i, g)
            # tanh through σ, which PyTorch computes many times as fast
            torch.mul(new_memory, two, out=squashed).sigmoid_()
            torch.add(minus_one, squashed, alpha=2, out=squashed)
            torch.mul(o, squashed, out=after)
        return self.states

    def backward(self, weights: Tensor, upstream: Sequence[Tensor], gradient: Tensor) -> None:
        """Write the gradient of the layer's weights, given the loss's gradient `upstream[t]` with respect to state t + 1.

        A gradient is (R, H, B), or a scalar zero where the loss ignores that state.
        """
        T, R, _, B = self._deltas.shape
        self._fill_derivatives()
        flow, memory_flow = self._flow, self._memory_flow
        product = weights[:, :, -self.units :].transpose(1, 2)
        flow.copy_(upstream[-1])
        memory_flow.zero_()
        for t in range(T - 1, -1, -1):
            derivative_ifg, delta_ifg, derivative_o, delta_o, memory_derivative, deltas, f = self._backward[t]
            memory_flow.addcmul_(memory_derivative, flow)
            torch.mul(derivative_o, flow, out=delta_o)
            torch.mul(derivative_ifg, memory_flow.unsqueeze(1), out=delta_ifg)
            if t:
                torch.baddbmm(upstream[t - 1], product, deltas, out=flow)
                memory_flow.mul_(f)
        sum_of_products(self._deltas.view(T * R, -1, B), self._read[:-1].view(T * R, -1, B), gradient)

    def input_gradients(self, weights: Tensor) -> Tensor:
        """The loss's gradients (T, R, D, B) with respect to the layer's inputs, once `backward` has run."""
        T, R, _, B = self._deltas.shape
        product = weights[:, :, : self.inputs.shape[2]].transpose(1, 2).expand(T, -1, -1, -1).flatten(0, 1)
        return torch.bmm(product, self._deltas.view(T * R, -1, B)).view(T, R, -1, B)

    def _fill_derivatives(self) -> None:
        """∂c/∂(pre-activation) of i, f and g, ∂h/∂(pre-activation) of o and ∂h/∂c, for all steps at once."""
        i, f, g, o = self._gates.split(self.units, dim=2)
        derivative_i, derivative_f, derivative_g, derivative_o = self._derivatives.split(self.units, dim=2)
        aten = torch.ops.aten
        aten.sigmoid_backward.grad_input(g, i, grad_input=derivative_i)
        aten.sigmoid_backward.grad_input(self._memory[:-1], f, grad_input=derivative_f)
        aten.tanh_backward.grad_input(i, g, grad_input=derivative_g)
        aten.sigmoid_backward.grad_input(self._squashed, o, grad_input=derivative_o)
        aten.tanh_backward.grad_input(o, self._squashed, grad_input=self._memory_derivatives)


class Stack:
    """Both layers of R networks on B windows of T steps each."""

    def __init__(
        self, layout: Layout, repetitions: int, windows: int, steps: int, device: str = "cpu", *, learns: bool = True
    ) -> None:
        shape = (layout.units, repetitions, windows, steps, device)
        self.lower, self.upper = (Layer(inputs, *shape, learns=learns) for inputs in (layout.features, layout.units))

    def take(self, windows: Tensor, rows: Tensor) -> None:
        """Load each network's windows, numbers `rows` (R, B) of `windows` (N, T, D)."""
        chosen = windows.index_select(0, rows.reshape(-1)).unflatten(0, tuple(rows.shape))
        self.lower.inputs.copy_(chosen.permute(2, 0, 3, 1))

    def forward(self, doubled: Weights) -> Tensor:
        """The upper layer's states (T + 1, R, H, B), the first is zero."""
        self.upper.inputs.copy_(self.lower.forward(doubled.lower)[1:])
        return self.upper.forward(doubled.upper)

    def backward(self, weights: Weights, upstream: Sequence[Tensor], gradient: Weights) -> None:
        """Write the gradient of both layers, given that of the upper layer's state t + 1 as `upstream[t]`.

        A gradient is (R, H, B), or a scalar zero where the loss ignores that state.
        """
        self.upper.backward(weights.upper, upstream, gradient.upper)
        self.lower.backward(weights.lower, list(self.upper.input_gradients(weights.upper)), gradient.lower)
