"""Data sets as windows, in [0, 1] and in their own units."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.api.values import plain
from benchmark.data import WindowSet, fetch_missing, load_spec, load_windows, own_spec
from benchmark.data.locate import user_cache
from benchmark.data.roles import some
from benchmark.data.split import Role, seed_of_split
from benchmark.data.units import Units
from benchmark.errors import SkipCell, UserError
from benchmark.interface import Windows
from benchmark.protocols import Protocol, as_protocol


@dataclass(frozen=True, eq=False)
class Dataset:
    """The windows of a data set at one length, by role.

    Attributes:
        name: The data set's id.
        title: Its name in tables.
        length: Time steps T in a window.
        protocol: paper (the test windows are the training windows, as in the literature) or strict (windows for each role).
        windows: The training windows (N, T, D), float32 in [0, 1].
        validation: Windows that a fit may measure itself on, scaled as the training windows; None under protocol paper.
        test: What scores compare with, scaled as the training windows.
        units: The features' names and ranges.
        note: What a reader of scores must know; empty where nothing.
        real_disjoint: Real windows disjoint from the test windows, for the oracle; None where there are none.
        split_seed: Seeds random splits and subsets.
        blocks: The block of the series that each window comes from, by role; empty under protocol paper.
    """

    name: str
    title: str
    length: int
    protocol: Protocol
    windows: Windows
    validation: Windows | None
    test: Windows
    units: Units
    note: str
    real_disjoint: Windows | None
    split_seed: int
    blocks: Mapping[Role, NDArray[np.intp]]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the D features."""
        return self.units.features

    def transform(self, values: NDArray[Any]) -> Windows:
        """Values (…, D) in the data's own units as float32, scaled as the training windows are to [0, 1].

        Raises:
            UserError: The last axis is not D.
        """
        return self.units.transform(values)

    def inverse_transform(self, windows: NDArray[Any]) -> NDArray[np.float64]:
        """Windows (…, D) in [0, 1] as float64 values in the data's own units.

        Raises:
            UserError: The last axis is not D.
        """
        return self.units.inverse_transform(windows)

    def roles_of_fit(self, limit: int | None) -> tuple[Windows, Windows | None, Windows | None]:
        """Training, validation and disjoint real windows of a fit, at most `limit` of each: those of a suite's cell."""

        def few(role: str, windows: Windows | None) -> Windows | None:
            return None if windows is None else some([windows], limit, role, self.split_seed)

        train, validation = some([self.windows], limit, "train", self.split_seed), few("validation", self.validation)
        disjoint = few("fresh", self.real_disjoint) if validation is None else np.clip(validation, 0, 1)
        return train, validation, disjoint

    def __repr__(self) -> str:
        counts = f"{len(self.windows)} training windows"
        if self.protocol == "strict":
            counts += f", {len(self.test)} test windows"
        return f"Dataset('{self.name}', length={self.length}, protocol='{self.protocol}': {counts}, D={len(self.features)})"


def load_dataset(
    name_or_path: str | Path,
    length: int = 24,
    protocol: str = "paper",
    seed: int = 0,
    *,
    data_dir: str | Path | None = None,
    download: bool = True,
    options: Mapping[str, object] | None = None,
) -> Dataset:
    """The windows of a data set.

    Args:
        name_or_path: A data set's name, its YAML file, or a file of one's own: rows (CSV, Parquet) or windows (npy, npz).
        length: Time steps T in a window.
        protocol: paper or strict.
        seed: Seeds the random split that strict makes of windows without an order; 0 gives the split of every suite.
        data_dir: Where data files are; then the folder that TIMEMAR_DATA_DIR names, then the user's cache.
        download: Fetch a file that is missing from its origin.
        options: How a file of one's own is read: keys of a data set's YAML file, such as {"missing": "interpolate"}.

    Raises:
        UserError: There is no such data set, its file is missing or bad, or it is too short.

    Example:
        >>> stocks = load_dataset("stocks", length=24)
        >>> stocks.windows.shape
        (3662, 24, 6)
    """
    if not isinstance(name_or_path, str | Path):
        raise UserError(
            f"a data set is a name or a path, not {type(name_or_path).__name__}; save the data as a file first."
        )
    chosen = as_protocol(protocol)
    spec = own_spec(Path(name_or_path), plain(options)) if options else load_spec(str(name_or_path))
    folder = None if data_dir is None else Path(data_dir)
    split_seed = seed_of_split(spec.id, length, protocol, *([seed] if seed else []))

    def load() -> WindowSet:
        return load_windows(
            spec,
            length,
            chosen,
            # A second draw is no part of the first; of recorded windows the oracle's half would be taken away.
            view="real_disjoint" if spec.recipe is not None else "all",
            data_dir=folder,
            cache_dir=user_cache() / "simulated",
            seed_for_split=split_seed,
        )

    try:
        found = load()
    except SkipCell as reason:
        tell = logging.getLogger("benchmark").info
        if not (download and fetch_missing([spec], folder, tell)):
            raise UserError(f"{reason}.") from None
        found = load()
    return Dataset(
        name=spec.id,
        title=spec.title or spec.id,
        length=length,
        protocol=chosen,
        windows=found.train,
        validation=found.validation,
        test=found.test,
        units=found.units,
        note=found.note,
        real_disjoint=found.real_disjoint,
        split_seed=split_seed,
        blocks=found.blocks,
    )
