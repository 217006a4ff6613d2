"""What a score is: its data sheet, its result, and the small class that every metric fills in."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from metrics.common.threads import in_one_thread

Windows = NDArray[np.float32]
"""Float32 windows (B, T, D), every feature in [0, 1]."""

Prepared = Mapping[str, NDArray[Any]]
"""Named arrays that one repetition's `prepare` made from the real windows; they can be stored as a safetensors or npz file."""

ProgressCallback = Callable[[int, int], None]
"""Called with (done, total) in units of training steps or blocks."""


@dataclass(frozen=True)
class DataSheet:
    """What a reader must know of a score before believing it.

    `symbol` is the short column title. `higher_is_better` is None where neither direction is: nearer to `ideal` is better.
    `reachable` says whether a perfect generator would score `ideal` with endless windows; an error of prediction would not.
    `cost` is "light" for a pass over the arrays and "training" where networks are trained. `version` is raised when the same
    arguments give another value. `decimals` is how many digits after the point a table shows.
    """

    name: str
    title: str
    symbol: str
    summary: str
    higher_is_better: bool | None
    range: tuple[float, float]
    ideal: float
    cost: Literal["light", "training"]
    version: int
    source: str
    decimals: int = 3
    reachable: bool = True


@dataclass(frozen=True)
class Score:
    """One value a repetition, and JSON-able details of how they came about."""

    values: tuple[float, ...]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """The mean over the repetitions."""
        return float(np.mean(self.values))


class Metric(abc.ABC):
    """A score of generated windows against real ones; constructor arguments are stored and checked by `compute`.

    `shared` says that `prepare` makes something that depends on the real windows and one repetition's seed only, so that
    every generator on the same data can use it.
    """

    sheet: ClassVar[DataSheet]
    shared: ClassVar[bool] = False
    backend: ClassVar[str] = "torch"
    encoder_of: ClassVar[str | None] = None
    """The metric whose prepared arrays and seeds this one reads; None for its own."""

    def __init_subclass__(cls, **options: Any) -> None:
        """A script that computes a metric gets the one thread of the command line, and keeps its own setting."""
        super().__init_subclass__(**options)
        for name in ("prepare", "compute"):
            if name in cls.__dict__:
                setattr(cls, name, in_one_thread(cls.__dict__[name]))

    def floor(self, n: int) -> float | None:
        """What a perfect generator scores on average with `n` windows a side; None where only a control can tell."""
        del n
        return None

    def prepare(self, real: Windows, seed: int, device: str = "cpu") -> dict[str, NDArray[Any]]:
        """What depends on the real windows (B, T, D) and one repetition's seed only; empty by default."""
        del real, seed, device
        return {}

    @abc.abstractmethod
    def compute(
        self,
        real: Windows,
        fake: Windows,
        seeds: Sequence[int],
        device: str = "cpu",
        prepared: Sequence[Prepared] = (),
        training: Windows | None = None,
        progress: ProgressCallback | None = None,
    ) -> Score:
        """The score of `fake` (B, T, D) against `real` (B, T, D), one repetition a seed.

        `prepared` holds what `prepare` returned for each seed, or nothing; `training` are the windows that the generator was
        fitted to. The same arguments give the same bytes on the CPU. Raises ValueError for windows that cannot be scored.
        """


def check_windows(name: str, windows: Windows, at_least: int) -> Windows:
    """`windows` (B, T, D) as contiguous float32; raises ValueError where they are not finite windows, or too few."""
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
    """Real and generated windows (B, T, D) of one shape but for B; raises ValueError otherwise."""
    real, fake = check_windows("real", real, at_least), check_windows("generated", fake, at_least)
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(
            f"the real windows are {real.shape[1]} × {real.shape[2]} (time × features) and the generated ones "
            f"{fake.shape[1]} × {fake.shape[2]}; give windows of one shape."
        )
    return real, fake


def check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """The seeds as plain integers; raises ValueError where there is none or one is negative."""
    plain = tuple(int(seed) for seed in seeds)
    if not plain or min(plain) < 0:
        raise ValueError(f"the seeds are {list(plain)}; give one non-negative integer a repetition.")
    return plain


def check_count(owner: str, name: str, value: int) -> int:
    """A count that must be 1 or more; raises ValueError otherwise."""
    if value < 1:
        raise ValueError(f"'{name}' of {owner} is {value}; give 1 or more.")
    return int(value)
