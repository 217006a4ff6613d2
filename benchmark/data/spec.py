"""The specification of a data set: what its YAML file states, validated."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from benchmark.validation import Frozen

ROW_SUFFIXES = (".csv", ".parquet", ".mat")
WINDOW_SUFFIXES = (".npy", ".npz")
MissingRule = Literal["drop", "interpolate"]
"""What becomes of missing cells: their rows are removed, or short runs of them are filled."""
MOST_FILLED = 5
"""Missing cells of a feature in consecutive rows that interpolation fills at most."""
MOST_CATEGORIES = 20
"""Categories of a column that may become features at most."""
MOST_SEQUENCES = 10_000_000
"""Sequences of a generated data set at most: ten times as many take more memory than a machine has."""
TIME_FORMATS = ("day-first", "month-first", "epoch", "epoch-ms")
WINDOWING_VERSION = 1
"""Raise it when the same file and options would give other windows: what was computed from them is computed anew."""


class Recipe(Frozen):
    """A generated data set: `sequences` draws of a process from one seed (NumPy's legacy generator)."""

    process: Literal["sines", "hopper"] = Field(description="The process that draws the sequences: sines or hopper.")
    sequences: int = Field(
        default=10_000, ge=2, le=MOST_SEQUENCES, description="The number of sequences, each of which is a window."
    )
    seed: int = Field(default=123, ge=0, lt=2**32 - 2, description="The seed of NumPy's legacy generator.")


class DatasetSpec(Frozen):
    """One data set: where it comes from, how its file is read, what is known about it.

    Either `file` (CSV, Parquet or MATLAB rows; `.npy`/`.npz` windows) or `recipe` is given. `folder` is set for a
    user's own file only: shipped data sets look for theirs in the data folders.
    """

    id: str = Field(
        description="The name in commands, tables and folders; by default it comes from the YAML file's name."
    )
    extends: str | None = Field(default=None, description="A shipped data set, of which this file states what differs.")
    title: str = Field(default="", description="The name in tables and figures; by default the YAML file's name.")
    summary: str = Field(default="", description="One line on what the data are.")
    origin: str = Field(default="", description="Who recorded or published the data.")
    licence: str = Field(default="", description="The licence of the data.")
    url: str | None = Field(default=None, description="The https address that the file is downloaded from.")
    sha256: str | None = Field(default=None, description="The SHA-256 of the file; another file is refused.")
    file: str | None = Field(
        default=None,
        description="The data file, relative to the YAML file: .csv, .parquet or .mat for rows, .npy or .npz for windows.",
    )
    folder: str | None = Field(default=None, description="The folder of the file; by default that of the YAML file.")
    recipe: Recipe | None = Field(
        default=None, validate_default=True, description="The process of a generated data set, in place of a file."
    )
    array: str | None = Field(
        default=None, validate_default=True, description="The array to read from a .mat or .npz file with several."
    )
    columns: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="The columns that are features, in this order; by default all that remain.",
    )
    drop: tuple[str, ...] = Field(default=(), description="Columns that are left out.")
    time_column: str | None = Field(
        default=None,
        description="The column of dates or numbers that rows are sorted by and gaps are found in; a column of dates is "
        "found without being named.",
    )
    time_format: str | None = Field(
        default=None,
        description="How times are written: day-first, month-first, epoch (seconds since 1970), epoch-ms, or a format such "
        "as %d.%m.%y %H:%M; by default ISO dates and dates whose order of day and month is certain are read.",
    )
    series_column: str | None = Field(
        default=None, description="The column that tells several series apart, such as machines; no window crosses two."
    )
    series_length: int | None = Field(
        default=None,
        ge=2,
        description="The number of rows of each series, where series of equal length follow each other.",
    )
    missing: MissingRule | None = Field(
        default=None,
        description="What becomes of missing cells: drop removes their rows, which no window crosses; interpolate fills at most "
        f"{MOST_FILLED} in a row linearly in time; by default they are refused.",
    )
    one_hot: tuple[str, ...] = Field(
        default=(),
        description=f"Columns of at most {MOST_CATEGORIES} categories, each of which becomes a feature column=value of 0 and 1.",
    )
    within_series: bool = Field(default=True, description="Whether windows stay within one series.")
    stride: int = Field(default=1, ge=1, description="The number of rows between the starts of two windows.")
    scaling: Literal["minmax", "none"] = Field(
        default="minmax",
        description="minmax maps each feature's range to [0, 1]; none takes values in [0, 1] as they are.",
    )
    rows: int | None = Field(
        default=None, ge=1, description="The number of rows; a file with another number is refused."
    )
    features: int | None = Field(
        default=None, ge=1, description="The number of features; a file with another number is refused."
    )
    published_rows: int | None = Field(default=None, ge=1, description="The number of rows that the papers state.")
    notes: tuple[str, ...] = Field(default=(), description="What a reader must know about the data; the card shows it.")
    score_notes: dict[str, str] = Field(
        default_factory=dict, description="By score, what a reader must know about that score on these data."
    )
    strict_note: str = Field(default="", description="What stands beside scores of protocol strict on these data.")

    @field_validator("id")
    @classmethod
    def _plain_id(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", value):
            raise ValueError("an id has 1 to 64 small letters, digits, '_' and '-', a letter or digit first")
        return value

    @field_validator("url")
    @classmethod
    def _https(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("https://"):
            raise ValueError("files are downloaded over https:// only")
        return value

    @field_validator("sha256")
    @classmethod
    def _hexadecimal(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[0-9a-f]{64}", value):
            raise ValueError("a SHA-256 has 64 small hexadecimal digits")
        return value

    @field_validator("file")
    @classmethod
    def _known_suffix(cls, value: str | None) -> str | None:
        if value is not None and PurePath(value).suffix.lower() not in ROW_SUFFIXES + WINDOW_SUFFIXES:
            raise ValueError(f"data files end in {', '.join(ROW_SUFFIXES + WINDOW_SUFFIXES)}")
        return value

    @field_validator("recipe")
    @classmethod
    def _one_source(cls, value: Recipe | None, info: ValidationInfo) -> Recipe | None:
        if (value is None) == (info.data.get("file") is None):
            raise ValueError("a data set has either a 'file' or a 'recipe'")
        return value

    @field_validator("array")
    @classmethod
    def _named_array(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and str(info.data.get("file")).lower().endswith(".mat"):
            raise ValueError("a MATLAB file needs the name of the array to read")
        return value

    @field_validator("series_length")
    @classmethod
    def _one_kind_of_series(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("series_column") is not None:
            raise ValueError("series are told apart by 'series_column' or by 'series_length', not by both")
        return value

    @field_validator("time_format")
    @classmethod
    def _known_format(cls, value: str | None) -> str | None:
        if value is not None and value not in TIME_FORMATS and "%" not in value:
            raise ValueError(f"a time format is {', '.join(TIME_FORMATS)}, or text such as %d.%m.%Y %H:%M")
        return value

    @property
    def suffix(self) -> str:
        """The file's kind, such as ".csv"; empty for a generated set."""
        return PurePath(self.file).suffix.lower() if self.file else ""

    @property
    def holds_windows(self) -> bool:
        """Whether the file holds windows (N, T, D) rather than rows."""
        return self.suffix in WINDOW_SUFFIXES

    @property
    def has_series(self) -> bool:
        """Whether the rows fall into several series."""
        return self.series_column is not None or self.series_length is not None

    def identity(self) -> dict[str, Any]:
        """What determines the windows beside the content, the length and the protocol; JSON-able."""
        names = {"id", "array", "columns", "drop", "time_column", "series_column", "series_length"}
        names |= {"within_series", "stride", "scaling"}
        # Options of later versions count where they are set, so that the cells of before keep their keys.
        names |= {name for name in ("time_format", "missing", "one_hot") if getattr(self, name)}
        return {**self.model_dump(mode="json", include=names), "windowing": WINDOWING_VERSION}
