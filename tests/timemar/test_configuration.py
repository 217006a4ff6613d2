"""The shipped sizes fit every data set, length and budget, and stay small."""

import math

import pytest

from benchmark.registry import load_spec, resolve
from timemar.generator import TimeMAR
from timemar.schedule import Schedule, steps_of

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}


def parameters(dataset, length, budget):
    place = {"dataset": dataset, "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec("timemar_s"), place, {}).params


@pytest.mark.parametrize("dataset", FEATURES)
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_every_size_is_consistent_and_below_six_million(dataset, length):
    parts = TimeMAR(**parameters(dataset, length, "fast")).parts(length, FEATURES[dataset])
    assert 100_000 < sum(parts.values()) < 6_000_000
    assert {"tokenizer.quantizer", "transformer.blocks"} <= set(parts)


def test_published_ladders_and_vocabularies():
    published = {"sines": 512, "stocks": 384, "etth": 512, "mujoco": 512, "energy": 512, "fmri": 1024}
    assert {name: parameters(name, 24, "quick")["vocab_size"] for name in published} == published
    assert parameters("fmri", 24, "quick")["patch_nums"] == (1, 2, 3, 4, 6, 8, 10, 12)
    assert parameters("stocks", 24, "quick")["patch_nums"] == (1, 2, 3, 4, 5, 6)


def test_the_paper_budget_is_table_7():
    values = parameters("stocks", 24, "paper")
    first = steps_of(
        "stage1", values["stage1_steps"], values["stage1_epochs"], windows=3662, batch=values["stage1_batch"]
    )
    second = steps_of(
        "stage2", values["stage2_steps"], values["stage2_epochs"], windows=3662, batch=values["stage2_batch"]
    )
    assert (first, second) == (5000 * 29, 900 * 8)
    schedule = Schedule(first, values["stage1_rate"], values["stage1_decay"], values["stage1_warmup"])
    assert schedule.rate(0) == pytest.approx(1e-4)
    assert schedule.rate(500 * 29 - 1) == pytest.approx(1e-4)
    assert schedule.rate(500 * 29) == pytest.approx(5e-5)
    assert schedule.rate(first - 1) == pytest.approx(1e-4 / 2**9)
    assert parameters("energy", 24, "paper")["stage2_rate"] == pytest.approx(5e-5)


def test_cosine_rises_linearly_then_falls_to_zero():
    schedule = Schedule(1000, 2e-3, "cosine", 0.05)
    assert schedule.rate(24) == pytest.approx(1e-3)
    assert schedule.rate(49) == pytest.approx(2e-3)
    middle = 2e-3 * 0.5 * (1 + math.cos(math.pi * (525 - 50) / 950))
    assert schedule.rate(525) == pytest.approx(middle)
    assert schedule.rate(999) < 1e-7
