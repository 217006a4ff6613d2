import numpy as np
import pytest
import torch

from metrics.nets.matmul import affine, multiply, product


def _matrix(rng: np.random.Generator, rows: int, columns: int, layout: str) -> torch.Tensor:
    """A matrix (rows, columns) that lies row by row, is a run of rows of a larger one, or is the transpose of such."""
    if layout == "rows":
        return torch.from_numpy(rng.normal(size=(rows, columns)).astype(np.float32))
    if layout == "slice":
        return torch.from_numpy(rng.normal(size=(rows + 7, columns)).astype(np.float32))[3 : 3 + rows]
    return torch.from_numpy(rng.normal(size=(columns, rows)).astype(np.float32)).t()


@pytest.mark.parametrize("left", ["rows", "slice", "transposed"])
@pytest.mark.parametrize("right", ["rows", "slice", "transposed"])
@pytest.mark.parametrize(("M", "K", "N"), [(5, 3, 4), (1, 3, 4), (5, 1, 4), (5, 3, 1), (1, 1, 1)])
def test_products_equal_float64(left: str, right: str, M: int, K: int, N: int) -> None:
    rng = np.random.default_rng(0)
    a, b = _matrix(rng, M, K, left), _matrix(rng, K, N, right)
    exact = (a.double() @ b.double()).float()
    torch.testing.assert_close(product(a, b), exact, atol=1e-5, rtol=1e-5)
    whole = torch.full((M + 2, N), 2.0)
    multiply(a, b, whole[1 : 1 + M], add=True)
    torch.testing.assert_close(whole[1 : 1 + M], exact + 2, atol=1e-5, rtol=1e-5)
    assert whole[0].eq(2).all()
    assert whole[-1].eq(2).all()


def test_affine_adds_a_row_or_a_matrix_and_leaves_it_alone() -> None:
    rng = np.random.default_rng(1)
    a, b = _matrix(rng, 5, 3, "rows"), _matrix(rng, 3, 4, "rows")
    for onto in (torch.arange(4.0), torch.arange(20.0).view(5, 4)):
        before = onto.clone()
        torch.testing.assert_close(affine(onto, a, b), onto + a @ b, atol=1e-5, rtol=1e-5)
        assert torch.equal(onto, before)


def test_a_target_that_does_not_lie_row_by_row_is_refused() -> None:
    with pytest.raises(ValueError, match="row by row"):
        multiply(torch.ones(2, 3), torch.ones(3, 4), torch.ones(4, 2).t())
