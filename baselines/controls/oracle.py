"""The oracle: real windows disjoint from the test windows, in order of time. It is the noise floor of every score.

Under protocol paper they are a fresh draw where the data are generated, else one random half against the other; under protocol
strict the validation windows, which no generator trained on.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from baselines.controls.stored import StoredWindows
from benchmark.errors import UserError
from benchmark.interface import FitContext, Windows, check_windows


class Oracle(StoredWindows):
    """A disjoint real sample, handed over by the harness as `context.real_disjoint`."""

    version: ClassVar[int] = 2
    uses_real_disjoint = True

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Keep the disjoint real windows; raises UserError where the harness has none."""
        check_windows(windows, self)
        if context.real_disjoint is None:
            raise UserError(
                "the oracle needs real windows disjoint from the test windows, and this data set gave none."
            )
        if context.real_disjoint.shape[1:] != windows.shape[1:]:
            raise UserError(
                f"the disjoint real windows have shape {context.real_disjoint.shape[1:]}, the training ones {windows.shape[1:]}."
            )
        check_windows(context.real_disjoint, self)
        self.windows_ = context.real_disjoint.copy()
        return self

    def sample(self, n: int, seed: int) -> Windows:
        """`n` disjoint real windows without repetition, in order of time; raises UserError where there are fewer."""
        windows = self.stored(n)
        if n > len(windows):
            raise UserError(
                f"the oracle has {len(windows)} disjoint real windows and cannot give {n} without repeating any; ask for at "
                f"most {len(windows)}."
            )
        # Neighbours overlap: in order, a metric that knows the blocks of the real windows finds the same blocks here.
        return windows[np.sort(np.random.default_rng(seed).permutation(len(windows))[:n])]
