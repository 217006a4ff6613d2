"""What a generator needs of a machine. No part of a cell's identity."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from benchmark.validation import Frozen

UNITS = {"MiB": 1.0, "GiB": 1024.0}


def mebibytes(text: str) -> float:
    """An amount of memory such as "8 GiB" or "500 MiB" in MiB; raises ValueError for any other text."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(MiB|GiB)", text.strip())
    if not found or float(found[1]) <= 0:
        raise ValueError("an amount of memory is a number with MiB or GiB, such as 8 GiB")
    return float(found[1]) * UNITS[found[2]]


class Needs(Frozen):
    """What a cell of a generator needs: an accelerator or none, and memory such as "8 GiB"."""

    gpu: bool = Field(default=False, description="Whether a cell needs an accelerator.")
    memory: str = Field(
        default="2 GiB",
        description="The memory of a cell's processes, and on an accelerator that of its share: 8 GiB or 500 MiB.",
    )

    @field_validator("memory")
    @classmethod
    def _readable(cls, memory: str) -> str:
        mebibytes(memory)
        return memory

    @property
    def memory_mib(self) -> float:
        """The memory in MiB."""
        return mebibytes(self.memory)
