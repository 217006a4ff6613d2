from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmark.plots.origin import Origin
from benchmark.plots.pair import Pair, some_features
from benchmark.plots.series import autocorrelations, draw_autocorrelation, draw_examples, draw_spectrum, spectra
from benchmark.plots.style import style, write
from benchmark.store.cell_folder import CellFolder
from benchmark.store.cell_record import CellRecord, RecordedDataset
from metrics.spectral import power_spectra


def test_autocorrelation_of_an_alternating_window_and_of_a_constant_one() -> None:
    windows = np.stack([np.tile([1.0, 0.0], 5), np.full(10, 0.3)]).astype(np.float32)[:, :, None]
    found = autocorrelations(windows)[:, :, 0]
    # x_t = ±½ about the mean, so Σ over T − k products of (−1)^k / 4 against T / 4.
    assert np.allclose(found[0], [(-1) ** k * (10 - k) / 10 for k in range(10)])
    assert np.isnan(found[1]).all()


def test_mean_spectrum_is_the_one_that_the_score_compares() -> None:
    windows = np.random.default_rng(0).random((40, 24, 3), np.float32)
    assert np.allclose(spectra(windows).mean(axis=0), power_spectra(windows))
    # White noise, uniform on [0, 1], has the variance 1/12 at every frequency below ½.
    white = np.random.default_rng(1).random((4000, 24, 1), np.float32)
    assert np.allclose(spectra(white).mean(axis=0), 1 / 12, rtol=0.08)


def test_few_features_are_all_shown_and_many_are_spread() -> None:
    assert some_features(("a", "b"), 6) == [0, 1]
    assert some_features(tuple(map(str, range(51))), 6) == [0, 10, 20, 30, 40, 50]


@pytest.mark.parametrize("features", [1, 2])
@pytest.mark.parametrize("draw", [draw_examples, draw_autocorrelation, draw_spectrum])
def test_no_text_leaves_a_figure_of_few_features(draw: Callable[[Pair], Figure], features: int, tmp_path: Path) -> None:
    windows = np.random.default_rng(0).random((20, 24, features), np.float32)
    dataset = RecordedDataset(id="plant")
    record = CellRecord.model_construct(dataset=dataset, length=24, protocol="paper")
    names = tuple(f"feature {index}" for index in range(features))
    pair = Pair("plant", "TimeMAR-S", "plant", record, CellFolder(tmp_path), windows, windows, names)
    with style():
        figure = draw(pair)
        write(lambda: figure, tmp_path, "figure", Origin(("smoke",), ("paper",), (0,), ("1" * 40,)))
        texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
        boxes = [text.get_window_extent() for text in texts if text.get_text()]
    assert len(boxes) >= 2
    assert min(box.x0 for box in boxes) >= 0
    assert max(box.x1 for box in boxes) <= figure.get_figwidth() * figure.dpi
