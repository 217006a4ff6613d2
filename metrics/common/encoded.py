"""Metrics of encoded windows, which share the encoder of Context-FID."""

from __future__ import annotations

import abc
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import DEFAULT_CONTEXT, Score, ScoreContext, Windows
from metrics.common.checks import check_pair, check_shape
from metrics.common.measured import Measured, collect
from metrics.context_fid import ContextFID, encoder_weights


class EncodedMetric(ContextFID):
    """A metric of the representations (N, C) of real and generated windows in Context-FID's encoder, one value per repetition.

    `prepare` and the constructor are Context-FID's: with equal seeds, the same prepared state serves both.
    """

    encoder_of: ClassVar[str | None] = "context_fid"
    min_steps = 2

    @abc.abstractmethod
    def distance(self, real: NDArray[np.float32], fake: NDArray[np.float32], seed: int) -> Measured:
        """The value for representations (N, C) and (M, C)."""

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; windows of at least two steps. The details are lists with one entry per repetition."""
        from metrics.nets.ts2vec_encoder import encode

        real, fake = check_pair(real, fake, self.min_windows)
        check_shape(self, real)
        repetitions = []
        for number, seed in enumerate(context.seeds):
            prepared = context.prepared[number] if context.prepared else self.prepare(real, seed, context.device)
            weights = encoder_weights(prepared, real)
            encoded = [encode(weights, windows, context.device) for windows in (real, fake)]
            repetitions.append(self.distance(encoded[0], encoded[1], seed))
            context.progress(number + 1, len(context.seeds))
        return collect(repetitions)
