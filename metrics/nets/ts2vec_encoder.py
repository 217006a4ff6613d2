"""The TS2Vec encoder as products of rows: its weights, the forward and the backward pass, and encoding.

Yue et al. 2022 (TS2Vec): a linear layer, then residual blocks of [GELU, convolution 3, GELU, convolution 3] with dilation
2^i. Rows are ordered by time and then by window, so that a dilated tap is a product with a slice of the rows, and what zero
padding would contribute is never computed. Where the dilation reaches past the longest window, only the centre tap exists.

The gradients are written by hand. On an AMD EPYC (two cores, no AVX-512) one repetition of Context-FID on Stocks takes 1.29
times as long through autograd with the same products (`python -m tests.speed.gradient_speed --cell`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metrics.nets.matmul import addmm, matmul, matmul_out

Arrays = dict[str, NDArray[np.float32]]
"""Named weights: linear ones are (in, out), convolutions (3, in, out) with the taps t − dilation, t, t + dilation."""

Spans = Sequence[tuple[int, int]]
"""The first step and the number of steps of each run of consecutive time steps."""

Shifts = list[tuple[slice, slice]]
"""The rows (early, late) that a dilation joins, a pair a run of time."""

_ENCODED_ROWS = 3072


class Convolution(NamedTuple):
    """A dilated convolution of width three; `before` and `after` are None where its outer taps are out of reach."""

    before: Tensor | None
    """(in, out), the tap on the step t − dilation"""
    centre: Tensor
    """(in, out)"""
    after: Tensor | None
    """(in, out), the tap on the step t + dilation"""
    bias: Tensor
    """(out,)"""
    dilation: int

    @classmethod
    def of(cls, taps: Tensor, bias: Tensor, dilation: int) -> Convolution:
        """From taps (3, in, out), or (1, in, out) where only the centre is in reach."""
        before, centre, after = taps if len(taps) == 3 else (None, taps[0], None)
        return cls(before, centre, after, bias, dilation)


class Block(NamedTuple):
    """A residual block; `skip` and `skip_bias` are None where the skip is the identity."""

    first: Convolution
    second: Convolution
    skip: Tensor | None
    skip_bias: Tensor | None


class Network(NamedTuple):
    """An encoder's weights, or their gradients, as views of one flat tensor."""

    weight: Tensor
    """(D, C)"""
    bias: Tensor
    """(C,)"""
    blocks: list[Block]


