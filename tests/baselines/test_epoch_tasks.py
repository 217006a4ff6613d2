"""Which of the trainings in epochs use the short last batch, as the official codes do or do not."""

from itertools import chain

import pytest
import torch
from torch.nn import functional

from baselines.difftime.generator import DiffTime
from baselines.diffusion.schedule import NoiseSchedule, linear_betas
from baselines.diffwave.generator import DiffWave
from baselines.sdformer.training import LearningRates, VQVAETask
from baselines.sdformer.vqvae import VQVAE, VQVAESizes
from benchmark.training import build

ROWS = 10


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def numbered(length=8, features=2):
    """Windows (N, T, D), each full of its own number / N."""
    return (torch.arange(ROWS) / ROWS)[:, None, None].expand(ROWS, length, features).clone()


def shown(task, steps, rng):
    """Rows of the batches that a task drew, by step."""
    draw, rows = task.batches.draw, []

    def seen(step, rng):
        windows = draw(step, rng)
        rows.append(sorted((windows[:, 0, 0] * ROWS).round().int().tolist()))
        return windows

    task.batches.draw = seen
    for step in range(steps):
        task.step(step, rng)
    return rows


def noise_task(cls):
    generator = cls(channels=8, layers=1, diffusion_steps=5, batch=4, steps=9)
    network = generator._build(8, 2, stream())
    schedule = NoiseSchedule.of(linear_betas(5, 1e-3, 0.5))
    return generator._task(network, schedule, numbered(), generator.parameters())


def vqvae_task():
    sizes = {"vocab_size": 8, "width": 8, "code_dim": 8, "down_t": 1, "depth": 1, "dilation_growth": 3}
    model = build(lambda: VQVAE(2, VQVAESizes(**sizes)), stream())
    rates = LearningRates(1e-3, 0, 100)
    return VQVAETask(model, numbered(), learning_rates=rates, batch=4, weight_commitment=1.0)


@pytest.mark.parametrize("make", [vqvae_task, lambda: noise_task(DiffTime)], ids=["sdformer", "difftime"])
def test_an_epochs_short_last_batch_is_used_where_the_official_code_uses_it(make):
    rows = shown(make(), 6, stream(1))
    assert [len(batch) for batch in rows] == [4, 4, 2, 4, 4, 2]
    assert sorted(chain(*rows[:3])) == sorted(chain(*rows[3:])) == list(range(ROWS))


def test_diffwave_leaves_the_short_last_batch_out():
    rows = shown(noise_task(DiffWave), 4, stream(1))
    assert [len(batch) for batch in rows] == [4, 4, 4, 4]
    assert len(set(chain(*rows[:2]))) == 8


def test_a_short_batch_of_fewer_latents_than_codes_gives_them_copies_with_noise():
    quantizer = vqvae_task().network.quantizer
    latents = functional.normalize(torch.randn((3, 8), generator=stream(2)), dim=-1)
    quantizer.start(latents, stream(3))
    nearest = (quantizer.codes @ latents.T).max(dim=1)
    assert nearest.indices.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert 0.99 < float(nearest.values.min()) <= float(nearest.values.max()) < 1.0001
    assert len(quantizer.codes.unique(dim=0)) == 8
