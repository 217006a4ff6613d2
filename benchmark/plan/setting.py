"""A data set at a length, looked at before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.data import (
    DatasetSpec,
    check_strict_length,
    expected_fingerprint,
    fingerprint,
    load_series,
    load_windows,
    require_windows,
    window_counts,
)
from benchmark.errors import SkipCell, UserError
from benchmark.protocols import Protocol


@dataclass(frozen=True)
class Setting:
    """A data set at a length.

    Attributes:
        dataset: The data set.
        length: T.
        fingerprint: What identifies the data's content.
        skip: Why the data are not here; None where they are.
        features: D; 0 where it is not known.
        remark: What was done to missing cells and categories, for the notes of a table.
    """

    dataset: DatasetSpec
    length: int
    fingerprint: str
    skip: str | None
    features: int
    remark: str


def setting_of(dataset: DatasetSpec, length: int, protocol: Protocol, data_dir: Path | None) -> Setting:
    """The setting, after the mistakes that a look at the data shows; raises UserError for bad data or too few rows."""
    try:
        content, skip = fingerprint(dataset, data_dir), None
    except SkipCell as reason:
        # The file is known by its checksum even where it is absent, so the cell keeps its key.
        content, skip = expected_fingerprint(dataset), str(reason)
    counts = window_counts(dataset, (length,))
    if counts is not None and counts.get(length, 0) < 2:
        raise UserError(f"the data set '{dataset.id}' has no two windows of length {length}; use a shorter length.")
    if protocol == "strict":
        check_strict_length(dataset, length)
    remark = ""
    if skip is None and (dataset.missing or dataset.one_hot):
        remark = "; ".join(load_series(dataset, data_dir).remarks)
    return Setting(dataset, length, content, skip, _features(dataset, length, protocol, skip, data_dir), remark)


def _features(dataset: DatasetSpec, length: int, protocol: Protocol, skip: str | None, data_dir: Path | None) -> int:
    if dataset.features is not None and dataset.folder is None:
        return dataset.features
    if skip is not None:
        return 0
    # Somebody's own file: better refused now than after an hour.
    windows = load_windows(dataset, length, protocol, data_dir=data_dir, seed_for_split=0)
    require_windows(dataset, length, protocol, len(windows.test), data_dir)
    if (windows.low == windows.high).all() or (windows.train == windows.train[:1]).all():
        raise UserError(
            f"all windows of the data set '{dataset.id}' are equal (every feature is constant); give data that change."
        )
    return int(windows.train.shape[2])
