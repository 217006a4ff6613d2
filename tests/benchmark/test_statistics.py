from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import summarise


def test_factor_of_five_repetitions_is_the_literatures() -> None:
    values = [0.0, 0.0, 0.0, 0.0, 1.0]
    assert summarise(values).half_width / np.std(values, ddof=1) == pytest.approx(1.2417, abs=5e-5)


def test_agrees_with_scipys_interval() -> None:
    values = [0.3, 0.1, 0.25, 0.07]
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    summary = summarise(values)
    assert (summary.mean - summary.half_width, summary.mean + summary.half_width) == pytest.approx((low, high))


def test_one_value_has_no_interval() -> None:
    assert summarise([0.5]) == (0.5, None)
