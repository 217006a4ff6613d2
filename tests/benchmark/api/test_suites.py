from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.api import UserError, plot, results, run, statistics, table
from benchmark.api.suites import plan_suite
from benchmark.api.view import request_of
from benchmark.plan.request import Request
from benchmark.plots.statistics_command import write_statistics
from benchmark.store.records import Ending, State, Status
from tests.benchmark.api.conftest import LENGTH
from tests.forked import forked_workers


@pytest.fixture(scope="module")
def suite(plant_csv: Path) -> dict[str, object]:
    """A suite as a mapping: two generators without training and scores without networks."""
    return {
        "name": "plants",
        "title": "Two controls",
        "datasets": [str(plant_csv)],
        "lengths": [LENGTH],
        "generators": ["copy", "gaussian"],
        "scores": ["marginal_wasserstein", "spectral"],
        "budget": "smoke",
    }


@pytest.fixture(scope="module")
def store(suite: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a run of one of the two."""
    folder = tmp_path_factory.mktemp("suites") / "runs"
    with forked_workers():
        frame = run(suite, store=folder, device="cpu", only={"generator": "copy"})
    assert set(frame["generator"]) == {"copy"}
    assert set(frame["status"]) == {"done"}
    assert list(frame["metric"].unique()) == ["marginal_wasserstein", "spectral"]
    return folder


def test_a_store_is_a_frame_without_its_suite(suite: dict[str, object], store: Path) -> None:
    frame = results(store)
    planned = run(suite, store=store, device="cpu", only=["generator=copy"])
    shared = ["cell", "generator", "dataset", "metric", "repetition", "value", "n", "status", "parameters", "commit"]
    assert frame[shared].to_dict("list") == planned[shared].to_dict("list")
    with pytest.raises(UserError, match="there is no store 'nowhere'"):
        results("nowhere")


def test_a_failure_is_a_row_of_the_frame(suite: dict[str, object], store: Path) -> None:
    plan, held = plan_suite(suite, store, only={"generator": "copy"})
    folder = held.cell(plan.cells[0])
    before = folder.status()
    try:
        folder.write_status(Status(state=State.FAILED, reason="a reason", stage="score:predictive"))
        rows = results(store)
    finally:
        folder.write_status(before)
    (failure,) = rows[rows["status"] != "done"].to_dict("records")
    assert (failure["metric"], failure["status"], failure["reason"]) == ("predictive", "failed", "a reason")


def test_each_score_without_a_result_is_a_row(suite: dict[str, object], store: Path) -> None:
    plan, held = plan_suite(suite, store, only={"generator": "copy"})
    folder = held.cell(plan.cells[0])
    before, ending = folder.status(), Ending(state=State.FAILED, reason="bad")
    endings = {"score:predictive@1": ending, "score:mdd": ending}
    try:
        folder.write_status(Status(state=State.FAILED, reason="bad", stage="score:mdd", endings=endings))
        rows = results(store)
    finally:
        folder.write_status(before)
    failures = rows[rows["status"] != "done"]
    assert failures[["metric", "sampling_seed", "reason"]].to_numpy().tolist() == [
        ["mdd", 0, "bad"],
        ["predictive", 1, "bad"],
    ]


def test_a_table_shows_what_is_missing_in_every_format(suite: dict[str, object], store: Path) -> None:
    text = table(suite, store)
    assert "| Marginal Wasserstein distance ↓ | *Copy* | 0.0" in text
    assert "missing" in text
    assert "Copy" not in table(suite, store, controls=False)
    assert table(suite, store, "csv").startswith("cell,generator,")
    with pytest.raises(UserError, match="unknown format 'htm'; did you mean 'html'"):
        table(suite, store, "htm")
    with pytest.raises(UserError, match="holds nothing of suite 'Two controls"):
        table(suite, store, protocol="strict")


def test_statistics_are_those_that_the_command_writes(suite: dict[str, object], store: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="suite 'Two controls' has no two generators beside the controls"):
        statistics(suite, store)
    with forked_workers():
        run(suite, store=tmp_path, device="cpu", only={"generator": "gaussian"}, sampling_seeds=2)
    found = statistics(suite, tmp_path, sampling_seeds=2)
    assert {(one.title, one.metric) for one in found.variance} == {
        ("Gaussian", "marginal_wasserstein"),
        ("Gaussian", "spectral"),
    }
    record = write_statistics(*plan_suite(suite, tmp_path, sampling_seeds=2)).record
    assert found.as_json().items() <= record.items()


def test_a_plot_is_of_a_suite_or_of_a_cell(
    suite: dict[str, object], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark.plots.embedding.MOST_WINDOWS", 20)
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: file.write(b"a figure"))
    files = plot(suite, store, tmp_path / "suite")
    assert {path.suffix for path in files} == {".png", ".pdf"}
    assert all(path.is_file() for path in files)
    with pytest.raises(UserError, match=r"no cell begins with 'plnt-8-copy' .*; did you mean 'plant-8-copy-"):
        plot("plnt-8-copy", store)
    with pytest.raises(UserError, match="holds nothing of suite"):
        plot("quick", store, budget="smoke")


def test_mappings_and_texts_say_the_same() -> None:
    expected = Request(only=("generator=copy,oracle", "length=24"), assignments=('a.b="x"', "a.c=[1, 2]"))
    assert (
        request_of(only={"generator": ["copy", "oracle"], "length": 24}, set={"a": {"b": "x", "c": (1, 2)}}) == expected
    )
    assert request_of(only=expected.only, set=expected.assignments) == expected
    one = Request(only=("generator=copy",), assignments=("a.b=1",), lengths=(24,))
    assert request_of(only="generator=copy", set="a.b=1", lengths=24) == one


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"budgt": "smoke"}, r"unknown key 'budgt' in suite 'plants'; did you mean 'budget'"),
        ({"datasets": []}, r"suite 'plants' lacks the key 'datasets'"),
        ({"generators": ["copi"]}, r"unknown generator 'copi'; did you mean 'copy'"),
    ],
)
def test_a_bad_mapping_is_refused(suite: dict[str, object], changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        plan_suite({**suite, **changes}, "runs")


def test_retry_has_one_value(suite: dict[str, object]) -> None:
    with pytest.raises(UserError, match="unknown value 'all' in --retry"):
        run(suite, retry="all")


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        ({"bugdet": "smoke"}, r"unknown keyword 'bugdet'; did you mean 'budget'\?"),
        ({"data_options": {"missing": "drop"}}, "data_options say how a file is read; name it under csv"),
        ({"seeds": "three"}, "seeds is 'three'; give a whole number"),
        ({"lengths": "24"}, "a length is '24'; give a whole number"),
        ({"set": {"jitter": {"noise": object()}}}, r"set jitter\.noise is <object .*>; give numbers, texts or lists"),
    ],
)
def test_what_no_suite_has_is_refused(view: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        request_of(**view)  # type: ignore[arg-type]


def test_numbers_of_numpy_alter_a_suite() -> None:
    request = request_of(lengths=np.array([8, 16]), seeds=np.int64(2), set={"jitter": {"noise": np.float64(0.5)}})
    assert (request.lengths, request.seeds, request.assignments) == ((8, 16), 2, ("jitter.noise=0.5",))
