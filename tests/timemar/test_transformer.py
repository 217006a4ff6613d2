"""Causality, cached against cache-free sampling, truncated distributions and likelihoods."""

import numpy as np
import pytest
import torch

from benchmark.training import build, count_parameters
from benchmark.training.tokens import shift_right
from benchmark.training.transformer import KeyValueCache, TransformerSizes
from timemar.config import Sampling
from timemar.sampling import cache_bytes, probabilities, sample_tokens
from timemar.token_training import corrupt, negative_log_likelihood, window_nats
from timemar.transformer import TokenTransformer


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def transformer(vocab=11, patch_nums=(1, 2, 4), seed=0, width=16):
    sizes = TransformerSizes(embed_dim=width, layers=2, heads=4, fc_rate=2, dropout=0.1)
    model = build(lambda: TokenTransformer(vocab, patch_nums, sizes), generator(seed)).eval()
    with torch.no_grad():
        model.head.weight.mul_(30.0)
    return model


def test_logits_depend_on_earlier_inputs_only():
    model = transformer()
    tokens = torch.randint(11, (1, 7), generator=generator(1))
    changed = tokens.clone()
    changed[0, 4] = (changed[0, 4] + 1) % 11
    with torch.no_grad():
        a, b = model(shift_right(tokens, 11)), model(shift_right(changed, 11))
    torch.testing.assert_close(a[:, :5], b[:, :5])
    assert (a[:, 5:] - b[:, 5:]).abs().amax(dim=-1).min() > 1e-4


def test_cached_tokens_equal_a_cache_free_reference():
    model = transformer()
    uniforms = torch.rand(40, 7, generator=generator(2), dtype=torch.float64)
    inputs = torch.full((40, 1), 11)
    for place in range(7):
        with torch.no_grad():
            shares = torch.softmax(model(inputs)[:, -1].double(), dim=-1).numpy()
        chosen = [
            np.searchsorted(np.cumsum(row), u, side="right")
            for row, u in zip(shares, uniforms[:, place].tolist(), strict=True)
        ]
        inputs = torch.cat([inputs, torch.tensor(np.array(chosen))[:, None]], dim=1)
    drawn = sample_tokens(model, uniforms, Sampling())
    assert torch.equal(drawn, inputs[:, 1:])
    assert len(drawn.unique()) > 5


def test_sampled_frequencies_are_the_models():
    model = transformer(vocab=4, patch_nums=(1,))
    uniforms = torch.rand(20000, 1, generator=generator(3), dtype=torch.float64)
    counts = np.bincount(sample_tokens(model, uniforms, Sampling()).flatten().numpy(), minlength=4) / 20000
    with torch.no_grad():
        expected = torch.softmax(model(torch.tensor([[4]])), dim=-1)[0, 0].numpy()
    np.testing.assert_allclose(counts, expected, atol=0.015)


def test_truncation_keeps_the_likeliest():
    logits = torch.log(torch.tensor([[0.1, 0.4, 0.2, 0.3]]))
    torch.testing.assert_close(
        probabilities(logits, Sampling(top_k=2)), torch.tensor([[0, 4 / 7, 0, 3 / 7]], dtype=torch.float64)
    )
    torch.testing.assert_close(
        probabilities(logits, Sampling(top_p=0.75)), torch.tensor([[0, 4 / 9, 2 / 9, 3 / 9]], dtype=torch.float64)
    )
    sharpened = probabilities(logits, Sampling(temperature=0.5))[0]
    np.testing.assert_allclose(sharpened, np.array([0.01, 0.16, 0.04, 0.09]) / 0.3, rtol=1e-6)


