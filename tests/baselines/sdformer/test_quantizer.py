"""The similarity-driven quantizer against a loop over codes in NumPy, and its edges."""

import numpy as np
import pytest
import torch

from baselines.sdformer.quantizer import SimilarityQuantizer, commitment, perplexity
from benchmark.training import build


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def unit(rows, channels, seed):
    z = torch.randn(rows, channels, generator=generator(seed))
    return z / z.norm(dim=1, keepdim=True)


def test_four_steps_equal_a_loop_over_codes():
    vocab_size, channels, memory = 20, 6, 0.9
    quantizer = build(lambda: SimilarityQuantizer(vocab_size, channels, memory=memory), generator())
    batches = [unit(40, channels, seed).double().numpy() for seed in range(5)]
    quantizer.start(torch.tensor(batches[0], dtype=torch.float32), generator())
    codes = batches[0][:vocab_size].copy()
    sums, counts = codes.copy(), np.ones(vocab_size)
    drawn = 0
    for z in batches[1:]:
        rows = torch.tensor(z, dtype=torch.float32)
        tokens = quantizer.nearest(rows)
        expected = [max(range(vocab_size), key=lambda v: float(row @ codes[v])) for row in z]
        assert tokens.tolist() == expected
        quantizer.update(rows, tokens, generator())
        for v in range(vocab_size):
            mine = [row for row, token in zip(z, expected, strict=True) if token == v]
            sums[v] = memory * sums[v] + (1 - memory) * np.sum(mine, axis=0)
            counts[v] = memory * counts[v] + (1 - memory) * len(mine)
            if counts[v] >= 1:
                codes[v] = sums[v] / np.linalg.norm(sums[v])
            else:
                codes[v] = z[v]
                drawn += 1
        np.testing.assert_allclose(quantizer.codes.numpy(), codes, atol=1e-5)
        np.testing.assert_allclose(quantizer.sums.numpy(), sums, atol=1e-5)
        np.testing.assert_allclose(quantizer.counts.numpy(), counts, atol=1e-5)
    assert 0 < drawn < 4 * vocab_size


def test_a_drawn_code_is_alive_in_the_next_step_and_its_hits_decide_whether_it_stays():
    quantizer = build(lambda: SimilarityQuantizer(4, 8), generator())
    quantizer.start(unit(4, 8, 1), generator())
    first = unit(4, 8, 2)
    quantizer.update(first, torch.tensor([0, 0, 0, 0]), generator())
    assert (quantizer.counts >= 1).tolist() == [True, False, False, False]
    torch.testing.assert_close(quantizer.codes[1:], first[1:])
    # One step later the drawn codes are looked up: their own vectors find them.
    assert quantizer.nearest(first[1:]).tolist() == [1, 2, 3]
    # Code 1 gets two hits, 0.99 · 0.99 + 0.01 · 2 ≥ 1, and becomes the direction of its sum; codes 2 and 3 are drawn again.
    second = unit(4, 8, 3)
    quantizer.update(second, torch.tensor([1, 1, 0, 2]), generator())
    assert (quantizer.counts >= 1).tolist() == [True, True, False, False]
    torch.testing.assert_close(quantizer.codes[1], quantizer.sums[1] / quantizer.sums[1].norm())
    torch.testing.assert_close(quantizer.codes[2:], second[2:])


def test_fewer_rows_than_codes_are_repeated_with_little_noise():
    quantizer = build(lambda: SimilarityQuantizer(10, 64), generator())
    rows = unit(4, 64, 1)
    quantizer.start(rows, generator(5))
    difference = quantizer.codes - rows.repeat(3, 1)[:10]
    assert 0 < difference.norm(dim=1).max() < 0.02
    assert difference.square().mean().sqrt() == pytest.approx(0.01 / 8, rel=0.2)
    torch.testing.assert_close(quantizer.codes.norm(dim=1), torch.ones(10))
    quantizer.update(rows, torch.zeros(4, dtype=torch.long), generator(6))
    assert quantizer.codes.shape == (10, 64)


def test_commitment_is_one_minus_the_cosine_and_moves_only_the_latents():
    latents = torch.tensor([[1.0, 0.0], [0.6, 0.8]], requires_grad=True)
    codes = torch.tensor([[1.0, 0.0], [1.0, 0.0]], requires_grad=True)
    loss = commitment(latents, codes)
    assert float(loss.detach()) == pytest.approx(1 - (1 + 0.6) / 2)
    loss.backward()
    assert codes.grad is None
    assert latents.grad is not None


def test_perplexity_of_even_and_single_use():
    assert float(perplexity(torch.arange(8).repeat(3), 8)) == pytest.approx(8, rel=1e-5)
    assert float(perplexity(torch.zeros(9, dtype=torch.long), 8)) == pytest.approx(1, rel=1e-5)
    assert float(perplexity(torch.tensor([0, 0, 0, 1]), 4)) == pytest.approx(4 / 3**0.75, rel=1e-5)
