"""Which windows each stage of a cell sees under each protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import pytest

from baselines.controls.copy import Copy
from benchmark.config.suites import SuiteSpec
from benchmark.interface import FitContext, Windows
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.protocols import Protocol
from benchmark.run.stages import CellRun
from benchmark.store.store import Store
from metrics.base import DEFAULT_CONTEXT, Score, ScoreContext
from metrics.spectral import Spectral

SEEN: list[tuple[Windows, FitContext]] = []


class Witness(Copy):
    """A copier that keeps what `fit` was told."""

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Note the windows and the context."""
        SEEN.append((windows, context))
        return super().fit(windows, context)


def cells(protocol: Protocol, *generators: str) -> tuple[Cell, ...]:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=generators, budget="smoke", protocol=protocol)
    return make_plan(suite, Request()).cells


def begin(cell: Cell, folder: Path) -> tuple[CellRun, Store]:
    store = Store(folder / "runs").create()
    store.cell(cell).path.mkdir()
    store.cell(cell).write_record(cell)
    return CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False), store


def rows(windows: Windows) -> set[bytes]:
    return {window.tobytes() for window in windows}


@pytest.mark.parametrize("protocol", ["paper", "strict"])
def test_a_fit_is_told_the_validation_windows_and_never_the_test_windows(protocol: Protocol, tmp_path: Path) -> None:
    SEEN.clear()
    run, _ = begin(cells(protocol, f"{__name__}:Witness")[0], tmp_path)
    run.run("fit")
    ((windows, context),) = SEEN
    np.testing.assert_array_equal(windows, run.windows.train)
    assert context.real_disjoint is None
    if protocol == "paper":
        assert context.validation is None
        return
    assert context.validation is not None
    np.testing.assert_array_equal(context.validation, run.windows.validation)
    assert not rows(context.validation) & (rows(run.windows.test) | rows(windows))


def test_the_oracle_hands_out_every_validation_window_once(tmp_path: Path) -> None:
    run, store = begin(cells("strict", "oracle")[0], tmp_path)
    run.run("fit")
    run.run("sample")
    with np.load(store.cell(run.cell).samples) as archive:
        samples = archive["samples"]
    assert len(samples) == len(run.windows.test)
    assert run.windows.validation is not None
    assert rows(samples) == rows(run.windows.validation)
    assert not rows(samples) & (rows(run.windows.test) | rows(run.windows.train))


def test_a_validation_score_is_kept_beside_the_test_score_of_the_same_samples(tmp_path: Path) -> None:
    run, store = begin(cells("strict", "oracle")[0], tmp_path)
    names = ("validation:context_fid", "context_fid")
    for stage in ("fit", "sample", "score:validation:context_fid"):
        run.run(stage)
    assert list(store.state(run.cell, names).missing) == ["score:context_fid"]
    run.run("score:context_fid")
    assert list(store.state(run.cell, names).missing) == []
    known = store.cell(run.cell).scores()
    # The oracle's samples are the validation windows themselves.
    assert known["validation:context_fid"].mean == pytest.approx(0, abs=1e-6)
    assert known["context_fid"].mean > 1e-3
    assert known["context_fid"].key != known["validation:context_fid"].key
    encoders = [path.name for path in store.root.glob("shared/context_fid-*")]
    assert len(encoders) == 2 * run.cell.budget.repetitions


def test_a_copier_and_the_oracle_share_the_encoders_of_the_test_windows(tmp_path: Path) -> None:
    for cell in cells("strict", "oracle", "copy"):
        run, store = begin(cell, tmp_path)
        for stage in ("fit", "sample", "score:context_fid"):
            run.run(stage)
    assert len(list(store.root.glob("shared/context_fid-*"))) == run.cell.budget.repetitions


@pytest.mark.parametrize("name", ["spectral", "validation:spectral"])
def test_a_score_is_told_the_windows_and_blocks_of_its_own_role(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[Windows, ScoreContext]] = []

    class Listener(Spectral):
        def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
            heard.append((real, context))
            return super().compute(real, fake, context)

    monkeypatch.setattr("benchmark.run.stages.make_metric", lambda *_: Listener())
    run, _ = begin(cells("strict", "copy")[0], tmp_path)
    for stage in ("fit", "sample", f"score:{name}"):
        run.run(stage)
    ((real, context),) = heard
    windows = run.windows
    np.testing.assert_array_equal(context.training, windows.train)
    if name.startswith("validation:"):
        # What chooses must learn nothing of the test windows.
        np.testing.assert_array_equal(real, windows.validation)
        assert (context.validation, context.blocks) == (None, None)
        return
    np.testing.assert_array_equal(real, windows.test)
    np.testing.assert_array_equal(context.validation, windows.validation)
    assert context.blocks is not None
    np.testing.assert_array_equal(context.blocks.real, windows.blocks["test"])
    np.testing.assert_array_equal(context.blocks.training, windows.blocks["train"])
    np.testing.assert_array_equal(context.blocks.validation, windows.blocks["validation"])


def test_each_training_seed_fits_and_samples_by_seeds_of_its_own(tmp_path: Path) -> None:
    SEEN.clear()
    suite = SuiteSpec(name="x", datasets=("sines",), generators=(f"{__name__}:Witness",), budget="smoke", seeds=2)
    drawn = []
    for cell in make_plan(suite, Request()).cells:
        run, store = begin(cell, tmp_path)
        run.run("fit")
        run.run("sample")
        with np.load(store.cell(cell).samples) as archive:
            drawn.append(archive["samples"])
    (first, told), (second, told_too) = SEEN
    np.testing.assert_array_equal(first, second)
    assert told.seed != told_too.seed
    assert not np.array_equal(*drawn)


@pytest.mark.parametrize("protocol", ["paper", "strict"])
def test_all_generators_have_the_same_windows(protocol: Protocol, tmp_path: Path) -> None:
    copy, gaussian = (begin(cell, tmp_path)[0].windows for cell in cells(protocol, "copy", "gaussian"))
    np.testing.assert_array_equal(copy.train, gaussian.train)
    np.testing.assert_array_equal(copy.test, gaussian.test)
