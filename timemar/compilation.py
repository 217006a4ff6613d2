"""Compiled training steps: the forward and backward pass of a stage as a few generated kernels (`torch.compile`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


def compile_options(device: torch.device) -> dict[str, Any]:
    """How `torch.compile` is asked on `device`: with CUDA, the kernels of a step are replayed as one graph."""
    return {"dynamic": False, "mode": "reduce-overhead" if device.type == "cuda" else "default"}


def training_pass(module: nn.Module, device: torch.device, *, compiled: bool) -> Callable[..., Any]:
    """What a training step calls: `module`, or a compiled twin that shares its weights and differs by rounding only.

    The first step compiles, which takes minutes; every later one is free of most of Python's and the launches' overhead. Dropout
    draws from a generator of its own, which splits a module into several graphs.
    """
    return torch.compile(module, **compile_options(device)) if compiled else module
