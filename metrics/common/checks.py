"""Checks of what a caller hands to a metric."""

from __future__ import annotations

import numpy as np

from metrics.base import Metric, NotApplicable, ScoreContext, Windows


def check_windows(name: str, windows: Windows, at_least: int) -> Windows:
    """`windows` (N, T, D) as contiguous float32.

    Raises:
        ValueError: They have another shape or type, are fewer than `at_least`, or are not finite.
    """
    array = np.asarray(windows)
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise ValueError(f"the {name} windows have the shape {array.shape}; give an array (windows, time, features).")
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise ValueError(f"the {name} windows hold {array.dtype} values; give real numbers.")
    if len(array) < at_least:
        raise ValueError(f"there are {len(array)} {name} windows; this score needs at least {at_least}.")
    array = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(array).all():
        first = int(np.nonzero(~np.isfinite(array).all(axis=(1, 2)))[0][0])
        raise ValueError(f"the {name} windows are not all finite (the first bad one is number {first}); repair them.")
    return array


def check_pair(real: Windows, fake: Windows, at_least: int) -> tuple[Windows, Windows]:
    """Real (N, T, D) and generated windows (M, T, D) as contiguous float32.

    Raises:
        ValueError: Either set is invalid (`check_windows`), or T or D differs between them.
    """
    real, fake = check_windows("real", real, at_least), check_windows("generated", fake, at_least)
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(
            f"the real windows are {real.shape[1]} × {real.shape[2]} (time × features) and the generated ones "
            f"{fake.shape[1]} × {fake.shape[2]}; give windows of one shape."
        )
    return real, fake


def check_shape(metric: Metric, windows: Windows) -> None:
    """Raises NotApplicable where windows (N, T, D) have fewer steps or features than `metric` requires."""
    _, T, D = windows.shape
    for kind, given, needed in (("step", T, metric.min_steps), ("feature", D, metric.min_features)):
        if given < needed:
            plural = "" if given == 1 else "s"
            raise NotApplicable(
                f"{metric.info.name} needs windows of at least {needed} {kind}s; these have {given} {kind}{plural}."
            )


def check_training(metric: Metric, context: ScoreContext, fake: Windows) -> tuple[Windows, Windows]:
    """Training (N, T, D) and generated windows (M, T, D) as contiguous float32.

    Raises:
        ValueError: The context holds no training windows, or `check_pair` refuses the two sets.
    """
    if context.training is None:
        raise ValueError(f"{metric.info.name} compares with the training windows; give them as 'training'.")
    training = check_windows("training", context.training, at_least=2)
    return check_pair(training, fake, at_least=1)


def check_count(owner: str, name: str, value: int) -> int:
    """A count of 1 or more; raises ValueError otherwise."""
    if value < 1:
        raise ValueError(f"'{name}' of {owner} is {value}; give 1 or more.")
    return int(value)
