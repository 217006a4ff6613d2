"""The discriminative score on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import DEFAULT_CONTEXT, Score, ScoreContext, Windows
from metrics.common.checks import check_count, check_pair
from metrics.common.classifier_split import discriminative_score, draw_split
from metrics.discriminative import Discriminative
from metrics.nets.gru import Floats
from metrics.nets.recurrent import draw_batches
from metrics.tensorflow_backend.recurrent import Batch, Network, initial_kernels, progress_of_all, sigmoids, train
from metrics.tensorflow_backend.runtime import tensorflow


def train_classifier(
    network: Network,
    windows: Floats,
    batches: Iterable[Batch],
    real_in_batch: int,
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Train a classifier in place; returns the loss of each step.

    `windows` (N, T, D) hold real and generated ones; each batch (B,) names `real_in_batch` real ones, then generated ones.
    """
    tf = tensorflow()
    data = tf.constant(windows)

    def loss(rows: object) -> object:
        logits = network.logits(tf.gather(data, rows))
        real, fake = logits[:real_in_batch], logits[real_in_batch:]
        cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits
        against_one, against_zero = cross_entropy(tf.ones_like(real), real), cross_entropy(tf.zeros_like(fake), fake)
        return tf.reduce_mean(against_one) + tf.reduce_mean(against_zero)

    return train(network, loss, batches, progress)


def predict_is_real(network: Network, windows: Floats) -> NDArray[np.bool_]:
    """Which of the windows (N, T, D) the classifier calls real: (N,)."""
    return sigmoids(network, windows)[:, 0] > 0.5


class TensorFlowDiscriminative(Discriminative):
    """`Discriminative` computed by TensorFlow, always on the CPU, one repetition after another.

    Splits and batches come from the same kind of seeded draws, initial values from Keras; a seed's value is another draw from the
    same distribution as PyTorch's, not the same number.
    """

    backend: ClassVar[str] = "tensorflow"

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; at least five windows per set. `context.device` has no effect."""
        steps = check_count(self.info.name, "steps", self.steps)
        real, fake = check_pair(real, fake, at_least=5)
        rngs = context.rngs()
        windows, D = np.concatenate([real, fake]), real.shape[2]
        units = max(1, D // 2)

        predicted_real, final = [], []
        for repetition, rng in enumerate(rngs):
            split = draw_split(rng, len(real), len(fake))
            network = Network(D, units, every_state=False)
            network.assign(initial_kernels(rng, D, units))
            batches = (rows[0].numpy() for rows in draw_batches([rng], [[split.real], [split.fake]], steps, "cpu"))
            report = progress_of_all(context.progress, repetition, len(rngs), steps)
            losses = train_classifier(network, windows, batches, min(128, len(split.real)), report)
            final.append(float(losses[-1]))
            predicted_real.append(predict_is_real(network, windows[split.tests]))
        details = {"windows": min(len(real), len(fake)), "units": units, "comparable": D > 1, "final_loss": final}
        return discriminative_score(np.stack(predicted_real), {**details, "backend": self.backend})
