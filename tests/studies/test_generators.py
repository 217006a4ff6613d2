"""The study of a store's generators: what it calls broken, and when it calls one better."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from benchmark.store.cell_folder import CellFolder
from tests.studies.generators import SCORES, codes, compare, row, shape


def test_the_shape_of_windows_shows_what_is_broken() -> None:
    real = np.random.default_rng(0).random((400, 6, 3), dtype=np.float32)
    real[..., 2] = 0.5
    other = np.random.default_rng(1).random((400, 6, 3), dtype=np.float32)
    good = shape(real, other)
    assert good.finite
    assert np.allclose(good[1:3], 1, atol=0.05)
    assert good.correlations < 0.05
    assert good.distinct == 1
    assert shape(real, np.full_like(real, 0.3))[1:3] == (0, 0)
    assert shape(real, np.full_like(real, 0.3)).distinct == 1 / 400
    as_one = shape(real[..., :2], other[..., [0, 0]])
    assert abs(as_one.correlations - 1) < 0.05
    assert shape(real[..., :1], other[..., :1]).correlations == 0
    collapsed = shape(real, np.repeat(other[:4], 100, axis=0))
    assert collapsed.distinct == 0.01
    smooth = shape(real, np.cumsum(other, axis=1) / 6)
    assert smooth.steps < 0.3
    other[0, 0, 0] = np.nan
    assert not shape(real, other).finite


def test_a_difference_has_welchs_interval() -> None:
    # Means 0.1 and 0.3, both of variance 0.001 over five: error 0.02, eight degrees of freedom, t(0.975, 8) = 2.306.
    near, far = [0.06, 0.08, 0.10, 0.12, 0.14], [0.26, 0.28, 0.30, 0.32, 0.34]
    assert compare(near, far) == ("[-0.246, -0.154]", "better")
    assert compare(far, near) == ("[+0.154, +0.246]", "worse")
    assert compare(near, [one + 0.01 for one in near])[1] == "better in the mean"
    assert compare(near, [one - 0.01 for one in near])[1] == "no better"


def test_codes_are_those_of_the_fitted_tokenizer(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path)
    assert codes(folder) == "—"
    folder.model.mkdir()
    kept = {"fitted": {"measurements": {"perplexity": [3.2, 40.7]}}, "parameters": {"vocab_size": 512}}
    (folder.model / "generator.json").write_text(json.dumps(kept))
    assert codes(folder) == "3, 41 of 512"
    kept["fitted"]["measurements"]["perplexity"] = 178.9  # type: ignore[index]
    (folder.model / "generator.json").write_text(json.dumps(kept))
    assert codes(folder) == "179 of 512"


def test_a_row_compares_a_generator_with_the_gaussian(tmp_path: Path) -> None:
    near, far = (dict.fromkeys(SCORES, SimpleNamespace(repetitions=values)) for values in ((0.1, 0.12), (0.3, 0.32)))
    windows = np.random.default_rng(0).random((40, 6, 3), dtype=np.float32)
    folder = SimpleNamespace(scores=lambda: near, model=tmp_path / "model")
    pair = SimpleNamespace(
        real=windows, generated=windows, folder=folder, title="Copy", record=SimpleNamespace(generator="copy")
    )
    line = row(pair, far)  # type: ignore[arg-type]
    assert line[:7] == ["Copy", "yes", "1.00", "1.00", "0.00", "100%", "—"]
    assert line[7:] == ["better [-0.261, -0.139]"] * 3
    assert row(pair, None)[7:] == [""] * 3  # type: ignore[arg-type]
