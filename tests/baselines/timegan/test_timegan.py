"""TimeGAN whole: official sizes and schedule, losses against NumPy, who is updated when, determinism, resuming, refusals."""

import numpy as np
import pytest
import torch

from baselines.timegan.generator import TimeGAN
from baselines.timegan.networks import Networks
from baselines.timegan.training import (
    EmbeddingTask,
    JointTask,
    SupervisedTask,
    _Phase,
    discriminator_loss,
    generator_loss,
    moment_loss,
    reconstruction_loss,
)
from benchmark.config.generators import load_spec, resolve
from benchmark.errors import DivergedError, Interrupted, UserError
from benchmark.interface import FitContext
from benchmark.training import build

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
COUNTS = {"sines": 48_606, "stocks": 48_775, "etth": 48_944, "mujoco": 50_127, "energy": 52_493, "fmri": 56_211}
TINY = {"hidden": 6, "layers": 2, "embedding_steps": 6, "supervised_steps": 4, "joint_steps": 4, "batch": 16}


def parameters(dataset, length=24, budget="paper"):
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec("timegan"), place, {}).params


def waves(count=40, length=12, features=2, seed=3):
    draw = np.random.default_rng(seed)
    phase, speed = draw.uniform(0, 6, (2, count, 1, features))
    return (0.5 + 0.4 * np.sin(phase + speed * np.arange(length)[:, None] / 10)).astype(np.float32)


def networks(features=2, seed=0):
    return build(lambda: Networks(features, 6, 2), torch.Generator().manual_seed(seed))


def series(made, windows):
    data = torch.from_numpy(windows)
    made.fit(data)
    return made.transform(data)


@pytest.fixture(scope="module")
def fitted():
    return TimeGAN(**TINY).fit(waves(), FitContext(seed=5))


@pytest.mark.parametrize("dataset", COUNTS)
@pytest.mark.parametrize("budget", ["smoke", "quick", "fast", "paper"])
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_official_parameter_counts(dataset, budget, length):
    made = TimeGAN(**parameters(dataset, length, budget))
    assert sum(made.parameter_counts(length, FEATURES[dataset]).values()) == COUNTS[dataset]


def test_the_paper_budget_is_the_official_schedule():
    params = parameters("stocks")
    assert [params[f"{phase}_steps"] for phase in ("embedding", "supervised", "joint")] == [50_000] * 3
    assert (params["batch"], params["learning_rate"], params["gamma"], params["discriminator_threshold"]) == (
        128,
        1e-3,
        1,
        0.15,
    )


def test_sequences_are_scaled_to_the_unit_interval_and_back():
    made, windows = networks(), 0.2 + 0.3 * waves()
    scaled = series(made, windows)
    assert scaled.shape == (12, 40, 2)
    assert float(scaled.amin()) == 0
    assert torch.allclose(scaled.amax(dim=(0, 1)), torch.ones(2), atol=1e-5)
    back = scaled.transpose(0, 1) * made.span + made.low
    assert np.allclose(back.numpy(), windows, atol=1e-6)


def test_moments_of_a_shifted_and_stretched_batch():
    real = torch.randn((5, 4000, 2), generator=torch.Generator().manual_seed(0))
    real = (real - real.mean(dim=1, keepdim=True)) / real.std(dim=1, correction=0, keepdim=True)
    assert float(moment_loss(3 * real + 0.5, real)) == pytest.approx(2 + 0.5, abs=1e-3)
    assert float(reconstruction_loss(real, real + 0.3)) == pytest.approx(10 * 0.3, rel=1e-5)


