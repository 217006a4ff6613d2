"""TimeVAE whole: official sizes and schedule, its loss and first step by hand, determinism, resuming, refusals, learning."""

from itertools import chain

import numpy as np
import pytest
import torch

from baselines.timevae.generator import EvidenceTask, TimeVAE
from baselines.timevae.network import Sizes, TimeVAENetwork
from benchmark.config.generators import load_spec, resolve
from benchmark.errors import DivergedError, Interrupted, UserError
from benchmark.interface import FitContext
from benchmark.training import build

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
COUNTS = {"sines": 181_616, "stocks": 188_298, "etth": 196_134, "mujoco": 283_298, "energy": 627_264, "fmri": 1_624_766}
TINY = {"filters": (4, 6), "latent": 3, "epochs": None, "steps": 6, "batch": 16}
TINY_SIZES = Sizes(filters=(4, 6), latent=3, trend_poly=0, seasons=(), residual=True)


def parameters(dataset, length=24, budget="paper"):
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec("timevae"), place, {}).params


def waves(count=40, length=12, features=2, seed=3):
    draw = np.random.default_rng(seed)
    phase, speed = draw.uniform(0, 6, (2, count, 1, features))
    return (0.5 + 0.4 * np.sin(phase + speed * np.arange(length)[:, None] / 10)).astype(np.float32)


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def evidence(windows, batch=8, learning_rate=1e-3):
    network = build(lambda: TimeVAENetwork(*windows.shape[1:], TINY_SIZES), stream())
    return EvidenceTask(network, torch.from_numpy(windows), batch=batch, learning_rate=learning_rate, weight=3.0)


def written_out(length, d):
    """Numbers in convolutions and dense layers of the official sizes: inputs × outputs × width and a bias an output."""

    def c(i, o, width):
        return i * o * width + o

    flat = 200 * length // 8
    encoder = c(d, 50, 3) + c(50, 100, 3) + c(100, 200, 3) + 2 * c(flat, 8, 1)
    level, residual = c(8, d, 1) + c(d, d, 1), c(8, flat, 1) + c(200, 100, 3) + c(100, 50, 3) + c(50, d, 3)
    return {"encoder": encoder, "decoder": level + residual + c(length * d, length * d, 1)}


@pytest.fixture(scope="module")
def fitted():
    return TimeVAE(**TINY).fit(waves(), FitContext(seed=5))


@pytest.mark.parametrize("dataset", COUNTS)
@pytest.mark.parametrize("budget", ["smoke", "quick", "fast", "paper"])
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_official_parameter_counts(dataset, budget, length):
    parts = TimeVAE(**parameters(dataset, length, budget)).parameter_counts(length, FEATURES[dataset])
    assert parts == written_out(length, FEATURES[dataset])
    if length == 24:
        assert sum(parts.values()) == COUNTS[dataset]


def test_trend_and_seasons_count_as_their_dense_layers():
    plain = TimeVAE(**TINY).parameter_counts(12, 2)["decoder"]
    # A trend of degree 2: 3 → 4 → 4. Seasons: 3 → 2 · 4 and 3 → 2 · 5.
    added = TimeVAE(**TINY, trend_poly=2, seasons=((4, 1), (5, 2))).parameter_counts(12, 2)["decoder"]
    assert added - plain == (3 * 4 + 4) + (4 * 4 + 4) + (3 * 8 + 8) + (3 * 10 + 10)


def test_the_paper_budget_is_the_official_schedule():
    params = parameters("stocks")
    assert (params["epochs"], params["steps"], params["batch"], params["learning_rate"]) == (1000, None, 16, 1e-3)
    assert (params["filters"], params["latent"], params["reconstruction_weight"]) == ((50, 100, 200), 8, 3)
    assert (params["trend_poly"], params["seasons"], params["residual"]) == (0, (), True)


def test_epochs_are_steps_with_a_short_last_batch():
    seen = []
    context = FitContext(seed=0, progress=seen.append)
    TimeVAE(**{**TINY, "epochs": 3, "steps": None}).fit(waves(40), context)
    assert (seen[-1].step, seen[-1].total) == (9, 9)


