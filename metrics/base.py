"""What a metric is: its facts, the context of one computation, its result, and the class that every metric fills in."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from metrics.common.threads import in_one_thread

Windows = NDArray[np.float32]
"""Float32 windows (N, T, D), every feature in [0, 1]."""

Prepared = Mapping[str, NDArray[Any]]
"""Named arrays that `Metric.prepare` made from the real windows for one seed; an npz or safetensors file can hold them."""

ProgressCallback = Callable[[int, int], None]
"""Called with (done, total) in units of training steps, repetitions or blocks."""


class NotApplicable(ValueError):  # noqa: N818 - an outcome with a reason, not an error of the windows
    """The windows are sound, but the metric is undefined for them; the message gives the reason in one sentence."""


@dataclass(frozen=True)
class MetricInfo:
    """The facts about a metric that tables, captions, sweeps and the pages on metrics read.

    Attributes:
        name: The identifier in suites, budgets and stores.
        title: The title of its block in a table.
        symbol: A short column title.
        summary: One line on what it computes.
        higher_is_better: The direction; None where the value nearest to `ideal` is best.
        range: The smallest and the largest possible value.
        ideal: The value of a perfect generator with infinitely many windows, or its limit where `reachable` is False.
        cost: "light" for passes over the arrays, "training" where networks or trees are trained.
        version: Raised whenever equal arguments give another value; part of a stored score's key.
        source: The publication of the definition.
        decimals: Digits after the decimal point in a table.
        reachable: Whether a perfect generator approaches `ideal` as the number of windows grows.
        memorisation: Whether the value tells generated windows that follow the training windows from new ones.
        depends_on_machine: Whether the value is a cost, such as seconds, of the machine that measured it: it has no floor, and
            values from another machine decide nothing.
        caption: A sentence on the measurement for the caption of each table that shows it.
        log_scale: Whether values are positive with a spread in proportion to their size, so that tests compare their logarithms.
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
    memorisation: bool = False
    depends_on_machine: bool = False
    caption: str = ""
    log_scale: bool = False


@dataclass(frozen=True)
class Score:
    """The value of a metric: one number per repetition, and JSON-able details of the computation."""

    values: tuple[float, ...]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """The mean over the repetitions."""
        return float(np.mean(self.values))


def ignore_progress(done: int, total: int) -> None:
    """The callback of a computation that nobody watches."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """The block of a series that each window comes from, numbered in the order of time through all roles.

    Windows of one block overlap and depend on each other; windows that are independent have a number each.

    Attributes:
        real: The blocks (N,) of the real windows that the metric compares with.
        training: The blocks of the training windows.
        validation: The blocks of the validation windows.
    """

    real: NDArray[np.intp]
    training: NDArray[np.intp]
    validation: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ScoreContext:
    """What a metric reads besides the real and the generated windows; a plain script can leave out every field.

    Attributes:
        seeds: One non-negative seed per repetition.
        device: The PyTorch device of the networks.
        training: The windows (N, T, D) that the generator was fitted to; memorisation metrics require them.
        validation: Real windows (M, T, D) disjoint from the training windows and from the real windows of the comparison;
            None where there are none, as under protocol paper.
        blocks: Which windows overlap; None where that is not known, as under protocol paper.
        prepared: What `Metric.prepare` returned, one entry per seed; empty: `compute` prepares.
        progress: Called with (done, total).

    Raises:
        ValueError: There is no seed, a seed is negative, or `prepared` and `seeds` differ in number.
    """

    seeds: Sequence[int] = (0,)
    device: str = "cpu"
    training: Windows | None = None
    validation: Windows | None = None
    blocks: Blocks | None = None
    prepared: Sequence[Prepared] = ()
    progress: ProgressCallback = ignore_progress

    def __post_init__(self) -> None:
        seeds = tuple(int(seed) for seed in self.seeds)
        if not seeds or min(seeds) < 0:
            raise ValueError(f"the seeds are {list(seeds)}; give one non-negative integer per repetition.")
        if self.prepared and len(self.prepared) != len(seeds):
            raise ValueError(
                f"{len(self.prepared)} prepared states are given for {len(seeds)} seeds; give one per seed, or none."
            )
        object.__setattr__(self, "seeds", seeds)

    def rngs(self) -> list[np.random.Generator]:
        """A fresh random number generator per repetition."""
        return [np.random.default_rng(seed) for seed in self.seeds]


DEFAULT_CONTEXT = ScoreContext()
"""One repetition with seed 0 on the CPU."""


class Metric(abc.ABC):
    """A function of real and generated windows; constructor arguments are stored, and checked by `compute`.

    A script needs no more than `metric.compute(real, fake)`, or `metric.compute(real, fake, ScoreContext(seeds=range(5)))`.

    Attributes:
        info: The metric's facts.
        shared: Whether `prepare` returns state that every generator on the same real windows can use.
        backend: The library that computes it.
        encoder_of: The metric whose prepared state and seeds this one uses; None for its own.
        min_windows: The smallest number of windows N per set.
        min_steps: The smallest number of time steps T.
        min_features: The smallest number of features D.
    """

    info: ClassVar[MetricInfo]
    shared: ClassVar[bool] = False
    backend: ClassVar[str] = "torch"
    encoder_of: ClassVar[str | None] = None
    min_windows: ClassVar[int] = 2
    min_steps: ClassVar[int] = 1
    min_features: ClassVar[int] = 1

    def __init_subclass__(cls, **options: Any) -> None:
        """Run `prepare` and `compute` in one thread, as the command line does, and restore the caller's setting."""
        super().__init_subclass__(**options)
        for name in ("prepare", "compute"):
            if name in cls.__dict__:
                setattr(cls, name, in_one_thread(cls.__dict__[name]))

    def floor(self, n: int) -> float | None:
        """The expected score of a perfect generator with `n` windows per set; None where only a control can measure it."""
        del n
        return None

    def prepare(self, real: Windows, seed: int = 0, device: str = "cpu") -> dict[str, NDArray[Any]]:
        """The state of one repetition that depends only on the real windows (N, T, D) and its seed; empty by default."""
        del real, seed, device
        return {}

    @abc.abstractmethod
    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """The score of generated windows `fake` (M, T, D) against `real` (N, T, D), one value per repetition.

        Equal arguments give equal bytes on the CPU.

        Raises:
            NotApplicable: The metric is undefined for these windows.
            ValueError: The windows, the constructor arguments or the context are invalid.
        """
