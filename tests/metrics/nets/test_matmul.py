import numpy as np
import pytest
import torch

from metrics.nets import matmul as library
from metrics.nets.matmul import addmm, matmul, matmul_out


@pytest.fixture(params=[True, False], ids=["OpenBLAS", "PyTorch"])
def _each_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "is_amd_with_avx512", lambda: request.param)


def _matrix(rng: np.random.Generator, rows: int, columns: int, layout: str) -> torch.Tensor:
    """A matrix (rows, columns) that lies row by row, is a run of rows of a larger one, or is the transpose of such."""
    if layout == "rows":
        return torch.from_numpy(rng.normal(size=(rows, columns)).astype(np.float32))
    if layout == "slice":
        return torch.from_numpy(rng.normal(size=(rows + 7, columns)).astype(np.float32))[3 : 3 + rows]
    return torch.from_numpy(rng.normal(size=(columns, rows)).astype(np.float32)).t()


@pytest.mark.usefixtures("_each_library")
@pytest.mark.parametrize("left", ["rows", "slice", "transposed"])
@pytest.mark.parametrize("right", ["rows", "slice", "transposed"])
@pytest.mark.parametrize(("M", "K", "N"), [(5, 3, 4), (1, 3, 4), (5, 1, 4), (5, 3, 1), (1, 1, 1)])
def test_products_equal_float64(left: str, right: str, M: int, K: int, N: int) -> None:
    rng = np.random.default_rng(0)
    a, b = _matrix(rng, M, K, left), _matrix(rng, K, N, right)
    exact = (a.double() @ b.double()).float()
    torch.testing.assert_close(matmul(a, b), exact, atol=1e-5, rtol=1e-5)
    whole = torch.full((M + 2, N), 2.0)
    matmul_out(a, b, whole[1 : 1 + M], add=True)
    torch.testing.assert_close(whole[1 : 1 + M], exact + 2, atol=1e-5, rtol=1e-5)
    assert whole[0].eq(2).all()
    assert whole[-1].eq(2).all()


@pytest.mark.usefixtures("_each_library")
def test_addmm_adds_a_row_or_a_matrix_and_leaves_it_alone() -> None:
    rng = np.random.default_rng(1)
    a, b = _matrix(rng, 5, 3, "rows"), _matrix(rng, 3, 4, "rows")
    for onto in (torch.arange(4.0), torch.arange(20.0).view(5, 4)):
        before = onto.clone()
        torch.testing.assert_close(addmm(onto, a, b), onto + a @ b, atol=1e-5, rtol=1e-5)
        assert torch.equal(onto, before)


@pytest.mark.usefixtures("_each_library")
def test_a_target_that_does_not_lie_row_by_row_is_refused() -> None:
    with pytest.raises(ValueError, match="not contiguous"):
        matmul_out(torch.ones(2, 3), torch.ones(3, 4), torch.ones(4, 2).t())
