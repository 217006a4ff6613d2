from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from benchmark.api import Dataset, UserError, load_dataset, score
from tests.benchmark.api.conftest import LENGTH


def uniform(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 0.9, size=(n, 8, 2)).astype(np.float32)


def test_arrays_have_a_value_of_a_closed_form() -> None:
    found = score(uniform(200, 0), uniform(200, 1) * 0.5, ["marginal_wasserstein"], ranges=["0,1"])
    assert list(found) == ["marginal_wasserstein"]
    result = found["marginal_wasserstein"]
    # Uniform on [0.1, 0.9] against half of it: W1 is the mean of |x − x/2| = 0.25.
    assert result.mean == pytest.approx(0.25, abs=0.02)
    assert result.n == 200
    assert set(found.controls) == {"copy", "gaussian", "oracle"}
    # No formula gives its floor: what the oracle scores.
    assert result.floor == found.controls["oracle"]["marginal_wasserstein"].mean
    assert found.record["scores"]["marginal_wasserstein"]["floor"] is None
    assert str(result) == f"Marginal Wasserstein distance {result.mean:.4g} (floor {result.floor:.4g})"
    assert repr(found) == f"Scores({result})"
    assert "| Marginal Wasserstein distance ↓ | fake | " in str(found)
    assert "<td>fake</td>" in found._repr_html_()
    assert "<style" not in found._repr_html_()  # a notebook keeps its own


def test_repetitions_have_an_interval_and_a_seed() -> None:
    real, fake = uniform(60, 0), uniform(60, 1)
    first = score(real, fake, "sliced_wasserstein", repetitions=3, controls=False)["sliced_wasserstein"]
    assert len(first.repetitions) == 3
    assert first.mean == pytest.approx(np.mean(first.repetitions))
    # Student's t of 2 degrees of freedom: 4.302653.
    assert first.half_width == pytest.approx(4.302653 * np.std(first.repetitions, ddof=1) / math.sqrt(3), rel=1e-5)
    assert first == score(real, fake, "sliced_wasserstein", repetitions=3, controls=False)["sliced_wasserstein"]
    assert first != score(real, fake, "sliced_wasserstein", repetitions=3, seed=1, controls=False)["sliced_wasserstein"]


def test_a_data_set_is_compared_by_its_own_ranges(dataset: Dataset) -> None:
    narrow = 0.5 * dataset.windows
    found = score(dataset, narrow, ["marginal_wasserstein"], controls=False)
    # W1 between the values x and x/2 of a feature is the mean of x/2; scaled by the file's own range it would be 0.
    assert found["marginal_wasserstein"].mean == pytest.approx(float(dataset.windows.mean()) / 2, abs=0.02)
    assert found["marginal_wasserstein"].floor is None
    assert "Scaled to [0, 1] by the ranges of the data set 'plant'." in str(found)


def test_strict_scores_compare_with_test_windows_and_know_the_training_windows(plant_csv: Path) -> None:
    strict = load_dataset(plant_csv, length=LENGTH, protocol="strict")
    found = score(strict, np.clip(strict.windows, 0, 1), ["duplicates", "marginal_wasserstein"])
    assert found.record["n_real"] == len(strict.test)
    assert found.record["n_oracle"] == [len(strict.test), len(strict.test)]
    # All of these windows are training windows, none of them a test window.
    assert found["duplicates"].mean > 0.9
    assert found.controls["oracle"]["duplicates"].mean < 0.1


def test_a_score_that_does_not_apply_says_why() -> None:
    found = score(uniform(30, 0), uniform(30, 1), ["memorisation", "spectral"], controls=False)
    assert math.isnan(found["memorisation"].mean)
    assert found["memorisation"].problem.startswith("not applicable: ")
    assert not found.failed
    assert found["spectral"].problem == ""


@pytest.mark.parametrize(
    ("fake", "options", "sentence"),
    [
        (lambda d: d.windows * 3, {}, r"'fake' holds values from 0 to 3, .* call the data set's transform"),
        (
            lambda d: d.windows[:, :5],
            {},
            r"'fake' holds windows of 5 steps and 2 features, the data set 'plant' of 8 and 2",
        ),
        (lambda d: d.windows[:5], {}, r"'fake' holds 5 windows, but scores need at least 10"),
        (lambda d: d.windows[0], {}, r"'fake' has the shape \(8, 2\), but windows have three axes"),
        (lambda d: d.windows, {"ranges": ["0,1"]}, r"ranges are given beside a data set"),
        (lambda d: d.windows, {"scores": ["spektral"]}, r"unknown score 'spektral' in scores; did you mean 'spectral'"),
        (lambda d: d.windows, {"repetitions": 0}, r"the number of repetitions is 0"),
    ],
)
def test_mistakes_are_one_sentence(dataset: Dataset, fake, options: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        score(dataset, fake(dataset), **{"scores": ["spectral"], **options})
