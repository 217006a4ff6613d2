"""PyTorch's GRU with a gradient written out by hand, and the prior that runs on its own samples; sequences are (T, B, ·).

The gradient at all steps is a product of what follows from the forward pass alone and one recurrence, so that a step of either
pass is a few operations on small matrices, and the weights' gradients are one product over all steps. `torch.nn.GRU` computes the
same; its steps take several times as long on the CPU.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.training.kernels import linear


def _slopes(rz: Tensor, n: Tensor, hidden: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """What the gradient of h_t is multiplied with on its way to the states' products (T, B, 3, H) and to the candidate (T, B, H).

    The products are those in the gates r, z, n; `hidden` (T, B, H) is the last of them, `before` h_{t−1}.
    """
    r, z = rz.chunk(2, dim=2)
    to_n = (1 - z) * (1 - n * n)
    slopes = n.new_empty(*n.shape[:2], 3, n.shape[2])
    to_r, to_z, through_r = slopes.unbind(dim=2)
    torch.mul(to_n, r, out=through_r)
    torch.mul(through_r, hidden, out=to_r).mul_(1 - r)
    torch.sub(before, n, out=to_z).mul_(z).mul_(1 - z)
    return slopes, to_n


class _Recurrence(torch.autograd.Function):
    """h_t (T, B, H) of what the inputs add to the gates (T, B, 3 H), states' weights (H, 3 H) and the candidate's bias (H)."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, states: Tensor, bias: Tensor) -> Tensor:
        units = states.shape[0]
        rz, n = (part.contiguous() for part in given.split((2 * units, units), dim=2))
        states_rz, states_n = states.split((2 * units, units), dim=1)
        hidden = bias.expand_as(n).contiguous()
        h = given.new_zeros(len(given) + 1, given.shape[1], units)
        before = h[0]
        # Views of all steps are made at once: indexing step by step costs as much as the arithmetic.
        views = (rz, *rz.chunk(2, dim=2), n, hidden, h[1:])
        for rz_t, r_t, z_t, n_t, hidden_t, after in zip(*(view.unbind() for view in views), strict=True):
            rz_t.addmm_(before, states_rz).sigmoid_()
            n_t.addcmul_(r_t, hidden_t.addmm_(before, states_n)).tanh_()
            torch.lerp(n_t, before, z_t, out=after)
            before = after
        ctx.save_for_backward(rz, n, hidden, h, states)
        return h[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rz, n, hidden, h, states = ctx.saved_tensors
        slopes, to_n = _slopes(rz, n, hidden, h[:-1])
        d_h, d_products = torch.empty_like(n), torch.empty_like(slopes)
        back, carried = states.t().contiguous(), torch.zeros_like(h[0])
        z = rz.chunk(2, dim=2)[1]
        views = (gradients[0], d_h, d_h.unsqueeze(2), slopes, d_products, d_products.flatten(2), z)
        for given, d_t, wide, slope, d_product, flat, z_t in zip(*(a.unbind()[::-1] for a in views), strict=True):
            torch.add(given, carried, out=d_t)
            torch.mul(wide, slope, out=d_product)
            carried = torch.mul(d_t, z_t).addmm_(flat, back)
        rows = d_products.flatten(2).flatten(0, 1)
        d_states = h[:-1].flatten(0, 1).t() @ rows
        d_bias = d_products[:, :, 2].sum(dim=(0, 1))
        torch.mul(d_h, to_n, out=d_products[:, :, 2])
        return d_products.flatten(2), d_states, d_bias


class _FreePrior(torch.autograd.Function):
    """The prior's samples z (T, B, K) and their heads [mean | log-variance] (T, B, 2 K), of noise (T, B, K).

    h_t = GRU(z_{t−1}, h_{t−1}) from zeros, [m_t | s_t] = W h_t + b, z_t = m_t + exp(s_t / 2) ε_t. Weights are (inputs, outputs);
    `outs` (H, 2 K + 3 H) holds those of the heads beside the states', which multiply the same h_t.
    """

    @staticmethod
    def forward(
        ctx: Any, noise: Tensor, inputs: Tensor, input_bias: Tensor, outs: Tensor, out_bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        (count, batch, latent), units = noise.shape, outs.shape[0]
        rz_bias, n_bias = input_bias.split((2 * units, units))
        rz, n = rz_bias.repeat(count, batch, 1), n_bias.repeat(count, batch, 1)
        inputs_rz, inputs_n = inputs.split((2 * units, units), dim=1)
        products = out_bias.repeat(count + 1, batch, 1)  # those of the state of zeros are the biases
        hidden_rz, hidden = products[:-1, :, 2 * latent :].split((2 * units, units), dim=2)
        mean, log_variance = products[1:, :, : 2 * latent].chunk(2, dim=2)
        before, last = noise.new_zeros(batch, units), noise.new_zeros(batch, latent)
        h, samples, spread = noise.new_empty(count, batch, units), torch.empty_like(noise), torch.empty_like(noise)
        cell = (rz, *rz.chunk(2, dim=2), n, hidden_rz, hidden, h)
        law = (products[1:], mean, log_variance, spread, noise, samples)
        steps = zip(*(view.unbind() for view in cell + law), strict=True)
        for rz_t, r_t, z_t, n_t, add_rz, add_n, after, product, mean_t, log_t, spread_t, noise_t, sample in steps:
            rz_t.addmm_(last, inputs_rz).add_(add_rz).sigmoid_()
            n_t.addmm_(last, inputs_n).addcmul_(r_t, add_n).tanh_()
            before = torch.lerp(n_t, before, z_t, out=after)
            product.addmm_(before, outs)
            torch.mul(log_t, 0.5, out=spread_t).exp_()
            last = torch.addcmul(mean_t, spread_t, noise_t, out=sample)
        ctx.save_for_backward(noise, rz, n, hidden, h, samples, spread, inputs, outs)
        return samples, products[1:, :, : 2 * latent]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        noise, rz, n, hidden, h, samples, spread, inputs, outs = ctx.saved_tensors
        (count, batch, latent), units = noise.shape, outs.shape[0]
        before, last = (torch.cat((torch.zeros_like(x[:1]), x[:-1])) for x in (h, samples))
        slopes, to_n = _slopes(rz, n, hidden, before)
        to_log = 0.5 * noise * spread
        d_out = noise.new_zeros(count + 1, batch, 2 * latent + 3 * units)
        d_out[1:, :, : 2 * latent] = gradients[1]
        d_products = d_out[:-1, :, 2 * latent :].unflatten(2, (3, units))
        d_sums = torch.empty_like(slopes)
        back, inputs_back = outs.t().contiguous(), inputs.t().contiguous()
        carried, d_last = torch.zeros_like(h[0]), torch.zeros_like(samples[0])
        of_law = (gradients[0], *d_out[1:, :, : 2 * latent].chunk(2, dim=2), to_log, d_out[1:])
        of_cell = (slopes, d_products, to_n, d_sums, d_sums[:, :, 2], d_sums.flatten(2), rz.chunk(2, dim=2)[1])
        steps = zip(*(view.unbind()[::-1] for view in of_law + of_cell), strict=True)
        for given, d_mean, d_log, to_log_t, d_row, slope, d_product, to_n_t, d_sum, d_n, flat, z_t in steps:
            d_last = given + d_last
            d_mean.add_(d_last)
            d_log.addcmul_(d_last, to_log_t)
            d_h = torch.addmm(carried, d_row, back)
            torch.mul(d_h.unsqueeze(1), slope, out=d_sum)
            d_product.copy_(d_sum)
            torch.mul(d_h, to_n_t, out=d_n)
            d_last = flat @ inputs_back
            carried = d_h * z_t
        rows, out_rows = d_sums.flatten(2).flatten(0, 1), d_out.flatten(0, 1)
        d_outs = h.flatten(0, 1).t() @ d_out[1:].flatten(0, 1)
        return None, last.flatten(0, 1).t() @ rows, rows.sum(dim=0), d_outs, out_rows.sum(dim=0)


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
        outs = torch.cat((self.heads.weight, self.states)).t()
        out_bias = torch.cat((self.heads.bias, self.state_bias))
        samples, heads = _FreePrior.apply(  # type: ignore[no-untyped-call]
            noise, self.inputs.t(), self.input_bias, outs, out_bias
        )
        return samples, *heads.chunk(2, dim=2)


def _block_diagonal(states: Tensor) -> Tensor:
    """Weights (2 H, 3 · 2 H) of both directions side by side, of their own (2, 3, H, H); columns are gates, then directions."""
    apart = torch.eye(2, dtype=states.dtype, device=states.device)
    return torch.einsum("dgoi,de->digeo", states, apart).flatten(2).flatten(0, 1)


def _uniform(module: nn.Module, units: int, rng: torch.Generator) -> None:
    for parameter in module.parameters(recurse=False):
        nn.init.uniform_(parameter, -1 / math.sqrt(units), 1 / math.sqrt(units), generator=rng)
