"""Residual quantization against a loop written out by hand, and the life of re-seeded codes."""

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch.nn import functional

from benchmark.training import build
from timemar.codebook import Codebook, perplexity
from timemar.quantizer import MultiScaleQuantizer, straight_through


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def quantizer(patch_nums, vocab=16, channels=4, beta=0.25):
    made = build(lambda: MultiScaleQuantizer(Codebook(vocab, channels), channels, patch_nums, beta), generator(1))
    with torch.no_grad():
        made.codebook.weight.copy_(torch.randn(vocab, channels, generator=generator(2)))
    return made


def by_hand(made, z, beta):
    """Algorithm 2 with PyTorch's own pooling, interpolation and convolution, one vector at a time."""
    z = z.transpose(1, 2)
    rest, total, tokens, loss = z.clone(), torch.zeros_like(z), [], 0.0
    for index, size in enumerate(made.patch_nums):
        pooled = functional.adaptive_avg_pool1d(rest, size)
        chosen = torch.zeros(len(z), size, dtype=torch.long)
        for row in range(len(z)):
            for place in range(size):
                distance = (made.codebook.weight - pooled[row, :, place]).square().sum(dim=1)
                chosen[row, place] = int(distance.argmin())
        codes = made.codebook.weight[chosen].transpose(1, 2)
        up = functional.interpolate(codes, size=z.shape[-1], mode="linear", align_corners=False)
        part = 0.5 * up + 0.5 * functional.conv1d(up, *made.scales[index].conv.parameters(), padding=1)
        total, rest = total + part, rest - part
        loss += (1 + beta) * float((total - z).square().mean())
        tokens.append(chosen)
    return total.transpose(1, 2), torch.cat(tokens, dim=1), loss / len(made.patch_nums)


@pytest.mark.parametrize("patch_nums", [(1, 2, 3, 4, 5, 6), (6,), (1, 6)])
def test_agrees_with_algorithm_2_by_hand(patch_nums):
    made = quantizer(patch_nums)
    z = torch.randn(3, 6, 4, generator=generator(3))
    with torch.no_grad():
        total, tokens, loss = by_hand(made, z, 0.25)
        result = made(z)
    assert torch.equal(result.tokens, tokens)
    torch.testing.assert_close(result.latent, total)
    assert float(result.loss) == pytest.approx(loss, rel=1e-5)
    torch.testing.assert_close(made.decode(tokens), total)


def test_gradients_go_where_the_paper_sends_them():
    made = quantizer((1, 3, 6))
    z = torch.randn(2, 6, 4, generator=generator(4), requires_grad=True)
    made(z).latent.sum().backward()
    torch.testing.assert_close(z.grad, torch.ones_like(z))
    assert made.codebook.weight.grad is None
    z.grad = None
    result = made(z)
    result.loss.backward()
    partial = made(z.detach()).latent
    codes = made.codebook.weight.grad
    assert codes[result.tokens.unique()].abs().sum(dim=1).min() > 0
    untouched = torch.ones(16, dtype=torch.bool)
    untouched[result.tokens.unique()] = False
    assert codes[untouched].abs().sum() == 0
    assert partial.shape == z.shape
    assert z.grad.abs().sum() > 0


def test_commitment_gradient_has_its_closed_form_with_one_scale():
    made = quantizer((6,), beta=0.25)
    z = torch.randn(2, 6, 4, generator=generator(5), requires_grad=True)
    result = made(z)
    result.loss.backward()
    torch.testing.assert_close(z.grad, 0.25 * 2 * (z - result.latent).detach() / z.numel())


def test_straight_through_returns_the_value_with_the_sources_gradient():
    source = torch.tensor([1.0, 2.0], requires_grad=True)
    out = straight_through(torch.tensor([5.0, 7.0]), source)
    (3 * out).sum().backward()
    assert out.tolist() == [5.0, 7.0]
    assert source.grad.tolist() == [3.0, 3.0]


def test_reseeded_codes_lie_on_data_and_are_alive_one_step_later():
    codebook = build(lambda: Codebook(32, 4), generator())
    data = torch.randn(500, 4, generator=generator(1))
    first = codebook.nearest(data)
    codebook.observe(first)
    errors = (data - codebook.lookup(first)).square().sum(dim=1).detach()
    moved = codebook.reseed(data, errors, generator(2))
    assert len(moved) > 16
    placed = codebook.weight.detach().clone()
    assert (placed[moved][:, None] == data).all(dim=-1).any(dim=-1).all()
    tokens = codebook.nearest(data)
    assert torch.isin(moved, tokens.unique()).all()
    codebook.observe(tokens)
    again = codebook.reseed(data, (data - codebook.lookup(tokens)).square().sum(dim=1).detach(), generator(3))
    assert not torch.isin(moved, again).any()
    assert torch.equal(codebook.weight[moved], placed[moved])


def test_a_code_that_stays_unused_is_moved_in_the_end():
    codebook = build(lambda: Codebook(2, 1), generator())
    with torch.no_grad():
        codebook.weight.copy_(torch.tensor([[0.0], [100.0]]))
        codebook.usage.fill_(1.0)
    data = torch.linspace(-1, 1, 50)[:, None]
    for _ in range(40):
        codebook.observe(codebook.nearest(data))
    assert codebook.reseed(data, data.square().flatten(), generator()).tolist() == [1]
    assert codebook.weight[1].abs() <= 1


def test_perplexity_agrees_with_scipy():
    tokens = torch.tensor([0, 0, 1, 3, 3, 3, 5])
    counts = np.bincount(tokens.numpy(), minlength=8)
    assert float(perplexity(tokens, 8)) == pytest.approx(np.exp(entropy(counts)), rel=1e-6)


def test_codes_are_drawn_in_proportion_to_the_errors_and_only_where_there_are_any():
    codebook = build(lambda: Codebook(5, 4), generator())
    codebook.usage.copy_(torch.tensor([1.0, 1, 1, 1, 0]))
    data, errors = torch.randn(1000, 4, generator=generator(1)), torch.full((1000,), 1e-9)
    errors[700] = 1.0
    assert codebook.reseed(data, errors, generator(2)).tolist() == [4]
    assert torch.equal(codebook.weight[4], data[700])
    codebook.usage.zero_()
    assert len(codebook.reseed(data, errors * (errors > 0.5), generator(3))) == 1
