"""The modules of stage 1: spectra, attention, shapes, losses, and the flow of gradients."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.training import build, count_parameters
from timemar.architecture import make_tokenizer
from timemar.attention import CrossAttention
from timemar.config import LossWeights, TokenizerSizes
from timemar.convolution import Decoder, Downsample, Encoder, Normalization, SelfAttention
from timemar.decomposition import Components
from timemar.frequency import spectrum
from timemar.losses import fourier_distance, objective
from timemar.scaling import Scaling

EQUAL = LossWeights(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def sizes(**changes):
    base = {
        "vocab_size": 16,
        "z_channels": 8,
        "ch": 8,
        "ch_mult": (1, 1, 2),
        "blocks": 1,
        "middle_blocks": 1,
        "patch_nums": (1, 3, 6),
        "kernels": None,
        "coarse_factor": 4,
        "beta": 0.25,
    }
    return TokenizerSizes(**{**base, **changes})


def tokenizer(length=24, features=3, **changes):
    return make_tokenizer(length, features, sizes(**changes), generator(7))


def windows(count=5, length=24, features=3):
    return torch.rand(count, length, features, generator=generator(8))


def test_spectrum_of_a_cosine_is_one_bin_with_its_phase():
    time = torch.arange(24) / 24
    x = torch.cos(2 * math.pi * 3 * time + 0.5).reshape(1, 24, 1)
    amplitude, cosine, sine = spectrum(x)[0].T
    assert amplitude[3] == pytest.approx(24 / 2 / math.sqrt(24), rel=1e-5)
    assert amplitude[[0, 1, 2, 4, 5, 12]].max() < 1e-5
    assert math.atan2(sine[3], cosine[3]) == pytest.approx(0.5, abs=1e-4)
    assert torch.hypot(cosine[1], sine[1]) < 0.01


def test_cross_attention_agrees_with_the_formula():
    attention = build(lambda: CrossAttention(4, 3), generator())
    x, source = torch.randn(2, 5, 4, generator=generator(1)), torch.randn(2, 7, 3, generator=generator(2))
    scores = attention.query(x) @ attention.key(source).transpose(1, 2) / 2.0
    torch.testing.assert_close(attention(x, source), torch.softmax(scores, dim=-1) @ attention.value(source))


@pytest.mark.parametrize(("ch_mult", "length"), [((1, 1, 2), 6), ((1, 2), 12), ((1,), 24), ((2, 2, 2), 6)])
def test_encoder_and_decoder_mirror_each_other(ch_mult, length):
    encoder = build(lambda: Encoder(3, sizes(z_channels=5, ch_mult=ch_mult, blocks=2)), generator())
    decoder = build(lambda: Decoder(3, sizes(z_channels=5, ch_mult=ch_mult, blocks=2)), generator())
    z = encoder(torch.randn(2, 24, 3, generator=generator(1)))
    assert z.shape == (2, length, 5)
    assert decoder(z).shape == (2, 24, 3)


def test_convolutions_and_norms_are_pytorchs_on_the_other_layout():
    x = torch.randn(3, 8, 16, generator=generator(1))
    down, norm = build(lambda: Downsample(16), generator(2)), build(lambda: Normalization(16), generator(3))
    padded = torch.nn.functional.pad(x.transpose(1, 2), (0, 1))
    expected = torch.nn.functional.conv1d(padded, down.conv.weight, down.conv.bias, stride=2)
    torch.testing.assert_close(down(x), expected.transpose(1, 2))
    groups = x.reshape(3, 8, 8, 2)
    std = groups.var(dim=(1, 3), correction=0, keepdim=True).sqrt()
    expected = ((groups - groups.mean(dim=(1, 3), keepdim=True)) / std).reshape(3, 8, 16)
    torch.testing.assert_close(norm(x), expected, rtol=1e-4, atol=1e-5)
    assert norm(x).is_contiguous()


def test_self_attention_agrees_with_the_formula_and_sits_in_the_middle():
    block = build(lambda: SelfAttention(8), generator())
    x = torch.randn(2, 5, 8, generator=generator(1))
    h, read = block.norm(x), block.attention
    shares = torch.softmax(read.query(h) @ read.key(h).transpose(1, 2) / math.sqrt(8), dim=-1)
    torch.testing.assert_close(block(x), x + block.out(shares @ read.value(h)))
    middle = sizes(ch_mult=(1, 2), middle_blocks=2)
    with torch.device("meta"):
        layers = [type(layer).__name__ for layer in Encoder(3, replace(middle, attention=1)).layers]
        assert [type(layer).__name__ for layer in Decoder(3, middle).layers].count("SelfAttention") == 0
    assert layers[-4:-1] == ["ResidualBlock", "SelfAttention", "ResidualBlock"]
    assert layers.count("SelfAttention") == 1


def test_encoder_size_has_its_closed_form():
    with torch.device("meta"):
        encoder = Encoder(3, sizes(z_channels=5, ch_mult=(1, 2)))
    conv = lambda c_in, c_out: 3 * c_in * c_out + c_out  # noqa: E731
    norms = 2 * (8 + 8) + 2 * (8 + 16) + 2 * (16 + 16) + 2 * 16
    block_convs = conv(8, 8) + conv(8, 8) + conv(8, 16) + conv(16, 16) + (8 * 16 + 16) + conv(16, 16) + conv(16, 16)
    assert count_parameters(encoder) == conv(3, 8) + block_convs + conv(8, 8) + conv(16, 5) + norms


def test_scaling_standardizes_and_keeps_constant_features():
    scaling = build(lambda: Scaling(3), generator())
    data = windows(50)
    data[..., 2] = 0.3
    scaling.fit(data)
    inner = scaling.transform(data)
    np.testing.assert_allclose(inner[..., :2].numpy().std(axis=(0, 1)), 1, rtol=1e-4)
    assert inner[..., 2].abs().max() < 1e-5
    torch.testing.assert_close(scaling.inverse_transform(inner), data)


def test_seasonal_parts_have_deviation_one_inside():
    model = tokenizer()
    data = windows(1500)
    model.fit_scaling(data)
    with torch.no_grad():
        seasonal = model.decompose(model.scaling.transform(data)).seasonal / model.scaling.detail
    np.testing.assert_allclose(seasonal.square().mean(dim=(0, 1)), 1, rtol=1e-4)


def test_tokens_of_a_window_decode_to_what_the_pass_decodes():
    model = tokenizer()
    data = windows()
    model.fit_scaling(data)
    with torch.no_grad():
        result = model(data)
    assert result.quantized.tokens.shape == (5, 10)
    assert torch.equal(model.tokenize(data), result.quantized.tokens)
    expected = model.scaling.inverse_transform(result.decoded.window).clamp(0, 1)
    torch.testing.assert_close(model.reconstruct(result.quantized.tokens), expected, atol=1e-5, rtol=1e-5)


def test_fourier_distance_of_a_constant_is_its_mean_bin():
    a, b = torch.ones(2, 24, 3), torch.zeros(2, 24, 3)
    assert float(fourier_distance(a, b)) == pytest.approx(math.sqrt(24) / 13, rel=1e-5)


def test_objective_is_the_weighted_sum_of_its_terms():
    model = tokenizer()
    data = windows()
    model.fit_scaling(data)
    weights = LossWeights(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    with torch.no_grad():
        result = model(data)
        terms = objective(result, model.scaling.detail, weights)
    names = ("reconstruction", "vq", "trend", "season", "coarse", "fourier")
    assert float(terms["loss"]) == pytest.approx(sum(w * float(terms[n]) for w, n in enumerate(names, 1)), rel=1e-5)
    gap = (result.decoded.trend + result.decoded.seasonal - result.window).square().mean()
    assert float(terms["reconstruction"]) == pytest.approx(float(gap), rel=1e-5)


def test_component_targets_carry_no_gradient():
    model = tokenizer()
    data = windows()
    model.fit_scaling(data)
    result = model(data)
    assert result.parts.trend.requires_grad
    decoded = Components(*(getattr(result.decoded, name).detach() for name in ("trend", "seasonal", "coarse")))
    terms = objective(replace(result, decoded=decoded), model.scaling.detail, replace(EQUAL, vq=0.0))
    assert not any(terms[name].requires_grad for name in ("reconstruction", "trend", "season", "coarse", "fourier"))


def test_every_parameter_is_trained():
    model = tokenizer()
    data = windows()
    model.fit_scaling(data)
    objective(model(data), model.scaling.detail, EQUAL)["loss"].backward()
    idle = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0}
    assert idle <= {"frequency.attention.key.bias", "guidance.attention.key.bias"}


def test_parts_are_compared_in_units_of_their_spread():
    model, data = tokenizer(), windows()
    model.fit_scaling(data)
    detail = model.scaling.detail
    with torch.no_grad():
        result = model(data)
        terms = objective(result, detail, EQUAL)
    assert not torch.allclose(detail, torch.ones_like(detail), rtol=0.1)
    for name, part, unit in (("trend", "trend", 1.0), ("season", "seasonal", detail), ("coarse", "coarse", detail)):
        gap = (getattr(result.decoded, part) - getattr(result.parts, part)) / unit
        assert float(terms[name]) == pytest.approx(float(gap.square().mean()), rel=1e-5)
