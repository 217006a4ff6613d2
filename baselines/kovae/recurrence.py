"""PyTorch's GRU with a gradient written out by hand, and the prior that runs on its own samples; sequences are (T, B, ·).

The gradient at all steps is a product of what follows from the forward pass alone and one recurrence, so that a step of either
pass is a few operations on small matrices, and the weights' gradients are one product over all steps. `torch.nn.GRU` computes the
same and takes about twice as long on the CPU (`python -m tests.speed.frontier_plain`).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.training.kernels import linear


def _gradient_factors(sums: Tensor, n: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """What the gradient of h_t is multiplied with on its way through the cell (T, B, 4, H), and to the candidate (T, B, H).

    The four lead to the states' products in the gates r and z and in the candidate, and to h_{t−1} = `before` directly. `sums`
    (T, B, 3, H) are r, z and the candidate's product.
    """
    r, z, hidden = sums.unbind(dim=2)
    to_n = (1 - z) * (1 - n * n)
    factors = n.new_empty(*n.shape[:2], 4, n.shape[2])
    to_r, to_z, through_r, kept = factors.unbind(dim=2)
    torch.mul(to_n, r, out=through_r)
    torch.mul(through_r, hidden, out=to_r).mul_(1 - r)
    torch.sub(before, n, out=to_z).mul_(z).mul_(1 - z)
    kept.copy_(z)
    return factors, to_n


class _Recurrence(torch.autograd.Function):
    """h_t (T, B, H) of what the inputs add to the gates and the candidate n (T, B, 3 H), and of states' weights (H, 3 H).

    What is added to n stands outside its product with the states, whose bias (H) is `bias`.
    """

    @staticmethod
    def forward(ctx: Any, given: Tensor, states: Tensor, bias: Tensor) -> Tensor:
        units = states.shape[0]
        sums, n = given.clone(), given[:, :, 2 * units :].contiguous()
        sums[:, :, 2 * units :] = bias
        h = given.new_zeros(len(given) + 1, given.shape[1], units)
        before = h[0]
        # Views of all steps are made at once: indexing step by step costs as much as the arithmetic.
        views = (sums, sums[:, :, : 2 * units], *sums.chunk(3, dim=2), n, h[1:])
        for sum_t, rz, r, z, hidden, n_t, after in zip(*(view.unbind() for view in views), strict=True):
            sum_t.addmm_(before, states)
            rz.sigmoid_()
            n_t.addcmul_(r, hidden).tanh_()
            before = torch.lerp(n_t, before, z, out=after)
        ctx.save_for_backward(sums, n, h, states)
        return h[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        sums, n, h, states = ctx.saved_tensors
        factors, to_n = _gradient_factors(sums.unflatten(2, (3, -1)), n, h[:-1])
        d_h = torch.cat((torch.zeros_like(h[:1]), gradients[0]))
        d_products = torch.empty_like(factors)
        back = torch.cat((states.t(), torch.eye(len(states), dtype=states.dtype, device=states.device)))
        views = (d_h[:-1], d_h[1:].unsqueeze(2), factors, d_products, d_products.flatten(2))
        for d_before, d_t, factor, d_product, flat in zip(*(view.unbind()[::-1] for view in views), strict=True):
            torch.mul(d_t, factor, out=d_product)
            d_before.addmm_(flat, back)
        d_sums = d_products[:, :, :3].flatten(2)
        rows = d_sums.flatten(0, 1)
        d_states, d_bias = h[:-1].flatten(0, 1).t() @ rows, rows[:, 2 * len(states) :].sum(dim=0)
        torch.mul(d_h[1:], to_n, out=d_sums[:, :, 2 * len(states) :])
        return d_sums, d_states, d_bias


class _FreePrior(torch.autograd.Function):
    """The prior's samples z (T, B, K), means and halved log-variances [m | l] (T, B, 2 K) of noise (T, B, K).

    h_t = GRU(z_{t−1}, h_{t−1}) from zeros, [m_t | l_t] = W h_t + b, z_t = m_t + exp(l_t) ε_t. The state [z | h] is multiplied
    at once: `weights` (K + H, 4 H) and `bias` (4 H) make r, z, the candidate's product with h, and what z adds to the candidate.
    """

    @staticmethod
    def forward(
        ctx: Any, noise: Tensor, weights: Tensor, bias: Tensor, heads: Tensor, heads_bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        (count, batch, latent), units = noise.shape, len(heads)
        sums = bias.repeat(count, batch, 1)
        moments = heads_bias.repeat(count, batch, 1)
        state, spread = noise.new_zeros(count + 1, batch, latent + units), torch.empty_like(noise)
        z, h = state[1:].split((latent, units), dim=2)
        before, h_before = state[0], state[0, :, latent:]
        of_cell = (sums, sums[:, :, : 2 * units], *sums.chunk(4, dim=2), state[1:], h)
        of_moments = (moments, *moments.chunk(2, dim=2), spread, noise, z)
        steps = zip(*(view.unbind() for view in of_cell + of_moments), strict=True)
        for sum_t, rz, r, kept, hidden, n, state_t, h_t, moments_t, mean, log, spread_t, noise_t, z_t in steps:
            sum_t.addmm_(before, weights)
            rz.sigmoid_()
            n.addcmul_(r, hidden).tanh_()
            h_before = torch.lerp(n, h_before, kept, out=h_t)
            before = state_t
            moments_t.addmm_(h_t, heads)
            torch.exp(log, out=spread_t)
            torch.addcmul(mean, spread_t, noise_t, out=z_t)
        ctx.save_for_backward(noise, sums, state, spread, weights, heads)
        return z.clone(), moments

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        noise, sums, state, spread, weights, heads = ctx.saved_tensors
        latent, units = noise.shape[2], len(heads)
        cell, n = sums.unflatten(2, (4, units)).split((3, 1), dim=2)
        factors, to_n = _gradient_factors(cell, n[:, :, 0], state[:-1, :, latent:])
        factors = torch.cat((factors[:, :, :3], to_n[:, :, None], factors[:, :, 3:]), dim=2)
        to_moments = torch.stack((torch.ones_like(spread), spread * noise), dim=2)
        d_moments = gradients[1].unflatten(2, (2, latent)).clone()
        d_state = torch.zeros_like(state)
        d_state[1:, :, :latent] = gradients[0]
        d_products = torch.empty_like(factors)
        kept = torch.eye(units, latent + units, dtype=heads.dtype, device=heads.device).roll(latent, dims=1)
        back, heads_back = torch.cat((weights.t(), kept)), heads.t().contiguous()
        d_z, d_h = d_state[1:].split((latent, units), dim=2)
        of_moments = (d_z.unsqueeze(2), d_moments, d_moments.flatten(2), to_moments)
        of_cell = (d_h, d_h.unsqueeze(2), factors, d_products, d_products.flatten(2), d_state[:-1])
        steps = zip(*(view.unbind()[::-1] for view in of_moments + of_cell), strict=True)
        for d_z_t, d_moments_t, d_row, moments_factor, d_h_t, wide, factor, d_product, flat, d_before in steps:
            d_moments_t.addcmul_(d_z_t, moments_factor)
            d_h_t.addmm_(d_row, heads_back)
            torch.mul(wide, factor, out=d_product)
            d_before.addmm_(flat, back)
        rows, moments_rows = d_products[:, :, :4].flatten(2).flatten(0, 1), d_moments.flatten(2).flatten(0, 1)
        d_weights, d_heads = state[:-1].flatten(0, 1).t() @ rows, state[1:, :, latent:].flatten(0, 1).t() @ moments_rows
        return None, d_weights, rows.sum(dim=0), d_heads, moments_rows.sum(dim=0)


class BidirectionalLayer(nn.Module):
    """A layer of `torch.nn.GRU` in both directions from states of zeros; 2 (3 H (D + H) + 6 H) parameters.

    Both directions are one recurrence of 2 H units: states' weights are block-diagonal, and the second half reads time backwards.
    """

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.inputs = nn.Parameter(torch.empty(2, 3, units, inputs))
        self.states = nn.Parameter(torch.empty(2, 3, units, units))
        self.input_bias = nn.Parameter(torch.empty(2, 3, units))
        self.state_bias = nn.Parameter(torch.empty(2, 3, units))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """PyTorch's default: uniform in ±1 / √H."""
        _uniform(self, self.units, rng)

    def forward(self, x: Tensor) -> Tensor:
        """States (T, B, 2 H), forwards and backwards, at each step of x (T, B, D)."""
        # What the states add to r and z without a product is a part of what the inputs add.
        bias = self.input_bias + functional.pad(self.state_bias[:, :2], (0, 0, 0, 1))
        both = linear(x, self.inputs.flatten(0, 2), bias.flatten()).unflatten(2, (2, 3, -1))
        given = torch.stack((both[:, :, 0], both[:, :, 1].flip(0)), dim=3).flatten(2)
        states, candidate_bias = _block_diagonal(self.states), self.state_bias[:, 2].flatten()
        made: Tensor = _Recurrence.apply(given, states, candidate_bias)  # type: ignore[no-untyped-call]
        there, back = made.chunk(2, dim=2)
        return torch.cat((there, back.flip(0)), dim=2)