@pytest.mark.parametrize(
    ("truncation", "distribution"),
    [
        ({"temperature": 0.5}, [0.01 / 0.3, 0.16 / 0.3, 0.04 / 0.3, 0.09 / 0.3]),
        ({"temperature": 2.0}, np.sqrt([0.1, 0.4, 0.2, 0.3]) / np.sqrt([0.1, 0.4, 0.2, 0.3]).sum()),
        ({"top_k": 2}, [0, 4 / 7, 0, 3 / 7]),
        ({"top_p": 0.75}, [0, 4 / 9, 2 / 9, 3 / 9]),
        ({"temperature": 0.5, "top_k": 3, "top_p": 0.6}, [0, 16 / 25, 0, 9 / 25]),
    ],
)
def test_drawn_frequencies_follow_the_truncated_distribution(truncation, distribution):
    model = transformer(vocab=4, patch_nums=(1,))
    with torch.no_grad():  # a model that says log p, whatever its input
        model.norm.weight.zero_()
        model.norm.bias.zero_()
        model.norm.bias[0] = 1.0
        model.head.weight.zero_()
        model.head.weight[:, 0] = torch.log(torch.tensor([0.1, 0.4, 0.2, 0.3]))
    uniforms = torch.rand(20000, 1, generator=generator(6), dtype=torch.float64)
    counts = np.bincount(sample_tokens(model, uniforms, Sampling(**truncation)).flatten().numpy(), minlength=4) / 20000
    np.testing.assert_allclose(counts, distribution, atol=0.012)  # three deviations of a share of 20,000 draws
    assert all(count == 0 for count, share in zip(counts, distribution, strict=True) if share == 0)


def test_the_cache_holds_what_the_bound_counts():
    model, cache = transformer(), KeyValueCache(2, 7)
    for position in range(7):
        model.decode_step(torch.zeros(5, dtype=torch.long), position, cache)
    held = sum(part.numel() * part.element_size() for buffers in cache.buffers for part in buffers)
    assert held == 5 * cache_bytes(model)


def test_corruption_spares_the_start_and_hits_its_share():
    inputs = torch.full((2000, 7), 500)
    inputs[:, 0] = 1000
    changed = corrupt(inputs, 0.3, 1000, generator())
    assert (changed[:, 0] == 1000).all()
    assert (changed[:, 1:] != 500).double().mean() == pytest.approx(0.3, abs=0.02)


def test_likelihood_of_a_flat_model_is_log_v():
    model = transformer()
    with torch.no_grad():
        model.head.weight.zero_()
    tokens = torch.randint(11, (9, 7), generator=generator(4))
    assert negative_log_likelihood(model, tokens) == pytest.approx(np.log(11), rel=1e-5)
    assert window_nats(model, tokens).numpy() == pytest.approx(7 * np.log(11), rel=1e-5)


def test_nats_of_a_window_are_those_of_its_own_tokens():
    model = transformer()
    tokens = torch.randint(11, (9, 7), generator=generator(4))
    logits = model(shift_right(tokens, 11)).double().log_softmax(-1)
    expected = -logits.gather(-1, tokens[..., None]).sum(dim=(1, 2))
    assert torch.allclose(window_nats(model, tokens, batch=4), expected, atol=1e-5)
    assert expected.std() > 0.1


def test_published_size_of_a_block():
    with torch.device("meta"):
        model = TokenTransformer(512, (1, 2, 3, 4, 5, 6), TransformerSizes(1024, 1, 16, 4, 0.0))
    assert count_parameters(model.blocks[0]) == 12 * 1024**2 + 13 * 1024
    assert count_parameters(model.embed) + count_parameters(model.head) == (513 + 512) * 1024


def test_fine_scales_have_a_temperature_of_their_own():
    sampling = Sampling(temperature=1.1, fine_temperature=0.7)
    assert [sampling.of_scale(index).temperature for index in range(4)] == [1.1, 1.1, 0.7, 0.7]
    assert Sampling(temperature=1.1).of_scale(3).temperature == 1.1


def test_a_low_fine_temperature_leaves_the_first_scales_as_they_are():
    model = transformer(vocab=8, patch_nums=(1, 2, 3))
    uniforms = torch.rand(200, 6, generator=generator(4), dtype=torch.float64)
    plain, sharp = (sample_tokens(model, uniforms, Sampling(fine_temperature=value)) for value in (None, 0.01))
    assert torch.equal(plain[:, :3], sharp[:, :3])
    assert not torch.equal(plain[:, 3:], sharp[:, 3:])
