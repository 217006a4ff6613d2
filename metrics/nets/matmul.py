"""Products of float32 matrices without gradient, and the one place that chooses their library.

PyTorch multiplies on the CPU by MKL, which keeps to 256-bit instructions on AMD processors. OpenBLAS, which comes with SciPy, has
512-bit kernels for those with AVX-512 (`benchmark/run/blas.py` asks for them) and multiplies there; PyTorch does everywhere else.
On an AMD EPYC without AVX-512 a training step of Context-FID's encoder takes 1.16 times as long by OpenBLAS
(`python -m tests.speed.gradient_speed --openblas`). The rule reads nothing but the processor: a timing could choose otherwise
in an equal run, which must give equal bytes.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metrics.common.processor import is_amd_with_avx512


def matmul_out(a: Tensor, b: Tensor, out: Tensor, add: bool = False) -> Tensor:
    """Write a @ b into `out` (M, N), or add it to what `out` holds; a (M, K), b (K, N), float32.

    Raises:
        ValueError: `out` is not contiguous.
    """
    if not out.is_contiguous():
        raise ValueError("the matrix to write is not contiguous.")
    if out.device.type == "cpu" and is_amd_with_avx512():
        return _sgemm(a, b, out, add)
    return torch.addmm(out, a, b, out=out) if add else torch.mm(a, b, out=out)


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """The product a @ b (M, N)."""
    return matmul_out(a, b, torch.empty((a.shape[0], b.shape[1]), dtype=a.dtype, device=a.device))


def addmm(onto: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The new matrix onto + a @ b (M, N); `onto` is (M, N) or a row (N,)."""
    if a.device.type == "cpu" and is_amd_with_avx512():
        shape = (a.shape[0], b.shape[1])
        return _sgemm(a, b, onto.expand(shape).clone(memory_format=torch.contiguous_format), add=True)
    return torch.addmm(onto, a, b)


def _sgemm(a: Tensor, b: Tensor, out: Tensor, add: bool) -> Tensor:
    """`matmul_out` by SciPy's BLAS; `a` and `b` are contiguous, runs of contiguous rows, or transposes of such."""
    from scipy.linalg.blas import sgemm

    # BLAS reads matrices in column order, in which a contiguous matrix is its transpose: outᵀ = bᵀ aᵀ.
    (left, flip_left), (right, flip_right) = _columns(b.numpy()), _columns(a.numpy())
    sgemm(1.0, left, right, float(add), out.numpy().T, flip_left, flip_right, overwrite_c=1)
    return out


def _columns(matrix: NDArray[np.float32]) -> tuple[NDArray[np.float32], bool]:
    """A matrix in column order that equals `matrix`ᵀ, and whether it must be transposed for that."""
    return (matrix.T, False) if matrix.flags.c_contiguous else (matrix, True)
