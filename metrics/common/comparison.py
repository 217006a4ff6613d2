"""Two small classes between `Metric` and a score: one value of the two sets, or one value a seed."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.applicability import NotApplicable
from metrics.base import Metric, Prepared, ProgressCallback, Score, Windows, check_pair, check_seeds, check_windows


class Measured(NamedTuple):
    """One value and JSON-able details of it."""

    value: float
    details: dict[str, Any]


class Comparison(Metric):
    """A score that draws nothing: one value of the real and the generated windows, whatever the seeds.

    `min_windows`, `min_steps` and `min_features` are what the definition needs.
    """

    min_windows: ClassVar[int] = 2
    min_steps: ClassVar[int] = 1
    min_features: ClassVar[int] = 1

    @abc.abstractmethod
    def measure(self, real: Windows, fake: Windows) -> Measured:
        """The value for checked windows (B, T, D)."""

    def compute(
        self,
        real: Windows,
        fake: Windows,
        seeds: Sequence[int] = (0,),
        device: str = "cpu",
        prepared: Sequence[Prepared] = (),
        training: Windows | None = None,
        progress: ProgressCallback | None = None,
    ) -> Score:
        """See `Metric.compute`; one value. Raises NotApplicable where there are too few features or steps for the definition."""
        del seeds, device, prepared, training
        real, fake = check_pair(real, fake, self.min_windows)
        check_shape(self, real, self.min_steps, self.min_features)
        measured = self.measure(real, fake)
        if progress is not None:
            progress(1, 1)
        return Score((measured.value,), measured.details)


class SeededComparison(Metric):
    """A score that draws something (splits, projections, subsets): one value a seed.

    Every detail of a repetition becomes a list, one entry a seed.
    """

    min_windows: ClassVar[int] = 2
    min_steps: ClassVar[int] = 1

    @abc.abstractmethod
    def measure(self, real: Windows, fake: Windows, seed: int) -> Measured:
        """The value of one repetition for checked windows (B, T, D)."""

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
        """See `Metric.compute`."""
        del device, prepared, training
        seeds = check_seeds(seeds)
        real, fake = check_pair(real, fake, self.min_windows)
        check_shape(self, real, self.min_steps, 1)
        repetitions = []
        for number, seed in enumerate(seeds):
            repetitions.append(self.measure(real, fake, seed))
            if progress is not None:
                progress(number + 1, len(seeds))
        return collected(repetitions)


def collected(repetitions: Sequence[Measured]) -> Score:
    """Several repetitions as one score, each detail a list."""
    details = {name: [one.details[name] for one in repetitions] for name in repetitions[0].details}
    return Score(tuple(one.value for one in repetitions), details)


def check_shape(metric: Metric, windows: Windows, min_steps: int, min_features: int) -> None:
    """Raises NotApplicable where windows (B, T, D) have fewer steps or features than the score `metric` needs."""
    _, T, D = windows.shape
    for kind, given, needed in (("step", T, min_steps), ("feature", D, min_features)):
        if given < needed:
            plural = "" if given == 1 else "s"
            raise NotApplicable(
                f"{metric.sheet.name} needs windows of at least {needed} {kind}s; these have {given} {kind}{plural}."
            )


def check_training(metric: Metric, training: Windows | None, fake: Windows) -> tuple[Windows, Windows]:
    """Training and generated windows (B, T, D) of one shape but for B; raises ValueError where none were given."""
    if training is None:
        raise ValueError(f"{metric.sheet.name} compares with the training windows; give them as 'training'.")
    training = check_windows("training", training, at_least=2)
    _, fake = check_pair(training, fake, at_least=1)
    return training, fake


def flat(windows: Windows) -> NDArray[np.float64]:
    """Windows (B, T, D) as float64 rows (B, T · D), with one kind of zero."""
    return windows.reshape(len(windows), -1).astype(np.float64) + 0.0
