from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.api import score as score
from benchmark.api.export import csv_text, write_windows
from benchmark.data import load_windows, own_spec
from benchmark.errors import UserError
from benchmark.external.score import Given, Settings, _limited, _oracle, score_windows
from benchmark.external.windows import file_windows, parse_range
from metrics.coverage import Coverage
from tests.benchmark.external.pairs import load_pair
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
        "--range",
        "0,1",
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
    assert "| Spectral distance ↓ | same_law.npy | " in table.stdout
    assert "**" not in table.stdout.partition("\n")[2], "one generator is no ranking"
    assert "published" not in table.stdout
    assert "Scaled to [0, 1] by the real windows' own range by feature" in table.stdout
    assert "200 generated against 200 real, oracle 100 against 100" in table.stdout


def test_a_declared_range_is_scaled(files: Path) -> None:
    wide = files / "wide.npy"
    result = score(wide, wide, ["marginal_wasserstein"], ranges=[(0, 10)], controls=False).record
    assert result["scores"]["marginal_wasserstein"]["mean"] == 0
    assert result["scaling"]["high"] == [10.0, 10.0]


def in_units(path: Path, array: np.ndarray, *spans: float) -> Path:
    np.save(path, array * np.asarray(spans))
    return path


def test_features_in_units_of_their_own_score_as_scaled_ones_do(tmp_path: Path) -> None:
    """Stocks' defect: a volume of 8e7 beside prices of 1e3 hid prices that were noise."""
    real, good = windows(300, 0), windows(300, 1)
    noise = good.copy()
    noise[..., 0] = np.random.default_rng(5).uniform(0, 0.2, noise.shape[:2])
    scores = ("marginal_wasserstein", "spectral")

    def means(fake: np.ndarray, *spans: float, ranges: tuple[str, ...] = ()) -> dict[str, float]:
        first, second = (in_units(tmp_path / f"{n}.npy", a, *spans) for n, a in (("r", real), ("f", fake)))
        found = score(first, second, scores, ranges=ranges, controls=False)
        return {name: found[name].mean for name in scores}

    scaled, raw = means(good, 1, 1), means(good, 1e3, 8e7)
    assert raw == pytest.approx(scaled, rel=1e-5)
    assert means(good, 1e3, 8e7, ranges=("0,1e3", "0,8e7")) == pytest.approx(
        means(good, 1, 1, ranges=("0,1",)), rel=1e-5
    )
    assert means(noise, 1e3, 8e7)["marginal_wasserstein"] > 20 * raw["marginal_wasserstein"]
    with pytest.raises(
        UserError, match=r"feature 1 \(counted from 1\), spans .* less than 1 % of the declared range 0,1e\+08"
    ):
        means(good, 1e3, 8e7, ranges=("0,1e8",))


def test_values_a_little_outside_are_clipped_and_told(tmp_path: Path) -> None:
    real = np.linspace(0, 1, 160, dtype=np.float64).reshape(20, 8, 1)
    fake = real.copy()
    fake[0, :4, 0] = [-0.07, 1.04, 0.5, 0.5]
    pair = load_pair(in_units(tmp_path / "r.npy", real, 1), in_units(tmp_path / "f.npy", fake, 1), None, ())
    assert pair.clipped == 2 / 160
    assert (pair.fake[0, :2, 0]).tolist() == [0.0, 1.0]
    assert (pair.lowest, pair.highest) == pytest.approx((-0.07, 1.04))
    assert "1.2 % of the generated values, which reach from -0.07 to 1.04, were clipped" in pair.sentence()
    fake[3, 3, 0] = 2.5
    with pytest.raises(UserError, match=r"feature 1 .* from -0.07 to 2.5, farther outside the real windows' 0 to 1"):
        load_pair(tmp_path / "r.npy", in_units(tmp_path / "f.npy", fake, 1), None, ())


def test_windows_that_do_not_span_the_unit_range_are_pointed_to_it(files: Path) -> None:
    pair = load_pair(files / "real.npy", files / "same_law.npy", None, ())
    assert "--range 0,1 scores them as they are" in pair.sentence()
    as_they_are = load_pair(files / "real.npy", files / "same_law.npy", None, ("0,1",))
    np.testing.assert_array_equal(as_they_are.real, np.load(files / "real.npy"))
    assert as_they_are.sentence() == "Scaled to [0, 1] by the declared range."


def test_a_budget_gives_a_quick_look(files: Path) -> None:
    np.save(files / "many.npy", windows(400, 7))
    result = score(files / "many.npy", files / "many.npy", "context_fid", budget="smoke")
    assert (result.record["n_real"], result.record["repetitions"]) == (256, 2)
    assert "Budget smoke: a quick look" in str(result)


