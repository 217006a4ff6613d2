"""Scores of anyone's samples, beside controls and floors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.api.dataset import Dataset
from benchmark.errors import UserError
from benchmark.interface import RANGE_TOLERANCE

if TYPE_CHECKING:
    from benchmark.external.score import Given
    from benchmark.report.text_table import TextTable

PUBLISHED = ("discriminative", "predictive", "context_fid")
Range = str | tuple[float, float]
Windows = Dataset | NDArray[Any] | str | Path


@dataclass(frozen=True)
class ScoreResult:
    """One score of one set of windows.

    Attributes:
        name: The metric's name.
        title: Its title in tables.
        mean: Over repetitions; NaN where the score could not be computed.
        half_width: Of the 95 % t-interval over repetitions; None for one repetition.
        floor: The score of a perfect generator: in closed form, else the oracle's mean; None where neither is known.
        repetitions: One value each.
        n: Windows on the smaller side.
        problem: Why there is no value; empty where there is one.
    """

    name: str
    title: str
    mean: float
    half_width: float | None
    floor: float | None
    repetitions: tuple[float, ...]
    n: int
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"{self.title} {self.problem}"
        spread = "" if self.half_width is None else f" ± {self.half_width:.4g}"
        floor = "" if self.floor is None else f" (floor {self.floor:.4g})"
        return f"{self.title} {self.mean:.4g}{spread}{floor}"


class Scores(Mapping[str, ScoreResult]):
    """The scores of generated windows by metric.

    Attributes:
        record: Everything that was computed, with the keys of `score --json`.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = dict(record)
        self._own = _results(self.record["scores"], self.record)

    def __getitem__(self, name: str) -> ScoreResult:
        return self._own[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)

    @property
    def controls(self) -> dict[str, dict[str, ScoreResult]]:
        """The scores of the controls (copy, gaussian, oracle) by control and metric."""
        return {name: _results(entries, self.record) for name, entries in self.record["controls"].items()}

    @property
    def failed(self) -> bool:
        """Whether a score that applies to these windows could not be computed."""
        return any(entry.get("status") == "failed" for entry in self.record["scores"].values())

    @cached_property
    def table(self) -> TextTable:
        """The scores beside the controls, as the command line prints them."""
        from benchmark.report.external import external_table

        return external_table(self.record)

    def __repr__(self) -> str:
        return f"Scores({'; '.join(map(str, self.values()))})"

    def __str__(self) -> str:
        from benchmark.report.render import markdown

        return markdown(self.table)

    def _repr_html_(self) -> str:
        from benchmark.report.html import fragment

        return fragment(self.table)


def score(
    real: Windows,
    fake: NDArray[Any] | str | Path,
    scores: str | Sequence[str] = PUBLISHED,
    repetitions: int | None = None,
    seed: int = 0,
    controls: bool = True,
    *,
    budget: str | None = None,
    backend: str = "torch",
    length: int | None = None,
    ranges: Sequence[Range] = (),
    device: str = "auto",
    report: Callable[[str, int, int], None] | None = None,
) -> Scores:
    """Score generated windows against real ones.

    Args:
        real: A data set, whose test windows are compared with; else windows (N, T, D), or a file of windows or rows.
        fake: Generated windows (M, T, D): in [0, 1] beside a data set, else in the units of `real`; or such a file.
        scores: Names of metrics, or "all".
        repetitions: Repetitions of each metric (default: 5, or the budget's).
        seed: The seed of all random numbers.
        controls: Score copy, gaussian and oracle too; floors that no formula gives come from the oracle.
        budget: smoke for a quick look; None leaves metrics as they are published.
        backend: torch or tensorflow.
        length: Time steps in a window, for files of rows.
        ranges: Ranges (low, high) to scale arrays and files by: one for all features, or one a feature (default: each feature's
            range in the real windows).
        device: auto, cpu or cuda.
        report: Called with what is computed, and how much of it is done and in all.

    Raises:
        UserError: The windows do not fit each other, or something that is named does not exist.

    Example:
        >>> result = score(load_dataset("stocks"), samples, scores=["context_fid"])
        >>> result["context_fid"].mean, result["context_fid"].half_width, result["context_fid"].floor
    """
    from benchmark.external.score import Settings, score_windows
    from benchmark.run.device import choose_device

    names = tuple(scores.split(",")) if isinstance(scores, str) else tuple(scores)
    settings = Settings(names, repetitions, seed, backend, budget, controls, choose_device(device))
    if isinstance(real, Dataset):
        if ranges:
            raise UserError("ranges are given beside a data set, which has its own; leave them out.")
        given = _beside(real, fake)
    else:
        given = _pair(real, fake, length, ranges)
    return Scores(score_windows(given, settings, report or _ignore))


