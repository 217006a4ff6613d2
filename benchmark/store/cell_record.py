"""The record of a resolved cell: `cell.json`."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from benchmark.plan.cell import Cell, digest
from benchmark.protocols import Protocol
from benchmark.store.sealed_record import CHECKSUM, Record, sealed

SHOWN = {"key", "title", "size_class", "class_path"}
"""Fields beside the cell's identity."""


class RecordedDataset(BaseModel):
    """The data set of a cell: its name, and every option that determines its windows."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str


class RecordedBudget(BaseModel):
    """What of a cell's budget determines its samples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    max_windows: int | None


class CellRecord(Record):
    """A cell as it was resolved when it was first computed; what each field is, `Cell` says."""

    # Without conversion: "24" in a file whose length is 24 was altered.
    model_config = ConfigDict(extra="forbid", strict=True)

    key: str
    title: str
    size_class: str
    class_path: str = Field(alias="class")
    generator: str
    version: int
    source: str = ""
    params: dict[str, Any]
    budget: RecordedBudget
    seed: int
    dataset: RecordedDataset
    fingerprint: str
    length: int
    protocol: Protocol
    roles: int | None = None
    """The number of roles of windows under protocol strict."""
    view: Literal["all", "real_disjoint"]
    max_windows: int | None

    @classmethod
    def of(cls, cell: Cell) -> Self:
        """The record of a cell."""
        shown = {"key": cell.key, "title": cell.title, "size_class": cell.size_class, "class": cell.class_path}
        return cls.model_validate({**shown, **cell.identity()})

    @classmethod
    def unseal(cls, values: object) -> Self | None:
        """As of every record; None besides where the key is not that of the content."""
        # Kept records of earlier commits have no checksum; their key tells of everything but what is only shown.
        if isinstance(values, dict) and CHECKSUM not in values:
            values = sealed(values)
        record = super().unseal(values)
        return record if record is not None and record.key == digest(record.identity()) else None

    def identity(self) -> dict[str, Any]:
        """What determines the samples, as the key is made of it."""
        return self.model_dump(by_alias=True, exclude_unset=True, exclude=SHOWN)

    def to_json(self) -> dict[str, Any]:
        """The record as `cell.json` holds it: without the fields that its cell does not have."""
        return self.model_dump(by_alias=True, exclude_unset=True)

    @property
    def setting(self) -> tuple[str, int, str, str]:
        """Data set, length, protocol and budget."""
        return self.dataset.id, self.length, self.protocol, self.budget.name
