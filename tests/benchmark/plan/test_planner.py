from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.config.suites import SUITES, SuiteSpec, Variant, load_suite
from benchmark.data import own_spec, spec_from_csv
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.keys import make_metric, sample_key, score_info, score_key, shared_name
from benchmark.plan.planner import Plan, make_plan, size_class
from benchmark.plan.request import Request
from benchmark.protocols import Protocol
from benchmark.report.suite import plan_notes
from benchmark.tracking.suite_runs import from_plan, refer
from benchmark.validation import parse


def cells(**changes: object) -> tuple[Cell, ...]:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy", "gaussian"), budget="smoke")
    return make_plan(suite, Request(**changes)).cells


def test_a_table_over_two_parameters_has_one_setting_and_variants_of_both() -> None:
    suite = load_suite("table8")
    assert len(make_plan(suite, Request()).cells) == 7
    for change in ({"datasets": ("stocks", "sines")}, {"variants": ()}):
        with pytest.raises(
            UserError, match="suite 'table8': the layout 'grid' needs one data set, one length and variants"
        ):
            make_plan(suite.model_copy(update=change), Request())


def test_order_and_names_do_not_change_keys() -> None:
    first = SuiteSpec(name="x", title="one", datasets=("sines",), generators=("copy", "gaussian"), budget="smoke")
    second = SuiteSpec(
        name="y", datasets=("sines",), generators=("gaussian", "copy"), budget="smoke", scores=("predictive",)
    )
    keys = [sorted(cell.key for cell in make_plan(suite, Request()).cells) for suite in (first, second)]
    assert keys[0] == keys[1]


def test_what_determines_samples_changes_the_key() -> None:
    cell = cells()[0]
    others = [
        replace(cell, length=32),
        replace(cell, seed=1),
        replace(cell, protocol="strict"),
        replace(cell, version=2),
        replace(cell, params={"x": 1}),
        replace(cell, fingerprint="other"),
        replace(cell, budget=cell.budget.model_copy(update={"max_windows": 100})),
        replace(cell, uses_real_disjoint=True),
    ]
    assert len({cell.key, *(other.key for other in others)}) == len(others) + 1


def test_keys_of_protocol_paper_are_those_of_kept_stores() -> None:
    # As commit f21c32b made them, before protocol strict had three roles.
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy", "oracle"), budget="fast")
    # The oracle has another version since then: it hands out its windows in order of time.
    then = [replace(cell, version=1) for cell in make_plan(suite, Request()).cells]
    keys = [(cell.key, sample_key(cell), score_key(cell, "discriminative")) for cell in then]
    assert keys == [
        ("4f5a861c0630720e", "851f913f0a9cf02e", "64066e41f5869096"),
        ("a2327940185f3c29", "3829e007c1a5e927", "ebb32dc51a32ed9c"),
    ]


def test_cells_of_the_strict_protocol_of_two_roles_are_other_cells() -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy", "oracle"), budget="fast", protocol="strict")
    copy, oracle = make_plan(suite, Request()).cells
    assert copy.key != "482821c1d0736989"
    assert oracle.key != "6e67c3424905ae84"
    # One split serves all generators, so the encoders of the test windows do too.
    assert shared_name(copy, "context_fid", 7) == shared_name(oracle, "context_fid", 7)


def test_a_score_of_validation_windows_is_another_score() -> None:
    (cell,) = cells(protocol="strict", only=("generator=copy",))
    metric = make_metric("validation:context_fid", cell.budget)
    assert metric.info.name == "context_fid"
    assert score_key(cell, "context_fid") != score_key(cell, "validation:context_fid")
    assert shared_name(cell, "context_fid", 7) != shared_name(cell, "validation:context_fid", 7)
    assert score_info("validation:context_fid").title == "Context-FID against validation windows"
    with pytest.raises(UserError, match="unknown score 'validation:context_fid'"):
        make_plan(SuiteSpec(name="x", datasets=("sines",), scores=("validation:context_fid",)), Request())


