"""Linear maps and convolutions on the CPU: the one place that chooses a matrix library, by the processor.

PyTorch's CPU build multiplies float32 matrices by MKL, which keeps to 256-bit instructions on AMD processors. oneDNN, which
PyTorch ships for convolutions, uses 512 bits on those that have them and is reached by a private operator: there training and
sampling take 1.2 to 2 times as long by MKL (`python -m tests.speed.kernel_speed`). On an AMD EPYC without AVX-512 MKL takes 0.85
to 1.02 times as long, and on an Intel Xeon as long, so that PyTorch's own path serves. The processor is the whole rule: a timing
could choose otherwise in an equal run, which must give equal bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from metrics.common.processor import is_amd_with_avx512


def uses_onednn(x: Tensor) -> bool:
    """Whether oneDNN multiplies `x` (..., M): float32 on AMD with AVX-512, outside autocast and `torch.compile`."""
    return (
        x.device.type == "cpu"
        and not torch.compiler.is_compiling()
        and x.dtype == torch.float32
        and x.dim() > 1
        and is_amd_with_avx512()
        and torch.backends.mkldnn.is_available()
        and not torch.is_autocast_enabled("cpu")
    )


def _matmul(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """The matrix a bᵀ + bias (..., N) of a (..., M) and b (N, M) by oneDNN, without gradient."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, bias, "none", [], "")
    return product


class _Linear(torch.autograd.Function):
    """x Wᵀ + bias and its gradients, one matrix product each."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _matmul(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None]:
        x, weight = ctx.saved_tensors
        gradient = gradients[0]
        rows = gradient.flatten(0, -2)
        x_gradient = _matmul(gradient, weight.t()) if ctx.needs_input_grad[0] else None
        bias_gradient = rows.sum(dim=0) if ctx.needs_input_grad[2] else None
        return x_gradient, _matmul(rows.t(), x.flatten(0, -2).t()), bias_gradient


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The map x Wᵀ + bias (..., N) of x (..., M), weight (N, M) and bias (N), as `torch.nn.functional.linear`."""
    if uses_onednn(x):
        product: Tensor = _Linear.apply(x, weight, bias)  # type: ignore[no-untyped-call]
        return product
    return functional.linear(x, weight, bias)


class Linear(nn.Linear):
    """`torch.nn.Linear` by the function `linear`."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., N) of x (..., M)."""
        return linear(x, self.weight, self.bias)


def conv1d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1) -> Tensor:
    """The convolution (B, T', C') of x (B, T, C), channels innermost, with weight (C', C, width) and bias (C').

    As `torch.nn.functional.conv1d` without padding, T' = ⌊(T − width) / stride⌋ + 1. On the CPU the steps that an output sees
    are laid side by side, so that it is one linear map.
    """
    if x.device.type != "cpu":
        return functional.conv1d(x.transpose(1, 2), weight, bias, stride).transpose(1, 2)
    width = weight.shape[2]
    last = x.shape[1] - width + 1
    # Cut from the last tap to the first, so that autograd sums the gradients of x from the first to the last.
    seen = [x[:, tap : tap + last : stride] for tap in reversed(range(width))][::-1]
    return linear(torch.cat(seen, dim=2), weight.transpose(1, 2).flatten(1), bias)


class PackedLinear(NamedTuple):
    """The weight (N, M) and bias (N) of a linear map, laid out for sampling by `pack_weight`."""

    weight: Tensor
    bias: Tensor | None


def pack_weight(layer: nn.Linear | PackedLinear) -> PackedLinear:
    """A linear map without gradient, its weight laid out once as oneDNN otherwise lays it out at every call."""
    weight = layer.weight.detach()
    if uses_onednn(weight):
        weight = torch.ops.mkldnn._reorder_linear_weight(weight)
    return PackedLinear(weight, None if layer.bias is None else layer.bias.detach())


def packed_linear(x: Tensor, layer: PackedLinear) -> Tensor:
    """The map (..., N) of x (..., M), without gradient."""
    if uses_onednn(x):
        return _matmul(x, layer.weight, layer.bias)
    return functional.linear(x, layer.weight, layer.bias)


def linear_add(x: Tensor, inner: Tensor, layer: PackedLinear) -> Tensor:
    """The sum of x (..., N) and the map of `inner` (..., M), in one operation; without gradient."""
    if uses_onednn(inner):
        total: Tensor = torch.ops.mkldnn._linear_pointwise.binary(inner, x, layer.weight, layer.bias, "add")
        return total
    return x + functional.linear(inner, layer.weight, layer.bias)


def linear_gelu(x: Tensor, layer: PackedLinear) -> Tensor:
    """The exact GELU of the map of x (..., M), in one operation; without gradient."""
    if uses_onednn(x):
        activated: Tensor = torch.ops.mkldnn._linear_pointwise(x, layer.weight, layer.bias, "gelu", [], "none")
        return activated
    return functional.gelu(functional.linear(x, layer.weight, layer.bias))
