"""The archive of a cell's samples: `samples` first, then the features' names and ranges."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from benchmark.data.units import Units
from benchmark.files import replacing
from benchmark.interface import Windows

DAMAGE = (
    OSError, ValueError, LookupError, EOFError, AttributeError, TypeError, RuntimeError, SyntaxError, MemoryError,
    zipfile.BadZipFile, zlib.error, tokenize.TokenError,
)  # fmt: skip
"""What NumPy raises for an archive that is missing, damaged or of other arrays."""


def write_samples(path: Path, samples: Windows, units: Units) -> None:
    """Write `samples` (N, T, D) in [0, 1], `features` (D,), `minimum` and `maximum` (D,); equal arrays give equal bytes."""
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            samples=samples,
            features=np.array(units.features, dtype=np.str_),
            minimum=units.minimum,
            maximum=units.maximum,
        )


def read_units(path: Path) -> Units | None:
    """The names and ranges in an archive; None where it is missing or cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = tuple(str(name) for name in archive["features"])
            return Units(names, archive["minimum"], archive["maximum"])
    except DAMAGE:
        return None
