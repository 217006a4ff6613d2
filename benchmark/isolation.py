"""For generators over libraries that draw from the global random states: seed them for a while, then put them back."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator

import numpy as np

LEGACY_SEEDS = 2**32
"""NumPy's legacy generator takes seeds below this."""


@contextlib.contextmanager
def isolated_random_state(seed: int) -> Iterator[None]:
    """Seed the global random states with `seed`, and put them back as they were after the block, however it ends.

    The states are those of Python's `random`, of NumPy's legacy functions and, where torch has been imported before, of torch on
    the CPU and on every CUDA device. A library belongs to the top of a plug-in's file, so that torch is there in time:

        with isolated_random_state(context.seed):
            self.model_.fit(series)  # draws from np.random and torch

    Equal seeds give equal numbers. Threads share the states, so that no other thread may draw from them meanwhile.

    Raises:
        ValueError: `seed` is negative.
    """
    if seed < 0:
        raise ValueError(f"the seed is {seed}; give one of at least 0.")
    torch = sys.modules.get("torch")
    on_cuda = torch is not None and torch.cuda.is_available()
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the state of the libraries inside
    pytorch = torch.random.get_rng_state() if torch is not None else None
    cuda = torch.cuda.get_rng_state_all() if torch is not None and on_cuda else []
    try:
        random.seed(seed)
        np.random.seed(seed % LEGACY_SEEDS)  # noqa: NPY002
        if torch is not None:
            torch.random.default_generator.manual_seed(seed)
            if on_cuda:
                torch.cuda.manual_seed_all(seed)
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        if torch is not None and pytorch is not None:
            torch.random.set_rng_state(pytorch)
            if on_cuda:
                torch.cuda.set_rng_state_all(cuda)
