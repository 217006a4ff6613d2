"""FlowTS whole: official schedule, range, averaged weights, sampling steps, resuming, refusals, learning."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.diffusion.learning_rate import CosineSchedule
from baselines.flowts.generator import FlowTS
from benchmark.config.generators import load_spec, resolve
from benchmark.errors import Interrupted, UserError
from benchmark.interface import FitContext, Windows
from benchmark.training import warmup_cosine

TINY: dict[str, Any] = {"width": 16, "encoder_layers": 1, "decoder_layers": 1, "warmup": 4, "sampling_steps": 5}


def waves(count: int = 40, length: int = 12, features: int = 2) -> Windows:
    draw = np.random.default_rng(3)
    phase, speed = draw.uniform(0, 6, (2, count, 1, features))
    return (0.5 + 0.4 * np.sin(phase + speed * np.arange(length)[:, None] / 10)).astype(np.float32)


def make(**changes: Any) -> FlowTS:
    return FlowTS(**{**TINY, "steps": 12, "batch": 8, **changes})


@pytest.fixture(scope="module")
def fitted() -> FlowTS:
    return make().fit(waves(), FitContext(seed=5))


def parameters(dataset: str, budget: str = "paper", length: int = 24) -> dict[str, Any]:
    features = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}[dataset]
    place = {"dataset": dataset, "features": features, "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec("flowts"), place, {}).params


def test_the_paper_budget_is_the_official_configuration_with_timeflows_trainer() -> None:
    official = {
        "sines": (12_000, 128, 3000),
        "stocks": (10_000, 64, 2000),
        "etth": (18_000, 128, 4000),
        "mujoco": (14_000, 128, 3000),
        "energy": (25_000, 64, 5000),
        "fmri": (15_000, 64, 3000),
    }
    for dataset, values in official.items():
        params = parameters(dataset)
        assert (params["steps"], params["batch"], params["patience"]) == values
        assert (params["micro_batches"], params["schedule"], params["times"]) == (2, "plateau", "uniform")
        assert (params["learning_rate"], params["first_learning_rate"], params["warmup"]) == (8e-4, 1e-5, 500)
        assert (params["average_decay"], params["average_every"], params["average_start"]) == (0.995, 10, 100)
        assert (params["sampling_steps"], params["shift"], params["heads"]) == (100, 3.0, 4)
        assert parameters(dataset, length=256) == params


def test_samples_are_clipped_to_the_unit_interval_and_the_share_outside_is_reported(fitted: FlowTS) -> None:
    with torch.inference_mode():
        raw = fitted._draw(400, 5).numpy()  # the seed of the fit, one batch
    sample = fitted.sample(400, 5)
    assert raw.min() < 0
    assert raw.max() > 1
    assert np.array_equal(sample, np.clip(raw, 0, 1))
    assert fitted.measurements_ == {"share_outside": pytest.approx(((raw < 0) | (raw > 1)).mean())}


def test_averaged_weights_are_the_ones_sampled() -> None:
    made = make(average_every=100).fit(waves(), FitContext(seed=5))
    first = make(steps=1).fit(waves(), FitContext(seed=5))
    # Updated at step 0 only, and there by a copy: the weights after one step.
    assert made.sample(3, 0).tobytes() == first.sample(3, 0).tobytes()


def test_each_sampling_step_is_one_evaluation(fitted: FlowTS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from baselines.flowts import generator

    prepare, seen = generator.PreparedNetwork, []

    def noted(*given: Any) -> Any:
        velocity = prepare(*given)
        return lambda x, step: seen.append(step) or velocity(x, step)  # type: ignore[func-returns-value]

    monkeypatch.setattr(generator, "PreparedNetwork", noted)
    fitted.save(tmp_path)
    loaded = FlowTS.load(tmp_path)
    loaded.sampling_steps = 7
    assert np.isfinite(loaded.sample(1, 0)).all()
    assert seen == list(range(7))


def test_one_window_more_than_a_batch_leaves_the_others_as_they_are(
    fitted: FlowTS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FlowTS, "sample_rows", 36)
    sample = fitted.sample(7, 0)
    assert len({window.tobytes() for window in sample}) == 7
    assert np.allclose(fitted.sample(6, 0), sample[:6], atol=1e-6)


@pytest.mark.parametrize("schedule", ["plateau", "cosine"])
def test_a_resumed_fit_gives_the_bytes_of_an_uninterrupted_one(schedule: str, tmp_path: Path) -> None:
    options = {"schedule": schedule, "times": "logit_normal", "patience": 1, "average_start": 2, "average_every": 1}
    whole = make(**options).fit(waves(), FitContext(seed=5))
    calls = iter(range(1000))
    stopping = FitContext(seed=5, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls) >= 6)
    with pytest.raises(Interrupted):
        make(**options).fit(waves(), stopping)
    resumed = make(**options).fit(waves(), FitContext(seed=5, checkpoint_dir=tmp_path))
    assert resumed.sample(9, 3).tobytes() == whole.sample(9, 3).tobytes()


def test_the_cosine_rises_falls_to_0_and_goes_on_where_it_was() -> None:
    rate = CosineSchedule(steps=10, peak=0.5, warmup=2)
    made = [rate.learning_rate, *(rate.update(step, 1.0) for step in range(9))]
    assert made == pytest.approx([warmup_cosine(step, 10, 0.5, warmup=2) for step in range(10)])
    assert made[:3] == pytest.approx([0.25, 0.5, 0.5])
    assert all(after < before for before, after in pairwise(made[2:]))
    assert rate.update(9, 1.0) == pytest.approx(0)
    other = CosineSchedule(steps=10, peak=0.5, warmup=2)
    other.load(rate.state())
    assert other == rate


@pytest.mark.parametrize(("count", "length", "features"), [(1, 1, 1), (20, 2, 1), (20, 3, 2), (20, 7, 1)])
def test_one_window_and_the_shortest_lengths_work(count: int, length: int, features: int) -> None:
    sample = make(steps=2).fit(waves(count, length, features), FitContext(seed=0)).sample(1, 0)
    assert sample.shape == (1, length, features)
    assert np.isfinite(sample).all()


def test_training_learns_level_spread_and_smoothness() -> None:
    data = waves(300, features=1)
    options = {"width": 32, "schedule": "cosine", "learning_rate": 4e-3, "warmup": 20, "steps": 80, "batch": 32}
    trained = make(**options, average_decay=0.9, average_every=1, sampling_steps=20).fit(data, FitContext(seed=1))
    sample = trained.sample(300, 0)
    assert abs(sample.mean() - data.mean()) < 0.08
    assert sample.std() == pytest.approx(data.std(), rel=0.3)
    shuffled = np.random.default_rng(0).permuted(data, axis=1)
    assert np.abs(np.diff(sample, axis=1)).mean() < 0.5 * np.abs(np.diff(shuffled, axis=1)).mean()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 3}, "width 16 is not divisible by twice its 3 heads"),
        ({"heads": 16}, "width 16 is not divisible by twice its 16 heads"),
        ({"season_kernel": 4}, "FlowTS's season_kernel is 4; windows of T = 12 need an odd one up to T"),
        ({"times": "cosine"}, "'times' is 'cosine'"),
        ({"shift": 0.0}, "'shift' is 0"),
    ],
)
def test_parameters_that_cannot_work_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make(**changes).fit(waves(), FitContext(seed=0))
