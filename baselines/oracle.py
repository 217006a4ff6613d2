"""The oracle: real windows that no score compares with, in random order. It is the noise floor of every score."""

from __future__ import annotations

from typing import Self

import numpy as np

from baselines.stored import StoredWindows
from benchmark.errors import UserError
from benchmark.interface import FitContext, Windows


class Oracle(StoredWindows):
    """A disjoint real sample, handed over by the harness as `context.fresh`."""

    uses_fresh_data = True

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Keep the fresh windows; raises UserError where the harness has none."""
        if context.fresh is None:
            raise UserError("the oracle needs real windows disjoint from the reference, and this data set gave none.")
        if context.fresh.shape[1:] != windows.shape[1:]:
            raise UserError(
                f"the fresh windows have shape {context.fresh.shape[1:]}, the training ones {windows.shape[1:]}."
            )
        self.windows_ = np.ascontiguousarray(context.fresh, dtype=np.float32)
        return self

    def sample(self, n: int, seed: int) -> Windows:
        """`n` fresh windows without repetition, in random order; raises UserError where there are fewer."""
        if n > len(self.windows_):
            raise UserError(
                f"the oracle has {len(self.windows_)} fresh windows and cannot give {n} without repeating any."
            )
        return self.windows_[np.random.default_rng(seed).permutation(len(self.windows_))[:n]]
