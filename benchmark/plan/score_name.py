"""The name of a score in a store: the metric, the role of the real windows, and which draw of samples it judges."""

from __future__ import annotations

from dataclasses import dataclass

VALIDATION = "validation:"
"""Before a metric's name: its score against the validation windows, by which sweeps choose and which no table reports."""
SAMPLING = "@"
"""Between a metric's name and a sampling seed; sampling seed 0 has no mark."""


@dataclass(frozen=True)
class ScoreName:
    """A score's name in parts: `validation:context_fid@2` is Context-FID of the draw of sampling seed 2.

    Attributes:
        metric: The metric's name.
        validation: Whether it compares with the validation windows instead of the test windows.
        sampling_seed: The draw of samples from the one fitted model, from 0.
    """

    metric: str
    validation: bool = False
    sampling_seed: int = 0

    @classmethod
    def parse(cls, text: str) -> ScoreName:
        """The parts of a name; what is no sampling seed stays in the metric's name, which then does not exist."""
        name, mark, seed = text.removeprefix(VALIDATION).partition(SAMPLING)
        if mark and not seed.isdecimal():
            name, seed = name + mark + seed, ""
        return cls(name, text.startswith(VALIDATION), int(seed or 0))

    def __str__(self) -> str:
        role = VALIDATION if self.validation else ""
        return role + self.metric + (f"{SAMPLING}{self.sampling_seed}" if self.sampling_seed else "")

    @property
    def base(self) -> str:
        """The same score of sampling seed 0, as a suite names it."""
        return str(ScoreName(self.metric, self.validation))

    def of_draw(self, sampling_seed: int) -> str:
        """The same score of another draw of samples."""
        return str(ScoreName(self.metric, self.validation, sampling_seed))
