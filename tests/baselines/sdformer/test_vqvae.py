"""Convolutions against PyTorch's, the two halves' shapes and dilations, and the straight-through gradient."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from baselines.sdformer.vqvae import VQVAE, Convolution, Downsample, ResidualBlock, Upsample, VQVAESizes
from benchmark.training import build

SIZES = VQVAESizes(vocab_size=12, width=8, code_dim=5, down_t=2, depth=3, dilation_growth=3)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def reference(layer, x):
    """The same layer by `torch.nn.functional.conv1d` on (B, C, T)."""
    weight = layer.weight.permute(1, 2, 0)
    if isinstance(layer, Downsample):
        return functional.conv1d(x, weight, layer.bias, stride=2, padding=1)
    if isinstance(layer, Upsample):
        return functional.conv1d(functional.interpolate(x, scale_factor=2), weight, layer.bias, padding=1)
    reach = layer.dilation * (len(layer.weight) // 2)
    return functional.conv1d(x, weight, layer.bias, padding=reach, dilation=layer.dilation)


@pytest.mark.parametrize("length", [2, 6, 12, 20])
@pytest.mark.parametrize(
    "make",
    [
        lambda: Convolution(4, 7),
        lambda: Convolution(4, 7, width=1),
        lambda: Convolution(4, 4, dilation=3),
        lambda: Convolution(4, 4, dilation=9),
        lambda: Downsample(4),
        lambda: Upsample(4),
    ],
)
def test_layers_and_their_gradients_are_those_of_padded_convolutions(make, length):
    layer = build(make, generator(1))
    x = torch.randn(length, 3, 4, generator=generator(2), requires_grad=True)
    y = layer(x)
    expected = reference(layer, x.permute(1, 2, 0)).permute(2, 0, 1)
    torch.testing.assert_close(y, expected, atol=1e-5, rtol=1e-5)
    towards = torch.randn(y.shape, generator=generator(3))
    mine = torch.autograd.grad(y, [x, layer.weight, layer.bias], towards)
    theirs = torch.autograd.grad(expected, [x, layer.weight, layer.bias], towards)
    for ours, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(ours, other, atol=1e-4, rtol=1e-4)


def test_initial_values_are_those_of_pytorch_convolutions():
    layer = build(lambda: Convolution(64, 512), generator(1))
    bound = (64 * 3) ** -0.5
    assert layer.weight.abs().max() <= bound
    assert layer.weight.detach().std() == pytest.approx(bound / 3**0.5, rel=0.01)
    plain = build(lambda: nn.Conv1d(64, 512, 3), generator(1))
    assert float(layer.weight.detach().max()) == pytest.approx(float(plain.weight.detach().max()), rel=1e-3)
    assert layer.weight.numel() == plain.weight.numel()


def test_dilations_are_9_3_1_in_both_halves():
    model = build(lambda: VQVAE(3, SIZES), generator(1))
    for half in (model.encoder, model.decoder):
        assert [part.wide.dilation for part in half if isinstance(part, ResidualBlock)] == [9, 3, 1, 9, 3, 1]
    order = [type(part) for part in model.decoder if not isinstance(part, ResidualBlock)]
    assert order == [Convolution, nn.ReLU, Upsample, Upsample, Convolution, nn.ReLU, Convolution]


def test_the_whole_autoencoder_equals_one_of_plain_convolutions():
    model = build(lambda: VQVAE(3, SIZES), generator(1))

    def run(layers, x):
        for part in layers:
            if isinstance(part, ResidualBlock):
                x = x + reference(part.narrow, functional.relu(reference(part.wide, functional.relu(x))))
            else:
                x = functional.relu(x) if isinstance(part, nn.ReLU) else reference(part, x)
        return x

    windows = torch.rand(4, 24, 3, generator=generator(2))
    latents = run(model.encoder, windows.transpose(1, 2))
    assert latents.shape == (4, 5, 6)
    rows = latents.transpose(1, 2).reshape(24, 5)
    rows = rows / rows.norm(dim=1, keepdim=True)
    torch.testing.assert_close(model.encode(windows), rows, atol=1e-5, rtol=1e-4)
    codes = torch.randn(24, 5, generator=generator(3))
    expected = run(model.decoder, codes.view(4, 6, 5).transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(model.decode(codes, 4), expected, atol=1e-5, rtol=1e-4)


def test_the_gradient_passes_straight_through_the_quantizer():
    model = build(lambda: VQVAE(3, SIZES), generator(1))
    windows = torch.rand(8, 24, 3, generator=generator(2))
    model.quantizer.start(model.encode(windows), generator(3))
    made = model(windows)
    towards = torch.randn(made.windows.shape, generator=generator(4))
    (mine,) = torch.autograd.grad(made.windows, made.latents, towards)
    codes = made.codes.clone().requires_grad_()
    (theirs,) = torch.autograd.grad(model.decode(codes, 8), codes, towards)
    torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-4)
