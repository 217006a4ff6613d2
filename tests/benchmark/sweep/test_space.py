from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.sweep.space import Choices, Range, default_scales, make_space
from benchmark.sweep.spec import load_sweep
from tests.conftest import ROOT
from timemar.generator import TimeMAR

BASE = {"patch_nums": (1, 2, 3, 4, 5, 6)}


def dimension(name: str, given: object) -> Choices | Range:
    return make_space(TimeMAR, "generator 'x'", {name: given}, BASE).dimensions[0]


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("vocab_size", "256,384,512", Choices("vocab_size", (256, 384, 512))),
        ("vocab_size", [256, 384], Choices("vocab_size", (256, 384))),
        ("patch_nums", "1-2-3-6,6", Choices("patch_nums", ((1, 2, 3, 6), (6,)))),
        ("patch_nums", [[1, 6], [6]], Choices("patch_nums", ((1, 6), (6,)))),
        ("kernels", "null,3-5", Choices("kernels", (None, (3, 5)))),
        ("stage1_decay", "cosine,halving", Choices("stage1_decay", ("cosine", "halving"))),
        ("stage1_learning_rate", "1e-4..1e-2:log", Range("stage1_learning_rate", 1e-4, 1e-2, log=True)),
        ("vocab_size", "16..512:log", Range("vocab_size", 16, 512, log=True, whole=True)),
        ("dropout", {"low": 0.0, "high": 0.5}, Range("dropout", 0.0, 0.5)),
        ("mixing", "0..1", Range("mixing", 0, 1)),
        ("stage1_steps", "100..200", Range("stage1_steps", 100, 200, whole=True)),
    ],
)
def test_values_are_read_as_the_parameter_takes_them(name: str, given: object, expected: object) -> None:
    assert dimension(name, given) == expected


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("vocab_sise", "256", r"unknown parameter 'vocab_sise' in generator 'x'; did you mean 'vocab_size'\?"),
        ("vocab_size", None, r"--param vocab_size has no values; write vocab_size=value,value"),
        ("vocab_size", "256,256", r"names a value twice \(256, 256\); name each once"),
        ("stage1_learning_rate", "0..1:log", r"is no range; write the smaller number above 0 first"),
        ("stage1_learning_rate", "2..1", r"is no range; write the smaller number first"),
        ("stage1_learning_rate", "a..b", r"is not understood; write stage1_learning_rate=low\.\.high"),
    ],
)
def test_mistakes_are_one_sentence(name: str, given: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        dimension(name, given)


def test_ranges_that_differ_in_their_seventh_digit_read_differently() -> None:
    one, other = dimension("stage1_steps", "1..1234567"), dimension("stage1_steps", "1..1234568")
    assert isinstance(one, Range)
    assert isinstance(other, Range)
    assert (one.text(), other.text()) == ("1..1234567", "1..1234568")
    assert Range("mixing", 0.0, 1.0).text() == Range("mixing", 0, 1).text() == "0..1"


def test_a_grid_is_the_product_and_has_no_ranges() -> None:
    space = make_space(TimeMAR, "", {"patch_nums": "1-6,6", "vocab_size": "2,3,4"}, BASE)
    grid = space.grid()
    assert grid[0] == {"patch_nums": "1-6", "vocab_size": 2}
    assert grid[-1] == {"patch_nums": "6", "vocab_size": 4}
    assert len({tuple(point.values()) for point in grid}) == 6
    assert space.values(grid[0]) == {"patch_nums": (1, 6), "vocab_size": 2}
    with pytest.raises(UserError, match=r"--param dropout=0\.\.1 is a range, but a grid needs single values"):
        make_space(TimeMAR, "", {"dropout": "0..1"}, BASE).grid()


def test_the_proposed_scales_hold_those_of_table_8() -> None:
    with (ROOT / "results" / "published" / "sensitivity.csv").open() as file:
        published = {tuple(map(int, row["patch_nums"].split(","))) for row in csv.DictReader(file)}
    assert len(published) == 2
    assert published <= set(default_scales(6))


@pytest.mark.parametrize("latent", [1, 2, 6, 16, 24, 32, 64])
def test_proposed_scales_rise_to_the_last(latent: int) -> None:
    for scales in default_scales(latent):
        assert scales[-1] == latent
        assert list(scales) == sorted(set(scales))


def test_a_file_and_options_make_one_sweep(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text("generator: timemar_s\nparam:\n  vocab_size: [256, 384]\n  patch_nums:\ntrials: 4\nseeds: 2\n")
    spec = load_sweep(file, {"trials": 9, "dataset": None}, ["vocab_size=2,3"])
    assert (spec.trials, spec.seeds, spec.dataset) == (9, 2, "stocks")
    assert spec.param == {"vocab_size": "2,3", "patch_nums": None}
    assert spec.name == "timemar_s-stocks-24-fast-grid"
    with pytest.raises(UserError, match="unknown key 'trails'"):
        load_sweep(None, {"generator": "x", "trails": 3}, ["a=1"])
