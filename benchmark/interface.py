"""What a generator is: the contract between the harness and every model, ours or a third party's."""

from __future__ import annotations

import abc
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from benchmark.errors import DivergedError, UserError
from benchmark.validation import parameter_model, validate_parameters

Windows = NDArray[np.float32]
"""Float32 windows (N, T, D), every feature in [0, 1]."""

RANGE_TOLERANCE = 1e-5
"""How far outside [0, 1] rounding may leave a scaled value."""

Depth = Annotated[int, Field(ge=1, le=1000)]
"""A number of layers. Each is built before it can be counted, so that a slip of the finger would take hours to refuse."""


@dataclass(frozen=True)
class Budget:
    """How much training a cell may spend; `train_cpu_minutes` is None where the published schedule decides."""

    name: str
    train_cpu_minutes: float | None = None


@dataclass(frozen=True)
class Progress:
    """One report of a running stage: `step` of `total`, with the metrics to log."""

    stage: str
    step: int
    total: int
    metrics: Mapping[str, float] = field(default_factory=dict)


def _ignore(progress: Progress) -> None:
    del progress


def _log_warning(sentence: str) -> None:
    logging.getLogger("benchmark").warning("%s", sentence)


def _never() -> bool:
    return False


@dataclass(frozen=True)
class FitContext:
    """Everything `fit` may know beside the windows.

    `checkpoint_dir` is a folder of the generator's own in which an interrupted fit may find its state again, written every
    `checkpoint_seconds`; None keeps nothing.
    `validation` are windows that a fit may measure itself on and must not learn from or choose by: `check` fits with and without
    them. They are never the test windows, which reported scores compare with. `real_disjoint` are real windows disjoint from the
    test windows; only generators that declare `uses_real_disjoint` get them. `warn` takes a sentence on what went wrong in a fit
    that ended all the same, such as a collapsed codebook; it stands under every table that shows the cell.
    """

    seed: int
    budget: Budget = Budget("smoke", 0.1)
    device: str = "cpu"
    checkpoint_dir: Path | None = None
    checkpoint_seconds: float = 20.0
    validation: Windows | None = None
    real_disjoint: Windows | None = None
    progress: Callable[[Progress], None] = _ignore
    warn: Callable[[str], None] = _log_warning
    stop_requested: Callable[[], bool] = _never


class Generator(abc.ABC):
    """A model of windows (N, T, D): constructed from parameters, fitted to windows, sampled by seed.

    Constructors only store their arguments under the same names; annotations (with `pydantic.Field` constraints) declare
    what is allowed, and `fit` validates. Fitted state ends in an underscore. All randomness comes from the seeds passed in.
    """

    version: ClassVar[int] = 1
    """Raised whenever equal arguments give another result, so that cached fits are computed anew."""
    min_features: ClassVar[int] = 1
    uses_real_disjoint: ClassVar[bool] = False
    """Real windows beyond the training ones are handed to `fit`, so that it stands apart from models, as controls do."""
    is_control: ClassVar[bool] = False
    sampling_parameters: ClassVar[frozenset[str]] = frozenset()
    """Parameters that `sample` alone reads, such as a temperature: cells that differ in these alone share one fit."""

    @abc.abstractmethod
    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Fit to windows (N, T, D) in [0, 1]; raises UserError for parameters or windows that cannot work."""

    @abc.abstractmethod
    def sample(self, n: int, seed: int) -> Windows:
        """`n` new windows (n, T, D), float32 in [0, 1]; the same seed gives the same bytes on the CPU."""

    @abc.abstractmethod
    def save(self, folder: Path) -> None:
        """Write the fitted state into an existing folder: safetensors, npz and JSON only."""

    @classmethod
    @abc.abstractmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The generator that `save` wrote, ready to sample on `device`."""

    @property
    def num_parameters(self) -> int:
        """Trainable parameters of the fitted model."""
        return 0

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        """Trainable parameters by part for windows (T=length, D=features), without fitting; empty for a model without any."""
        del length, features
        return {}

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit to `windows` windows, counted as often as they are drawn; None where not known.

        An estimate of training time is in proportion to it.
        """
        del windows
        return None

    def parameters(self) -> dict[str, Any]:
        """The constructor arguments, validated; raises UserError."""
        stored = {name: getattr(self, name) for name in parameter_model(type(self)).model_fields}
        return validate_parameters(type(self), stored, owner=type(self).__name__)


def write_parameters(generator: Generator, folder: Path, **fitted: object) -> None:
    """Write `generator.json`: the constructor arguments and plain fitted values, such as the window's shape.

    The keys of every mapping are sorted, so that equal values give equal bytes; where an order matters, give a list of pairs.
    """
    record = {"parameters": generator.parameters(), "fitted": fitted}
    (folder / "generator.json").write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")


def read_parameters(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The constructor arguments and fitted values that `write_parameters` wrote."""
    record = json.loads((folder / "generator.json").read_text())
    return record["parameters"], record["fitted"]


