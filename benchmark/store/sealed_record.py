"""Records as JSON files hold them: each beside a checksum of itself, by which an altered one is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.files import read_json
from benchmark.plan.cell import digest

CHECKSUM = "checksum"
"""The key of a record's own checksum."""


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """A record's JSON with a checksum of it."""
    return {**values, CHECKSUM: digest(dict(values))}


class Record(BaseModel):
    """A frozen record that a JSON file holds."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The record in a file; one with default values where the file is missing, altered or another record's."""
        return cls.intact(path) or cls()

    @classmethod
    def intact(cls, path: Path) -> Self | None:
        """The record in a file; None where the file is missing, altered or another record's."""
        return cls.unseal(read_json(path))

    @classmethod
    def is_altered(cls, path: Path) -> bool:
        """Whether there is such a file and it was truncated or altered after it was written."""
        return path.exists() and cls.intact(path) is None

    @classmethod
    def unseal(cls, values: object) -> Self | None:
        """JSON that `sealed` gave as a record; None where it was altered since or is another record's."""
        if not isinstance(values, dict):
            return None
        content = {name: value for name, value in values.items() if name != CHECKSUM}
        return cls.parse(content) if values.get(CHECKSUM) == digest(content) else None

    @classmethod
    def parse(cls, values: object) -> Self | None:
        """A mapping as a record; None where it is not such a record."""
        try:
            return cls.model_validate(values)
        except ValidationError:
            return None

    def to_json(self) -> dict[str, Any]:
        """The record as JSON holds it."""
        return self.model_dump(mode="json")
