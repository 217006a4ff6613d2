"""The predictive score on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Score, ScoreContext, Windows
from metrics.common.checks import check_count, check_pair
from metrics.nets.gru import Floats
from metrics.nets.recurrent import draw_batches
from metrics.predictive import Predictive
from metrics.tensorflow_backend.recurrent import Batch, Network, initial_kernels, progress_of_all, sigmoids, train
from metrics.tensorflow_backend.runtime import tensorflow


def inputs_and_targets(windows: Windows) -> tuple[Floats, Floats]:
    """Inputs (B, T − 1, D − 1), or (B, T − 1, 1) with one feature, and targets (B, T − 1, 1)."""
    return windows[:, :-1, : max(1, windows.shape[2] - 1)], windows[:, 1:, -1:]


def train_predictor(
    network: Network,
    inputs: Floats,
    targets: Floats,
    batches: Iterable[Batch],
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Train a predictor in place on inputs (N, T, D) and targets (N, T, 1); returns the loss of each step."""
    tf = tensorflow()
    x, y = tf.constant(inputs), tf.constant(targets)

    def loss(rows: object) -> object:
        return tf.reduce_mean(tf.abs(tf.sigmoid(network.logits(tf.gather(x, rows))) - tf.gather(y, rows)))

    return train(network, loss, batches, progress)


def mean_absolute_error(network: Network, inputs: Floats, targets: Floats) -> float:
    """The mean absolute error over all inputs (N, T, D) and targets (N, T, 1)."""
    return float(np.abs(sigmoids(network, inputs) - targets).mean(dtype=np.float64))


class TensorFlowPredictive(Predictive):
    """`Predictive` computed by TensorFlow, always on the CPU, one repetition after another.

    Batches come from the same kind of seeded draws, initial values from Keras; the value of a seed is another draw from the same
    distribution as PyTorch's, not the same number.
    """

    backend: ClassVar[str] = "tensorflow"

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; windows of at least two steps. `context.device` has no effect."""
        steps = check_count(self.info.name, "steps", self.steps)
        real, fake = check_pair(real, fake, at_least=1)
        if real.shape[1] < 2:
            raise ValueError(f"the windows have {real.shape[1]} step; the predictive score needs at least 2.")
        rngs = context.rngs()
        D = real.shape[2]
        features, units = max(1, D - 1), max(1, D // 2)
        pool = np.arange(len(fake))

        values, final = [], []
        for repetition, rng in enumerate(rngs):
            network = Network(features, units, every_state=True)
            network.assign(initial_kernels(rng, features, units))
            batches = (rows[0].numpy() for rows in draw_batches([rng], [[pool]], steps, "cpu"))
            report = progress_of_all(context.progress, repetition, len(rngs), steps)
            losses = train_predictor(network, *inputs_and_targets(fake), batches, report)
            final.append(float(losses[-1]))
            values.append(mean_absolute_error(network, *inputs_and_targets(real)))
        return Score(tuple(values), {"units": units, "comparable": D > 1, "final_loss": final, "backend": self.backend})
