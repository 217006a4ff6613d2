"""The shipped sizes fit every data set, length and budget, and stay small."""

import math
from functools import cache
from itertools import pairwise

import pytest

from benchmark.config.generators import load_spec, resolve
from timemar.generator import TimeMAR
from timemar.schedule import Schedule

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}


# Table 5 of the paper, in millions, both stages together.
PUBLISHED_SIZES = {"sines": 61.2, "stocks": 60.9, "etth": 82.9, "mujoco": 61.2, "energy": 61.3, "fmri": 63.8}


def parameters(dataset, length, budget, generator="timemar_s"):
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec(generator), place, {}).params


@cache
def size(generator, dataset, length):
    """Trainable parameters at budget fast, which `test_documentation` asks for too."""
    return sum(
        TimeMAR(**parameters(dataset, length, "fast", generator)).parameter_counts(length, FEATURES[dataset]).values()
    )


@pytest.mark.parametrize("dataset", FEATURES)
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_every_size_is_consistent_and_below_six_million(dataset, length):
    assert 100_000 < size("timemar_s", dataset, length) < 6_000_000


@pytest.mark.parametrize("dataset", FEATURES)
def test_the_large_size_is_the_published_one(dataset):
    apart = 0.1 if dataset == "fmri" else 0.05
    assert size("timemar_l", dataset, 24) == pytest.approx(PUBLISHED_SIZES[dataset] * 1e6, rel=apart)


@pytest.mark.parametrize("generator", ["timemar_s", "timemar_l"])
@pytest.mark.parametrize("dataset", FEATURES)
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_patch_numbers_grow_to_the_latent_length(generator, dataset, length):
    values = parameters(dataset, length, "fast", generator)
    patch_nums, latent = values["patch_nums"], length // 2 ** (len(values["ch_mult"]) - 1)
    assert patch_nums[0] == 1
    assert patch_nums[-1] == latent
    if length > 24:
        assert all(large == 2 * small for small, large in pairwise(patch_nums))
        assert sum(patch_nums) == 2 * latent - 1


def test_tables_4_and_5():
    vocabularies = {"sines": 512, "stocks": 384, "etth": 512, "mujoco": 512, "energy": 512, "fmri": 1024}
    levels = {"etth": (2, 2, 2), "fmri": (1, 2)}
    for dataset, vocab_size in vocabularies.items():
        small, large = (parameters(dataset, 24, "quick", name) for name in ("timemar_s", "timemar_l"))
        patch_nums = (1, 2, 3, 4, 6, 8, 10, 12) if dataset == "fmri" else (1, 2, 3, 4, 5, 6)
        assert small["vocab_size"] == large["vocab_size"] == vocab_size
        assert small["patch_nums"] == large["patch_nums"] == patch_nums
        assert large["ch_mult"] == levels.get(dataset, (1, 1, 2))
        published = {"z_channels": 256, "ch": 256, "embed_dim": 1024, "layers": 1, "heads": 16, "fc_rate": 4}
        assert {name: large[name] for name in published} == published


@pytest.mark.parametrize("generator", ["timemar_s", "timemar_l"])
def test_the_paper_budget_is_table_7(generator):
    config = TimeMAR(**parameters("stocks", 24, "paper", generator)).config
    schedule = config.stage1.schedule("stage1", 3662)
    assert (schedule.steps, config.stage2.schedule("stage2", 3662).steps) == (5000 * 29, 900 * 8)
    assert schedule.learning_rate(0) == pytest.approx(1e-4)
    assert schedule.learning_rate(500 * 29 - 1) == pytest.approx(1e-4)
    assert schedule.learning_rate(500 * 29) == pytest.approx(5e-5)
    assert schedule.learning_rate(5000 * 29 - 1) == pytest.approx(1e-4 / 2**9)
    assert parameters("energy", 24, "paper", generator)["stage2_learning_rate"] == pytest.approx(5e-5)


def test_cosine_rises_linearly_then_falls_to_zero():
    schedule = Schedule(1000, 2e-3, "cosine", 0.05)
    assert schedule.learning_rate(24) == pytest.approx(1e-3)
    assert schedule.learning_rate(49) == pytest.approx(2e-3)
    middle = 2e-3 * 0.5 * (1 + math.cos(math.pi * (525 - 50) / 950))
    assert schedule.learning_rate(525) == pytest.approx(middle)
    assert schedule.learning_rate(999) < 1e-7
