"""Cells that differ in parameters alone that sampling reads share one fit, with the bytes of a fit of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.stages import CellRun
from benchmark.store.history import History
from benchmark.store.shared_fit import find_fit, fit_digest
from benchmark.store.store import Store
from timemar.generator import TimeMAR

TINY = (
    "ch=4",
    "z_channels=4",
    "ch_mult=[1, 1, 1]",
    "embed_dim=8",
    "layers=1",
    "vocab_size=8",
    "stage1_steps=3",
    "stage2_steps=3",
)


def cell(*changes: str, seed: int = 0) -> Cell:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("timemar_s",), budget="smoke", seeds=seed + 1)
    assignments = tuple(f"timemar_s.{change}" for change in (*TINY, *changes))
    return make_plan(suite, Request(assignments=assignments)).cells[seed]


def fit(one: Cell, store: Store, *stages: str) -> None:
    folder = store.cell(one)
    folder.path.mkdir(exist_ok=True)
    folder.write_record(one)
    run = CellRun(one, store, "cpu", None, lambda progress: None, lambda: False)
    for stage in ("fit", *stages):
        run.run(stage)


def model(one: Cell, store: Store) -> list[bytes]:
    return [path.read_bytes() for path in sorted(store.cell(one).model.iterdir())]


def found(one: Cell, store: Store) -> str | None:
    folder = find_fit(store, one, TimeMAR.sampling_parameters)
    return folder and folder.path.name


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one fit."""
    made = Store(tmp_path / "runs").create()
    fit(cell(), made)
    return made


def no_fit(*_: object) -> NoReturn:
    raise AssertionError("fitted again")


def test_the_fit_of_another_cell_gives_the_bytes_of_a_fit_of_ones_own(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = cell("temperature=0.5", "fine_temperature=0.4", "top_k=3", "top_p=0.9")
    alone = Store(tmp_path / "alone").create()
    fit(other, alone, "sample")
    monkeypatch.setattr(TimeMAR, "fit", no_fit)
    fit(other, store, "sample")
    assert model(other, store) == model(other, alone) != model(cell(), store)
    assert store.cell(other).samples.read_bytes() == alone.cell(other).samples.read_bytes()
    assert store.state(other, (), verify=True).missing == ()
    first, taken = store.cell(cell()).provenance().stage("fit"), store.cell(other).provenance().stage("fit")
    assert taken == first.model_copy(update={"fit_of": cell().slug})
    third = cell("temperature=2.0")
    store.cell(cell()).path.rename(tmp_path / "gone")
    fit(third, store)
    assert store.cell(third).provenance().stage("fit").fit_of == cell().slug


@pytest.mark.parametrize(
    "other",
    [lambda: cell("temperature=0.5", "dropout=0.2"), lambda: cell("temperature=0.5", seed=1), lambda: cell()],
    ids=["another parameter", "another seed", "the cell itself"],
)
def test_what_a_fit_reads_must_be_equal(other: Callable[[], Cell], store: Store) -> None:
    assert found(cell("temperature=0.5"), store) == cell().slug
    assert found(other(), store) is None


def test_an_altered_model_or_record_is_no_fit_and_neither_is_one_that_is_computed_again(store: Store) -> None:
    other, folder = cell("temperature=0.5"), store.cell(cell())
    for path in (folder.model / "model.safetensors", folder.path / "cell.json"):
        kept = path.read_bytes()
        path.write_bytes(kept.replace(b"0", b"1", 1))
        assert found(other, store) is None
        path.write_bytes(kept)
    store.cell(other).checkpoint.mkdir(parents=True)
    store.cell(other).forced.touch()
    fit(other, store)
    assert store.cell(other).provenance().stage("fit").fit_of is None
    assert not store.cell(other).checkpoint.exists()


def test_it_is_expected_to_take_no_time_unless_all_is_computed_again(store: Store) -> None:
    others = cell("temperature=0.5"), cell("dropout=0.2")
    assert [History(store).stage_seconds(one, "fit") == 2 for one in others] == [True, False]
    assert History(store, force=True).stage_seconds(others[0], "fit") != 2


def test_what_is_known_of_a_whole_store_needs_no_generator(store: Store) -> None:
    gone = replace(cell("temperature=0.5"), class_path="gone:Gone")
    with pytest.raises(UserError, match="gone"):
        History(store).stage_seconds(gone, "fit")
    assert History(store).known_seconds(gone, "fit") is not None


def test_cells_with_equal_digests_share_a_fit() -> None:
    assert fit_digest(cell()) == fit_digest(cell("temperature=0.5")) != ""
    assert fit_digest(cell()) != fit_digest(cell(seed=1)) != fit_digest(cell("stage1_steps=4"))
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    assert fit_digest(make_plan(suite, Request()).cells[0]) == ""
