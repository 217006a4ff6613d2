"""tsbootstrap's moving-block bootstrap: each generated window is a replicate of a training window drawn at random."""

from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import Field
from tsbootstrap import MovingBlock, bootstrap

from benchmark import interface


class TSBootstrap(interface.Generator):
    """Blocks of `block_length` time steps, all features together, in a new order (Künsch 1989)."""

    def __init__(self, block_length: Annotated[int, Field(ge=1)] = 8) -> None:
        self.block_length = block_length

    def fit(self, windows: interface.Windows, context: interface.FitContext) -> Self:
        """Keep the windows (N, T, D)."""
        interface.check_windows(windows, self)
        self.windows_ = windows
        return self

    def sample(self, n: int, seed: int) -> interface.Windows:
        """`n` windows (n, T, D)."""
        interface.check_sampling(self, "windows_", n)
        rng = np.random.default_rng(seed)
        method = MovingBlock(block_length=min(self.block_length, self.windows_.shape[1]))
        drawn = [self.windows_[i] for i in rng.integers(len(self.windows_), size=n)]
        replicates = [bootstrap(x, method=method, n_bootstraps=1, random_state=rng)[0].values for x in drawn]
        return np.stack(replicates).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the windows and the parameters."""
        np.savez(folder / "windows.npz", windows=self.windows_)
        interface.write_parameters(self, folder)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """What `save` wrote."""
        generator = cls(**interface.read_parameters(folder)[0])
        with np.load(folder / "windows.npz") as archive:
            generator.windows_ = archive["windows"]
        return generator
