"""Scores of encoded windows: what they share with Context-FID, which is the encoder."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import Prepared, ProgressCallback, Score, Windows, check_pair, check_seeds
from metrics.common.comparison import Measured, check_shape, collected
from metrics.context_fid import ContextFID

_PREFIX = "encoder."


class ContextPoints(ContextFID):
    """A score of the representations (B, C) of real and generated windows in Context-FID's encoder, one a repetition.

    `prepare` and the constructor are Context-FID's: given its seeds, the same prepared arrays serve both.
    """

    encoder_of: ClassVar[str | None] = "context_fid"
    min_windows: ClassVar[int] = 2

    @abc.abstractmethod
    def between(self, real: NDArray[np.float32], fake: NDArray[np.float32], seed: int) -> Measured:
        """The value for representations (B, C)."""

    def compute(
        self,
        real: Windows,
        fake: Windows,
        seeds: Sequence[int],
        device: str = "cpu",
        prepared: Sequence[Prepared] = (),
        training: Windows | None = None,
        progress: ProgressCallback | None = None,
    ) -> Score:
        """See `Metric.compute`; windows of at least two steps. The details are lists, one entry a repetition."""
        from metrics.nets.ts2vec_encoder import encode

        del training
        real, fake = check_pair(real, fake, self.min_windows)
        check_shape(self, real, 2, 1)
        seeds = check_seeds(seeds)
        if prepared and len(prepared) != len(seeds):
            raise ValueError(f"{len(prepared)} encoders are prepared for {len(seeds)} seeds; give one a seed, or none.")
        repetitions = []
        for number, seed in enumerate(seeds):
            arrays = prepared[number] if prepared else self.prepare(real, seed, device)
            weights = {name.removeprefix(_PREFIX): array for name, array in arrays.items() if name.startswith(_PREFIX)}
            trained_on = weights["input.weight"].shape[0]
            if trained_on != real.shape[2]:
                raise ValueError(
                    f"the prepared encoder reads {trained_on} features and the windows have {real.shape[2]}; prepare anew."
                )
            repetitions.append(self.between(encode(weights, real, device), encode(weights, fake, device), seed))
            if progress is not None:
                progress(number + 1, len(seeds))
        return collected(repetitions)
