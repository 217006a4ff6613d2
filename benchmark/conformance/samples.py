"""Checks on what `sample` returns, and on what it depends on."""

from __future__ import annotations

import numpy as np

from benchmark.conformance.probe import SAMPLE_SEED, SAMPLES, Probe, Violation


def fits_and_samples(probe: Probe) -> None:
    """`fit` learns from float32 windows (N, T, D) and `sample` returns something."""
    if not isinstance(probe.fitted, probe.cls):
        raise Violation(f"fit returned {type(probe.fitted).__name__}; return self.")
    if not isinstance(probe.samples, np.ndarray):
        raise Violation(f"sample returned {type(probe.samples).__name__}; return a NumPy array.")


def samples_have_the_shape_asked_for(probe: Probe) -> None:
    """`sample(n, seed)` has shape (n, T, D), for one window and for more than there were to learn from."""
    for n in probe.sizes:
        shape = np.shape(probe.draw(n))
        if shape != (n, probe.length, probe.features):
            raise Violation(f"sample({n}) has shape {shape}, not {(n, probe.length, probe.features)}.")


def samples_are_float32(probe: Probe) -> None:
    """Samples are float32, however many are asked for."""
    for n in probe.sizes:
        if (kind := np.asarray(probe.draw(n)).dtype) != np.float32:
            raise Violation(f"sample({n}) is {kind}, not float32.")


def samples_lie_between_0_and_1(probe: Probe) -> None:
    """Samples are finite and in [0, 1], however many are asked for."""
    for n in probe.sizes:
        if fault := out_of_range(probe.draw(n)):
            raise Violation(f"sample({n}) {fault}.")


def out_of_range(windows: object) -> str:
    """What is wrong with the values of generated windows: that some are not finite, or outside [0, 1]; else nothing."""
    values = np.asarray(windows)
    if bad := int(np.count_nonzero(~np.isfinite(values))):
        return f"holds {bad} of {values.size} values that are not finite"
    low, high = float(values.min()), float(values.max())
    return f"lies between {low:.4g} and {high:.4g}, outside [0, 1]" if low < 0 or high > 1 else ""


def same_seed_gives_the_same_samples(probe: Probe) -> None:
    """The same seed gives the same bytes when sampled again."""
    if probe.fitted.sample(SAMPLES, SAMPLE_SEED).tobytes() != probe.samples.tobytes():
        raise Violation(f"sample({SAMPLES}, seed={SAMPLE_SEED}) gave other bytes the second time.")


def another_seed_gives_other_samples(probe: Probe) -> None:
    """Another seed gives other samples."""
    if probe.fitted.sample(SAMPLES, SAMPLE_SEED + 1).tobytes() == probe.samples.tobytes():
        raise Violation(f"seeds {SAMPLE_SEED} and {SAMPLE_SEED + 1} gave the same bytes; draw from the seed passed in.")


def learns_nothing_from_validation_windows(probe: Probe) -> None:
    """Fitted without validation windows it samples the same bytes: they are for measuring only.

    Of a generator that no two fits of make the same, which another check says, this cannot be told.
    """
    if probe.depends_on(validated=False):
        raise Violation("fits with and without context.validation sample different bytes; only measure on it.")


def same_fit_seed_gives_the_same_model(probe: Probe) -> None:
    """Fitted again with the same seed to the same windows, it samples the same bytes."""
    if probe.fitted_again.sample(SAMPLES, SAMPLE_SEED).tobytes() != probe.samples.tobytes():
        raise Violation("two fits with the same context.seed sample different bytes; draw every number from it.")
