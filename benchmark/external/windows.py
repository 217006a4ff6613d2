"""Windows from anybody's files, on the scale of the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data import load_series, own_spec
from benchmark.data.arrays import finite_windows
from benchmark.data.scale import Bounds, bounds, cut, scale
from benchmark.data.windows import WINDOW_COLUMNS
from benchmark.errors import UserError
from benchmark.interface import RANGE_TOLERANCE, Windows

FEWEST_WINDOWS = 10
FARTHEST = 1.0
"""How far outside [0, 1] a generated value may lie: as far as the whole range of its feature. Beyond, the units differ."""
LEAST_SHARE = 0.01
"""The share of a declared range that the real values of a feature must span."""

OWN_RANGE = "the real windows' own range by feature"
DECLARED = "the declared range"


@dataclass(frozen=True)
class Pair:
    """Real and generated windows (N, T, D) in [0, 1], how they were scaled, and the share of generated values that was clipped.

    `low` and `high` (D,) are mapped to 0 and 1; `lowest` and `highest` are the generated values' extremes before clipping.
    """

    real: Windows
    fake: Windows
    scaling: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    clipped: float
    lowest: float
    highest: float
    unscaled: bool

    def sentence(self) -> str:
        """How the windows were scaled, for a caption."""
        told = f"Scaled to [0, 1] by {self.scaling}"
        if self.clipped:
            share, low, high = 100 * self.clipped, self.lowest, self.highest
            told += f"; {share:.2g} % of the generated values, which reach from {low:.3g} to {high:.3g}, were clipped"
        hint = ""
        if self.unscaled:
            hint = " The real windows lie within [0, 1] and do not span it: --range 0,1 scores them as they are."
        return f"{told}.{hint}"


def make_pair(
    real: NDArray[np.floating], fake: NDArray[np.floating], ranges: Sequence[str], names: tuple[str, str]
) -> Pair:
    """Windows (N, T, D) and (M, T, D) on one scale; raises UserError for shapes and ranges that cannot be scored.

    Without `ranges` each feature is scaled by the real windows' own range, as the harness scales its data sets. `ranges` are
    texts LOW,HIGH: one for all features, or one a feature. Messages call the two by `names`.
    """
    if real.shape[1:] != fake.shape[1:]:
        raise UserError(
            f"'{names[0]}' holds windows of {real.shape[1]} steps and {real.shape[2]} features, '{names[1]}' of "
            f"{fake.shape[1]} and {fake.shape[2]}; give windows of one shape."
        )
    own = bounds([real])
    limits = _declared(ranges, real.shape[2]) if ranges else own
    if ranges:
        _check_declared(names[0], own, limits)
    scaled = scale(fake, limits)
    check_distance(names[1], fake, scaled, limits)
    outside = (scaled < -RANGE_TOLERANCE) | (scaled > 1 + RANGE_TOLERANCE)
    inside = own[0].min() >= 0 and own[1].max() <= 1
    return Pair(
        scale(real, limits, clip=True),
        np.clip(scaled, 0.0, 1.0),
        DECLARED if ranges else OWN_RANGE,
        tuple(limits[0].tolist()),
        tuple(limits[1].tolist()),
        float(outside.mean()),
        float(scaled.min()),
        float(scaled.max()),
        bool(not ranges and inside and (own[1] - own[0] < 1 - RANGE_TOLERANCE).any()),
    )


def given_windows(array: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Windows (N, T, D) from memory, checked as those of a file are; raises UserError."""
    return enough(finite_windows(array, name), name)


def parse_range(text: str) -> tuple[float, float]:
    """The two numbers of `LOW,HIGH`; raises UserError."""
    parts = text.split(",")
    try:
        low, high = (float(part) for part in parts)
    except ValueError:
        raise UserError(f"--range '{text}' is not understood; write two numbers, such as 0,1.") from None
    if not -np.inf < low < high < np.inf:
        raise UserError(f"--range '{text}' is no range; write the lower end first, such as 0,1.")
    return low, high


def _declared(ranges: Sequence[str], features: int) -> Bounds:
    if len(ranges) not in (1, features):
        raise UserError(
            f"--range is given {len(ranges)} times, but the windows have {features} features; give one range for all of them "
            "or one a feature, in their order."
        )
    pairs = [parse_range(text) for text in ranges]
    pairs *= features if len(pairs) == 1 else 1
    low, high = np.asarray(pairs, dtype=np.float64).T
    return low, high


