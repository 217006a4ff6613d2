"""Warnings about a finished training, a sentence each, with the measurement that shows the fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.training.likelihood import repetition_warnings

_LEAST_USAGE = 0.2
_LARGEST_GAP = 0.5


def warnings_of(measurements: Mapping[str, Any], vocab_size: int) -> list[str]:
    """One sentence each for a collapsed codebook, an overfitted token transformer and samples that repeat training windows.

    `measurements` holds `codebook_usage`, the share of codes that the training windows hit, and those of
    `benchmark.training.likelihood_measurements`.
    """
    found = []
    usage = measurements["codebook_usage"]
    if usage < _LEAST_USAGE:
        found.append(
            f"the codebook collapsed: the training windows use {usage:.0%} of {vocab_size} codes, fewer than "
            f"{_LEAST_USAGE:.0%}; train stage 1 longer, lower reseed_every or choose a smaller vocab_size."
        )
    gap = measurements.get("validation_nll", measurements["train_nll"]) - measurements["train_nll"]
    if gap > _LARGEST_GAP:
        found.append(
            f"the token transformer overfits: held-out windows cost {gap:.2f} nats a token more than training windows; "
            "train stage 2 for fewer steps, or raise dropout or corruption."
        )
    return [*found, *repetition_warnings(measurements)]