def check_windows(windows: Windows, generator: Generator) -> tuple[int, int, int]:
    """N, T and D of windows that `generator` can be fitted to: finite float32 (N, T, D) in [0, 1]; raises UserError."""
    name = type(generator).__name__
    if not isinstance(windows, np.ndarray) or windows.ndim != 3 or windows.dtype != np.float32 or 0 in windows.shape:
        shape, kind = getattr(windows, "shape", "unknown"), getattr(windows, "dtype", type(windows).__name__)
        raise UserError(
            f"{name} was given windows of shape {shape} and type {kind}; pass float32 (N, T, D), none empty."
        )
    count, length, features = windows.shape
    if features < generator.min_features:
        raise UserError(
            f"{name} was given windows of D = {features}; it needs at least {generator.min_features} features."
        )
    if not np.isfinite(windows).all():
        window, step, feature = (int(place) + 1 for place in np.argwhere(~np.isfinite(windows))[0])
        raise UserError(
            f"{name} was given a value that is no finite number at window {window}, step {step}, feature {feature} (counted from "
            "1); correct or remove it."
        )
    low, high = float(windows.min()), float(windows.max())
    if low < 0.0 or high > 1.0:
        raise UserError(
            f"{name} was given windows with values from {low:g} to {high:g}; scale every feature to [0, 1]."
        )
    return count, length, features


def check_sampling(generator: Generator, fitted: str, n: int) -> None:
    """Raise UserError where the attribute `fitted` says that `generator` is not fitted, or where `n` is below 1."""
    name = type(generator).__name__
    if not hasattr(generator, fitted):
        raise UserError(f"{name} was asked to sample before it was fitted; call fit or load first.")
    if n < 1:
        raise UserError(f"{name} was asked for n = {n} windows; ask for at least 1.")


def checked_samples(samples: object, shape: tuple[int, ...]) -> Windows:
    """Samples as float32 if they are what the interface promises; raises ValueError or DivergedError otherwise."""
    if not isinstance(samples, np.ndarray):
        raise ValueError(f"sample returned {type(samples).__name__}, not a NumPy array")
    if samples.shape != shape:
        raise ValueError(f"sample returned shape {samples.shape}, not {shape}")
    if not np.issubdtype(samples.dtype, np.floating):
        raise ValueError(f"sample returned {samples.dtype}, not floating-point numbers")
    bad = int(np.count_nonzero(~np.isfinite(samples)))
    if bad:
        raise DivergedError(f"{bad} of {samples.size} generated values are not finite")
    low, high = float(samples.min()), float(samples.max())
    if low < -RANGE_TOLERANCE or high > 1 + RANGE_TOLERANCE:
        raise ValueError(f"sample returned values from {low:.4g} to {high:.4g}, outside [0, 1]")
    return np.clip(samples, 0.0, 1.0).astype(np.float32)
