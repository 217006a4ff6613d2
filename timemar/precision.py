"""Mixed precision in training: which part of a step computes in which type of number."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]


def mixed(device: torch.device, precision: Precision) -> torch.autocast:
    """A context in which matrix products on `device` round to `precision`; with float32 it changes nothing.

    Weights, losses, the optimizer and the search for codes stay in float32.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")
