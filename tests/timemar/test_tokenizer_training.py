"""Stage 1's task: re-seeding inside training, and an optimizer step that is AdamW's."""

import torch

from timemar.architecture import make_tokenizer
from timemar.config import LossWeights, TokenizerSizes
from timemar.losses import objective
from timemar.schedule import Schedule
from timemar.tokenizer_training import TokenizerTask, measure_fidelity, tokenize_all

EQUAL = LossWeights(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def task(reseed_every, *, learning_rate=1e-3, clip=1.0, mixing=0.0):
    sizes = TokenizerSizes(24, 8, 8, (1, 2), 1, 0, (1, 4, 12), None, 4, 0.25)
    model = make_tokenizer(24, 3, sizes, generator(1))
    windows = torch.rand(200, 24, 3, generator=generator(2))
    model.fit_scaling(windows)
    return TokenizerTask(
        model,
        windows,
        schedule=Schedule(100, learning_rate, "cosine", 0.0),
        batch=32,
        weight_decay=0.0,
        weights=EQUAL,
        clip=clip,
        reseed_every=reseed_every,
        mixing=mixing,
    )


def test_reseeded_codes_lie_at_windows_and_are_in_use_one_step_later():
    made, stream = task(reseed_every=10), generator(3)
    codebook = made.network.quantizer.codebook
    for step in range(10):
        made.step(step, stream)
    with torch.no_grad():
        codebook.usage[:8] = 0.0
        codebook.weight[:8] = 50.0
    made.step(10, stream)
    placed = codebook.weight.detach().clone()
    assert placed[:8].abs().max() < 10
    made.step(11, stream)
    assert (codebook.usage[:8] >= codebook.dead_below).all()
    hit = tokenize_all(made.network, made.windows).unique()
    assert torch.isin(torch.arange(8), hit).sum() >= 4


def test_nothing_is_reseeded_in_the_last_fifth_of_the_run():
    made = task(reseed_every=1)
    codebook = made.network.quantizer.codebook
    with torch.no_grad():
        codebook.weight[5] = 50.0
    made.step(80, generator(3))
    assert codebook.weight[5].min() > 49
    made.step(79, generator(3))
    assert codebook.weight[5].max() < 49


def test_the_first_step_moves_a_weight_against_its_gradient_by_the_rate():
    made = task(reseed_every=1000, learning_rate=1e-4, clip=1e9)
    rows = torch.randint(200, (32,), generator=generator(3))
    objective(made.network(made.windows[rows]), made.network.scaling.detail, EQUAL)["loss"].backward()
    weight = made.network.fusion.mlp[0].weight
    before, gradient = weight.detach().clone(), weight.grad.clone()
    made.step(0, generator(3))
    large = gradient.abs() > 1e-4
    assert large.any()
    torch.testing.assert_close((weight - before)[large], -1e-4 * gradient.sign()[large], rtol=1e-2, atol=1e-7)


def test_usage_is_the_share_of_codes_hit():
    made = task(reseed_every=1)
    made.step(0, generator(3))
    tokens = tokenize_all(made.network, made.windows)
    fidelity = measure_fidelity(made.network, made.windows, tokens)
    assert fidelity.codebook_usage == len(set(tokens.flatten().tolist())) / 24
    assert all(1 <= value <= 24 for value in fidelity.perplexity)


def test_mixing_trains_on_convex_mixtures_of_training_windows():
    made = task(reseed_every=10, mixing=0.25)
    made.windows = torch.stack([torch.zeros(24, 3), torch.ones(24, 3)])
    seen = []
    forward = made.forward
    made.forward = lambda windows, precision: seen.append(windows) or forward(windows, precision)
    for step in range(20):
        made.step(step, generator(step))
    levels = torch.stack(seen)  # every window is constant: its level is its weight
    assert levels.shape == (20, 32, 24, 3)
    assert torch.equal(levels.amin(dim=(2, 3)), levels.amax(dim=(2, 3)))
    whole = levels[:, 8:, 0, 0]
    assert set(whole.flatten().tolist()) == {0.0, 1.0}
    mixed = levels[:, :8, 0, 0].flatten()
    assert 0.3 < float(((mixed > 0) & (mixed < 1)).float().mean()) < 0.7  # half of the pairs are of two unequal windows
    assert float(mixed.min()) >= 0
    assert float(mixed.max()) <= 1


def test_a_reseeded_code_keeps_nothing_of_the_momentum_of_the_code_before():
    made, stream = task(reseed_every=10), generator(3)
    codebook = made.network.quantizer.codebook
    for step in range(10):
        made.step(step, stream)
    moments = made.optimizer.state[codebook.weight]["exp_avg"]
    moments[:8] = 1.0
    with torch.no_grad():
        codebook.usage[:8], codebook.weight[:8] = 0.0, 50.0
    made.step(10, stream)
    assert moments[:8].abs().max() == 0
    assert moments[8:].abs().max() > 0


def test_mixtures_weigh_two_windows_uniformly():
    made = task(reseed_every=10, mixing=0.25)
    made.windows, made.mixed = torch.ones(200, 24, 3), 2000
    weights = made._mixed(torch.zeros(3000, 24, 3), generator(5))[:, 0, 0]
    assert weights[2000:].max() == 0
    assert abs(float(weights[:2000].mean()) - 0.5) < 0.03
    assert weights[:2000].max() > 0.99
