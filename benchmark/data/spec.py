"""The specification of a data set: what its YAML file states, validated."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from benchmark.validation import Frozen

ROW_SUFFIXES = (".csv", ".parquet", ".mat")
WINDOW_SUFFIXES = (".npy", ".npz")
WINDOWING_VERSION = 1
"""Raise it when the same file and options would give other windows: what was computed from them is computed anew."""


class Recipe(Frozen):
    """A generated data set: `sequences` draws of a process from one seed (NumPy's legacy generator)."""

    process: Literal["sines", "hopper"]
    sequences: int = Field(default=10_000, ge=2)
    seed: int = Field(default=123, ge=0, lt=2**32 - 2)


class DatasetSpec(Frozen):
    """One data set: where it comes from, how its file is read, what is known about it.

    Either `file` (CSV, Parquet or MATLAB rows; `.npy`/`.npz` windows) or `recipe` is given. `folder` is set for a
    user's own file only: shipped data sets look for theirs in the data folders. `score_notes` maps a score's name to
    what a reader must know about that score on this data; `strict_note` says what stands beside scores of protocol strict.
    """

    id: str
    title: str = ""
    summary: str = ""
    origin: str = ""
    licence: str = ""
    url: str | None = None
    sha256: str | None = None
    file: str | None = None
    folder: str | None = None
    recipe: Recipe | None = Field(default=None, validate_default=True)
    array: str | None = Field(default=None, validate_default=True)
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)
    drop: tuple[str, ...] = ()
    time_column: str | None = None
    series_column: str | None = None
    series_length: int | None = Field(default=None, ge=2)
    within_series: bool = True
    stride: int = Field(default=1, ge=1)
    scaling: Literal["minmax", "none"] = "minmax"
    rows: int | None = Field(default=None, ge=1)
    features: int | None = Field(default=None, ge=1)
    published_rows: int | None = Field(default=None, ge=1)
    notes: tuple[str, ...] = ()
    score_notes: dict[str, str] = Field(default_factory=dict)
    strict_note: str = ""

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
        return {**self.model_dump(mode="json", include=names), "windowing": WINDOWING_VERSION}
