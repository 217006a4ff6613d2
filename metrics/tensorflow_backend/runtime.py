"""TensorFlow itself: imported when it is first needed, on one CPU thread, with deterministic operations."""

from __future__ import annotations

import contextlib
from functools import cache
from importlib import import_module
from typing import Any

INSTALL = 'install it with: pip install "timemar-benchmark[tensorflow]"'


@cache
def tensorflow() -> Any:
    """TensorFlow's module; raises ValueError where it, or Keras running on it, is missing.

    The first call hides the GPUs, keeps to one thread and makes all operations deterministic, for the whole process: TensorFlow
    knows these settings for a process only, and where it has computed already the first two stay as they are. Importing
    takes several seconds. Every random number is asked for with its seed, so the process's own seed is neither read nor set.
    """
    try:
        module, keras = import_module("tensorflow"), import_module("keras")
    except ImportError as error:
        raise ValueError(f"the back end 'tensorflow' cannot be imported ({error}); {INSTALL}.") from error
    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"Keras runs on '{keras.backend.backend()}'; set the variable KERAS_BACKEND to 'tensorflow'.")
    with contextlib.suppress(RuntimeError):
        module.config.threading.set_inter_op_parallelism_threads(1)
        module.config.threading.set_intra_op_parallelism_threads(1)
        module.config.set_visible_devices([], "GPU")
    module.config.experimental.enable_op_determinism()
    return module


def keras() -> Any:
    """The module of Keras that runs on `tensorflow`; raises ValueError where it is missing."""
    tensorflow()
    return import_module("keras")
