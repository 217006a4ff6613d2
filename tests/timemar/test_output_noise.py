"""Noise on decoded windows: as large as the reconstruction errors, its own stream, kept with the model."""

import numpy as np
import torch

from benchmark.interface import FitContext
from tests.timemar.test_generator import TINY, waves
from timemar.generator import TimeMAR
from timemar.output_noise import NoOutputNoise, OutputNoise


def test_the_std_is_that_of_the_errors_by_step_and_feature():
    noise = OutputNoise(4, 2)
    scale = torch.arange(1, 9).reshape(4, 2) / 10
    noise.fit(scale * torch.randn(20000, 4, 2, generator=torch.Generator().manual_seed(1)))
    torch.testing.assert_close(noise.std, scale, rtol=0.02, atol=0)
    drawn = noise(torch.zeros(20000, 4, 2), seed=3)
    torch.testing.assert_close(drawn.std(dim=0), scale, rtol=0.03, atol=0)
    assert drawn.mean(dim=0).abs().max() < 0.03
    assert torch.equal(noise(torch.zeros(5, 4, 2), seed=3), noise(torch.zeros(5, 4, 2), seed=3))
    assert not torch.equal(noise(torch.zeros(5, 4, 2), seed=3), noise(torch.zeros(5, 4, 2), seed=4))


def test_samples_differ_from_noiseless_ones_by_the_noise_alone(tmp_path):
    plain = TimeMAR(**TINY).fit(waves(), FitContext(seed=5))
    noisy = TimeMAR(**TINY, output_noise=True).fit(waves(), FitContext(seed=5))
    assert torch.equal(plain.sample_tokens(20, 1), noisy.sample_tokens(20, 1))
    errors = plain.tokenizer_.reconstruct(plain.tokenizer_.tokenize(torch.from_numpy(waves()))) - torch.from_numpy(
        waves()
    )
    torch.testing.assert_close(noisy.network_.noise.std, errors.square().mean(dim=0).sqrt(), rtol=1e-4, atol=1e-6)
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
