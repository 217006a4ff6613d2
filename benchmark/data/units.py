"""Between windows in [0, 1] and the data's own units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.scale import scale
from benchmark.errors import UserError
from benchmark.interface import Windows


@dataclass(frozen=True, eq=False)
class Units:
    """The features of windows in the data's own units.

    Attributes:
        features: The names (D,).
        minimum: The values (D,) that become 0, float64.
        maximum: The values (D,) that become 1, float64.
    """

    features: tuple[str, ...]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]

    def transform(self, values: NDArray[Any]) -> Windows:
        """Values (…, D) in the data's own units as float32, [0, 1] within the ranges; a constant feature becomes 0.

        Raises:
            UserError: The last axis is not D.
        """
        self._check(values)
        return scale(values, (self.minimum, self.maximum))

    def inverse_transform(self, windows: NDArray[Any]) -> NDArray[np.float64]:
        """Windows (…, D) in [0, 1] as float64 values in the data's own units.

        Raises:
            UserError: The last axis is not D.
        """
        self._check(windows)
        return windows.astype(np.float64) * (self.maximum - self.minimum) + self.minimum

    def _check(self, values: NDArray[Any]) -> None:
        if values.ndim == 0 or values.shape[-1] != len(self.features):
            raise UserError(
                f"an array of shape {values.shape} was given, but the last axis must hold the {len(self.features)} features "
                f"{', '.join(self.features)}; reshape it."
            )
