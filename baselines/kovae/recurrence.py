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

from benchmark.training.kernels import linear


def _cell_slopes(r: Tensor, z: Tensor, n: Tensor, hidden: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """What the gradient of h_t is multiplied with on its way to the sums of the gates, and to the states' products.

    Both (T, B, 3, H), gates r, z, n; `hidden` (T, B, H) is the states' product inside the candidate, `before` h_{t−1}.
    """
    to_n = (1 - z) * (1 - n * n)
    to_r, to_z = to_n * hidden * r * (1 - r), (before - n) * z * (1 - z)
    return torch.stack((to_r, to_z, to_n), dim=2), torch.stack((to_r, to_z, to_n * r), dim=2)


class _Recurrence(torch.autograd.Function):
    """h_t (T, B, H) of what the inputs add to the gates (T, B, 3 H), states' weights (H, 3 H) and biases (3 H)."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, states: Tensor, bias: Tensor) -> Tensor:
        units = states.shape[0]
        gates = given.clone()
        products = torch.empty_like(gates)
        h = given.new_zeros(len(given) + 1, given.shape[1], units)
        rz, r, z, n = _parts(gates, units)
        hidden_rz, _, _, hidden_n = _parts(products, units)
        # Views of all steps are made at once: indexing step by step costs as much as the arithmetic.
        steps = (rz, r, z, n, products, hidden_rz, hidden_n, h[:-1], h[1:])
        for rz_t, r_t, z_t, n_t, product, hidden_rz_t, hidden_n_t, before, after in zip(*steps, strict=True):
            torch.addmm(bias, before, states, out=product)
            rz_t.add_(hidden_rz_t).sigmoid_()
            n_t.addcmul_(r_t, hidden_n_t).tanh_()
            torch.lerp(n_t, before, z_t, out=after)
        ctx.save_for_backward(gates, hidden_n, h, states)
        return h[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        gates, hidden, h, states = ctx.saved_tensors
        units = states.shape[0]
        _, r, z, n = _parts(gates, units)
        to_sums, to_products = _cell_slopes(r, z, n, hidden, h[:-1])
        d_h = torch.empty_like(h[1:])
        d_products = torch.empty_like(to_products)
        back, carried = states.t().contiguous(), torch.zeros_like(h[0])
        parts = (gradients[0], d_h, d_h.unsqueeze(2), to_products, d_products, d_products.flatten(2), z)
        for given, d_t, wide, slope, d_product, flat, z_t in zip(*(a.unbind()[::-1] for a in parts), strict=True):
            torch.add(given, carried, out=d_t)
            torch.mul(wide, slope, out=d_product)
            carried = (d_t * z_t).addmm_(flat, back)
        d_sums = (d_h.unsqueeze(2) * to_sums).flatten(2)
        rows = d_products.flatten(2).flatten(0, 1)
        return d_sums, h[:-1].flatten(0, 1).t() @ rows, rows.sum(dim=0)


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
        gates = noise.new_empty(count, batch, 3 * units)
        products = noise.new_empty(count + 1, batch, 2 * latent + 3 * units)
        products[0] = out_bias  # of a state of zeros
        h = noise.new_zeros(count + 1, batch, units)
        samples = noise.new_zeros(count + 1, batch, latent)
        spread = torch.empty_like(noise)
        rz, r, z, n = _parts(gates, units)
        hidden_rz, _, _, hidden_n = _parts(products[:-1, :, 2 * latent :], units)
        mean, log_variance = products[1:, :, : 2 * latent].chunk(2, dim=2)
        cell = (gates, rz, r, z, n, hidden_rz, hidden_n, h[:-1], h[1:])
        law = (products[1:], mean, log_variance, spread, noise, samples[:-1], samples[1:])
        for (gate, rz_t, r_t, z_t, n_t, hidden_rz_t, hidden_n_t, before, after), (
            product,
            mean_t,
            log_variance_t,
            spread_t,
            noise_t,
            last,
            sample,
        ) in zip(zip(*cell, strict=True), zip(*law, strict=True), strict=True):
            torch.addmm(input_bias, last, inputs, out=gate)
            rz_t.add_(hidden_rz_t).sigmoid_()
            n_t.addcmul_(r_t, hidden_n_t).tanh_()
            torch.lerp(n_t, before, z_t, out=after)
            torch.addmm(out_bias, after, outs, out=product)
            torch.mul(log_variance_t, 0.5, out=spread_t).exp_()
            torch.addcmul(mean_t, spread_t, noise_t, out=sample)
        ctx.save_for_backward(noise, gates, hidden_n, h, samples, spread, inputs, outs)
        return samples[1:], products[1:, :, : 2 * latent]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        noise, gates, hidden, h, samples, spread, inputs, outs = ctx.saved_tensors
        (count, batch, latent), units = noise.shape, outs.shape[0]
        _, r, z, n = _parts(gates, units)
        to_sums, to_products = _cell_slopes(r, z, n, hidden, h[:-1])
        to_log_variance = 0.5 * noise * spread
        d_sums = torch.empty_like(to_sums)
        d_out = noise.new_zeros(count + 1, batch, 2 * latent + 3 * units)
        d_out[1:, :, : 2 * latent] = gradients[1]
        d_mean, d_log_variance = d_out[1:, :, : 2 * latent].chunk(2, dim=2)
        d_products = d_out[:-1, :, 2 * latent :].unflatten(2, (3, units))
        back, inputs_back = outs.t().contiguous(), inputs.t().contiguous()
        carried, d_last = torch.zeros_like(h[0]), torch.zeros_like(samples[0])
        cell = (d_out[1:], to_sums, d_sums, d_sums.flatten(2), to_products, d_products, z)
        law = (gradients[0], d_mean, d_log_variance, to_log_variance)
        for (d_out_t, slope, d_sum, flat, product_slope, d_product, z_t), (given, d_mean_t, d_log_t, to_log) in zip(
            zip(*(a.unbind()[::-1] for a in cell), strict=True),
            zip(*(a.unbind()[::-1] for a in law), strict=True),
            strict=True,
        ):
            d_sample = given + d_last
            d_mean_t.add_(d_sample)
            d_log_t.addcmul_(d_sample, to_log)
            d_h = torch.addmm(carried, d_out_t, back)
            wide = d_h.unsqueeze(1)
            torch.mul(wide, slope, out=d_sum)
            torch.mul(wide, product_slope, out=d_product)
            d_last = flat @ inputs_back
            carried = d_h * z_t
        rows, out_rows = d_sums.flatten(2).flatten(0, 1), d_out.flatten(0, 1)
        d_inputs = samples[:-1].flatten(0, 1).t() @ rows
        return None, d_inputs, rows.sum(dim=0), h.flatten(0, 1).t() @ out_rows, out_rows.sum(dim=0)


def _parts(gates: Tensor, units: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Views of gates (T, B, 3 H): r and z together, r, z and n."""
    return gates[:, :, : 2 * units], *gates.split(units, dim=2)


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
        both = linear(x, self.inputs.flatten(0, 2), self.input_bias.flatten()).unflatten(2, (2, 3, -1))
        given = torch.stack((both[:, :, 0], both[:, :, 1].flip(0)), dim=3).flatten(2)
        apart = torch.eye(2, dtype=x.dtype, device=x.device)
        states = torch.einsum("dgoi,de->digeo", self.states, apart).flatten(2).flatten(0, 1)
        bias = self.state_bias.transpose(0, 1).flatten()
        made: Tensor = _Recurrence.apply(given, states, bias)  # type: ignore[no-untyped-call]
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


def _uniform(module: nn.Module, units: int, rng: torch.Generator) -> None:
    for parameter in module.parameters(recurse=False):
        nn.init.uniform_(parameter, -1 / math.sqrt(units), 1 / math.sqrt(units), generator=rng)