def _check_declared(path: str, own: Bounds, limits: Bounds) -> None:
    """Refuse a range that real values leave, or in which a feature's real values all but coincide."""
    for feature, (least, most, low, high) in enumerate(zip(*own, *limits, strict=True), start=1):
        margin = RANGE_TOLERANCE * (high - low)
        if least < low - margin or most > high + margin:
            raise UserError(
                f"'{path}', feature {feature} (counted from 1), holds values from {least:g} to {most:g}, outside the "
                f"declared range {low:g},{high:g}; leave --range out, or give each feature's own."
            )
        if 0 < most - least < LEAST_SHARE * (high - low):
            raise UserError(
                f"'{path}', feature {feature} (counted from 1), spans {least:g} to {most:g}, less than {100 * LEAST_SHARE:g} % "
                f"of the declared range {low:g},{high:g}, so that no metric could see it; leave --range out, or give each "
                "feature's own."
            )


def check_distance(path: Path | str, values: NDArray[np.floating], scaled: NDArray[np.float32], limits: Bounds) -> None:
    """Raise UserError for generated values that lie farther outside than the range is wide: such a file is in other units.

    A feature that is constant in the real windows has no scale, so its generated values must equal the constant.
    """
    for feature, (low, high) in enumerate(zip(*limits, strict=True)):
        column = scaled[..., feature]
        if low == high and not np.allclose(values[..., feature], low, rtol=RANGE_TOLERANCE):
            least, most = values[..., feature].min(), values[..., feature].max()
            raise UserError(
                f"'{path}', feature {feature + 1} (counted from 1), holds values from {least:g} to {most:g}, but the real "
                f"windows hold {low:g} alone, which gives no scale to compare by; leave the feature out of both files."
            )
        if column.min() < -FARTHEST or column.max() > 1 + FARTHEST:
            least, most = values[..., feature].min(), values[..., feature].max()
            raise UserError(
                f"'{path}', feature {feature + 1} (counted from 1), holds values from {least:g} to {most:g}, farther outside the "
                f"real windows' {low:g} to {high:g} than that range is wide; give both files in the same units."
            )


def file_windows(path: Path, length: int | None) -> NDArray[np.float64]:
    """A file's windows (N, T, D) as they are; a table's rows cut into windows of `length` steps. Raises UserError.

    A table of windows, as `sample` writes it, is known by its columns `window` and `step`.
    """
    series = load_series(own_spec(path), None)
    if series.windows or series.names[:2] == WINDOW_COLUMNS:
        stack = np.stack(series.parts) if series.windows else _stacked(np.concatenate(series.parts), path)
        if length not in (None, stack.shape[1]):
            raise UserError(
                f"'{path}' holds windows of {stack.shape[1]} steps, but --length is {length}; leave --length out."
            )
    elif length is None:
        raise UserError(f"'{path}' holds rows, not windows; say how long windows are with --length.")
    else:
        longest = max(len(part) for part in series.parts)
        if longest < length:
            what = "longest stretch without a gap has" if len(series.parts) > 1 else "table has"
            raise UserError(
                f"'{path}': its {what} {longest} rows, but windows of {length} need as many; use a shorter --length."
            )
        stack = np.concatenate([cut(part, length, 1) for part in series.parts if len(part) >= length])
    return enough(stack, str(path))


def _stacked(rows: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    """Windows (N, T, D) of rows (N T, 2 + D) that begin with the numbers of window and step, both from 0."""
    steps = int(np.count_nonzero(rows[:, 0] == 0)) or 1
    numbers = np.arange(len(rows))
    expected = np.stack([numbers // steps, numbers % steps], axis=1)
    count, rest = divmod(len(rows), steps)
    if rows.shape[1] < 3 or rest or not np.array_equal(rows[:, :2], expected):
        raise UserError(
            f"'{path}' has the columns window and step, but not every step of every window, counted from 0, in turn; rename the "
            "columns, or correct the rows."
        )
    return rows[:, 2:].reshape(count, steps, -1)


def enough(stack: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """The windows, of which scores need some; raises UserError for fewer."""
    if len(stack) < FEWEST_WINDOWS:
        raise UserError(f"'{name}' holds {len(stack)} windows, but scores need at least {FEWEST_WINDOWS}; add windows.")
    return stack
