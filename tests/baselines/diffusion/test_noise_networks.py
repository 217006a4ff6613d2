"""DiffWave's and DiffTime's networks against plain PyTorch: dilated convolutions, and its own transformer layer."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from baselines.difftime import network as difftime_network
from baselines.difftime.generator import falling_learning_rate
from baselines.diffusion.layers import StepEmbedding, attend
from baselines.diffwave import network as diffwave_network
from baselines.diffwave.generator import cooled
from benchmark.training import build, set_dropout_rng


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def randomized(make):
    """A network with no parameter at zero, so that none can be forgotten."""
    net = build(make, generator())
    for position, parameter in enumerate(net.parameters()):
        torch.nn.init.normal_(parameter, std=0.1, generator=generator(position))
    return net.eval()


def embedded(net, times):
    """The step's code from times t: sines and cosines of t · 10^(4k/63), and two layers."""
    angle = torch.tensor(np.outer(times, 10 ** (np.arange(64) * 4 / 63)))
    code = torch.cat((angle.sin(), angle.cos()), dim=1).float()
    part = net.embedding
    code = functional.silu(functional.linear(code, part.first.weight, part.first.bias))
    return functional.silu(functional.linear(code, part.second.weight, part.second.bias))


def convolved(x, layer, dilation=1):
    """A convolution of x (B, C, ...) by a layer that holds a matrix or three taps."""
    weight = layer.weight if layer.weight.dim() == 3 else layer.weight[:, :, None]
    return functional.conv1d(x, weight, layer.bias, padding=dilation * (weight.shape[2] // 2), dilation=dilation)


def diffwave_reference(net, x, times, dilations):
    codes = functional.linear(embedded(net, times), net.codes.weight, net.codes.bias)
    stream, skips = functional.relu(convolved(x.transpose(1, 2), net.input)), 0
    channels = stream.shape[1]
    for place, (layer, dilation) in enumerate(zip(net.layers, dilations, strict=True)):
        code = codes[:, place * channels : (place + 1) * channels, None]
        inner = convolved(stream + code, layer.convolution, dilation)
        inner = convolved(inner[:, :channels].sigmoid() * inner[:, channels:].tanh(), layer.out)
        stream, skips = (stream + inner[:, :channels]) / math.sqrt(2), skips + inner[:, channels:]
    made = functional.relu(convolved(skips / math.sqrt(len(dilations)), net.skip))
    return convolved(made, net.output).transpose(1, 2)


@pytest.mark.parametrize(
    ("length", "cycle", "dilations"), [(24, None, [1, 2, 4, 8, 16, 1, 2]), (9, 6, [1, 2, 4, 8, 16, 32, 1])]
)
def test_diffwave_is_a_stack_of_dilated_convolutions(length, cycle, dilations):
    sizes = diffwave_network.Sizes(channels=8, layers=7, dilation_cycle=cycle, diffusion_steps=200)
    net = randomized(lambda: diffwave_network.DiffWaveNetwork(length, 3, sizes))
    x, steps = torch.randn((4, length, 3), generator=generator(1)), torch.tensor([0, 3, 100, 199])
    # 200 steps are spread over the 50 of the official schedule.
    expected = diffwave_reference(net, x, steps.numpy() / 4, dilations)
    assert torch.allclose(net(x, steps), expected, atol=1e-5 * float(expected.abs().max().detach()) + 1e-6)
    with torch.no_grad():
        same = net(x, torch.tensor([100]))
    assert torch.allclose(same[2], expected[2], atol=1e-5)


def torch_layer(layer, width):
    """PyTorch's transformer layer with the weights of ours."""
    made = torch.nn.TransformerEncoderLayer(width, 4, width, 0.0, "gelu", batch_first=True, device="meta")
    made = made.to_empty(device="cpu").eval()
    pairs = {
        "self_attn.in_proj_": layer.qkv,
        "self_attn.out_proj.": layer.out,
        "linear1.": layer.up_proj,
        "linear2.": layer.down_proj,
        "norm1.": layer.norm1,
        "norm2.": layer.norm2,
    }
    made.load_state_dict(
        {f"{n}{kind}": getattr(part, kind) for n, part in pairs.items() for kind in ("weight", "bias")}
    )
    return made


def difftime_reference(net, x, steps, width):
    batch, length, features = x.shape
    code = embedded(net, steps.numpy())
    time = np.arange(length)[:, None] / 10_000 ** (np.arange(0, 128, 2) / 128)
    times = torch.tensor(np.stack((np.sin(time), np.cos(time)), axis=2).reshape(length, 128)).float()
    side = torch.cat(
        [
            times.t()[None, :, None].expand(1, 128, features, length),
            net.side.features.weight.t()[None, :, :, None].expand(1, -1, features, length),
        ],
        dim=1,
    ).flatten(2)
    stream, skips = functional.relu(convolved(x.transpose(1, 2).reshape(batch, 1, -1), net.input)), 0
    for layer in net.layers:
        inner = stream + functional.linear(code, layer.code.weight, layer.code.bias)[:, :, None]
        inner = inner.unflatten(2, (features, length))
        inner = inner.permute(0, 2, 3, 1)
        if length > 1:
            rows = inner.reshape(-1, length, width)
            inner = torch_layer(layer.over_time, width)(rows).reshape(batch, features, length, width)
        inner = inner.permute(0, 2, 1, 3)
        if features > 1:  # CSDI skips the layer over a single feature
            rows = inner.reshape(-1, features, width)
            inner = torch_layer(layer.over_features, width)(rows).reshape(batch, length, features, width)
        inner = convolved(inner.permute(0, 3, 2, 1).flatten(2), layer.middle) + convolved(side, layer.side)
        inner = convolved(inner[:, :width].sigmoid() * inner[:, width:].tanh(), layer.out)
        stream, skips = (stream + inner[:, :width]) / math.sqrt(2), skips + inner[:, width:]
    made = convolved(functional.relu(convolved(skips / math.sqrt(len(net.layers)), net.skip)), net.output)
    return made.reshape(batch, features, length).transpose(1, 2)


@pytest.mark.parametrize(("length", "features"), [(24, 3), (50, 2), (5, 1), (1, 3)])
def test_difftime_is_pytorchs_transformer_layer_over_time_and_over_features(length, features):
    sizes = difftime_network.Sizes(16, 2, 4, 5, 0.1, 50)
    net = randomized(lambda: difftime_network.DiffTimeNetwork(length, features, sizes))
    x, steps = torch.randn((3, length, features), generator=generator(1)), torch.tensor([0, 20, 49])
    with torch.no_grad():
        expected = difftime_reference(net, x, steps, 16)
        made, same = net(x, steps), net(x, torch.tensor([20]))
    assert torch.allclose(made, expected, atol=1e-4 * float(expected.abs().max()))
    assert torch.allclose(same[1], expected[1], atol=1e-4 * float(expected.abs().max()))


def test_dropout_of_difftime_comes_from_the_generator_and_ends_with_training():
    sizes = difftime_network.Sizes(16, 1, 4, 5, 0.5, 50)
    net = randomized(lambda: difftime_network.DiffTimeNetwork(12, 2, sizes))
    x, steps = torch.randn((3, 12, 2), generator=generator(1)), torch.tensor([7])
    quiet = net(x, steps)
    net.train()

    def trained(seed):
        set_dropout_rng(net, generator(seed))
        return net(x, steps)

    assert torch.equal(trained(1), trained(1))
    assert not torch.equal(trained(1), trained(2))
    assert not torch.allclose(trained(1), quiet, atol=1e-5)


@pytest.mark.parametrize("size", [1.0, 30.0, 1000.0])
def test_attention_is_a_softmax_whatever_the_size_of_its_scores(size):
    query, key, value = torch.randn((3, 2, 10, 8), generator=generator()).double()
    with torch.no_grad():
        made = attend(query.float() * size, key.float(), value.float(), 2)
    for head in range(2):
        place = slice(4 * head, 4 * head + 4)
        scores = size * (query[..., place] @ key[..., place].transpose(1, 2)).numpy() / 2
        shares = np.exp(scores - scores.max(axis=2, keepdims=True))
        expected = (shares / shares.sum(axis=2, keepdims=True)) @ value[..., place].numpy()
        assert np.allclose(made[..., place], expected, atol=1e-3)


@pytest.mark.parametrize("module", [diffwave_network, difftime_network])
def test_the_first_prediction_is_one_constant_since_the_last_weights_are_zero(module):
    if module is diffwave_network:
        net = build(lambda: module.DiffWaveNetwork(24, 2, module.Sizes(8, 3, None, 50)), generator())
    else:
        net = build(lambda: module.DiffTimeNetwork(24, 2, module.Sizes(8, 1, 2, 4, 0.0, 50)), generator())
    made = net(torch.randn((5, 24, 2), generator=generator(1)), torch.tensor([3]))
    assert torch.equal(made, made[:1, :1].expand_as(made))
    # Kaiming-normal: variance 2 / inputs.
    assert float(net.skip.weight.detach().std()) == pytest.approx(math.sqrt(2 / 8), rel=0.25)


def test_the_table_of_steps_at_a_quarter_of_the_official_speed():
    part = build(lambda: StepEmbedding(200, 16, 0.25), generator())
    k = 21
    expected = [math.sin(8 / 4 * 10 ** (4 * k / 63)), math.cos(8 / 4 * 10 ** (4 * k / 63))]
    assert part.table[8, [k, 64 + k]].tolist() == pytest.approx(expected, abs=1e-5)


def test_the_rate_of_difftime_falls_twice():
    learning_rates = [falling_learning_rate(step, 100, 1e-3) for step in (0, 74, 75, 89, 90, 99)]
    assert learning_rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5])


def test_diffwaves_rate_is_constant_unless_it_cools_down_to_zero():
    assert {cooled(step, 100, 2e-4, 0.0) for step in range(100)} == {2e-4}
    learning_rates = [cooled(step, 100, 2e-4, 0.5) for step in (0, 50, 75, 99)]
    assert learning_rates == pytest.approx([2e-4, 2e-4, 1e-4, 4e-6])
