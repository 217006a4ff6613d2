"""The token transformer and its two objectives against direct computations, and sampling against its own distribution."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from baselines.sdformer.objective import Autoregressive, Masked
from baselines.sdformer.training import LearningRates, TokenTask
from baselines.sdformer.transformer import TokenTransformer
from benchmark.training import build, set_dropout_rng
from benchmark.training.tokens import invert
from benchmark.training.transformer import TransformerSizes

SIZES = TransformerSizes(embed_dim=16, layers=1, heads=4, fc_rate=4, dropout=0.1)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def make(*, causal, vocab_size=7, length=4, seed=1, scale=8.0):
    """A small transformer in evaluation mode, its weights so large that its distributions differ from window to window."""
    model = build(lambda: TokenTransformer(vocab_size, length, SIZES, causal=causal), generator(seed)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= scale
    return model


def test_one_layer_means_two_blocks_and_positions_are_sinusoids():
    model = make(causal=True)
    assert len(model.blocks) == 2
    position, channel = 3, 6
    angle = position / 10_000 ** (channel / 16)
    assert model.positions[position, channel] == pytest.approx(np.sin(angle), abs=1e-6)
    assert model.positions[position, channel + 1] == pytest.approx(np.cos(angle), abs=1e-6)


def test_initial_weights_have_std_0_02_and_no_bias():
    model = build(lambda: TokenTransformer(256, 6, SIZES, causal=True), generator(1))
    assert model.embed.weight.detach().std() == pytest.approx(0.02, rel=0.05)
    assert model.blocks[0].up_proj.weight.detach().std() == pytest.approx(0.02, rel=0.05)
    assert not model.blocks[0].up_proj.bias.any()


def attention_by_hand(block, x, causal):
    q, k, v = block.qkv(block.norm1(x)).chunk(3, dim=-1)
    out = torch.zeros_like(q)
    width = q.shape[-1] // block.heads
    for b in range(len(x)):
        for h in range(block.heads):
            part = slice(h * width, (h + 1) * width)
            for i in range(x.shape[1]):
                seen = i + 1 if causal else x.shape[1]
                share = torch.softmax(k[b, :seen, part] @ q[b, i, part] / width**0.5, dim=0)
                out[b, i, part] = share @ v[b, :seen, part]
    x = x + block.out(out)
    return x + block.down_proj(functional.gelu(block.up_proj(block.norm2(x))))


@pytest.mark.parametrize("causal", [True, False])
def test_a_block_is_attention_written_out(causal):
    block = make(causal=causal).blocks[0]
    x = torch.randn(2, 4, 16, generator=generator(3))
    torch.testing.assert_close(block(x, causal=causal), attention_by_hand(block, x, causal), atol=1e-4, rtol=1e-4)


def test_the_path_with_dropout_keeps_the_mean_and_the_causal_mask():
    block = make(causal=True, scale=2.0).blocks[0]
    x = torch.randn(1, 4, 16, generator=generator(3))
    quiet = block(x, causal=True)
    block.train()
    set_dropout_rng(block, generator(4))
    noisy = block(x.expand(5_000, 4, 16), causal=True)
    torch.testing.assert_close(noisy.mean(dim=0), quiet[0], atol=0.1, rtol=0.03)
    assert (noisy[0] != noisy[1]).any()
    set_dropout_rng(block, generator(4))
    changed = torch.cat([x[:, :3], x[:, 3:] + 1], dim=1)
    again = block(changed.expand(5_000, 4, 16), causal=True)
    torch.testing.assert_close(again[:, :3], noisy[:, :3])


def cache_free(model, uniforms):
    tokens = torch.empty(len(uniforms), 0, dtype=torch.long)
    for position in range(model.length):
        start = torch.full((len(uniforms), 1), model.vocab_size)
        logits = model(torch.cat([start, tokens], dim=1))[:, -1]
        drawn = invert(logits.double().softmax(dim=-1), uniforms[:, position])
        tokens = torch.cat([tokens, drawn[:, None]], dim=1)
    return tokens


def test_sampling_with_a_cache_and_shared_beginnings_equals_full_passes():
    model = make(causal=True)
    uniforms = torch.rand(60, 4, generator=generator(5), dtype=torch.float64)
    with torch.no_grad():
        tokens = Autoregressive(0.9).sample(model, uniforms)
        assert torch.equal(tokens, cache_free(model, uniforms))
    assert len(tokens.unique(dim=0)) > 30


def test_windows_that_begin_alike_share_a_row_of_the_cache(monkeypatch):
    model = make(causal=True, vocab_size=3)
    rows = []
    decode_step = model.decode_step
    monkeypatch.setattr(model, "decode_step", lambda x, i, cache: rows.append(len(x)) or decode_step(x, i, cache))
    with torch.no_grad():
        Autoregressive(0.9).sample(model, torch.rand(500, 4, generator=generator(5), dtype=torch.float64))
    assert rows[0] == 1
    assert all(count <= 3**place for place, count in enumerate(rows))


def test_sampled_pairs_follow_the_joint_distribution():
    model = make(causal=True, vocab_size=3, length=2)
    with torch.no_grad():
        tokens = Autoregressive(0.9).sample(model, torch.rand(40_000, 2, generator=generator(5), dtype=torch.float64))
        pairs = torch.cartesian_prod(torch.arange(3), torch.arange(3))
        distribution = torch.exp(-Autoregressive(0.9).likelihood(model, pairs).sum(dim=1))
    assert float(distribution.sum()) == pytest.approx(1, abs=1e-5)
    seen = torch.bincount(tokens[:, 0] * 3 + tokens[:, 1], minlength=9) / len(tokens)
    torch.testing.assert_close(seen, distribution, atol=0.012, rtol=0)


def test_the_likelihood_reads_no_later_token():
    model = make(causal=True)
    tokens = torch.randint(7, (5, 4), generator=generator(6))
    changed = tokens.clone()
    changed[:, 3] = (changed[:, 3] + 1) % 7
    with torch.no_grad():
        mine = Autoregressive(0.9).likelihood(model, tokens)
        other = Autoregressive(0.9).likelihood(model, changed)
    torch.testing.assert_close(mine[:, :3], other[:, :3])


def seen_inputs(model, monkeypatch):
    inputs = []
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda x: inputs.append(x) or forward(x))
    return inputs


@pytest.mark.parametrize("pkeep", [1.0, 0.7, 0.0])
def test_corruption_replaces_inputs_and_the_start_but_no_target(pkeep, monkeypatch):
    model = make(causal=True)
    inputs = seen_inputs(model, monkeypatch)
    tokens = torch.randint(7, (8000, 4), generator=generator(6))
    loss = Autoregressive(pkeep).loss(model, tokens, generator(7))
    expected = functional.cross_entropy(model(inputs[0]).transpose(1, 2), tokens)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    start_kept = (inputs[0][:, 0] == 7).float().mean()
    assert float(start_kept) == pytest.approx(pkeep, abs=0.02)
    rest_kept = (inputs[0][:, 1:] == tokens[:, :-1]).float().mean()
    assert float(rest_kept) == pytest.approx(pkeep + (1 - pkeep) / 7, abs=0.02)
    assert inputs[0][:, 1:].max() < 7


def test_masked_training_hides_tokens_with_one_probability_and_counts_only_those(monkeypatch):
    model = make(causal=False)
    inputs = seen_inputs(model, monkeypatch)
    tokens = torch.randint(7, (2000, 4), generator=generator(6))
    loss = Masked().loss(model, tokens, generator(8))
    hidden = inputs[0] == 7
    learning_rate = float(torch.rand((), generator=generator(8)))
    assert float(hidden.float().mean()) == pytest.approx(learning_rate, abs=0.02)
    assert torch.equal(inputs[0][~hidden], tokens[~hidden])
    expected = functional.cross_entropy(model(inputs[0])[hidden], tokens[hidden])
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)


def test_masked_decoding_fixes_the_likeliest_draw_of_every_round():
    model = make(causal=False)
    uniforms = torch.rand(20, 16, generator=generator(5), dtype=torch.float64)
    with torch.no_grad():
        tokens = Masked().sample(model, uniforms)
        for row, numbers in zip(tokens, uniforms.view(20, 4, 4), strict=True):
            state = [7] * 4
            for draws in numbers:
                distribution = torch.softmax(model(torch.tensor([state]))[0].double(), dim=-1)
                best = (-1.0, 0, 0)
                for place in range(4):
                    if state[place] == 7:
                        code = int(
                            np.searchsorted(distribution[place].cumsum(0).numpy(), float(draws[place]), side="right")
                        )
                        best = max(best, (float(distribution[place, code]), place, code))
                state[best[1]] = best[2]
            assert row.tolist() == state


def test_the_pseudo_likelihood_hides_one_token_at_a_time():
    model = make(causal=False)
    tokens = torch.tensor([[1, 2, 3, 4]])
    with torch.no_grad():
        logits = model(torch.tensor([[1, 7, 3, 4]]))
        expected = -torch.log_softmax(logits[0, 1], dim=-1)[2]
        torch.testing.assert_close(Masked().likelihood(model, tokens)[0, 1], expected)


def test_learning_rates_grow_over_the_warm_up_then_stay_then_drop():
    """The official numbers: from 2 / 1001 of 1e-4 up to 1000 / 1001, where the warm-up leaves it."""
    learning_rates = LearningRates(1e-4, 999, 200_000)
    assert learning_rates.learning_rate(0) == pytest.approx(1e-4 * 2 / 1001)
    assert learning_rates.learning_rate(500) == pytest.approx(1e-4 * 502 / 1001)
    assert learning_rates.learning_rate(998) == pytest.approx(1e-4 * 1000 / 1001)
    assert learning_rates.learning_rate(999 + 199_999) == pytest.approx(1e-4 * 1000 / 1001)
    assert learning_rates.learning_rate(999 + 200_000) == pytest.approx(5e-6 * 1000 / 1001)
    assert LearningRates(1e-4, 0, 10).learning_rate(0) == 1e-4


def test_the_token_task_trains_at_a_constant_learning_rate_with_its_betas():
    model = make(causal=True, scale=1.0)
    task = TokenTask(
        model.train(),
        torch.zeros(9, 4, dtype=torch.long),
        Autoregressive(1.0),
        learning_rate=8e-4,
        batch=4,
        weight_decay=0.0,
    )
    before = model.head.weight.detach().clone()
    task.step(0, generator(2))
    group = task.optimizer.param_groups[0]
    assert (group["lr"], group["betas"]) == (8e-4, (0.5, 0.9))
    moved = (model.head.weight - before).abs().max()
    assert float(moved.detach()) == pytest.approx(8e-4, rel=0.01)
