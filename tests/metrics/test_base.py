"""What all metrics share: the registry, the facts, the checks of their inputs, and the absence of side effects."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from metrics import registry
from metrics.base import Metric, ScoreContext

SMALL = {
    "discriminative": {"steps": 3},
    "discriminative_lstm2": {"steps": 3},
    "predictive": {"steps": 3},
    "context_fid": {"steps": 2},
    "dcr_ratio": {},
}
TRAINED = ["discriminative", "discriminative_lstm2", "predictive", "context_fid"]


def windows(n: int, length: int = 6, features: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, length, features), np.float32)


def small(name: str) -> Metric:
    return registry.load(name)(**SMALL[name])


@pytest.mark.parametrize("name", registry.names())
def test_the_registry_names_the_metric_of_that_name(name):
    info = registry.load(name).info
    assert info.name == name
    assert info.range[0] <= info.ideal <= info.range[1]


def test_listing_names_and_summaries_imports_no_heavy_library():
    listing = "from metrics import registry; [registry.load(name).info.summary for name in registry.names()]"
    code = f"import sys; {listing}; print(sorted({{'torch', 'scipy', 'sklearn', 'pandas'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", SMALL)
def test_a_script_needs_no_context_but_the_training_windows(name):
    real, fake = windows(20), windows(20, seed=1)
    if name == "dcr_ratio":
        with pytest.raises(ValueError, match="dcr_ratio compares with the training windows"):
            small(name).compute(real, fake)
    else:
        assert small(name).compute(real, fake) == small(name).compute(real, fake, ScoreContext(seeds=(0,)))


def test_a_context_refuses_impossible_seeds():
    for seeds in ((), (3, -1)):
        with pytest.raises(ValueError, match="give one non-negative integer per repetition"):
            ScoreContext(seeds=seeds)
    with pytest.raises(ValueError, match="1 prepared states are given for 2 seeds"):
        ScoreContext(seeds=(0, 1), prepared=[{}])


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match="unknown metric 'predictiv'; did you mean 'predictive'"):
        registry.load("predictiv")


@pytest.mark.parametrize("name", SMALL)
def test_same_call_gives_same_bytes_and_touches_no_global_state(name):
    real, fake = windows(20), windows(20, seed=1)
    np_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002 - read to compare
    first = small(name).compute(real, fake, ScoreContext(seeds=[3, 4], training=real))
    assert first == small(name).compute(real, fake, ScoreContext(seeds=[3, 4], training=real))
    np.testing.assert_array_equal(np.random.get_state()[1], np_before)  # noqa: NPY002 - read to compare
    assert torch.equal(torch.get_rng_state(), torch_before)


@pytest.mark.parametrize("name", TRAINED)
def test_a_repetition_does_not_depend_on_the_others(name):
    real, fake = windows(40), windows(40, seed=1) * 0.5
    together = small(name).compute(real, fake, ScoreContext(seeds=[5, 6, 7])).values
    alone = [small(name).compute(real, fake, ScoreContext(seeds=[seed])).values[0] for seed in (5, 6, 7)]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert small(name).compute(real, fake, ScoreContext(seeds=[7, 5])).values == pytest.approx(
        [alone[2], alone[0]], abs=1e-5
    )


@pytest.mark.parametrize("name", TRAINED)
def test_another_seed_is_another_repetition(name):
    real, fake = windows(40), windows(40, seed=1) * 0.5
    details = [small(name).compute(real, fake, ScoreContext(seeds=[seed])) for seed in (1, 2)]
    assert details[0] != details[1]


@pytest.mark.parametrize("name", SMALL)
def test_bad_windows_are_refused_in_one_sentence(name):
    good, metric = windows(12), small(name)

    def refuses(match: str, real: np.ndarray, fake: np.ndarray) -> None:
        with pytest.raises(ValueError, match=match) as caught:
            metric.compute(real, fake, ScoreContext(seeds=[0], training=real))
        assert "\n" not in str(caught.value)

    refuses("generated windows have the shape", good, good[0])
    refuses("windows of one shape", good, windows(12, features=2))
    refuses("generated windows; this score needs at least", good, good[:0])
    holed = good.copy()
    holed[7, 2, 1] = np.nan
    refuses("first bad one is number 7", good, holed)


@pytest.mark.parametrize("name", TRAINED)
def test_bad_arguments_are_refused(name):
    good = windows(12)
    with pytest.raises(ValueError, match="seeds"):
        small(name).compute(good, good, ScoreContext(seeds=[]))
    with pytest.raises(ValueError, match=r"'steps' of .* is 0"):
        registry.load(name)(steps=0).compute(good, good, ScoreContext(seeds=[0]))


@pytest.mark.parametrize("name", ["discriminative", "discriminative_lstm2", "predictive"])
def test_progress_counts_to_the_end(name):
    seen: list[tuple[int, int]] = []
    registry.load(name)(steps=100).compute(
        windows(12), windows(12), ScoreContext(seeds=[0], progress=lambda *p: seen.append(p))
    )
    assert seen == [(50, 100), (100, 100)]