def _ignore(what: str, done: int, total: int) -> None:
    del what, done, total


def _pair(
    real: NDArray[Any] | str | Path, fake: NDArray[Any] | str | Path, length: int | None, ranges: Sequence[Range]
) -> Given:
    """Real and generated windows on the scale of the real ones; raises UserError."""
    from benchmark.external.score import Given, scaling
    from benchmark.external.windows import make_pair

    texts = [one if isinstance(one, str) else _range_text(one) for one in ranges]
    (first, first_name), (second, second_name) = (_read(real, length, "real"), _read(fake, length, "fake"))
    pair = make_pair(first, second, texts, (first_name, second_name))
    return Given(pair.real, pair.fake, (first_name, second_name), scaling(pair))


def _range_text(one: Any) -> str:
    try:
        low, high = one
        return f"{float(low)},{float(high)}"
    except (TypeError, ValueError):
        raise UserError(f"a range is {one!r}; give pairs of numbers, such as ranges=[(0, 1)].") from None


def _read(windows: NDArray[Any] | str | Path, length: int | None, name: str) -> tuple[NDArray[np.float64], str]:
    """Windows of an array or a file with their name; raises UserError."""
    from benchmark.external.windows import file_windows, given_windows

    if isinstance(windows, str | Path):
        return file_windows(Path(windows), length), str(windows)
    return given_windows(np.asarray(windows), name), name


def _beside(dataset: Dataset, fake: NDArray[Any] | str | Path) -> Given:
    """Generated windows beside a data set's; raises UserError where they are not windows of it in [0, 1]."""
    from benchmark.external.score import Given
    from metrics.base import Blocks

    windows, name = _read(fake, dataset.length, "fake")
    if windows.shape[1:] != dataset.test.shape[1:]:
        raise UserError(
            f"'{name}' holds windows of {windows.shape[1]} steps and {windows.shape[2]} features, the data set '{dataset.name}' "
            f"of {dataset.test.shape[1]} and {dataset.test.shape[2]}; give windows of one shape."
        )
    low, high = float(windows.min()), float(windows.max())
    if low < -RANGE_TOLERANCE or high > 1 + RANGE_TOLERANCE:
        raise UserError(
            f"'{name}' holds values from {low:g} to {high:g}, but beside a data set generated windows lie in [0, 1]; call the "
            "data set's transform on windows in its own units."
        )
    strict, blocks = dataset.protocol == "strict", dataset.blocks
    return Given(
        real=dataset.test,
        fake=np.clip(windows, 0, 1).astype(np.float32),
        names=(dataset.title, name),
        scaling={
            "by": f"the ranges of the data set '{dataset.name}'",
            "low": dataset.units.minimum.tolist(),
            "high": dataset.units.maximum.tolist(),
            "clipped": 0.0,
            "sentence": f"Scaled to [0, 1] by the ranges of the data set '{dataset.name}'.",
        },
        protocol=dataset.protocol,
        training=dataset.windows if strict else None,
        validation=dataset.validation,
        blocks=Blocks(blocks["test"], blocks["train"], blocks["validation"]) if blocks else None,
        disjoint=dataset.real_disjoint,
    )


def _results(entries: Mapping[str, Mapping[str, Any]], record: Mapping[str, Any]) -> dict[str, ScoreResult]:
    """Recorded scores with the floors that a formula or the oracle gives."""
    from metrics import registry

    oracle = record["controls"].get("oracle", {})
    found = {}
    for name, entry in entries.items():
        floor = entry["floor"] if entry["floor"] is not None else oracle.get(name, {}).get("mean")
        mean = math.nan if entry["mean"] is None else entry["mean"]
        problem = f"{entry['status']}: {entry['problem']}" if "problem" in entry else ""
        title = registry.load(name).info.title
        values = tuple(entry["repetitions"])
        found[name] = ScoreResult(name, title, mean, entry["half_width"], floor, values, entry["n"], problem)
    return found