class BidirectionalGRU(nn.Sequential):
    """Layers of `BidirectionalLayer`: (T, B, D) to (T, B, 2 H)."""

    def __init__(self, inputs: int, units: int, layers: int) -> None:
        super().__init__(*(BidirectionalLayer(2 * units if layer else inputs, units) for layer in range(layers)))


class RecurrentPrior(nn.Module):
    """Latent sequences from a GRU cell that is fed its own samples; 3 H (K + H) + 6 H + 2 (H K + K) parameters."""

    def __init__(self, latent: int, units: int) -> None:
        super().__init__()
        self.inputs = nn.Parameter(torch.empty(3 * units, latent))
        self.states = nn.Parameter(torch.empty(3 * units, units))
        self.input_bias = nn.Parameter(torch.empty(3 * units))
        self.state_bias = nn.Parameter(torch.empty(3 * units))
        self.heads = nn.Linear(units, 2 * latent)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """PyTorch's default: uniform in ±1 / √H."""
        _uniform(self, self.states.shape[1], rng)

    def forward(self, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Samples, their means and their log-variances, each (T, B, K), of standard normal noise (T, B, K)."""
        units = self.states.shape[1]
        (inputs_rz, inputs_n), (states_rz, states_n) = (
            part.split((2 * units, units)) for part in (self.inputs, self.states)
        )
        of_z = torch.cat((inputs_rz, torch.zeros_like(inputs_n), inputs_n))
        of_h = torch.cat((states_rz, states_n, torch.zeros_like(states_n)))
        bias = torch.cat((self.input_bias[: 2 * units] + self.state_bias[: 2 * units], self.state_bias[2 * units :]))
        bias = torch.cat((bias, self.input_bias[2 * units :]))
        # The log-variance is halved here, not at every step.
        halved = torch.ones_like(self.heads.bias)
        halved[halved.shape[0] // 2 :] = 0.5
        samples, moments = _FreePrior.apply(  # type: ignore[no-untyped-call]
            noise,
            torch.cat((of_z, of_h), dim=1).t(),
            bias,
            (self.heads.weight * halved[:, None]).t(),
            self.heads.bias * halved,
        )
        mean, half = moments.chunk(2, dim=2)
        return samples, mean, 2 * half


def _block_diagonal(states: Tensor) -> Tensor:
    """Weights (2 H, 3 · 2 H) of both directions side by side, of their own (2, 3, H, H); columns are gates, then directions."""
    apart = torch.eye(2, dtype=states.dtype, device=states.device)
    return torch.einsum("dgoi,de->digeo", states, apart).flatten(2).flatten(0, 1)


def _uniform(module: nn.Module, units: int, rng: torch.Generator) -> None:
    for parameter in module.parameters(recurse=False):
        nn.init.uniform_(parameter, -1 / math.sqrt(units), 1 / math.sqrt(units), generator=rng)