@pytest.mark.parametrize(
    ("protocol", "dataset", "length", "sentence"),
    [
        (
            "strict",
            "fmri",
            256,
            r"^series '1' of the data set 'fmri' has 200 rows, but windows of 256 rows under protocol strict need 256; "
            r"use length 200 or less, or longer series\.$",
        ),
        (
            "strict",
            "stocks",
            600,
            r"'stocks' has 3685 rows, .* under protocol strict need 4204; use length 523 or less",
        ),
        ("paper", "stocks", 3_685, r"'stocks' has no two windows of length 3685"),
    ],
)
def test_too_few_rows_are_refused_before_anything_runs(
    protocol: Protocol, dataset: str, length: int, sentence: str, tmp_path: Path
) -> None:
    suite = SuiteSpec(name="x", datasets=(dataset,), lengths=(length,), generators=("copy",), protocol=protocol)
    with pytest.raises(UserError, match=sentence):
        make_plan(suite, Request(data_dir=tmp_path))


def test_what_does_not_determine_samples_leaves_the_key() -> None:
    cell = cells()[0]
    same = [
        replace(cell, title="other", altered="x=1", size_class="large", sources={"a": "b"}, skip="not here"),
        replace(cell, budget=cell.budget.model_copy(update={"repetitions": 9, "time_limit_minutes": 1})),
    ]
    assert {cell.key} == {other.key for other in same}


def test_seeds_make_cells() -> None:
    assert [cell.seed for cell in cells(seeds=3) if cell.generator == "copy"] == [0, 1, 2]


