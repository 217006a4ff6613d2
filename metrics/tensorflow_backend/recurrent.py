"""One GRU of Keras with a dense layer, and its training with TensorFlow's Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.base import ProgressCallback
from metrics.nets.gru import Floats, Kernels
from metrics.tensorflow_backend.runtime import keras, tensorflow

_EVALUATED_WINDOWS = 2048
_PROGRESS_EVERY = 50

Batch = NDArray[np.int64]
"""Window numbers (B,)."""


class Network:
    """A GRU that resets before the product and a dense layer on its last state, or on every state.

    Keras holds the gates in the order [u, r, c], inputs and states apart (`GRUCell(reset_after=False)`); `kernels` and
    `assign` speak of them as TensorFlow 1 does. All weights are zero at first.
    """

    def __init__(self, features: int, units: int, *, every_state: bool) -> None:
        tensorflow()
        layers, zero = keras().layers, {"kernel_initializer": "zeros", "dtype": "float32"}
        self.features, self.units = features, units
        # A seed for dropout, though there is none: without it Keras draws one from Python's global state
        options = {"return_sequences": every_state, "recurrent_initializer": "zeros", "seed": 0, **zero}
        self._gru = layers.GRU(units, reset_after=False, **options)
        self._gru.build((None, None, features))
        self._dense = layers.Dense(1, **zero)
        self._dense.build((None, units))

    @property
    def variables(self) -> list[Any]:
        """TensorFlow's variables, five of them."""
        return [weight.value for weight in (*self._gru.weights, *self._dense.weights)]

    def logits(self, windows: Any) -> Any:
        """Logits (B, 1) or, from every state, (B, T, 1) for windows (B, T, D), tensors of TensorFlow."""
        return self._dense(self._gru(windows))

    def assign(self, kernels: Kernels) -> None:
        """Take these weights."""
        gates, bias, candidate, candidate_bias, dense, dense_bias = kernels
        (r, u), (r_bias, u_bias) = np.split(gates, 2, axis=1), np.split(bias, 2)
        product = np.concatenate([u, r, candidate], axis=1)
        self._gru.set_weights(
            [product[: self.features], product[self.features :], np.concatenate([u_bias, r_bias, candidate_bias])]
        )
        self._dense.set_weights([dense, dense_bias])

    def kernels(self) -> Kernels:
        """The weights as they are."""
        inputs, states, bias = self._gru.get_weights()
        u, r, candidate = np.split(np.concatenate([inputs, states]), 3, axis=1)
        u_bias, r_bias, candidate_bias = np.split(bias, 3)
        gates, gates_bias = np.concatenate([r, u], axis=1), np.concatenate([r_bias, u_bias])
        return Kernels(gates, gates_bias, candidate, candidate_bias, *self._dense.get_weights())


def initial_kernels(rng: np.random.Generator, features: int, units: int) -> Kernels:
    """Keras' Glorot-uniform products on TensorFlow 1's shapes, gate biases 1, all other biases 0; seeded by `rng`."""
    initializers, rows = keras().initializers, features + units
    seeds = rng.integers(2**31, size=3).tolist()

    def filled(initializer: Any, *shape: int) -> Floats:
        return np.asarray(initializer(shape, dtype="float32"))

    gates, candidate, dense = (initializers.GlorotUniform(seed=seed) for seed in seeds)
    return Kernels(
        filled(gates, rows, 2 * units),
        filled(initializers.Ones(), 2 * units),
        filled(candidate, rows, units),
        filled(initializers.Zeros(), units),
        filled(dense, units, 1),
        filled(initializers.Zeros(), 1),
    )


def train(
    network: Network,
    loss: Callable[[Any], Any],
    batches: Iterable[Batch],
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Train `network` in place, one step per batch; returns the loss of each step.

    `loss` computes the loss of a batch of window numbers in TensorFlow. `progress` receives the number of finished steps.
    The optimizer is TensorFlow 1's Adam, which adds ε to the uncorrected √v (Kingma and Ba 2015, after Algorithm 1).
    """
    tf = tensorflow()
    optimizer = tf.compat.v1.train.AdamOptimizer(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8)
    variables = network.variables

    def take_step(rows: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(rows)
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        return value

    step = tf.function(take_step, input_signature=[tf.TensorSpec((None,), tf.int64)])
    losses = []
    for rows in batches:
        losses.append(step(tf.constant(rows)))
        if progress is not None and len(losses) % _PROGRESS_EVERY == 0:
            progress(len(losses))
    return np.array([value.numpy() for value in losses], np.float32)


def sigmoids(network: Network, windows: Floats) -> Floats:
    """σ(logit), (N, 1) or (N, T, 1), for windows (N, T, D), in blocks of bounded memory."""
    tf = tensorflow()
    run = tf.function(lambda part: tf.sigmoid(network.logits(part)), reduce_retracing=True)
    blocks = [windows[start : start + _EVALUATED_WINDOWS] for start in range(0, len(windows), _EVALUATED_WINDOWS)]
    return np.concatenate([run(tf.constant(block)).numpy() for block in blocks])


def progress_of_all(progress: ProgressCallback, repetition: int, repetitions: int, steps: int) -> Callable[[int], None]:
    """A callback for one repetition of several, each of `steps` steps, that reports the steps of all to `progress`."""
    return lambda done: progress(repetition * steps + done, repetitions * steps)
