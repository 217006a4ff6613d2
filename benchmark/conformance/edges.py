"""Checks on windows at the edge of what can be learned from, and beyond it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmark.conformance.probe import FEW, FIT_SEED, SAMPLE_SEED, Probe, Violation
from benchmark.conformance.samples import out_of_range
from benchmark.errors import UserError, one_line
from benchmark.interface import Windows


def learns_from_one_feature(probe: Probe) -> str | None:
    """Windows of one feature work; a class that declares `min_features` refuses windows of fewer in a UserError."""
    least = probe.cls.min_features
    if least > 1:
        _refused(lambda: probe.fit(probe.windows(probe.count, least - 1)), f"fit to D = {least - 1} features")
        return f"refuses fewer than {least} features"
    _sampled(probe, probe.windows(probe.count, 1), "one feature")
    return None


def learns_from_few_windows(probe: Probe) -> None:
    """Three windows, fewer than a batch, are enough to fit and sample."""
    _sampled(probe, probe.windows(FEW, probe.features), f"{FEW} windows")


def refuses_windows_with_nan(probe: Probe) -> None:
    """`fit` refuses windows with a NaN in a UserError."""
    windows = probe.windows(probe.count, probe.features)
    windows[1, -1, 0] = np.nan
    _refused(lambda: probe.fit(windows), "fit to windows with a NaN")


def refuses_windows_of_another_rank(probe: Probe) -> None:
    """`fit` refuses windows (N, T) without an axis of features in a UserError."""
    windows = probe.windows(probe.count, probe.features)[:, :, 0]
    _refused(lambda: probe.fit(windows), f"fit to windows of shape {windows.shape}")


def refuses_to_sample_nothing(probe: Probe) -> None:
    """`sample` refuses n = 0 in a UserError."""
    _refused(lambda: probe.fitted.sample(0, SAMPLE_SEED), "sample(0)")


def refuses_to_sample_before_fit(probe: Probe) -> None:
    """`sample` before `fit` or `load` is refused in a UserError."""
    _refused(lambda: probe.new().sample(1, FIT_SEED), "sample before fit")


def _sampled(probe: Probe, windows: Windows, what: str) -> None:
    drawn = probe.fit(windows).sample(2, SAMPLE_SEED)
    if np.shape(drawn) != (2, *windows.shape[1:]):
        raise Violation(f"fitted to {what}, sample(2) has shape {np.shape(drawn)}, not {(2, *windows.shape[1:])}.")
    fault = out_of_range(drawn)
    if fault and not out_of_range(probe.samples):  # else another check has said so
        raise Violation(f"fitted to {what}, sample(2) {fault}.")


def _refused(call: Callable[[], object], what: str) -> None:
    """Raise Violation unless `call` raises UserError in one line."""
    try:
        call()
    except UserError as error:
        if not str(error).strip() or "\n" in str(error).strip():
            raise Violation(f"{what} is refused with {str(error)!r}; say in one line what is wrong.") from None
        return
    except Exception as error:
        raise Violation(
            f"{what} raised {type(error).__name__} ({one_line(error)}); raise benchmark.errors.UserError."
        ) from None
    raise Violation(f"{what} went through; raise benchmark.errors.UserError.")