def test_a_missing_file_is_a_skip_with_the_key_it_will_have(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("TIMEMAR_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    suite = SuiteSpec(name="x", datasets=("stocks",), generators=("copy",), budget="smoke")
    (cell,) = make_plan(suite, Request(data_dir=tmp_path)).cells
    assert cell.skip is not None
    assert "python -m benchmark data fetch stocks" in cell.skip
    assert cell.fingerprint == "134b8a00eb4eefa3242dd7ae85144082da80dedf75a1a656d5d08f97cd95277a"


def test_every_shipped_suite_plans() -> None:
    for name in SUITES.names():
        assert make_plan(load_suite(name), Request(budget="smoke")).cells


def plan(**changes: object) -> Plan:
    suite = SuiteSpec(name="x", title="X", datasets=("sines",), generators=("timemar_s", "copy"), budget="smoke")
    return make_plan(suite, Request(**changes))


def test_what_was_narrowed_or_altered_stands_in_the_name_of_its_files_and_in_its_title() -> None:
    assert (plan().folder, plan().title) == ("x-paper-smoke", "X")
    narrowed = plan(only=("generator=copy",), seeds=2)
    assert narrowed.folder == "x-paper-smoke--generator=copy--seeds=2"
    assert narrowed.title == "X, generator=copy, seeds=2"
    assert plan(seeds=1).folder == "x-paper-smoke", "the suite's own number of seeds changes nothing"
    odd = plan(assignments=("timemar_s.patch_nums=[1,2,3,6]",), only=("generator=timemar_s,copy",) * 20)
    assert "/" not in odd.folder
    assert len(odd.folder) < 255
    two = {replace(plan(), changes=(f"x.order=[{text}]",)).folder for text in ("a:b", "a;b")}
    assert len(two) == 2, "characters that a file name cannot hold do not make two views one"


def test_lengths_of_the_command_line_replace_those_of_the_suite_and_of_what_it_includes(tmp_path: Path) -> None:
    inner = tmp_path / "inner.yaml"
    inner.write_text("datasets: [sines]\ngenerators: [gaussian]\nbudget: smoke\nlengths: [24, 64]\n")
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke", include=(str(inner),))
    plan = make_plan(suite, Request(lengths=(12, 36, 12)))
    assert [(cell.generator, cell.length) for cell in plan.cells] == [
        ("gaussian", 12), ("gaussian", 36), ("copy", 12), ("copy", 36),
    ]  # fmt: skip
    assert plan.folder == "x-paper-smoke--length=12,36"
    assert make_plan(suite, Request(lengths=(24,))).folder == "x-paper-smoke--length=24", "the included suite has two"
    assert make_plan(suite, Request(seeds=1)).folder == "x-paper-smoke", "neither has more"
    assert {cell.length for cell in make_plan(suite, Request(lengths=(12, 36), only=("length=36",))).cells} == {36}


def test_a_suite_draws_as_often_as_one_that_it_includes(tmp_path: Path) -> None:
    inner = tmp_path / "inner.yaml"
    inner.write_text(
        "datasets: [sines]\ngenerators: [gaussian]\nbudget: smoke\nscores: [spectral]\nsampling_seeds: 2\n"
    )
    suite = SuiteSpec(name="x", scores=("spectral",), budget="smoke", include=(str(inner),))
    assert make_plan(suite, Request()).score_names == ("spectral", "spectral@1")
    once = make_plan(suite, Request(sampling_seeds=1))
    assert (once.score_names, once.folder) == (("spectral",), "x-paper-smoke--sampling_seeds=1")


def test_own_data_have_a_name_of_their_own(tmp_path: Path) -> None:
    rows = "\n".join(f"{i},{i * i % 7}" for i in range(60))
    (tmp_path / "plant.csv").write_text(f"a,b\n{rows}\n")
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    own = make_plan(suite, Request(own=spec_from_csv(tmp_path / "plant.csv")))
    assert own.folder == "x-plant-paper-smoke"
    assert own.title == "plant, generators of suite x"
    assert from_plan(own).suite == "x-plant"


def test_cells_of_earlier_versions_keep_their_keys(tmp_path: Path) -> None:
    """Keys as version 0.1 made them, of a generated set and of a file with every option of that time."""
    rows = [f"2024-01-{day:02d},{unit},{day * day % 7},x" for unit in "uv" for day in range(1, 32)]
    (tmp_path / "plant.csv").write_text("date,machine,a,comment\n" + "\n".join(rows) + "\n")
    own = tmp_path / "plant.yaml"
    own.write_text("file: plant.csv\ntime_column: date\nseries_column: machine\ndrop: [comment]\n")
    suite = SuiteSpec(name="x", datasets=("sines", str(own)), generators=("copy",), budget="smoke")
    assert [cell.key for cell in make_plan(suite, Request()).cells] == ["0712146f76a3c666", "3b511960a5df59fd"]


def test_the_same_file_with_other_options_is_another_data_set(tmp_path: Path) -> None:
    (tmp_path / "plant.csv").write_text("a,b\n" + "".join(f"{i},{i * i % 7 if i != 30 else ''}\n" for i in range(90)))
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    options = ({"missing": "drop"}, {"missing": "interpolate"}, {"drop": ["b"]}, {"missing": "drop", "drop": ["a"]})
    plans = [make_plan(suite, Request(own=own_spec(tmp_path / "plant.csv", chosen))) for chosen in options]
    assert len({one.cells[0].key for one in plans}) == len({one.folder for one in plans}) == len(options)
    again = make_plan(suite, Request(own=own_spec(tmp_path / "plant.csv", options[0])))
    assert again.cells[0].key == plans[0].cells[0].key
    notes = plan_notes(plans[1])
    assert (
        "plant: 1 missing cell in 1 row (missing: interpolate): 1 cell filled linearly in time between neighbors."
        in notes
    )
    assert not any(note.startswith("plant:") for note in plan_notes(plans[2]))


@pytest.mark.parametrize(
    ("rows", "protocol", "sentence"),
    [
        (
            32,
            "paper",
            r"'plant' has 9 windows of length 24, but scores need at least 10; use length 23 or less, or 1 f",
        ),
        (24, "paper", r"'plant' has 1 windows of length 24, .* use length 15 or less, or 9 further rows\."),
        (
            172,
            "strict",
            r"'plant' has 2 test windows under protocol strict of length 24, but scores need at least 5; use a",
        ),
    ],
)
def test_too_few_windows_for_scores_are_refused(tmp_path: Path, rows: int, protocol: Protocol, sentence: str) -> None:
    def planned(count: int) -> Plan:
        (tmp_path / "plant.csv").write_text("a\n" + "".join(f"{i * i % 7}\n" for i in range(count)))
        suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), protocol=protocol)
        return make_plan(suite, Request(own=own_spec(tmp_path / "plant.csv")))

    with pytest.raises(UserError, match=sentence):
        planned(rows)
    assert planned(rows + 60).cells


