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
from metrics.nets.ts2vec_loss import hierarchical_loss

BATCH = 8
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.01
DROPOUT = 0.1

_PROGRESS_EVERY = 10


def steps_for(windows: NDArray[np.float32]) -> int:
    """The published number of training steps: 200 up to 100,000 numbers in the windows, else 600."""
    return 200 if windows.size <= 100_000 else 600


@dataclass(frozen=True)
class Views:
    """Two overlapping crops of a batch: view 1 keeps its last, view 2 its first `overlap` outputs, the same time steps.

    `inputs` are (S, B, D), the `first` steps of view 1 and then those of view 2; `mask` (S, B, 1) is 0 where a step is masked
    and 1 elsewhere; `dropout` (2 · overlap, B, output) multiplies the outputs, None without dropout.
    """

    inputs: Tensor
    mask: Tensor
    first: int
    overlap: int
    dropout: Tensor | None = None


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
    mask = rng.random((len(steps), B, 1), np.float32) < 0.5
    dropout = rng.random((2 * crop, B, output), np.float32) >= DROPOUT
    return Views(
        torch.from_numpy(inputs).to(device),
        torch.from_numpy(mask).to(device, torch.float32),
        right - early,
        crop,
        torch.from_numpy(dropout).to(device, torch.float32).mul_(1 / (1 - DROPOUT)),
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
    """Train an encoder from `weights` on views of windows of `length` steps; `progress` receives (done, `total`).

    The average gives every state the same weight, the first one included.
    """
    layout = Layout(Architecture.of(weights), length)
    parameter = torch.nn.Parameter(layout.flatten(weights).to(device))
    gradient = torch.zeros_like(parameter)
    parameter.grad = gradient
    average = parameter.detach().clone()
    network, gradients = layout.network(parameter.detach()), layout.network(gradient)
    optimizer = torch.optim.AdamW([parameter], lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    losses: list[Tensor] = []
    for views in steps:
        losses.append(_training_step(network, gradients, views))
        optimizer.step()
        average.lerp_(parameter.detach(), 1 / (len(losses) + 1))
        if progress is not None and len(losses) % _PROGRESS_EVERY == 0:
            progress(len(losses), total)
    decays = (1 - LEARNING_RATE * WEIGHT_DECAY) ** np.arange(len(losses) + 1)
    return Trained(
        restore_weights(layout, weights, average, float(decays.mean())),
        restore_weights(layout, weights, parameter.detach(), float(decays[-1])),
        torch.stack(losses).cpu().numpy(),
    )


def _training_step(network: Network, gradients: Network, views: Views) -> Tensor:
    """Write the gradient of one step's loss into `gradients`; returns the loss."""
    S = len(views.inputs)
    spans = ((0, views.first), (views.first, S - views.first))
    needed = slice(views.first - views.overlap, views.first + views.overlap)
    forward = Pass(network, views.inputs, spans, needed, views.mask)
    outputs = forward.output if views.dropout is None else forward.output * views.dropout
    loss, grad = hierarchical_loss(outputs.unflatten(0, (2, views.overlap)))
    grad = grad.flatten(0, 1)
    forward.backward(grad if views.dropout is None else grad.mul_(views.dropout), gradients)
    return loss


def restore_weights(layout: Layout, weights: Mapping[str, NDArray[Any]], flat: Tensor, decay: float) -> Arrays:
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
