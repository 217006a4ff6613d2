"""Diffusion-TS, DiffWave and DiffTime whole: sizes, schedules, sampling steps, averaged weights, refusals, learning."""

import numpy as np
import pytest
import torch

from baselines.difftime.generator import DiffTime
from baselines.diffusion_ts.generator import DiffusionTS
from baselines.diffwave.generator import DiffWave
from benchmark.config.generators import load_spec, resolve
from benchmark.errors import DivergedError, UserError
from benchmark.interface import FitContext

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
CLASSES = {"diffusion_ts": DiffusionTS, "diffwave": DiffWave, "difftime": DiffTime}
TINY = {
    "diffusion_ts": {
        "width": 16,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "diffusion_steps": 8,
        "warmup": 4,
        "learning_rate": 2e-3,
    },
    "diffwave": {"channels": 8, "layers": 3, "diffusion_steps": 8, "first_beta": 0.02, "last_beta": 0.5},
    "difftime": {"channels": 8, "layers": 1, "heads": 2, "diffusion_steps": 8, "first_beta": 0.02},
}
# Diffusion-TS's instantiated official code at T = 24; CSDI's at any length.
COUNTS = {
    "diffusion_ts": dict(zip(FEATURES, (235_249, 294_390, 353_531, 360_286, 1_139_752, 1_406_098), strict=True)),
    "difftime": dict(zip(FEATURES, (413_009, 413_025, 413_041, 413_153, 413_377, 413_729), strict=True)),
}


def parameters(name, dataset, length=24, budget="paper"):
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec(name), place, {}).params


def count(name, dataset, length=24, budget="paper"):
    made = CLASSES[name](**parameters(name, dataset, length, budget))
    return sum(made.parameter_counts(length, FEATURES[dataset]).values())


def waves(count=40, length=12, features=2, seed=3):
    draw = np.random.default_rng(seed)
    phase, speed = draw.uniform(0, 6, (2, count, 1, features))
    return (0.5 + 0.4 * np.sin(phase + speed * np.arange(length)[:, None] / 10)).astype(np.float32)