def test_altered_parameters_stand_in_the_title_of_a_cell() -> None:
    whole, copied = plan().cells
    altered, same = plan(assignments=("timemar_s.vocab_size=17",)).cells
    assert (whole.altered, whole.title) == ("", "TimeMAR-S")
    assert (altered.altered, altered.title) == ("vocab_size=17", "TimeMAR-S, vocab_size=17")
    assert (same.altered, same.key) == ("", copied.key)
    unchanged = plan(assignments=(f"timemar_s.vocab_size={whole.params['vocab_size']}",)).cells[0]
    assert (unchanged.altered, unchanged.key) == ("", whole.key)
    assert "vocab_size=17" in refer(altered).name


def test_the_command_line_alters_a_suites_own_settings_one_by_one() -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("timemar_s",), set={"timemar_s": {"vocab_size": 64}})
    (cell,) = make_plan(suite, Request(budget="smoke", assignments=("timemar_s.dropout=0.2",))).cells
    assert (cell.params["vocab_size"], cell.params["dropout"]) == (64, 0.2)


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".x", "", "x" * 101])
def test_a_name_that_would_leave_the_store_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="a name has 1 to 100 characters"):
        parse(SuiteSpec, {"name": name}, owner="the suite")


def test_a_suites_variants_are_its_own_and_not_altered() -> None:
    cells = make_plan(load_suite("table8"), Request(budget="smoke")).cells
    assert {cell.altered for cell in cells} == {""}
    assert len({cell.variant for cell in cells}) > 1


def test_a_variant_with_the_generators_own_values_keeps_the_generators_name() -> None:
    variants = tuple(Variant(generator="jitter", params={"noise": noise}) for noise in (0.01, 0.2))
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("jitter",), variants=variants, budget="smoke")
    cells = make_plan(suite, Request()).cells
    assert [cell.method for cell in cells] == ["jitter", "jitter/noise=0.2"]


def test_the_size_class_follows_from_the_parameters() -> None:
    # The paper's classes: under 6 M and over 40 M.
    assert [size_class(n) for n in (0, 1, 5_999_999, 6_000_000, 40_000_000, 40_000_001)] == [
        "other", "small", "small", "medium", "medium", "large",
    ]  # fmt: skip
    assert [cell.size_class for cell in plan().cells] == ["small", "control"]


def planned(**changes: object) -> tuple[Cell, ...]:
    """The cells of a suite of one control on Sines, with those changes."""
    suite = {"name": "x", "datasets": ("sines",), "generators": ("copy",), "budget": "smoke", **changes}
    return make_plan(parse(SuiteSpec, suite, owner="suite"), Request()).cells


PLUG_IN = "from baselines.controls.copy import Copy\n\n\nclass {name}(Copy):\n    pass\n"


def test_two_classes_or_two_data_sets_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}.py").write_text(PLUG_IN.format(name="My") + f"# {folder}\n")
        rows = 60 if folder == "one" else 70
        (tmp_path / folder / "plant.csv").write_text("a\n" + "\n".join(str(row % 7) for row in range(rows)) + "\n")
    classes = tuple(f"{tmp_path / folder / folder}.py:My" for folder in ("one", "two"))
    with pytest.raises(
        UserError, match=r"has two generators called 'my' \(.*one.py:My and .*two.py:My\); rename one class"
    ):
        planned(generators=classes)
    files = tuple(str(tmp_path / folder / "plant.csv") for folder in ("one", "two"))
    with pytest.raises(UserError, match="has two data sets called 'plant'; rename one of the files"):
        planned(datasets=files, lengths=(8,))


def test_a_plug_in_called_like_a_control_is_no_control(tmp_path: Path) -> None:
    (tmp_path / "mine_oracle.py").write_text(PLUG_IN.format(name="Oracle"))
    (cell,) = planned(generators=(f"{tmp_path / 'mine_oracle'}.py:Oracle",))
    assert (cell.generator, cell.title) == ("own_oracle", "Oracle (own)")


def test_a_suite_without_generators_says_so() -> None:
    with pytest.raises(UserError, match="has no cells; name generators and data sets in it"):
        planned(generators=())
