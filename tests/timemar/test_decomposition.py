"""The split adds up, the averages are right at the edges, the learned weights follow the paper's formula."""

import numpy as np
import torch
from scipy.ndimage import uniform_filter1d
from torch.nn import functional

from benchmark.training import build
from timemar.decomposition import CoarseSeasonal, MovingAverageMixture, default_kernels, moving_average
from timemar.resampling import area_matrix, linear_matrix


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_moving_average_agrees_with_scipy():
    x = torch.randn(3, 24, 2, generator=generator())
    for width in (3, 5, 13):
        expected = uniform_filter1d(x.numpy(), width, axis=1, mode="nearest")
        np.testing.assert_allclose(moving_average(x, width), expected, atol=1e-5)


def test_even_average_reaches_one_step_further_back():
    x = torch.tensor([1.0, 2.0, 4.0]).reshape(1, 3, 1)
    assert moving_average(x, 2).flatten().tolist() == [1.0, 1.5, 3.0]


def test_mixture_is_the_softmax_weighted_sum_and_parts_add_up():
    mixture = build(lambda: MovingAverageMixture((3, 5, 9)), generator(1))
    x = torch.randn(2, 24, 3, generator=generator(2))
    trend, seasonal = mixture(x)
    scores = x[0, 7, 1] * mixture.weigh.weight[:, 0] + mixture.weigh.bias
    averages = torch.stack([moving_average(x, width)[0, 7, 1] for width in (3, 5, 9)])
    assert torch.isclose(trend[0, 7, 1], (torch.exp(scores) / torch.exp(scores).sum() * averages).sum())
    torch.testing.assert_close(trend + seasonal, x)


def test_a_constant_series_is_all_trend():
    mixture = build(lambda: MovingAverageMixture(default_kernels(24)), generator(1))
    trend, seasonal = mixture(torch.full((1, 24, 2), 0.7))
    torch.testing.assert_close(trend, torch.full((1, 24, 2), 0.7))
    assert seasonal.abs().max() < 1e-6


def test_default_kernels_grow_with_the_window():
    assert default_kernels(24) == (3, 5, 9, 13)
    assert default_kernels(64)[-1] == 33
    assert all(width % 2 == 1 and width <= 4 for width in default_kernels(4))


def test_resampling_matrices_agree_with_torch():
    x = torch.randn(1, 1, 6, generator=generator())
    for bins in (1, 2, 3, 4, 5, 6):
        torch.testing.assert_close(x @ area_matrix(6, bins), functional.adaptive_avg_pool1d(x, bins))
    for points in (1, 2, 4, 5, 6):
        y = torch.randn(1, 1, points, generator=generator(3))
        expected = functional.interpolate(y, size=6, mode="linear", align_corners=False)
        torch.testing.assert_close(y @ linear_matrix(points, 6), expected)


def test_area_bins_overlap_where_they_do_not_divide():
    rows = [area_matrix(6, 4)[:, j].nonzero().flatten().tolist() for j in range(4)]
    assert rows == [[0, 1], [1, 2], [3, 4], [4, 5]]


def test_coarse_seasonal_is_pooling_then_interpolation():
    coarse = build(lambda: CoarseSeasonal(24, 4), generator())
    x = torch.randn(2, 24, 3, generator=generator(4))
    pooled = functional.avg_pool1d(x.transpose(1, 2), 4)
    expected = functional.interpolate(pooled, size=24, mode="linear", align_corners=False).transpose(1, 2)
    torch.testing.assert_close(coarse(x), expected)