def test_an_epoch_shows_every_window_once_and_the_next_shuffles_anew():
    windows = np.broadcast_to(np.arange(20, dtype=np.float32)[:, None, None] / 20, (20, 12, 2)).copy()
    task, shown, generator = evidence(windows), [], stream(1)
    task.network.register_forward_pre_hook(
        lambda _, given: shown.append((20 * given[0][:, 0, 0]).round().int().tolist())
    )
    for step in range(6):
        task.step(step, generator)
    assert [len(rows) for rows in shown] == [8, 8, 4, 8, 8, 4]
    first, second = list(chain(*shown[:3])), list(chain(*shown[3:]))
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second != list(range(20)) != first


def test_the_loss_is_the_official_sum():
    windows = waves(8)
    task = evidence(windows)
    told = []
    task.network.register_forward_hook(lambda _, given, made: told.append((given[0], *made)))
    metrics = {name: float(value) for name, value in task.step(0, stream(1)).items()}
    x, decoded, mean, log_variance = (value.detach().double().numpy() for value in told[0])
    squares = means = nats = 0.0
    for n in range(8):
        for t in range(12):
            squares += sum((x[n, t, d] - decoded[n, t, d]) ** 2 for d in range(2))
            means += (x[n, t].sum() / 2 - decoded[n, t].sum() / 2) ** 2
        for m, v in zip(mean[n], np.exp(log_variance[n]), strict=True):
            nats += 0.5 * (v + m**2 - 1 - np.log(v))
    assert metrics["loss"] == pytest.approx((3 * (squares + means) + nats) / 8, rel=1e-5)
    assert metrics["reconstruction"] == pytest.approx((squares + means) / 8, rel=1e-5)
    assert metrics["divergence"] == pytest.approx(nats / 8, rel=1e-4)


def test_the_first_step_is_adams_on_the_sum_over_the_batch():
    task, twin = evidence(waves(8), learning_rate=1e-3), evidence(waves(8))
    generator = stream(1)
    order = torch.randperm(8, generator=generator)
    normal = torch.randn((8, 3), generator=generator)
    x = torch.from_numpy(waves(8))[order]
    decoded, mean, log_variance = twin.network(x, normal)
    error = decoded - x
    loss = 3 * ((error**2).sum() + (error.mean(2) ** 2).sum())
    loss = loss + 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum()
    gradients = torch.autograd.grad(loss, list(twin.network.parameters()))
    task.step(0, stream(1))
    for before, g, after in zip(twin.network.parameters(), gradients, task.network.parameters(), strict=True):
        assert torch.allclose(before - 1e-3 * g / (g.abs() + 1e-7), after, atol=2e-6)


def test_the_size_of_batches_changes_no_sample(fitted, monkeypatch):
    sample = fitted.sample(7, 0)
    monkeypatch.setattr("baselines.timevae.generator._SAMPLE_STEPS", 24)
    assert np.allclose(fitted.sample(7, 0), sample, atol=1e-6)


def test_a_sample_is_the_clipped_mean_of_standard_normal_numbers(fitted):
    z = torch.randn((500, 3), generator=stream(4))
    with torch.no_grad():
        made = fitted.network_.synthesize(z).numpy()
    assert made.min() < 0 < made.max()
    assert np.allclose(fitted.sample(500, 4), np.clip(made, 0, 1), atol=1e-6)


def test_every_step_of_every_feature_is_scaled_by_its_own_range(fitted):
    data, scaler = waves().astype(np.float64), fitted.network_.scaler
    low, high = data.min(axis=0), data.max(axis=0)  # (T, D)
    inside = scaler.transform(torch.from_numpy(waves())).numpy()
    assert np.allclose(inside, (data - low) / (high - low + 1e-7), atol=1e-5)
    assert np.allclose(inside.min(axis=0), 0)
    assert np.allclose(inside.max(axis=0), 1, atol=1e-5)
    beyond = torch.full((1, 12, 2), 1.5)  # samples are not cut to the range of their step
    assert np.allclose(scaler.inverse_transform(beyond).numpy()[0], low + 1.5 * (high - low), atol=1e-5)


