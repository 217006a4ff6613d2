"""Training a TS2Vec encoder on real windows: two random views of a batch, the contrastive loss, averaged weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metrics.base import ProgressCallback
from metrics.nets.ts2vec_encoder import Architecture, Arrays, Layout, Network, Pass, initial_weights
from metrics.nets.ts2vec_loss import hierarchical

BATCH = 8
RATE = 1e-3
DECAY = 0.01
DROPOUT = 0.1

_PROGRESS_EVERY = 10


def steps_for(windows: NDArray[np.float32]) -> int:
    """The published number of training steps: 200 up to 100,000 numbers in the windows, else 600."""
    return 200 if windows.size <= 100_000 else 600


@dataclass(frozen=True)
class Views:
    """Two overlapping crops of a batch: view 1 keeps its last, view 2 its first `overlap` outputs, the same time steps.

    `inputs` are (S, B, D), the `first` steps of view 1 and then those of view 2; `seen` (S, B, 1) is 0 where a step is masked
    and 1 elsewhere; `kept` (2 · overlap, B, output) multiplies the outputs (dropout), None without.
    """

    inputs: Tensor
    seen: Tensor
    first: int
    overlap: int
    kept: Tensor | None = None


def draw_views(rng: np.random.Generator, batch: NDArray[np.float32], output: int, device: str = "cpu") -> Views:
    """Random views of windows (B, T, D), with their masks and the dropout of `output` channels."""
    B, L, _ = batch.shape
    crop = int(rng.integers(2, L + 1))
    left = int(rng.integers(0, L - crop + 1))
    right = left + crop
    early = int(rng.integers(0, left + 1))
    late = int(rng.integers(right, L + 1))
    shifts = rng.integers(-early, L - late + 1, B)
    steps = np.concatenate([np.arange(early, right), np.arange(left, late)])
    inputs = batch[np.arange(B), steps[:, None] + shifts]
    seen = rng.random((len(steps), B, 1), np.float32) < 0.5
    kept = rng.random((2 * crop, B, output), np.float32) >= DROPOUT
    return Views(
        torch.from_numpy(inputs).to(device),
        torch.from_numpy(seen).to(device, torch.float32),
        right - early,
        crop,
        torch.from_numpy(kept).to(device, torch.float32).mul_(1 / (1 - DROPOUT)),
    )


def draw_steps(
    rng: np.random.Generator, windows: NDArray[np.float32], steps: int, output: int, device: str = "cpu"
) -> Iterator[Views]:
    """The views of `steps` batches of windows (B, T, D), shuffled anew each epoch, an incomplete last batch dropped."""
    size = min(BATCH, len(windows))
    done = 0
    while done < steps:
        order = rng.permutation(len(windows))
        for start in range(0, len(windows) - size + 1, size):
            if done == steps:
                return
            yield draw_views(rng, windows[order[start : start + size]], output, device)
            done += 1


class Trained(NamedTuple):
    """What training leaves: the running average of the weights, the last weights, and the loss of each step."""

    averaged: Arrays
    final: Arrays
    losses: NDArray[np.float32]


@torch.no_grad()
def train_encoder(
    weights: Mapping[str, NDArray[Any]],
    length: int,
    steps: Iterable[Views],
    device: str = "cpu",
    progress: ProgressCallback | None = None,
    total: int = 0,
) -> Trained:
    """Train an encoder from `weights` on views of windows of `length` steps; `progress` is told of `total` steps in all.

    The average gives every state the same weight, the first one included.
    """
    layout = Layout(Architecture.of(weights), length)
    parameter = torch.nn.Parameter(layout.flatten(weights).to(device))
    gradient = torch.zeros_like(parameter)
    parameter.grad = gradient
    average = parameter.detach().clone()
    network, slopes = layout.network(parameter.detach()), layout.network(gradient)
    optimizer = torch.optim.AdamW([parameter], lr=RATE, weight_decay=DECAY, fused=True)
    losses: list[Tensor] = []
    for views in steps:
        losses.append(_learn(network, slopes, views))
        optimizer.step()
        average.lerp_(parameter.detach(), 1 / (len(losses) + 1))
        if progress is not None and len(losses) % _PROGRESS_EVERY == 0:
            progress(len(losses), total)
    decays = (1 - RATE * DECAY) ** np.arange(len(losses) + 1)
    return Trained(
        _restored(layout, weights, average, float(decays.mean())),
        _restored(layout, weights, parameter.detach(), float(decays[-1])),
        torch.stack(losses).cpu().numpy(),
    )


def _learn(network: Network, slopes: Network, views: Views) -> Tensor:
    """Write the gradient of one step's loss into `slopes`; returns the loss."""
    S = len(views.inputs)
    spans = ((0, views.first), (views.first, S - views.first))
    needed = slice(views.first - views.overlap, views.first + views.overlap)
    run = Pass(network, views.inputs, spans, needed, views.seen)
    outputs = run.output if views.kept is None else run.output * views.kept
    loss, slope = hierarchical(outputs.unflatten(0, (2, views.overlap)))
    slope = slope.flatten(0, 1)
    run.back(slope if views.kept is None else slope.mul_(views.kept), slopes)
    return loss


def _restored(layout: Layout, weights: Mapping[str, NDArray[Any]], flat: Tensor, decay: float) -> Arrays:
    """Named weights from a flat tensor; taps that no window reaches have no gradient, so only the weight decay acts on them."""
    restored: Arrays = {}
    for name, part in layout.named(flat.cpu()).items():
        restored[name] = (weights[name].astype(np.float64) * decay).astype(np.float32)
        restored[name][layout.reached(name)] = part.numpy()
    return restored


def fit_encoder(
    windows: NDArray[np.float32],
    seed: int,
    steps: int | None = None,
    device: str = "cpu",
    progress: ProgressCallback | None = None,
) -> Arrays:
    """The averaged weights of a fresh encoder trained on windows (B, T, D) by the published recipe; T is at least 2."""
    total = steps_for(windows) if steps is None else steps
    rng = np.random.default_rng(seed)
    architecture = Architecture(windows.shape[2])
    weights = initial_weights(rng, architecture)
    batches = draw_steps(rng, windows, total, architecture.output, device)
    return train_encoder(weights, windows.shape[1], batches, device, progress, total).averaged