@dataclass(frozen=True)
class Architecture:
    """Sizes: D features, `hidden` channels, `output` channels, `depth` + 1 blocks."""

    features: int
    hidden: int = 64
    output: int = 320
    depth: int = 10

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each named weight."""
        shapes: dict[str, tuple[int, ...]] = {
            "input.weight": (self.features, self.hidden),
            "input.bias": (self.hidden,),
        }
        for i in range(self.depth + 1):
            last = i == self.depth
            out = self.output if last else self.hidden
            for name, channels in (("conv1", self.hidden), ("conv2", out)):
                shapes[f"block{i}.{name}.weight"] = (3, channels, out)
                shapes[f"block{i}.{name}.bias"] = (out,)
            if last:
                shapes[f"block{i}.skip.weight"] = (self.hidden, out)
                shapes[f"block{i}.skip.bias"] = (out,)
        return shapes

    @classmethod
    def of(cls, weights: Mapping[str, NDArray[Any]]) -> Architecture:
        """The sizes that named weights have."""
        features, hidden = weights["input.weight"].shape
        depth = sum(name.endswith("conv1.weight") for name in weights) - 1
        return cls(features, hidden, weights[f"block{depth}.conv2.bias"].shape[0], depth)


def initial_weights(rng: np.random.Generator, architecture: Architecture) -> Arrays:
    """PyTorch's default initialization: weights and biases uniform in ± 1/√(inputs of one output)."""
    weights: Arrays = {}
    bound = 0.0
    for name, shape in architecture.shapes().items():
        if name.endswith("weight"):
            bound = float(np.prod(shape[:-1])) ** -0.5
        weights[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
    return weights


@dataclass(frozen=True)
class Layout:
    """How the weights that windows of `length` steps can reach lie in one flat tensor."""

    architecture: Architecture
    length: int

    def reached(self, name: str) -> slice:
        """The part of a named weight that is in the flat tensor: all of it, or a convolution's centre tap."""
        conv = ".conv" in name and name.endswith("weight")
        out_of_reach = conv and 2 ** int(name.split(".")[0].removeprefix("block")) >= self.length
        return slice(1, 2) if out_of_reach else slice(None)

    def flatten(self, weights: Mapping[str, NDArray[Any]]) -> Tensor:
        """The flat tensor of named weights."""
        parts = [weights[name][self.reached(name)].reshape(-1) for name in self.architecture.shapes()]
        return torch.from_numpy(np.concatenate(parts).astype(np.float32))

    def named(self, flat: Tensor) -> dict[str, Tensor]:
        """Views of a flat tensor under the weights' names; a convolution out of reach is (1, in, out)."""
        shapes = {
            name: (1, *shape[1:]) if self.reached(name) == slice(1, 2) else shape
            for name, shape in self.architecture.shapes().items()
        }
        parts = flat.split([int(np.prod(shape)) for shape in shapes.values()])
        return {name: part.view(shape) for part, (name, shape) in zip(parts, shapes.items(), strict=True)}

    def network(self, flat: Tensor) -> Network:
        """The encoder whose weights (or gradients) are views of a flat tensor."""
        named = self.named(flat)
        blocks = []
        for i in range(self.architecture.depth + 1):
            first, second = (
                Convolution.of(named[f"block{i}.{name}.weight"], named[f"block{i}.{name}.bias"], 2**i)
                for name in ("conv1", "conv2")
            )
            blocks.append(Block(first, second, named.get(f"block{i}.skip.weight"), named.get(f"block{i}.skip.bias")))
        return Network(named["input.weight"], named["input.bias"], blocks)


def _shifts(spans: Spans, dilation: int, windows: int) -> Shifts:
    """What a dilation joins within each span, for `windows` rows a step."""
    pairs = []
    for start, steps in spans:
        if dilation < steps:
            early = slice(start * windows, (start + steps - dilation) * windows)
            late = slice((start + dilation) * windows, (start + steps) * windows)
            pairs.append((early, late))
    return pairs


def _convolution(onto: Tensor, rows: Tensor, conv: Convolution, shifts: Shifts) -> Tensor:
    """A convolution of `rows` (N, in), its bias left out, plus `onto`, (N, out) or (out,)."""
    out = addmm(onto, rows, conv.centre)
    if conv.before is not None and conv.after is not None:
        for early, late in shifts:
            matmul_out(rows[early], conv.before, out[late], add=True)
            matmul_out(rows[late], conv.after, out[early], add=True)
    return out


def _convolution_backward(
    grad: Tensor, rows: Tensor, conv: Convolution, gradient: Convolution, shifts: Shifts
) -> Tensor:
    """Write the gradient of a convolution of `rows`, given the gradient `grad` (N, out) of its output; returns that of `rows`."""
    matmul_out(rows.t(), grad, gradient.centre)
    torch.sum(grad, dim=0, out=gradient.bias)
    grad_rows = matmul(grad, conv.centre.t())
    if conv.before is None or conv.after is None or gradient.before is None or gradient.after is None:
        return grad_rows
    if not shifts:
        gradient.before.zero_()
        gradient.after.zero_()
    for number, (early, late) in enumerate(shifts):
        early_grad, late_grad = grad[early], grad[late]
        matmul_out(late_grad, conv.before.t(), grad_rows[early], add=True)
        matmul_out(early_grad, conv.after.t(), grad_rows[late], add=True)
        matmul_out(rows[early].t(), late_grad, gradient.before, add=number > 0)
        matmul_out(rows[late].t(), early_grad, gradient.after, add=number > 0)
    return grad_rows


class _Activations(NamedTuple):
    """What a block's backward pass reads of its forward pass."""

    rows: Tensor
    first_input: Tensor
    between: Tensor
    second_input: Tensor
    shifts: Shifts


def _block_forward(block: Block, rows: Tensor, spans: Spans, windows: int) -> tuple[Tensor, _Activations]:
    shifts = _shifts(spans, block.first.dilation, windows) if block.first.before is not None else []
    gelu = torch.nn.functional.gelu
    first_input = gelu(rows)
    between = _convolution(block.first.bias, first_input, block.first, shifts)
    second_input = gelu(between)
    if block.skip is None or block.skip_bias is None:
        skipped = rows + block.second.bias
    else:
        skipped = addmm(block.skip_bias + block.second.bias, rows, block.skip)
    out = _convolution(skipped, second_input, block.second, shifts)
    return out, _Activations(rows, first_input, between, second_input, shifts)


def _block_backward(block: Block, saved: _Activations, grad: Tensor, gradient: Block) -> Tensor:
    gelu_backward = torch.ops.aten.gelu_backward
    between = _convolution_backward(grad, saved.second_input, block.second, gradient.second, saved.shifts)
    between = gelu_backward(between, saved.between)
    first = _convolution_backward(between, saved.first_input, block.first, gradient.first, saved.shifts)
    grad_rows: Tensor = gelu_backward(first, saved.rows)
    if block.skip is None or gradient.skip is None or gradient.skip_bias is None:
        return grad_rows.add_(grad)
    matmul_out(saved.rows.t(), grad, gradient.skip)
    torch.sum(grad, dim=0, out=gradient.skip_bias)
    return matmul_out(grad, block.skip.t(), grad_rows, add=True)


class Pass:
    """One pass of a batch through an encoder: forward at construction, then `backward` once.

    `inputs` are (S, B, D), the steps of one or several runs of time after one another (`spans`); `mask` (S, B, 1) is zero where a
    step's linear features are masked. Blocks that see one step only are computed for the steps `needed`. `output` is
    (steps needed, B, output channels).
    """

    def __init__(
        self, network: Network, inputs: Tensor, spans: Spans, needed: slice | None = None, mask: Tensor | None = None
    ) -> None:
        S, B, _ = inputs.shape
        self.network = network
        self.inputs = inputs.flatten(0, 1)
        self.mask = None if mask is None else mask.reshape(S * B, 1)
        needed = needed or slice(0, S)
        self.needed = slice(needed.start * B, needed.stop * B)
        rows = addmm(network.bias, self.inputs, network.weight)
        if self.mask is not None:
            rows *= self.mask
        self.activations: list[_Activations] = []
        self.narrowed_at = len(network.blocks)
        for number, block in enumerate(network.blocks):
            if block.first.before is None and number < self.narrowed_at:
                self.narrowed_at = number
                rows = rows[self.needed]
            rows, saved = _block_forward(block, rows, spans, B)
            self.activations.append(saved)
        if self.narrowed_at == len(network.blocks):
            rows = rows[self.needed]
        self.output = rows.unflatten(0, (-1, B))

    def backward(self, grad: Tensor, gradient: Network) -> None:
        """Write the gradient of all weights into `gradient`, given the gradient `grad` of `output`."""
        rows = grad.flatten(0, 1)
        if self.narrowed_at == len(self.network.blocks):
            rows = self._widened(rows)
        for number in range(len(self.activations) - 1, -1, -1):
            rows = _block_backward(self.network.blocks[number], self.activations[number], rows, gradient.blocks[number])
            if number == self.narrowed_at:
                rows = self._widened(rows)
        if self.mask is not None:
            rows = rows * self.mask
        matmul_out(self.inputs.t(), rows, gradient.weight)
        torch.sum(rows, dim=0, out=gradient.bias)

    def _widened(self, rows: Tensor) -> Tensor:
        wide = rows.new_zeros((len(self.inputs), rows.shape[1]))
        wide[self.needed] = rows
        return wide


@torch.inference_mode()
def encode(
    weights: Mapping[str, NDArray[Any]], windows: NDArray[np.float32], device: str = "cpu"
) -> NDArray[np.float32]:
    """The representation (B, output) of windows (B, T, D): the maximum over time of the encoder's output, nothing masked."""
    T = windows.shape[1]
    layout = Layout(Architecture.of(weights), T)
    network = layout.network(layout.flatten(weights).to(device))
    at_once = max(1, _ENCODED_ROWS // T)
    parts = []
    for start in range(0, len(windows), at_once):
        block = torch.from_numpy(np.ascontiguousarray(windows[start : start + at_once].transpose(1, 0, 2))).to(device)
        rows = addmm(network.bias, block.flatten(0, 1), network.weight)
        for part in network.blocks:
            rows, _ = _block_forward(part, rows, [(0, T)], block.shape[1])
        parts.append(rows.view(T, block.shape[1], -1).amax(dim=0))
    return torch.cat(parts).cpu().numpy()
