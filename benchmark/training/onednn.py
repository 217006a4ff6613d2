"""Products of float32 matrices with a gradient, by the faster of PyTorch's two CPU libraries.

PyTorch's CPU build multiplies by MKL, which keeps to 256-bit instructions on processors of other makers; oneDNN, which it
ships for convolutions, uses 512 bits wherever the processor has them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def prefers_onednn(x: Tensor) -> bool:
    """Whether `x` is multiplied by oneDNN: float32 on the CPU, outside autocast, in a build that has it.

    Not inside `torch.compile`, which chooses the library itself and cannot follow a product written by hand.
    """
    return (
        x.device.type == "cpu"
        and not torch.compiler.is_compiling()
        and x.dtype == torch.float32
        and torch.backends.mkldnn.is_available()
        and not torch.is_autocast_enabled("cpu")
    )


def product(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """The matrix a bᵀ + bias (..., N) of a (..., M) and b (N, M) by oneDNN, without gradient; float32 on the CPU."""
    return torch.ops.mkldnn._linear_pointwise(a, b, bias, "none", [], "")


class _Affine(torch.autograd.Function):
    """x Wᵀ + bias and its three gradients, each one product."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None]:
        x, weight = ctx.saved_tensors
        gradient = gradients[0]
        rows = gradient.flatten(0, -2)
        towards_x = product(gradient, weight.t()) if ctx.needs_input_grad[0] else None
        towards_bias = rows.sum(dim=0) if ctx.needs_input_grad[2] else None
        return towards_x, product(rows.t(), x.flatten(0, -2).t()), towards_bias


def affine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The map x Wᵀ + bias (..., N) of x (..., M), weight (N, M) and bias (N), as `torch.nn.functional.linear`."""
    if prefers_onednn(x) and x.dim() > 1:
        return _Affine.apply(x, weight, bias)
    return functional.linear(x, weight, bias)


class Linear(nn.Linear):
    """`torch.nn.Linear` whose products go through `affine`."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., N) of x (..., M)."""
        return affine(x, self.weight, self.bias)


class _Convolve(torch.autograd.Function):
    """A convolution as one product: row t holds the `width` steps that output t sees, next to one another."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        batch, length, channels = x.shape
        width = weight.shape[2]
        steps = (length - width) // stride + 1
        x = x.contiguous()
        seen = x.as_strided((batch, steps, width * channels), (length * channels, stride * channels, 1)).flatten(0, 1)
        flat = weight.transpose(1, 2).flatten(1)
        ctx.save_for_backward(seen, flat)
        ctx.shape, ctx.width, ctx.stride = x.shape, width, stride
        return product(seen, flat, bias).unflatten(0, (batch, steps))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None, None]:
        seen, flat = ctx.saved_tensors
        (batch, steps, _), width = gradients[0].shape, ctx.width
        rows = gradients[0].flatten(0, 1)
        towards_weight = product(rows.t(), seen.t()).unflatten(1, (width, -1)).transpose(1, 2)
        towards_bias = rows.sum(dim=0) if ctx.needs_input_grad[2] else None
        if not ctx.needs_input_grad[0]:
            return None, towards_weight, towards_bias, None
        spread = product(rows, flat.t()).view(batch, steps, width, -1)
        towards_x = rows.new_zeros(ctx.shape)
        for place in range(width):
            towards_x[:, place : place + ctx.stride * (steps - 1) + 1 : ctx.stride] += spread[:, :, place]
        return towards_x, towards_weight, towards_bias, None


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1) -> Tensor:
    """The convolution (B, T', C') of x (B, T, C), channels innermost, with weight (C', C, width) and bias (C').

    As `torch.nn.functional.conv1d` without padding, T' = ⌊(T − width) / stride⌋ + 1.
    """
    if prefers_onednn(x):
        return _Convolve.apply(x, weight, bias, stride)
    return functional.conv1d(x.transpose(1, 2), weight, bias, stride).transpose(1, 2)
