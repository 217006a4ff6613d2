"""How likely a fitted token model finds windows, and how much of its probability lies on the training windows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

LARGEST_REPEATED_SHARE = 0.05
"""Above this share of repeated training windows, beyond what the tokens do not tell apart, a fit warns."""


def likelihood_measurements(tokens: Tensor, training: Tensor, validation: Tensor | None = None) -> dict[str, float]:
    """Measurements of a token model with a joint distribution, by name.

    Args:
        tokens: Tokens (N, n) of the training windows.
        training: −ln P (N,) of each training window's tokens, in nats.
        validation: The same of the validation windows, where there are any.

    `train_nll` and `validation_nll` are means in nats a token, `train_nats` and `validation_nats` in nats a window.
    `uniform_nats` is ln N, what a training window costs a model that draws from them uniformly. `repeated_share` is the
    probability that a sample at temperature 1 has all tokens of some training window: the sum of P over the distinct ones.
    `duplicate_share` is the share of training windows that have all tokens of another one, which coarse tokens make large.
    """
    length = tokens.shape[1]
    found = {
        "train_nll": float(training.mean()) / length,
        "train_nats": float(training.mean()),
        "uniform_nats": math.log(len(tokens)),
        **_shares(tokens, training),
    }
    if validation is not None:
        found |= {"validation_nll": float(validation.mean()) / length, "validation_nats": float(validation.mean())}
    return found


def _shares(tokens: Tensor, nats: Tensor) -> dict[str, float]:
    """Repetition by the model, and among the windows themselves, of tokens (N, n), each with −ln P in nats (N,)."""
    distinct, which, counts = tokens.unique(dim=0, return_inverse=True, return_counts=True)
    # Equal sequences have equal probabilities up to rounding; the largest stands for all.
    of_distinct = nats.new_full((len(distinct),), math.inf).scatter_reduce(0, which, nats, "amin")
    return {
        "repeated_share": min(1.0, float(of_distinct.neg().exp().sum())),
        "duplicate_share": float(counts[counts > 1].sum()) / len(tokens),
    }


def repetition_warnings(measurements: Mapping[str, Any]) -> list[str]:
    """A sentence where samples repeat training windows, from `likelihood_measurements`; none where there are no such."""
    share, among_themselves = measurements.get("repeated_share", 0.0), measurements.get("duplicate_share", 0.0)
    if share <= LARGEST_REPEATED_SHARE + among_themselves:
        return []
    return [
        f"the token transformer repeats training windows: {share:.0%} of its samples at temperature 1 have all tokens of a "
        f"training window ({among_themselves:.0%} of these have all tokens of another), of which one costs "
        f"{measurements['train_nats']:.1f} nats (a uniform draw from the training windows: "
        f"{measurements['uniform_nats']:.1f}); train stage 2 for fewer steps, or raise dropout."
    ]
