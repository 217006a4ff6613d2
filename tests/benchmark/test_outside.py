from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import UserError
from benchmark.outside import Request, parse_range, score_files
from tests.conftest import CommandLine


def windows(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 0.9, size=(n, 8, 2)).astype(np.float32)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    np.save(tmp_path / "real.npy", windows(200, 0))
    np.save(tmp_path / "same_law.npy", windows(200, 1))
    np.save(tmp_path / "shifted.npy", windows(200, 2) * 0.5)
    np.save(tmp_path / "wide.npy", windows(200, 3) * 10)
    np.save(tmp_path / "other_shape.npy", windows(200, 4)[:, :5])
    np.save(tmp_path / "few.npy", windows(5, 5))
    np.savetxt(tmp_path / "rows.csv", windows(30, 6)[:, 0], delimiter=",", header="a,b", comments="")
    return tmp_path


def test_the_table_and_the_json_keep_their_contract(files: Path, command: CommandLine) -> None:
    done = command(
        "score",
        "--real",
        "real.npy",
        "--fake",
        "shifted.npy",
        "--scores",
        "marginal_wasserstein,memorisation",
        "--json",
        "-",
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    entry = result["scores"]["marginal_wasserstein"]
    assert {"mean", "half_width", "repetitions", "floor"} <= set(entry)
    # Uniform on [0.1, 0.9] against half of it: W1 is the mean of |x − x/2| = 0.25.
    assert entry["mean"] == pytest.approx(0.25, abs=0.02)
    assert result["scores"]["memorisation"]["status"] == "not applicable"
    assert set(result["controls"]) == {"copy", "gaussian", "oracle"}
    assert result["controls"]["oracle"]["marginal_wasserstein"]["n"] == 100
    assert result["controls"]["copy"]["marginal_wasserstein"]["mean"] < entry["mean"] / 5
    table = command("score", "--real", "real.npy", "--fake", "same_law.npy", "--scores", "spectral")
    assert "| Spectral distance ↓ | **" in table.stdout or "| Spectral distance ↓ | " in table.stdout
    assert "same_law.npy" in table.stdout


def test_a_declared_range_is_scaled(files: Path) -> None:
    request = Request(files / "wide.npy", files / "wide.npy", ("marginal_wasserstein",), low=0, high=10, controls=False)
    result = score_files(request, lambda *_: None)
    assert result["scores"]["marginal_wasserstein"]["mean"] == 0


@pytest.mark.parametrize(
    ("fake", "changes", "sentence"),
    [
        ("wide.npy", {}, r"holds values from 1\.0.* to .*, outside the declared range 0,1"),
        ("other_shape.npy", {}, r"windows of 8 steps and 2 features, '.*other_shape\.npy' of 5 and 2"),
        ("few.npy", {}, r"few\.npy' holds 5 windows, but scores need at least 10"),
        ("rows.csv", {}, r"rows\.csv' holds rows, not windows; say how long windows are with --length"),
        ("rows.csv", {"length": 40}, r"has 30 rows, but windows of 40 need as many"),
        ("real.npy", {"scores": ("spektral",)}, r"unknown score 'spektral' in --scores; did you mean 'spectral'"),
        ("real.npy", {"backend": "jax"}, r"unknown back end 'jax'"),
        ("real.npy", {"repetitions": 0}, r"--repetitions is 0, but at least 1 is needed"),
    ],
)
def test_refusals(files: Path, fake: str, changes: dict, sentence: str) -> None:
    request = Request(**{"real": files / "real.npy", "fake": files / fake, "scores": ("spectral",), **changes})
    with pytest.raises(UserError, match=sentence):
        score_files(request, lambda *_: None)


@pytest.mark.parametrize("text", ["0", "1,0", "a,b", "0,inf"])
def test_a_range_is_two_numbers_in_order(text: str) -> None:
    with pytest.raises(UserError, match="--range"):
        parse_range(text)
