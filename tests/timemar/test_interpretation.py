"""Windows and samples as sums of parts, in the data's units (paper Figure 5)."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from benchmark.errors import UserError
from benchmark.interface import FitContext
from timemar.generator import TimeMAR
from timemar.interpretation import SeriesParts

TINY = {
    "vocab_size": 16, "z_channels": 8, "ch": 8, "middle_blocks": 0, "embed_dim": 16, "layers": 1, "heads": 2,
    "stage1_steps": 30, "stage1_batch": 16, "stage2_steps": 3, "stage2_batch": 8,
}  # fmt: skip


def waves(count=60):
    draw = np.random.default_rng(3)
    phase = draw.uniform(0, 6, (count, 1, 2))
    slope = draw.uniform(-0.3, 0.3, (count, 1, 2)) * np.linspace(-1, 1, 24)[:, None]
    return (0.5 + slope + 0.15 * np.sin(phase + np.arange(24)[:, None] * 1.5)).astype(np.float32)


@pytest.fixture(scope="module")
def fitted():
    return TimeMAR(**TINY).fit(waves(), FitContext(seed=5))


def test_generated_parts_add_up_to_the_generated_windows(fitted):
    parts, windows = fitted.sample_parts(50, 4), fitted.sample(50, 4)
    assert {part.shape for part in (parts.trend, parts.coarse, parts.fine)} == {(50, 24, 2)}
    np.testing.assert_allclose(parts.windows, windows, atol=1e-6)
    assert np.abs(parts.fine).max() > 1e-3
    assert np.abs(parts.coarse - parts.fine).max() > 1e-3


def test_parts_of_real_windows_are_the_mixture_of_moving_averages(fitted):
    data = waves()[:9]
    parts = fitted.decompose(data)
    np.testing.assert_allclose(parts.trend + parts.fine, data, atol=1e-6)
    weigh = fitted.tokenizer_.decomposition.weigh
    inner = (data - waves().mean(axis=(0, 1))) / waves().std(axis=(0, 1))
    weights = torch.softmax(weigh(torch.tensor(inner[..., None])), dim=-1).numpy()
    averages = [
        functional.avg_pool1d(
            functional.pad(torch.tensor(data).mT, (k // 2, k // 2), mode="replicate"), k, stride=1
        ).mT.numpy()
        for k in (3, 5, 9, 13)
    ]
    np.testing.assert_allclose(parts.trend, (weights * np.stack(averages, axis=-1)).sum(axis=-1), atol=1e-5)
    quarters = parts.fine.reshape(9, 6, 4, 2).mean(axis=2)
    np.testing.assert_allclose(parts.coarse.mean(axis=1), quarters.mean(axis=1), atol=0.02)


def test_windows_are_clipped_to_the_range():
    part = np.full((1, 2, 1), 0.7, dtype=np.float32)
    assert SeriesParts(part, part, part).windows.tolist() == [[[1.0], [1.0]]]
    assert SeriesParts(-part, part, part * 0).windows.tolist() == [[[0.0], [0.0]]]


def test_what_cannot_be_split_is_refused(fitted):
    with pytest.raises(UserError, match="call fit or load first"):
        TimeMAR().decompose(waves())
    with pytest.raises(UserError, match=r"fitted to windows \(T, D\) = \(24, 2\); pass such, not \(20, 2\)"):
        fitted.decompose(waves()[:, :20])