@pytest.mark.parametrize(
    ("fake", "changes", "sentence"),
    [
        ("wide.npy", {}, r"feature 1 .*, holds values from 1\.0.* to .*, farther outside the real windows' 0\.1"),
        ("real.npy", {"ranges": ("0,0.5",)}, r"feature 1 .*, outside the declared range 0,0\.5; leave --range out"),
        ("real.npy", {"ranges": ("0,1", "0,1", "0,1")}, r"--range is given 3 times, but the windows have 2 features"),
        ("real.npy", {"budget": "smokee"}, r"unknown budget 'smokee'; did you mean 'smoke'"),
        ("other_shape.npy", {}, r"windows of 8 steps and 2 features, '.*other_shape\.npy' of 5 and 2"),
        ("few.npy", {}, r"few\.npy' holds 5 windows, but scores need at least 10"),
        ("rows.csv", {}, r"rows\.csv' holds rows, not windows; say how long windows are with --length"),
        ("rows.csv", {"length": 40}, r"holds windows of 8 steps, but --length is 40"),
        ("real.npy", {"scores": ("spektral",)}, r"unknown score 'spektral' in scores; did you mean 'spectral'"),
        ("real.npy", {"backend": "jax"}, r"unknown back end 'jax'"),
        ("real.npy", {"repetitions": 0}, r"the number of repetitions is 0, but at least 1 is needed"),
    ],
)
def test_refusals(files: Path, fake: str, changes: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        score(files / "real.npy", files / fake, **{"scores": ("spectral",), **changes})


@pytest.mark.parametrize("text", ["0", "1,0", "a,b", "0,inf"])
def test_a_range_is_two_numbers_in_order(text: str) -> None:
    with pytest.raises(UserError, match="--range"):
        parse_range(text)


def test_a_feature_constant_in_the_real_windows_must_be_so_in_the_generated_ones(tmp_path: Path) -> None:
    real, fake = windows(20, 0), windows(20, 1)
    real[..., 1] = fake[..., 1] = 5
    np.save(tmp_path / "r.npy", real)
    np.save(tmp_path / "f.npy", fake)
    assert load_pair(tmp_path / "r.npy", tmp_path / "f.npy", None, ()).fake[..., 1].max() == 0
    fake[3, 2, 1] = 9
    np.save(tmp_path / "f.npy", fake)
    with pytest.raises(UserError, match=r"feature 2 .* holds values from 5 to 9, but the real windows hold 5 alone"):
        load_pair(tmp_path / "r.npy", tmp_path / "f.npy", None, ())


def test_a_table_of_windows_is_read_as_windows(files: Path) -> None:
    real = np.load(files / "real.npy")
    write_windows(files / "real.csv", real, ("a", "b"), "csv")
    stack = file_windows(files / "real.csv", None)
    np.testing.assert_allclose(stack, real, rtol=1e-11)
    with pytest.raises(UserError, match="holds windows of 8 steps, but --length is 24; leave --length out"):
        file_windows(files / "real.csv", 24)
    with pytest.raises(UserError, match="holds windows of 8 steps, but --length is 24; leave --length out"):
        file_windows(files / "real.npy", 24)
    lines = (files / "real.csv").read_text().splitlines()
    (files / "cut.csv").write_text("\n".join([*lines[:5], *lines[6:]]) + "\n")
    with pytest.raises(UserError, match="not every step of every window, counted from 0, in turn"):
        file_windows(files / "cut.csv", None)
    with pytest.raises(UserError, match=r"is a table of windows .*, whose rows do not follow one another"):
        load_windows(own_spec(files / "real.csv"), 8, "paper", seed_for_split=0)


def test_a_feature_far_from_zero_keeps_its_digits() -> None:
    values = (123_456_789_000 + 0.25 * np.arange(40)).reshape(5, 8, 1)
    text = csv_text(values, ("meter",))
    assert text.splitlines()[4] == "0,3,123456789000.75"
    small = csv_text(np.full((1, 2, 1), 0.1 + 0.2), ("a",))
    assert small.splitlines()[1] == "0,0,0.3"


def test_rows_with_a_description_are_scored(files: Path) -> None:
    (files / "holes.csv").write_text("a,b\n" + "".join(f"{i % 7},{'' if i == 4 else i % 5}\n" for i in range(60)))
    (files / "holes.yaml").write_text("file: holes.csv\nsummary: with a hole\nmissing: drop\n")
    with pytest.raises(UserError, match="has 30 rows, but windows of 40 need as many"):
        file_windows(files / "rows.csv", 40)
    # 4 rows before the hole are too few for a window, 55 after it hold 48.
    assert file_windows(files / "holes.yaml", 8).shape == (48, 8, 2)


def given(real: int, fake: int, **roles: np.ndarray) -> Given:
    return Given(windows(real, 0), windows(fake, 1), ("real", "fake"), {}, **roles)


def test_the_oracle_is_measured_by_an_encoder_of_its_own_half() -> None:
    settings = Settings(("context_fid",), repetitions=1, budget="smoke")
    both = given(60, 60)
    oracle = score_windows(both, settings, lambda *_: None)["controls"]["oracle"]["context_fid"]["mean"]
    alone = score_windows(_oracle(both, 0), replace(settings, controls=False), lambda *_: None)
    assert oracle == alone["scores"]["context_fid"]["mean"]


def test_the_floor_is_that_of_the_smaller_set() -> None:
    found = score_windows(given(200, 20), Settings(("coverage",), controls=False), lambda *_: None)
    assert found["scores"]["coverage"]["floor"] == Coverage().floor(20)


def test_a_limit_leaves_the_oracle_the_validation_windows_that_it_leaves() -> None:
    held = windows(90, 2)
    limited = _limited(given(60, 60, validation=held, disjoint=held), 30, 0)
    np.testing.assert_array_equal(limited.disjoint, limited.validation)