def test_a_narrow_step_is_learned_as_well_as_a_wide_one():
    """Windows whose first step varies by 0.01 of what the last one does: without the scaling its spread is lost."""
    data = 0.5 + 0.4 * np.linspace(0.01, 1, 12)[:, None] * (waves(200, features=1) - 0.5)
    settings = {**TINY, "filters": (16, 16), "steps": 600, "learning_rate": 5e-3}
    fitted = TimeVAE(**settings).fit(data.astype(np.float32), FitContext(seed=1))
    spread = fitted.sample(500, 0)[:, 0].std() / data[:, 0].std()
    assert 0.5 < spread < 1.5


def test_a_step_that_never_varies_keeps_its_value():
    data = waves(20)
    data[:, 3, 1] = 0.25
    sample = TimeVAE(**TINY).fit(data, FitContext(seed=0)).sample(50, 0)
    assert np.allclose(sample[:, 3, 1], 0.25, atol=1e-5)


def test_a_resumed_fit_gives_the_bytes_of_an_uninterrupted_one(fitted, tmp_path):
    calls, stop_at = iter(range(1000)), 5  # inside the second epoch of three steps
    stopping = FitContext(seed=5, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls) + 1 >= stop_at)
    with pytest.raises(Interrupted):
        TimeVAE(**TINY).fit(waves(), stopping)
    resumed = TimeVAE(**TINY).fit(waves(), FitContext(seed=5, checkpoint_dir=tmp_path))
    assert resumed.sample(9, 3).tobytes() == fitted.sample(9, 3).tobytes()


def test_trend_and_seasons_are_saved_and_loaded(tmp_path):
    fitted = TimeVAE(**TINY, trend_poly=2, seasons=((4, 1), (3, 2)), residual=False).fit(waves(), FitContext(seed=5))
    fitted.save(tmp_path)
    loaded = TimeVAE.load(tmp_path)
    assert loaded.sample(9, 3).tobytes() == fitted.sample(9, 3).tobytes()


def test_training_learns_to_rebuild_and_to_generate():
    data = waves(200, features=1)
    trained = TimeVAE(**{**TINY, "filters": (16, 16), "steps": 400, "learning_rate": 5e-3}).fit(
        data, FitContext(seed=1)
    )
    x = torch.from_numpy(data)
    with torch.no_grad():
        rebuilt, mean, _ = trained.network_(trained.network_.scaler.transform(x), torch.zeros(200, 3))
        rebuilt = trained.network_.scaler.inverse_transform(rebuilt)
    assert float((rebuilt - x).square().mean()) < 0.2 * float(x.var())
    assert float(mean.var()) > 0.1  # the latent numbers are in use
    sample = trained.sample(300, 0)
    assert abs(sample.mean() - data.mean()) < 0.1
    assert sample.std() == pytest.approx(data.std(), rel=0.3)


@pytest.mark.parametrize(("given", "options"), [("both", {"epochs": 3}), ("neither", {"steps": None})])
def test_both_and_neither_of_steps_and_epochs_are_refused(given, options):
    with pytest.raises(UserError, match=f"given {given} of steps and epochs"):
        TimeVAE(**{**TINY, **options}).fit(waves(), FitContext(seed=0))


def test_what_cannot_work_is_refused():
    with pytest.raises(UserError, match="'filters'"):
        TimeVAE(**{**TINY, "filters": ()}).fit(waves(), FitContext(seed=0))
    with pytest.raises(UserError, match="'trend_poly' is -1"):
        TimeVAE(**TINY, trend_poly=-1).parameter_counts(12, 2)
    with pytest.raises(UserError, match="'reconstruction_weight' is 0"):
        TimeVAE(**TINY, reconstruction_weight=0).fit(waves(), FitContext(seed=0))
    with pytest.raises(DivergedError, match="the loss of vae"):
        TimeVAE(**{**TINY, "learning_rate": 1e38}).fit(waves(), FitContext(seed=0))


@pytest.mark.parametrize(("count", "length", "features"), [(1, 1, 1), (20, 7, 1)])
def test_one_window_of_one_step_and_odd_lengths_work(count, length, features):
    sample = TimeVAE(**TINY).fit(waves(count, length, features), FitContext(seed=0)).sample(3, 0)
    assert sample.shape == (3, length, features)
    assert np.isfinite(sample).all()
