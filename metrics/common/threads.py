"""One thread for the time of a call, whoever makes it."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")


LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Variables that limit the threads of every library that is loaded under them; a worker of the harness has them all at 1."""


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for PyTorch and for every loaded BLAS while the block runs; the caller's numbers of threads come back after it.

    Tiny networks run many times faster so, and sums keep their order: the same seed gives a script the bytes of the command line.
    """
    if "torch" not in sys.modules and all(os.environ.get(name) == "1" for name in LIMITS):
        yield  # PyTorch takes seconds to import, which a score that does without it need not wait for
        return
    import scipy.linalg  # noqa: F401 - a limit holds for the libraries that are loaded, and this loads SciPy's BLAS
    import threadpoolctl
    import torch

    threads = torch.get_num_threads()
    if threads == 1 and all(pool["num_threads"] == 1 for pool in threadpoolctl.threadpool_info()):
        yield  # a worker of the harness: nothing to change
        return
    torch.set_num_threads(1)
    try:
        with threadpoolctl.threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def in_one_thread(function: Callable[..., Result]) -> Callable[..., Result]:
    """`function` with `one_thread` around each call."""

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Result:
        with one_thread():
            return function(*arguments, **options)

    return call
