"""Building modules without touching the global random state: seeded initial values and seeded dropout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def build(make: Callable[[], Module], rng: torch.Generator, device: str = "cpu") -> Module:
    """Make a module without drawing a global random number; initial values are PyTorch's defaults, drawn from `rng`.

    A submodule that has a method `seeded_reset(rng)` sets its own parameters and buffers there, after the defaults.
    The values are drawn on the CPU, so that they do not depend on the device.
    """
    with torch.device("meta"):
        module = make()
    module = module.to_empty(device="cpu")
    for part in module.modules():
        _default_reset(part, rng)
    for part in module.modules():
        reset = getattr(part, "seeded_reset", None)
        if reset is not None:
            with torch.no_grad():
                reset(rng)
    return module.to(device)


@torch.no_grad()
def _default_reset(part: nn.Module, rng: torch.Generator) -> None:
    """PyTorch's own default initial values of the layers that have any."""
    if isinstance(part, nn.Linear | nn.Conv1d | nn.ConvTranspose1d | nn.Conv2d):
        nn.init.kaiming_uniform_(part.weight, a=math.sqrt(5), generator=rng)
        if part.bias is not None:
            fan_in, _ = nn.init._calculate_fan_in_and_fan_out(part.weight)
            bound = 1 / math.sqrt(fan_in)
            nn.init.uniform_(part.bias, -bound, bound, generator=rng)
    elif isinstance(part, nn.Embedding):
        nn.init.normal_(part.weight, generator=rng)
    elif isinstance(part, nn.GroupNorm | nn.LayerNorm):
        if part.weight is not None:
            nn.init.ones_(part.weight)
        if part.bias is not None:
            nn.init.zeros_(part.bias)
    elif _has_values(part) and not hasattr(part, "seeded_reset"):
        raise TypeError(f"{type(part).__name__} has values of its own: give it a method seeded_reset(rng).")


def _has_values(part: nn.Module) -> bool:
    return any(True for _ in part.parameters(recurse=False)) or any(True for _ in part.buffers(recurse=False))


class SeededDropout(nn.Module):
    """Dropout that draws from the random stream set by `set_dropout_rng`, never from the global state."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.rng: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """`x` with each value kept with probability 1 − p and scaled by 1 / (1 − p); unchanged in evaluation."""
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape, generator=self.rng, device=x.device) >= self.p
        return x * keep / (1 - self.p)


def set_dropout_rng(module: nn.Module, rng: torch.Generator) -> None:
    """Let every SeededDropout inside `module` draw from `rng`."""
    for part in module.modules():
        if isinstance(part, SeededDropout):
            part.rng = rng


def count_parameters(module: nn.Module) -> int:
    """Trainable parameters of `module`."""
    return sum(parameter.numel() for parameter in module.parameters())
