"""The moving-block bootstrap of windows: short stretches are real, what lies between two of them is not."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from baselines.controls.stored import StoredWindows
from benchmark.errors import UserError
from benchmark.interface import FitContext, Windows


class BlockBootstrap(StoredWindows):
    """Windows pieced together from blocks of consecutive steps, all channels together (Künsch 1989, Liu and Singh 1992).

    Every stretch of `block` steps inside a training window is equally likely, wherever in the window it begins; no block
    crosses from one window into another, and the last one is cut at T. None stands for ⌈T^(1/3)⌉, the order at which the
    scheme's error is least (Künsch 1989). Blocks are drawn from windows, so steps deep inside a series, which more
    overlapping windows hold, come more often than those at its ends.
    """

    def __init__(self, block: Annotated[int, Field(ge=1)] | None = None) -> None:
        self.block = block

    def fit(self, windows: Windows, context: FitContext) -> BlockBootstrap:
        """Keep the training windows (N, T, D); raises UserError for a block longer than T or windows that cannot work."""
        super().fit(windows, context)
        if self.block is not None and self.block > windows.shape[1]:
            raise UserError(f"BlockBootstrap's block {self.block} is longer than the window's T = {windows.shape[1]}.")
        return self

    def sample(self, n: int, seed: int) -> Windows:
        """`n` windows (n, T, D) of ⌈T / block⌉ blocks each; raises UserError before `fit` or for n < 1."""
        windows, rng = self.stored(n), np.random.default_rng(seed)
        count, length, features = windows.shape
        block = self.block or block_length(length)
        pieces = -(-length // block)
        rows = rng.integers(0, count, size=(n, pieces, 1))
        starts = rng.integers(0, length - block + 1, size=(n, pieces, 1))
        blocks = windows[rows, starts + np.arange(block)]  # (n, pieces, block, D)
        return blocks.reshape(n, pieces * block, features)[:, :length]


def block_length(length: int) -> int:
    """⌈T^(1/3)⌉ for T=`length`, in whole numbers so that 64 gives 4."""
    return next(size for size in range(1, length + 1) if size**3 >= length)
