"""Noise on decoded windows: distributed over time as the reconstruction errors, its own stream, kept with the model."""

import numpy as np
import pytest
import torch

from benchmark.interface import FitContext
from tests.timemar.test_generator import TINY, waves
from timemar.generator import TimeMAR
from timemar.output_noise import NoOutputNoise, OutputNoise


def covariances(windows: torch.Tensor) -> torch.Tensor:
    """Second moments over time (D, T, T) of windows (N, T, D)."""
    return torch.einsum("ntd,nsd->dts", windows, windows) / len(windows)


def test_the_covariance_over_time_is_that_of_the_errors_and_features_are_independent():
    noise = OutputNoise(4, 2)
    normal = torch.randn(40000, 4, 2, generator=torch.Generator().manual_seed(1))
    errors = torch.stack([normal[..., 0].cumsum(dim=1), normal[:, :1, 0].expand(-1, 4)], dim=2)  # a walk; a level
    noise.fit(errors)
    drawn = noise(torch.zeros(40000, 4, 2), seed=3)
    torch.testing.assert_close(covariances(drawn), covariances(errors), rtol=0.05, atol=0.03)
    assert torch.einsum("nt,ns->ts", drawn[..., 0], drawn[..., 1]).abs().max() / 40000 < 0.05
    assert drawn.mean(dim=0).abs().max() < 0.03
    assert torch.equal(noise(torch.zeros(5, 4, 2), seed=3), noise(torch.zeros(5, 4, 2), seed=3))
    assert not torch.equal(noise(torch.zeros(5, 4, 2), seed=3), noise(torch.zeros(5, 4, 2), seed=4))


def test_one_window_and_a_perfect_reconstruction_have_a_factor():
    noise = OutputNoise(6, 2)
    noise.fit(torch.stack([torch.zeros(1, 6), torch.ones(1, 6)], dim=2))
    drawn = noise(torch.zeros(1000, 6, 2), seed=1)
    assert drawn[..., 0].abs().max() < 1e-4
    assert drawn[..., 1].std() == pytest.approx(1, rel=0.1)


def test_samples_differ_from_noiseless_ones_by_the_noise_alone(tmp_path):
    plain = TimeMAR(**TINY).fit(waves(), FitContext(seed=5))
    noisy = TimeMAR(**TINY, output_noise=True).fit(waves(), FitContext(seed=5))
    assert torch.equal(plain.sample_tokens(20, 1), noisy.sample_tokens(20, 1))
    errors = plain.tokenizer_.reconstruct(plain.tokenizer_.tokenize(torch.from_numpy(waves()))) - torch.from_numpy(
        waves()
    )
    factor = noisy.network_.noise.factor
    torch.testing.assert_close(factor @ factor.transpose(1, 2), covariances(errors), rtol=1e-3, atol=1e-6)
    expected = noisy.network_.noise(torch.from_numpy(plain.sample(20, 1)), 1).clamp(0, 1)
    np.testing.assert_allclose(noisy.sample(20, 1), expected.numpy(), atol=1e-6)
    noisy.save(tmp_path)
    assert np.array_equal(TimeMAR.load(tmp_path).sample(20, 1), noisy.sample(20, 1))


def test_the_stand_in_changes_nothing():
    windows = torch.linspace(0, 1, 24).reshape(3, 4, 2)
    stand_in = NoOutputNoise()
    stand_in.fit(windows)
    assert torch.equal(stand_in(windows, 1), windows)
    assert not stand_in.state_dict()
