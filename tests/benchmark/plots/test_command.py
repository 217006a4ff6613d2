from __future__ import annotations

import itertools
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError, refused
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.plots import command, embedding, style
from benchmark.plots.command import plot_cell, plot_suite
from benchmark.plots.decomposition import draw_decomposition, has_parts
from benchmark.plots.origin import Origin
from benchmark.plots.pair import open_pair
from benchmark.plots.series import draw_autocorrelation, draw_examples
from benchmark.plots.style import panels, write
from benchmark.run.stages import CellRun
from benchmark.store.cell_folder import CellFolder
from benchmark.store.fitted import find_cell
from benchmark.store.store import Store

NAMES = {"embedding", "examples", "autocorrelation", "spectrum"}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Store]:
    """A store with the samples of one cell of two."""
    suite = SuiteSpec(
        name="x", datasets=("sines",), generators=("copy", "gaussian"), budget="smoke", scores=("context_fid",)
    )
    plan, store = make_plan(suite, Request()), Store(tmp_path_factory.mktemp("plots") / "runs").create()
    cell = plan.cells[0]
    store.cell(cell).path.mkdir()
    store.cell(cell).write_record(cell)
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
    run.run("fit")
    run.run("sample")
    return plan, store


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few windows and few dots, because embedding and drawing them take most of the time."""
    monkeypatch.setattr(embedding, "MOST_WINDOWS", 50)
    monkeypatch.setattr(style, "DPI", 40)


@pytest.fixture
def unrendered(coarse: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made and files of them written, but no picture, where only which ones there are is the matter."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: file.write(b"a figure"))


@pytest.mark.usefixtures("coarse")
def test_a_cell_is_drawn_as_png_and_pdf_with_equal_bytes(stored: tuple[Plan, Store], tmp_path: Path) -> None:
    plan, store = stored
    before = dict(mpl.rcParams)
    first = plot_cell(plan.cells[0].key[:8], store, tmp_path / "a", None)
    assert dict(mpl.rcParams) == before
    assert {path.name for path in first.files} == {f"{name}.{kind}" for name in NAMES for kind in ("png", "pdf")}
    second = plot_cell(plan.cells[0].slug, store, tmp_path / "b", None)
    for one, other in zip(first.files, second.files, strict=True):
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.usefixtures("unrendered")
def test_a_suite_draws_what_there_is_and_says_what_there_is_not(stored: tuple[Plan, Store]) -> None:
    plan, store = stored
    lines: list[str] = []
    drawn = plot_suite(plan, store, None, None, lines.append)
    folder = store.root / "suites" / "x-paper-smoke" / "plots"
    assert {path.parent for path in drawn.files} == {folder / plan.cells[0].slug}
    assert drawn.skipped[plan.cells[1].slug] == "not run yet"
    assert "no generator that learns" in drawn.skipped["context_fid_by_size-sines-24"]
    assert "ranks" in drawn.skipped
    assert len(lines) == 1


def test_nothing_to_draw_is_one_sentence(stored: tuple[Plan, Store], tmp_path: Path) -> None:
    plan, store = stored
    with pytest.raises(UserError, match="holds no samples of suite 'x' at budget smoke"):
        plot_suite(plan, Store(tmp_path), None, None, print)
    with pytest.raises(UserError, match="there is no store"):
        find_cell(Store(tmp_path / "nowhere"), "a")
    with pytest.raises(UserError, match="holds no cells"):
        find_cell(Store(tmp_path / "empty").create(), "a")
    with pytest.raises(UserError, match="no cell begins with 'nobody'"):
        find_cell(store, "nobody")
    (store.root / "cells" / "sines-other").mkdir()
    with pytest.raises(UserError, match=r"several cells begin with 'sines' \(sines-24-copy"):
        find_cell(store, "sines")
    with pytest.raises(UserError, match="nothing can be drawn of 'sines-other': missing: no samples yet"):
        plot_cell("sines-other", store, None, None)
    (store.root / "cells" / "sines-other").rmdir()


def test_parts_of_windows_are_drawn_where_a_generator_has_them(stored: tuple[Plan, Store]) -> None:
    plan, store = stored
    pair = open_pair(store.cell(plan.cells[0]), store, None)
    trend, coarse, fine = np.random.default_rng(0).random((3, 3, 24, 5))
    trend[:, :, 2] *= 9  # the third feature's trend moves most
    fine[:, :, 4] *= 99  # another is noise
    parts = SimpleNamespace(trend=trend, coarse=coarse, fine=fine, windows=trend + fine)
    generator = SimpleNamespace(sample_parts=lambda n, seed: parts)
    assert has_parts(generator)
    assert not has_parts(plan.cells[0])
    figure = draw_decomposition(pair, generator)
    shown = np.array([panel.lines[0].get_ydata() for panel in figure.axes]).reshape(4, 3, 24)
    assert np.array_equal(shown, np.stack([parts.windows, trend, coarse, fine])[:, :, :, 2])


def test_files_are_fit_for_print(tmp_path: Path) -> None:
    def draw() -> object:
        figure, axes = panels(1, 1, 3.0, 2.0)
        axes[0, 0].set_title("text")
        return figure

    paths = write(draw, tmp_path, "figure", Origin())  # type: ignore[arg-type]
    png, pdf = (path.read_bytes() for path in paths)
    assert struct.unpack(">II", png[16:24]) == (900, 600)  # 3 × 2 inches at 300 dpi
    assert b"Type3" not in pdf
    assert b"/FontFile2" in pdf
    assert b"CreationDate" not in pdf


def test_files_tell_where_their_results_come_from(stored: tuple[Plan, Store], tmp_path: Path) -> None:
    plan, store = stored
    pair = open_pair(store.cell(plan.cells[0]), store, None)
    commit = store.cell(plan.cells[0]).provenance().stage("fit").commit
    png, pdf = write(lambda: panels(1, 1, 3.0, 2.0)[0], tmp_path, "figure", pair.origin)
    with Image.open(png) as image:
        told = {name: text for name, text in image.text.items() if name != "dpi"}  # type: ignore[attr-defined]
    assert {name: told[name] for name in ("Budget", "Protocol", "Training seed")} == {
        "Budget": "smoke",
        "Protocol": "paper",
        "Training seed": "0",
    }
    assert "Software" not in told
    assert told.get("Commit", "")[:40] == (commit or "")
    assert b"/Subject (Budget: smoke; Protocol: paper; Training seed: 0" in pdf.read_bytes()


def test_small_print_stands_below_everything_else() -> None:
    for label in ("", "time step"):
        figure, _ = panels(2, 2, 4.0, 3.0)
        if label:
            figure.supxlabel(label)
        style._arrange(figure, "budget smoke")
        figure.draw_without_rendering()
        boxes = [panel.get_tightbbox() for panel in figure.axes]
        small, *labels = [
            text.get_window_extent() for text in (figure.texts[-1], *([figure._supxlabel] if label else []))
        ]
        assert figure.texts[-1].get_text() == "budget smoke"
        lowest = min(box.y0 for box in boxes)
        assert 0 <= small.y0 < small.y1 <= min([lowest, *(box.y0 for box in labels)])
        assert all(box.y1 <= lowest for box in labels)


def test_left_out_features_are_said(stored: tuple[Plan, Store]) -> None:
    plan, store = stored
    pair = open_pair(store.cell(plan.cells[0]), store, None)
    many = replace(
        pair, real=np.tile(pair.real, 2), generated=np.tile(pair.generated, 2), names=(*pair.names, *pair.names)
    )
    for draw in (draw_examples, draw_autocorrelation):
        assert "features shown" not in heading(draw(pair))
        assert heading(draw(many)).endswith("; 6 of 10 features shown")


def test_a_long_heading_stays_within_the_figure(stored: tuple[Plan, Store]) -> None:
    plan, store = stored
    pair = open_pair(store.cell(plan.cells[0]), store, None)
    long = replace(
        pair,
        title="TimeMAR-S, patch_nums=1-2-3-4-5-6,vocab_size=384,dropout=0.125",
        names=tuple(f"{name} of the second sensor of the third machine" for name in pair.names),
    )
    points = embedding.embed(pair.real, pair.generated, 0)
    for draw in (
        lambda: embedding.draw_embeddings([long], [points]),
        lambda: draw_examples(long),
        lambda: draw_autocorrelation(long),
    ):
        with style.style():
            figure = draw()
            style._arrange(figure, "")
            figure.draw_without_rendering()
            width, height = figure.get_size_inches() * figure.dpi
            above = figure.legends[0].get_title() if figure.legends else figure._suptitle
            assert above is not None
            box = above.get_window_extent()
            titles = [panel.title.get_window_extent() for panel in figure.axes if panel.get_title()]
        assert 0 <= box.x0 < box.x1 <= width
        assert box.y1 <= height
        assert "vocab_size=384" in heading(figure)
        for one, other in itertools.combinations(titles, 2):
            assert not one.overlaps(other)


def test_the_title_of_a_plans_cell_heads_its_figures(stored: tuple[Plan, Store]) -> None:
    plan, store = stored
    cell = replace(plan.cells[0], title="Another title")
    assert open_pair(store.cell(cell), store, None, cell).heading.startswith("Another title, ")


def heading(figure: Figure) -> str:
    return figure.get_suptitle() or figure.legends[0].get_title().get_text()


@pytest.fixture
def copied(stored: tuple[Plan, Store], tmp_path: Path) -> tuple[Plan, Store, CellFolder]:
    """The store once more, to be damaged, and the folder of its one cell with samples."""
    plan, store = stored
    shutil.copytree(store.root, tmp_path / "copied")
    other = Store(tmp_path / "copied")
    return plan, other, other.cell(plan.cells[0])


@pytest.mark.usefixtures("unrendered")
def test_a_damaged_model_costs_the_figure_that_needs_it(copied: tuple[Plan, Store, CellFolder], tmp_path: Path) -> None:
    _, store, other = copied
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("timemar_s",), budget="smoke")
    (cell,) = make_plan(suite, Request()).cells
    folder = store.cell(cell)
    other.path.rename(folder.path)
    folder.write_record(cell)
    (folder.model / "generator.json").write_text('{"parameters": {}, "fitted": {"shape": [24, 5]}}')
    (folder.model / "model.safetensors").write_bytes(b"damaged")
    drawn = plot_cell(cell.slug, store, tmp_path / "figures", None)
    assert {path.stem for path in drawn.files} == NAMES
    (why,) = drawn.skipped.values()
    assert set(drawn.skipped) == {f"decomposition of {cell.slug}"}
    assert why.startswith(f"the model in '{folder.model}' cannot be read (")
    assert why.endswith("); delete the cell's folder and run the suite again")


def test_damaged_samples_are_one_sentence(copied: tuple[Plan, Store, CellFolder], tmp_path: Path) -> None:
    plan, store, folder = copied
    for content in (b"damaged", b"PK\x03\x04 half an archive", b""):
        folder.samples.write_bytes(content)
        with pytest.raises(UserError, match=r"samples\.npz' is damaged; run the suite again, which draws them anew\.$"):
            plot_cell(plan.cells[0].slug, store, tmp_path / "figures", None)
    with pytest.raises(UserError, match="holds no samples of suite 'x'"):
        plot_suite(plan, store, None, None, print)
    path = folder.path / "cell.json"
    for content in (path.read_text().replace('"title": "', '"title": "Another '), "{"):
        path.write_text(content)
        with pytest.raises(UserError, match=r"cell\.json' is missing, damaged or altered; run the suite again"):
            plot_cell(plan.cells[0].slug, store, tmp_path / "figures", None)
    assert not (tmp_path / "figures").exists()


@pytest.mark.usefixtures("unrendered")
def test_damaged_scores_are_told(copied: tuple[Plan, Store, CellFolder]) -> None:
    plan, store, folder = copied
    (folder.path / "scores.json").write_text("{")
    why = plot_suite(plan, store, None, None, lambda line: None).skipped[f"scores of {plan.cells[0].slug}"]
    assert why == f"'{folder.path / 'scores.json'}' is damaged; run the suite again"


def test_a_place_for_figures_is_refused_before_anything_is_drawn(
    copied: tuple[Plan, Store, CellFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, store, _ = copied
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(command, "_draw_cell", lambda *_: pytest.fail("something was drawn"))
    for draw in (
        lambda: plot_cell(plan.cells[0].slug, store, tmp_path / "file", None),
        lambda: plot_suite(plan, store, tmp_path / "file", None, lambda line: None),
    ):
        with pytest.raises(FileExistsError) as raised:
            draw()
        assert refused(raised.value) == (
            f"'{tmp_path / 'file'}' cannot be used (File exists); a file is where a folder is needed, so name another path."
        )
