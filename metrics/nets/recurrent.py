"""Training many small recurrent networks side by side: the batches they draw, the loop, and reading them out again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metrics.base import ProgressCallback
from metrics.nets.adam import TensorFlowAdam
from metrics.nets.gru import Layout, initial_kernels

BATCH = 128
"""Windows of a kind in one training step."""

_DRAWN_AT_ONCE = 250
_EVALUATED_NUMBERS = 30_000_000
_PROGRESS_EVERY = 50


class Recurrence(Protocol):
    """R networks on B windows of T steps each: `gru.Cells` or `lstm.Stack`; weights are views of the networks' parameters."""

    def take(self, windows: Tensor, rows: Tensor) -> None:
        """Load each network's windows, numbers `rows` (R, B) of `windows` (N, T, D)."""

    def forward(self, doubled: Any) -> Tensor:
        """The states (T + 1, R, H, B), the first is zero."""

    def backward(self, weights: Any, upstream: Sequence[Tensor], gradient: Any) -> None:
        """Write the gradient, given that of state t + 1 as `upstream[t]`."""


class Network(Protocol):
    """How a network lies in one flat row of parameters: `gru.Layout` or `lstm.Layout`."""

    @property
    def numbers(self) -> int:
        """Numbers that evaluation holds for one window and time step."""

    def views(self, flat: Tensor) -> Any:
        """The weights in flat parameters (R, size)."""

    def doubling(self, flat: Tensor) -> Tensor:
        """A row (1, size) of factors by which the forward pass takes its weights."""

    def cells(self, networks: int, windows: int, steps: int, device: str, *, learns: bool = True) -> Recurrence:
        """So many networks on so many windows at once."""


class Head(Protocol):
    """What is asked of the states: one loss per network, and its gradients with respect to the states."""

    def __call__(self, states: Tensor, rows: Tensor, weights: Any, gradient: Any) -> tuple[Tensor, list[Tensor]]:
        """The losses (R,) for states (T + 1, R, H, B) of the windows `rows` (R, B), and their gradients.

        There is a gradient (R, H, B), or a scalar zero, for each state but the first. That of the dense layer is written into
        `gradient`.
        """


def initial_rows(rngs: Sequence[np.random.Generator], layout: Layout, device: str) -> Tensor:
    """One network's initial weights a generator: (R, layout.size)."""
    rows = [layout.pack(initial_kernels(rng, layout.features, layout.units)) for rng in rngs]
    return torch.from_numpy(np.stack(rows)).to(device)


def draw_batches(
    rngs: Sequence[np.random.Generator], pools: Sequence[Sequence[NDArray[np.int64]]], steps: int, device: str
) -> Iterator[Tensor]:
    """`steps` batches of window numbers (R, B); repetition r takes BATCH of each `pools[k][r]` without replacement, afresh.

    Where a pool is smaller than BATCH, every repetition takes as many as the smallest of its kind has.
    """
    sizes = [min(BATCH, *map(len, pool)) for pool in pools]
    for start in range(0, steps, _DRAWN_AT_ONCE):
        count = min(_DRAWN_AT_ONCE, steps - start)
        picks = np.empty((count, len(rngs), sum(sizes)), np.int64)
        for r, rng in enumerate(rngs):
            for row in picks[:, r]:
                filled = 0
                for pool, size in zip(pools, sizes, strict=True):
                    chosen = rng.choice(len(pool[r]), size, replace=False, shuffle=False)
                    row[filled : filled + size] = pool[r][chosen]
                    filled += size
        yield from torch.from_numpy(picks).to(device)


@torch.inference_mode()
def train(
    parameters: Tensor,
    layout: Network,
    windows: Tensor,
    batches: Iterable[Tensor],
    head: Head,
    progress: ProgressCallback | None = None,
    steps: int = 0,
) -> Tensor:
    """Train R networks, `parameters` (R, layout.size) in place, on `windows`; the losses are (steps, R).

    Windows are (N, T, D), those of a GRU with ones (N, T, D + 1).
    `batches` yields the window numbers (R, B) of each step, B the same in all. `progress` receives (done, `steps`).
    """
    R, T = len(parameters), windows.shape[1]
    gradient = torch.zeros_like(parameters)
    factors = layout.doubling(parameters)
    doubled = parameters * factors
    weights, gradients, doubled_weights = layout.views(parameters), layout.views(gradient), layout.views(doubled)
    optimizer = TensorFlowAdam(parameters)
    cells: Recurrence | None = None
    losses: list[Tensor] = []
    for rows in batches:
        cells = cells or layout.cells(R, rows.shape[1], T, str(parameters.device))
        cells.take(windows, rows)
        torch.mul(parameters, factors, out=doubled)
        states = cells.forward(doubled_weights)
        loss, upstream = head(states, rows, weights, gradients)
        cells.backward(weights, upstream, gradients)
        optimizer.step(gradient)
        losses.append(loss)
        if progress is not None and len(losses) % _PROGRESS_EVERY == 0:
            progress(len(losses), steps)
    return torch.stack(losses)


def run_states(parameters: Tensor, layout: Network, windows: Tensor, rows: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The states (T + 1, R, H, B) on windows numbers `rows` (R, M), in blocks of bounded memory, each with its numbers (R, B)."""
    R, T = len(parameters), windows.shape[1]
    doubled = layout.views(parameters * layout.doubling(parameters))
    block = max(BATCH, _EVALUATED_NUMBERS // (R * T * layout.numbers))
    for start in range(0, rows.shape[1], block):
        part = rows[:, start : start + block].contiguous()
        cells = layout.cells(R, part.shape[1], T, str(parameters.device), learns=False)
        cells.take(windows, part)
        yield cells.forward(doubled), part
