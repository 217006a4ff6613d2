"""How many threads a process computes with."""

from __future__ import annotations


def single_thread() -> None:
    """One thread: tiny networks run faster so, and sums keep their order, so that equal seeds give equal bytes."""
    import scipy.linalg  # noqa: F401 - a limit holds for the libraries that are loaded, and this loads SciPy's BLAS
    import threadpoolctl
    import torch

    torch.set_num_threads(1)
    threadpoolctl.threadpool_limits(1)
