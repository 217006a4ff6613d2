"""Optimizers, trainings as flat dictionaries of tensors, and learning rates as functions of the step."""

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


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step of an optimizer down the gradient of `loss` in its own parameters; no other gradient is computed."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()


def training_state(model: nn.Module, **optimizers: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Parameters and buffers under `model.`, each optimizer's moments under its name, in the order of its parameters."""
    flat = {f"model.{name}": value for name, value in model.state_dict().items()}
    for prefix, optimizer in optimizers.items():
        for index, moments in optimizer.state_dict()["state"].items():
            flat |= {f"{prefix}.{index}.{name}": torch.as_tensor(value) for name, value in moments.items()}
    return flat


def restore_training(state: Mapping[str, Tensor], model: nn.Module, **optimizers: torch.optim.Optimizer) -> None:
    """Take back what `training_state` returned.

    Raises:
        ValueError: The moments of a parameter have another shape than it, which fused optimizers do not check.
    """
    model.load_state_dict(_within(state, "model"))
    for prefix, optimizer in optimizers.items():
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in _within(state, prefix).items():
            index, name = key.split(".", 1)
            moments.setdefault(int(index), {})[name] = value.clone()
        _check_shapes(prefix, optimizer, moments)
        optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})


def _check_shapes(name: str, optimizer: torch.optim.Optimizer, moments: Mapping[int, Mapping[str, Tensor]]) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for index, values in moments.items():
        shape = parameters[index].shape
        if any(value.dim() and value.shape != shape for value in values.values()):  # the step is a scalar
            raise ValueError(
                f"the checkpoint's moments of parameter {index} of '{name}' do not have its shape {tuple(shape)}; "
                "it is of another network"
            )


def _within(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix + "."): value for k, value in state.items() if k.startswith(prefix + ".")}


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set the learning rate of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate


def warmup_cosine(step: int, steps: int, peak: float, *, warmup: int) -> float:
    """Linear warm-up to `peak`, then a cosine that reaches 0 after the last step."""
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / max(1, steps - warmup)
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def warmup_halving(step: int, peak: float, *, every: int, warmup: int = 0) -> float:
    """Linear warm-up to `peak`, then halved each `every` steps (Table 7 of the paper)."""
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 ** (step // every)
