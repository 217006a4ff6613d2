"""What controls that hand out stored windows have in common: keeping them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np

from benchmark.interface import (
    FitContext,
    Generator,
    Windows,
    check_sampling,
    check_windows,
    read_parameters,
    write_parameters,
)


class StoredWindows(Generator):
    """A control whose fitted state is a set of real windows (N, T, D)."""

    is_control = True
    windows_: Windows

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Keep the training windows (N, T, D); raises UserError for parameters or windows that cannot work."""
        del context
        self.parameters()
        check_windows(windows, self)
        self.windows_ = windows.copy()
        return self

    def stored(self, n: int) -> Windows:
        """The kept windows, for drawing `n` samples from; raises UserError before `fit` or for n < 1."""
        check_sampling(self, "windows_", n)
        return self.windows_

    def save(self, folder: Path) -> None:
        """Write the windows and the constructor arguments."""
        np.savez(folder / "windows.npz", windows=self.windows_)
        write_parameters(self, folder)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The control that `save` wrote; it computes nothing, so `device` does not matter."""
        del device
        parameters, _ = read_parameters(folder)
        control = cls(**parameters)
        with np.load(folder / "windows.npz", allow_pickle=False) as archive:
            control.windows_ = archive["windows"]
        return control