@pytest.fixture(params=CLASSES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def fits():
    return {}


@pytest.fixture
def fitted(name, fits):
    if name not in fits:
        fits[name] = make(name).fit(waves(), FitContext(seed=5))
    return fits[name]


def make(name, **changes):
    return CLASSES[name](**{**TINY[name], "steps": 12, "batch": 8, **changes})


@pytest.mark.parametrize("budget", ["smoke", "quick", "fast", "paper"])
@pytest.mark.parametrize(("name", "dataset"), [(n, d) for n in COUNTS for d in FEATURES])
def test_official_parameter_counts(name, dataset, budget):
    assert count(name, dataset, budget=budget) == COUNTS[name][dataset]


@pytest.mark.parametrize(
    ("dataset", "counts"),
    [("etth", (373_611, 432_363, 648_171)), ("energy", (1_169_872, 1_258_000, 1_581_712))],
)
def test_parameter_counts_of_longer_windows(dataset, counts):
    assert tuple(count("diffusion_ts", dataset, length) for length in (64, 128, 256)) == counts
    assert {count("difftime", dataset, length) for length in (24, 64, 256)} == {COUNTS["difftime"][dataset]}


@pytest.mark.parametrize("dataset", FEATURES)
@pytest.mark.parametrize("length", [24, 256])
def test_parameter_counts_of_diffwave(dataset, length):
    d, c, layers = FEATURES[dataset], 64, 30
    layer = (c * 2 * c * 3 + 2 * c) + (512 * c + c) + (c * 2 * c + 2 * c)
    around = (d * c + c) + (128 * 512 + 512) + (512 * 512 + 512) + (c * c + c) + (c * d + d)
    assert count("diffwave", dataset, length) == around + layers * layer
    assert count("diffwave", "stocks") == 2_309_382


def test_the_paper_budget_is_the_official_schedule():
    names = ("diffusion_steps", "sampling_steps", "steps", "patience", "batch", "micro_batches", "season_kernel")
    official = {
        "sines": (500, None, 12_000, 3_000, 128, 2, 1),
        "stocks": (500, None, 10_000, 2_000, 64, 2, 1),
        "etth": (500, None, 18_000, 4_000, 128, 2, 1),
        "mujoco": (1000, None, 14_000, 3_000, 128, 2, 1),
        "energy": (1000, None, 25_000, 5_000, 64, 2, 1),
        "fmri": (1000, None, 15_000, 3_000, 64, 2, 5),
    }
    for dataset, values in official.items():
        params = parameters("diffusion_ts", dataset)
        assert tuple(params[name] for name in names) == values
        assert (params["learning_rate"], params["first_learning_rate"], params["warmup"]) == (8e-4, 1e-5, 500)
        assert (params["average_decay"], params["average_every"], params["average_start"]) == (0.995, 10, 100)
    wave, time = parameters("diffwave", "stocks"), parameters("difftime", "stocks")
    assert (wave["batch"], wave["learning_rate"], wave["error"], wave["channels"], wave["layers"]) == (
        16,
        2e-4,
        "l1",
        64,
        30,
    )
    assert (wave["diffusion_steps"], wave["first_beta"], wave["last_beta"]) == (500, 2e-4, 0.04)
    assert (time["batch"], time["learning_rate"], time["decay"], time["dropout"]) == (16, 1e-3, 1e-6, 0.1)
    assert (time["diffusion_steps"], time["first_beta"], time["last_beta"]) == (50, 1e-4, 0.5)


@pytest.mark.parametrize("dataset", FEATURES)
def test_no_signal_is_left_at_the_last_step(name, dataset):
    made = CLASSES[name](**parameters(name, dataset))
    assert float((1 - made._betas(made.parameters())).prod()) < 1e-4


def test_an_accelerator_takes_fewer_windows_of_many_features_where_activations_grow_with_them():
    windows = {}
    for name in CLASSES:
        made = make(name)
        windows[name] = []
        for made.shape_ in ((24, 5), (24, 50)):
            windows[name].append((made._batch("cpu"), made._batch("cuda")))
    assert windows == {
        "diffusion_ts": [(200, 10_000)] * 2,
        "diffwave": [(200, 10_000)] * 2,
        "difftime": [(200, 2_000), (200, 200)],
    }


def test_more_windows_than_a_batch_are_all_different(fitted, monkeypatch):
    monkeypatch.setattr(type(fitted), "sample_rows", 36)
    sample = fitted.sample(8, 0)
    assert len({window.tobytes() for window in sample}) == 8


def test_fewer_sampling_steps_need_fewer_passes(name, fitted, tmp_path, monkeypatch):
    prepare, seen = type(fitted)._predict, []

    def noted(*call):
        predict = prepare(*call)
        return lambda x, step: seen.append(step) or predict(x, step)

    monkeypatch.setattr(type(fitted), "_predict", noted)
    fitted.save(tmp_path)
    passes = []
    for sampling_steps in (None, 8, 3):
        loaded = type(fitted).load(tmp_path)
        loaded.sampling_steps = sampling_steps
        sample = loaded.sample(5, 0)
        assert np.isfinite(sample).all()
        passes.append(seen.copy())
        seen.clear()
    assert passes == [[7, 6, 5, 4, 3, 2, 1, 0], [7, 6, 5, 4, 3, 2, 1, 0], [7, 4, 1]]


def test_averaged_weights_are_the_ones_sampled():
    made = make("diffusion_ts", average_every=100).fit(waves(), FitContext(seed=5))
    last = make("diffusion_ts", average_every=1).fit(waves(), FitContext(seed=5))
    first = make("diffusion_ts", steps=1).fit(waves(), FitContext(seed=5))
    weights = [list(model.network_.parameters()) for model in (made, last, first)]
    # Updated at step 0 only, and there by a copy: the weights after one step.
    assert all(torch.equal(a, b) for a, b in zip(weights[0], weights[2], strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))


LEARNING = {
    "diffusion_ts": {
        "diffusion_steps": 50,
        "warmup": 20,
        "average_decay": 0.9,
        "average_start": 20,
        "average_every": 1,
        "width": 32,
        "learning_rate": 4e-3,
        "steps": 120,
    },
    "diffwave": {
        "diffusion_steps": 50,
        "first_beta": 2e-3,
        "last_beta": 0.3,
        "channels": 16,
        "learning_rate": 5e-3,
        "cooldown": 0.5,  # at a constant rate the last steps' noise moves the samples' mean by up to 0.1, by machine
        "steps": 200,
    },
    "difftime": {
        "diffusion_steps": 50,
        "first_beta": 1e-4,
        "channels": 16,
        "layers": 2,
        "learning_rate": 3e-3,
        "dropout": 0.0,
        "steps": 150,
    },
}


def test_training_learns_level_spread_and_smoothness(name):
    batch = 32 if name == "diffusion_ts" else 64
    data = waves(300, features=1)
    sample = make(name, batch=batch, **LEARNING[name]).fit(data, FitContext(seed=1)).sample(300, 0)
    assert abs(sample.mean() - data.mean()) < 0.08
    assert sample.std() == pytest.approx(data.std(), rel=0.3)

    def roughness(windows):
        return np.abs(np.diff(windows, axis=1)).mean()

    if name != "difftime":  # whose attention learns of a value's time only by way of the layer before it, and slowly
        shuffled = np.random.default_rng(0).permuted(data, axis=1)
        assert roughness(sample) < 0.5 * roughness(shuffled)
    # A window's own level differs from the next one's: 0.2 here, 0.08 were the steps independent.
    assert sample.mean(axis=1).std() > 0.6 * data.mean(axis=1).std()


@pytest.mark.parametrize(
    ("name", "length", "changes", "message"),
    [
        ("diffusion_ts", 12, {"heads": 3}, "width 16 is not divisible by its 3 heads"),
        ("diffusion_ts", 12, {"season_kernel": 4}, "need an odd one up to T"),
        ("diffusion_ts", 6, {}, "T = 6; its seasons need 7 steps"),
        ("diffusion_ts", 12, {"sampling_steps": 9}, "sampling_steps = 9; it has 8 diffusion steps"),
        ("diffusion_ts", 12, {"width": 15}, "'width' is 15"),
        ("diffwave", 12, {"error": "huber"}, "'error' is 'huber'"),
        ("diffwave", 12, {"last_beta": 1.0}, "'last_beta' is 1"),
        ("diffwave", 12, {"sampling_steps": 9}, "sampling_steps = 9; it has 8 diffusion steps"),
        ("diffwave", 12, {"first_beta": 1e-20}, "variances of noise from 1e-20; raise first_beta"),
        ("difftime", 12, {"diffusion_steps": 600}, "leaves 4e-33 .* after its 600 diffusion steps, .* lower last_beta"),
        ("difftime", 12, {"heads": 3}, "channels 8 are not divisible by its 3 heads"),
        ("difftime", 12, {"dropout": 1.0}, "'dropout' is 1"),
    ],
)
def test_parameters_that_cannot_work_are_refused(name, length, changes, message):
    with pytest.raises(UserError, match=message):
        make(name, **changes).fit(waves(length=length), FitContext(seed=0))


def test_divergence_is_an_error(name):
    with pytest.raises(DivergedError, match="denoiser"):
        make(name, learning_rate=1e38).fit(waves(), FitContext(seed=0))