def test_losses_are_the_papers_pass_by_pass():
    nets = networks()
    windows, noise = series(nets, waves())[:, :7], torch.rand((12, 7, 2), generator=torch.Generator().manual_seed(1))

    def entropy(logits, label):
        p = 1 / (1 + np.exp(-logits.detach().double().numpy()))
        return -np.log(p if label else 1 - p).mean()

    judge, latent, plain = nets.discriminator, nets.embedder(windows), nets.generator(noise)
    fake, predicted = nets.supervisor(plain), nets.supervisor(latent)
    told = entropy(judge(latent), 1) + entropy(judge(fake), 0) + 0.7 * entropy(judge(plain), 0)
    assert float(discriminator_loss(nets, windows, noise, 0.7).detach()) == pytest.approx(told, rel=1e-5)
    square = (latent[1:] - predicted[:-1]).detach().numpy() ** 2
    made, real = nets.recovery(fake).detach().numpy(), windows.numpy()
    moments = np.abs(np.sqrt(made.var(1) + 1e-6) - np.sqrt(real.var(1) + 1e-6)).mean()
    moments += np.abs(made.mean(1) - real.mean(1)).mean()
    fooled = entropy(judge(fake), 1) + 0.7 * entropy(judge(plain), 1)
    expected = fooled + 100 * np.sqrt(square.mean()) + 100 * moments
    assert float(generator_loss(nets, windows, noise, 0.7)["loss"].detach()) == pytest.approx(expected, rel=1e-5)
    shown = nets.synthesize(noise.transpose(0, 1)).detach().numpy()
    assert np.allclose(shown, made.swapaxes(0, 1) * nets.span.numpy() + nets.low.numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("task", "options", "changed"),
    [
        (EmbeddingTask, {}, {"embedder", "recovery"}),
        (SupervisedTask, {}, {"supervisor"}),
        (
            JointTask,
            {"gamma": 1.0, "threshold": 0.15},
            {"embedder", "recovery", "generator", "supervisor", "discriminator"},
        ),
        (JointTask, {"gamma": 1.0, "threshold": 1e9}, {"embedder", "recovery", "generator", "supervisor"}),
    ],
)
def test_each_phase_updates_its_networks_only(task, options, changed):
    nets = networks()
    before = {name: [p.clone() for p in part.parameters()] for name, part in nets.named_children()}
    task(nets, series(nets, waves()), batch=8, learning_rate=1e-3, **options).step(0, torch.Generator().manual_seed(0))
    moved = {
        name
        for name, part in nets.named_children()
        if any(not torch.equal(a, b) for a, b in zip(before[name], part.parameters(), strict=True))
    }
    assert moved == changed


def test_the_size_of_batches_changes_no_sample(fitted, monkeypatch):
    sample = fitted.sample(7, 0)
    monkeypatch.setattr("baselines.timegan.generator._SAMPLE_ROWS", 24)
    assert np.allclose(fitted.sample(7, 0), sample, atol=1e-6)


def test_a_resumed_fit_gives_the_bytes_of_an_uninterrupted_one(fitted, tmp_path):
    calls, stop_at = iter(range(1000)), 13  # inside phase 3
    stopping = FitContext(seed=5, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls) + 1 >= stop_at)
    with pytest.raises(Interrupted):
        TimeGAN(**TINY).fit(waves(), stopping)
    resumed = TimeGAN(**TINY).fit(waves(), FitContext(seed=5, checkpoint_dir=tmp_path))
    assert resumed.sample(9, 3).tobytes() == fitted.sample(9, 3).tobytes()


def test_training_learns_to_rebuild_and_to_generate():
    data = waves(200, features=1)
    steps = {"embedding_steps": 100, "supervised_steps": 20, "joint_steps": 15, "batch": 32, "learning_rate": 1e-2}
    made = TimeGAN(**{**TINY, **steps, "hidden": 12}).fit(data, FitContext(seed=1))
    nets, x = made.network_, made.network_.transform(torch.from_numpy(data))
    assert float((nets.recovery(nets.embedder(x)) - x).square().mean()) < 0.2 * float(x.var())
    assert abs(made.sample(300, 0).mean() - data.mean()) < 0.1


def test_what_cannot_work_is_refused():
    with pytest.raises(UserError, match="T = 2 or more"):
        TimeGAN(**TINY).fit(waves(length=1), FitContext(seed=0))
    with pytest.raises(UserError, match="'layers' is 1"):
        TimeGAN(**{**TINY, "layers": 1}).fit(waves(), FitContext(seed=0))
    with pytest.raises(DivergedError, match="embedding"):
        TimeGAN(**{**TINY, "learning_rate": 1e38}).fit(waves(), FitContext(seed=0))


def test_training_windows_are_those_of_all_batches(monkeypatch):
    drawn, draw = [], _Phase.draw

    def counted(self, rng):
        drawn.append(draw(self, rng))
        return drawn[-1]

    monkeypatch.setattr(_Phase, "draw", counted)
    TimeGAN(**TINY).fit(waves(), FitContext(seed=5))
    assert TimeGAN(**TINY).training_windows(40) == sum(batch.shape[1] for batch in drawn)
