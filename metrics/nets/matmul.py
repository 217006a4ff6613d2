"""Products of float32 matrices by the fastest kept library of the device: SciPy's BLAS on the CPU, PyTorch elsewhere.

PyTorch's CPU build multiplies by MKL, which keeps to 256-bit instructions on processors of other makers; OpenBLAS, which comes
with SciPy, has 512-bit kernels for them (`benchmark/run/blas.py` asks for these) and costs less a call on small matrices.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg.blas import sgemm
from torch import Tensor


def multiply(a: Tensor, b: Tensor, out: Tensor, add: bool = False) -> Tensor:
    """Write a @ b into `out` (M, N), or add it to what `out` holds; a (M, K), b (K, N), float32, without gradient.

    `out` lies row by row; `a` and `b` are matrices that do, runs of their rows, or transposes of such.
    """
    if out.device.type != "cpu":
        return torch.addmm(out, a, b, out=out) if add else torch.mm(a, b, out=out)
    # BLAS reads matrices column by column, as which a matrix that lies row by row is its transpose: outᵀ = bᵀ aᵀ.
    (left, flip_left), (right, flip_right) = _columns(b.numpy()), _columns(a.numpy())
    columns = out.numpy().T
    if not columns.flags.f_contiguous:
        raise ValueError("the matrix to write does not lie row by row in memory.")
    sgemm(1.0, left, right, float(add), columns, flip_left, flip_right, overwrite_c=1)
    return out


def product(a: Tensor, b: Tensor) -> Tensor:
    """The matrix a @ b (M, N)."""
    return multiply(a, b, torch.empty((a.shape[0], b.shape[1]), dtype=a.dtype, device=a.device))


def affine(onto: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The new matrix `onto` + a @ b (M, N); `onto` is (M, N) or a row (N,)."""
    return multiply(a, b, onto.expand(a.shape[0], b.shape[1]).clone(memory_format=torch.contiguous_format), add=True)


def _columns(matrix: NDArray[np.float32]) -> tuple[NDArray[np.float32], bool]:
    """A matrix that lies column by column and equals `matrix`ᵀ, and whether it must be transposed for that."""
    return (matrix.T, False) if matrix.flags.c_contiguous else (matrix, True)
