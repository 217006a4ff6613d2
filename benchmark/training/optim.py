"""Optimizers as flat tensor states, and learning rates as functions of the step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


def adamw(
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    decay: float = 0.01,
) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019), fused; decay applies to matrices only, not to biases and norms."""
    kept = list(parameters)
    groups = [
        {"params": [p for p in kept if p.dim() >= 2], "weight_decay": decay},
        {"params": [p for p in kept if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=learning_rate, betas=betas, fused=True)


def optimizer_state(optimizer: torch.optim.Optimizer, prefix: str = "optimizer") -> dict[str, Tensor]:
    """Every moment of an optimizer under a flat name, in the order of its parameters."""
    flat: dict[str, Tensor] = {}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            flat[f"{prefix}.{index}.{name}"] = torch.as_tensor(value)
    return flat


def restore_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Tensor], prefix: str = "optimizer") -> None:
    """Take back what `optimizer_state` returned."""
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in state.items():
        if key.startswith(prefix + "."):
            _, index, name = key.rsplit(".", 2)
            moments.setdefault(int(index), {})[name] = value.clone()
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set the learning rate of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate


def warmup_cosine(step: int, steps: int, peak: float, *, warmup: int, final: float = 0.0) -> float:
    """Linear warm-up to `peak`, then a cosine down to `final` × peak at the last step."""
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / max(1, steps - warmup)
    return peak * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def warmup_halving(step: int, peak: float, *, every: int, factor: float = 0.5, warmup: int = 0) -> float:
    """Linear warm-up to `peak`, then × `factor` each `every` steps (Table 7 of the paper)."""
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * factor ** (step // every)
