"""Recurrent and dense layers with TensorFlow's cells and initial values, which TimeGAN, COT-GAN and TimeVAE were written for.

Sequences are (T, B, ·), so that a step is a contiguous matrix. A GRU layer multiplies its inputs by their weights for all steps
at once; its gradient is written out by hand, so that those of the weights are one product over all steps too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Dense(nn.Linear):
    """`torch.nn.Linear` that starts Glorot-uniform with biases 0, as a Keras layer does."""

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Draw the initial values from `rng`."""
        nn.init.xavier_uniform_(self.weight, generator=rng)
        nn.init.zeros_(self.bias)


class _GRULayer(torch.autograd.Function):
    """h_t (T, B, H) of x (T, B, D); weights' rows are [x; h] (D + H, ·), the gates' columns are [r | u]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gates: Tensor, gates_bias: Tensor, candidate: Tensor, bias: Tensor) -> Tensor:
        features, units = x.shape[2], bias.shape[0]
        gates_x, gates_h = gates.split((features, units))
        candidate_x, candidate_h = candidate.split((features, units))
        ru = x @ gates_x + gates_bias
        c = x @ candidate_x + bias
        h = x.new_zeros(len(x) + 1, x.shape[1], units)
        rh = torch.empty_like(c)
        # Views of all steps are made at once: indexing step by step costs as much as the arithmetic.
        for ru_t, c_t, rh_t, before, after in zip(ru, c, rh, h[:-1], h[1:], strict=True):
            r, u = ru_t.addmm_(before, gates_h).sigmoid_().split(units, dim=1)
            torch.mul(r, before, out=rh_t)
            c_t.addmm_(rh_t, candidate_h).tanh_()
            torch.lerp(c_t, before, u, out=after)
        ctx.save_for_backward(x, gates, candidate, ru, c, rh, h)
        return h[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, gates, candidate, ru, c, rh, h = ctx.saved_tensors
        features, units = x.shape[2], c.shape[2]
        gates_x, gates_h = gates.split((features, units))
        candidate_x, candidate_h = candidate.split((features, units))
        r, u = ru.split(units, dim=2)
        before = h[:-1]
        # What multiplies the gradient of h_t, of r∘h, and again of h_t on the way to the sums inside tanh, σ (r) and σ (u).
        to_c = (1 - u) * (1 - c * c)
        to_r = before * r * (1 - r)
        to_u = (before - c) * u * (1 - u)
        d_ru, d_c = torch.empty_like(ru), torch.empty_like(c)
        gates_back, candidate_back = gates_h.t().contiguous(), candidate_h.t().contiguous()
        d_h = torch.zeros_like(c[0])
        steps = (gradients[0], to_c, to_r, to_u, r, u, d_ru, d_c)
        backwards = zip(*(a.unbind()[::-1] for a in steps), strict=True)
        for g, to_c_t, to_r_t, to_u_t, r_t, u_t, d_ru_t, d_c_t in backwards:
            d_h = d_h + g
            torch.mul(d_h, to_c_t, out=d_c_t)
            d_rh = d_c_t @ candidate_back
            d_ru_t[:, :units] = d_rh * to_r_t
            d_ru_t[:, units:] = d_h * to_u_t
            d_h = (d_h * u_t).addcmul_(d_rh, r_t).addmm_(d_ru_t, gates_back)
        rows, d_ru_rows, d_c_rows = x.flatten(0, 1), d_ru.flatten(0, 1), d_c.flatten(0, 1)
        need = ctx.needs_input_grad
        d_x = d_ru @ gates_x.t() + d_c @ candidate_x.t() if need[0] else None
        if not need[1]:
            return d_x, None, None, None, None
        d_gates = torch.cat((rows, before.flatten(0, 1)), dim=1).t() @ d_ru_rows
        d_candidate = torch.cat((rows, rh.flatten(0, 1)), dim=1).t() @ d_c_rows
        return d_x, d_gates, d_ru_rows.sum(dim=0), d_candidate, d_c_rows.sum(dim=0)


class GRULayer(nn.Module):
    """The GRU of TensorFlow 1 from a state of zeros; D features, H units, 3 H (D + H + 1) parameters.

    [r, u] = σ(W_g [x, h] + b_g), c = tanh(W_c [x, r∘h] + b_c), h ← u∘h + (1 − u)∘c (Cho et al. 2014, equations 5 to 8, u and
    1 − u exchanged). It resets before the product; `torch.nn.GRU` resets after it and has a second set of biases.
    """

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.gates = nn.Parameter(torch.empty(features + units, 2 * units))
        self.gates_bias = nn.Parameter(torch.empty(2 * units))
        self.candidate = nn.Parameter(torch.empty(features + units, units))
        self.candidate_bias = nn.Parameter(torch.empty(units))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Glorot-uniform over the stacked [x; h], gates' biases 1, the candidate's 0."""
        nn.init.xavier_uniform_(self.gates, generator=rng)
        nn.init.xavier_uniform_(self.candidate, generator=rng)
        nn.init.ones_(self.gates_bias)
        nn.init.zeros_(self.candidate_bias)

    def forward(self, x: Tensor) -> Tensor:
        """States (T, B, H) after each step of x (T, B, D)."""
        weights = (self.gates, self.gates_bias, self.candidate, self.candidate_bias)
        return _GRULayer.apply(x, *weights)  # type: ignore[no-untyped-call]


class LSTMLayer(nn.Module):
    """The LSTM of Keras from a state of zeros: one set of biases, the forget gate's start at 1; 4 H (D + H + 1) parameters.

    The recurrent kernel starts Glorot-uniform, as where COT-GAN's code passes no initial distribution; Keras's own default is an
    orthogonal one.
    """

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.inputs = nn.Parameter(torch.empty(4 * units, features))
        self.states = nn.Parameter(torch.empty(4 * units, units))
        self.bias = nn.Parameter(torch.empty(4 * units))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Glorot-uniform inputs and states, biases 0 but for the forget gate; rows are gates i, f, g, o."""
        nn.init.xavier_uniform_(self.inputs, generator=rng)
        nn.init.xavier_uniform_(self.states, generator=rng)
        nn.init.zeros_(self.bias)
        self.bias[self.units : 2 * self.units] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        """States (T, B, H) after each step of x (T, B, D)."""
        start = x.new_zeros(1, x.shape[1], self.units)
        weights = [self.inputs, self.states, self.bias, torch.zeros_like(self.bias)]
        return torch.lstm(x, (start, start), weights, True, 1, 0.0, self.training, False, False)[0]
