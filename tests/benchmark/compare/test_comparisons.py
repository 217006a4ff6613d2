from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmark.compare.command import compare
from benchmark.errors import UserError
from benchmark.files import read_json, write_json
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.store.store import Store
from metrics import registry
from tests.benchmark.compare.stores import SUITE, compared, put, text_of
from tests.conftest import CommandLine


def test_one_seed_is_paired_by_repetition(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    """Differences −.1, −.2, −.3: mean −.2, s .1, t = −.2 / (.1 / √3), half-width 4.3027 · .1 / √3."""
    put(stores[0], cells[0], {"context_kid": (0.5, 0.7, 0.9)})
    put(stores[1], cells[0], {"context_kid": (0.4, 0.5, 0.6)})
    (one,) = compared(stores)["comparisons"]
    assert (one["unit"], one["n"], one["score"]) == ("repetition", 3, "context_kid")
    assert one["difference"] == pytest.approx(-0.2)
    assert (one["high"] - one["low"]) / 2 == pytest.approx(4.302653 * 0.1 / math.sqrt(3))
    expected = stats.ttest_rel((0.4, 0.5, 0.6), (0.5, 0.7, 0.9)).pvalue
    assert one["p"] == one["p_holm"] == pytest.approx(expected)
    assert expected == pytest.approx(0.0742, abs=1e-4)
    assert (one["conclusion"], one["reason"]) == ("no difference beyond noise", "the interval contains 0")


def test_other_seeds_are_compared_over_models_without_pairs(
    stores: tuple[Store, Store], cells: tuple[Cell, ...]
) -> None:
    more = make_plan(SUITE, Request(seeds=5)).cells
    left, right = (0.50, 0.52), (0.49, 0.51, 0.56)
    for seed, mean in enumerate(left):
        put(stores[0], more[seed], {"context_kid": (mean - 0.001, mean + 0.001)})
    for seed, mean in enumerate(right, start=2):
        put(stores[1], more[seed], {"context_kid": (mean - 0.001, mean + 0.001)})
    found = compared(stores)
    (one,) = found["comparisons"]
    assert (found["only_in_a"], found["only_in_b"]) == ([], [])
    assert (one["unit"], one["n"]) == ("training seed, not paired", 2)
    assert one["p"] == pytest.approx(stats.ttest_ind(right, left, equal_var=False).pvalue)
    assert one["conclusion"] == "no difference beyond noise"


def test_one_model_a_side_of_another_seed_decides_nothing(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    """Repetitions on two models would call the variance of training a difference."""
    put(stores[0], cells[0], {"context_fid": (0.5, 0.501, 0.502)})
    put(stores[1], cells[1], {"context_fid": (0.9, 0.901, 0.902)})
    (one,) = compared(stores)["comparisons"]
    assert (one["unit"], one["p"], one["conclusion"]) == ("training seed, not paired", None, "undecided")
    assert "variance of training is not known" in one["reason"]


def test_several_seeds_are_paired_by_seed(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    """The repetitions of each seed differ much, their means by .1, .11 and .12: the seed is the unit."""
    for seed, base in enumerate((0.2, 0.5, 0.9)):
        put(stores[0], cells[seed], {"context_kid": (base - 0.1, base + 0.1)})
        put(stores[1], cells[seed], {"context_kid": (base, base + 0.2 + 0.02 * seed)})
    (one,) = compared(stores)["comparisons"]
    assert (one["unit"], one["n"]) == ("training seed", 3)
    expected = stats.ttest_1samp((0.1, 0.11, 0.12), 0.0)
    assert one["p"] == pytest.approx(expected.pvalue)
    assert one["difference"] == pytest.approx(0.11)
    assert one["high"] == pytest.approx(expected.confidence_interval().high)
    assert one["conclusion"] == "worse in B"


def test_other_numbers_of_repetitions_are_not_paired(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    a, b = (0.5, 0.7, 0.9, 0.8), (0.1, 0.2)
    put(stores[0], cells[0], {"context_kid": a})
    put(stores[1], cells[0], {"context_kid": b})
    (one,) = compared(stores)["comparisons"]
    expected = stats.ttest_ind(b, a, equal_var=False)
    interval = expected.confidence_interval()
    assert (one["unit"], one["n"]) == ("repetition, not paired", 2)
    assert one["p"] == pytest.approx(expected.pvalue)
    assert (one["high"] - one["low"]) / 2 == pytest.approx((interval.high - interval.low) / 2)


def test_one_repetition_decides_nothing_and_equal_values_do_not_differ(
    stores: tuple[Store, Store], cells: tuple[Cell, ...]
) -> None:
    put(stores[0], cells[0], {"context_fid": (0.5,), "dcr_ratio": (1.0,), "predictive": (0.2, 0.3)})
    put(stores[1], cells[0], {"context_fid": (0.1,), "dcr_ratio": (1.0,), "predictive": (0.2, 0.3)})
    found = {one["score"]: (one["conclusion"], one["reason"]) for one in compared(stores)["comparisons"]}
    assert found == {
        "context_fid": ("undecided", "one value a side has no spread"),
        "dcr_ratio": ("no difference beyond noise", "equal up to rounding"),
        "predictive": ("no difference beyond noise", "equal up to rounding"),
    }


@pytest.mark.parametrize(
    ("score", "a", "b", "conclusion"),
    [
        ("context_fid", 0.3, 0.2, "better in B"),
        ("context_fid", 0.2, 0.3, "worse in B"),
        ("coverage", 0.2, 0.3, "better in B"),  # larger is better
        ("coverage", 0.3, 0.2, "worse in B"),
        ("dcr_ratio", 1.4, 1.3, "better in B"),  # nearer to 1 is better, from either side
        ("dcr_ratio", 0.6, 0.5, "worse in B"),
        ("dcr_ratio", 0.5, 1.2, "better in B"),
        ("dcr_ratio", 0.6, 1.402, "no difference beyond noise"),  # about as far, on the other side
    ],
)
def test_better_is_nearer_to_the_ideal(
    stores: tuple[Store, Store], cells: tuple[Cell, ...], score: str, a: float, b: float, conclusion: str
) -> None:
    for store, mean in zip(stores, (a, b), strict=True):
        put(store, cells[0], {score: tuple(mean + 0.001 * k**2 for k in range(5))}, floor=None)
    (one,) = compared(stores)["comparisons"]
    assert one["conclusion"] == conclusion


@pytest.mark.parametrize(
    ("floor", "conclusion", "reason"),
    [
        (0.04, "worse in B", ""),
        (0.0995, "no difference beyond noise", "the interval reaches the floor's margin"),
        (0.11, "no difference beyond noise", "within the floor's margin"),
    ],
)
def test_a_difference_counts_where_its_whole_interval_lies_beyond_the_floors_margin(
    stores: tuple[Store, Store], cells: tuple[Cell, ...], floor: float, conclusion: str, reason: str
) -> None:
    """The difference is .1 ± 4.303 · .001 / √3 = .1 ± .0025."""
    put(stores[0], cells[0], {"context_kid": (0.2, 0.2, 0.2)}, floor=floor)
    put(stores[1], cells[0], {"context_kid": (0.299, 0.3, 0.301)}, floor=floor)
    (one,) = compared(stores)["comparisons"]
    assert one["margin"] == floor
    assert (one["high"] - one["low"]) / 2 == pytest.approx(0.00248, abs=1e-5)
    assert (one["conclusion"], one["reason"]) == (conclusion, reason)


def test_holms_correction_takes_back_what_is_chance_among_many(
    stores: tuple[Store, Store], cells: tuple[Cell, ...]
) -> None:
    rng = np.random.default_rng(0)
    names = ("context_fid", "predictive", "discriminative", "spectral", "autocorrelation", "coverage", "density")
    base = {name: tuple(rng.normal(0.5, 0.1, 5)) for name in names}
    # One moves by 2.9 of its own half-widths' worth: alone it counts, among seven it does not.
    shifted = {name: tuple(np.asarray(values) + rng.normal(0, 0.01, 5)) for name, values in base.items()}
    shifted["context_fid"] = tuple(np.asarray(base["context_fid"]) + np.array([0.1, 0.2, 0.3, 0.02, 0.12]))
    put(stores[0], cells[0], base, floor=None)
    put(stores[1], cells[0], shifted, floor=None)
    found = {one["score"]: one for one in compared(stores)["comparisons"]}
    moved = found["context_fid"]
    assert moved["p"] < 0.05 < moved["p_holm"] == pytest.approx(7 * moved["p"])
    assert (moved["conclusion"], moved["reason"]) == (
        "no difference beyond noise",
        "not beyond chance among so many comparisons",
    )


def test_equal_values_are_no_tests_that_are_corrected_for(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    equal = {name: (0.3, 0.31, 0.32) for name in registry.names() if name != "spectral"}
    put(stores[0], cells[0], {**equal, "spectral": (0.3, 0.31, 0.33)}, floor=None)
    rounded = {name: tuple(value * (1 + 1e-12) for value in values) for name, values in equal.items()}
    put(stores[1], cells[0], {**rounded, "spectral": (0.5, 0.52, 0.53)}, floor=None)
    found = {one["score"]: one for one in compared(stores)["comparisons"]}
    assert found["spectral"]["p_holm"] == found["spectral"]["p"] < 0.05
    assert {found[name]["p_holm"] for name in equal} == {None}
    assert {found[name]["reason"] for name in equal} == {"equal up to rounding"}
    assert "for the 1 tests of values that are not equal" in str(compare(*stores).content)


def test_equal_generators_do_not_differ_and_a_shift_is_found(
    stores: tuple[Store, Store], cells: tuple[Cell, ...]
) -> None:
    """All metrics of two generators without a difference, some of them below p = .05, beside one that moves by 10 s."""
    rng = np.random.default_rng(2)
    for store in stores:
        for cell in cells:
            put(store, cell, {name: tuple(rng.normal(0.3, 0.01, 5)) for name in registry.names()}, floor=None)
    for store, shift in zip(stores, (0.0, 0.3), strict=True):
        for cell in cells[3:]:
            put(store, cell, {"context_fid": tuple(rng.normal(0.3 + shift, 0.01, 5))}, floor=None)
    record = compared(stores)
    assert len(record["comparisons"]) == 2 * len(registry.names())
    moved = [
        (one["generator"], one["score"], one["conclusion"]) for one in record["comparisons"] if one["p_holm"] < 0.05
    ]
    assert moved == [("gaussian", "context_fid", "worse in B")]
    assert sum(one["p"] < 0.05 for one in record["comparisons"]) > 1
    assert record["totals"] == {"better": 0, "worse": 1, "same": 2 * len(registry.names()) - 1, "undecided": 0}


def test_other_versions_of_data_and_metrics_are_refused_by_name(
    stores: tuple[Store, Store], cells: tuple[Cell, ...]
) -> None:
    jitter, gaussian = cells[0], cells[3]
    put(stores[0], jitter, {"context_fid": (0.1, 0.2)})
    put(stores[1], replace(jitter, fingerprint="f" * 64), {"context_fid": (0.1, 0.2)})
    with pytest.raises(UserError) as caught:
        compare(*stores)
    where = f"nothing in '{stores[0].root}' and '{stores[1].root}' is comparable"
    why = f"the data's checksum is {jitter.fingerprint[:12]}… in A and ffffffffffff… in B"
    assert str(caught.value) == (
        f"{where} (sines 24 Jitter (protocol paper, budget quick): {why}); run the same suite in both with the same data and the "
        "same version of the metrics."
    )
    put(stores[0], gaussian, {"context_fid": (0.1, 0.2), "predictive": (0.1, 0.2), "spectral": (0.1, 0.2)})
    put(stores[1], gaussian, {"context_fid": (0.1, 0.3)})
    put(stores[1], gaussian, {"predictive": (0.1, 0.3)}, version=2)
    put(stores[1], gaussian, {"spectral": (0.1, 0.3)}, n_real=8)
    record = compared(stores)
    assert [one["score"] for one in record["comparisons"]] == ["context_fid"]
    assert [(one["generator"], one["score"], one["reason"]) for one in record["not_comparable"]] == [
        ("gaussian", "predictive", "the metric's version is 1 in A and 2 in B"),
        (
            "gaussian",
            "spectral",
            "9 real and 9 generated windows are scored in A, and 8 real and 9 generated windows in B",
        ),
        ("jitter", None, why),
    ]
    assert "- not comparable: sines 24 Gaussian (protocol paper, budget quick), predictive: the metric's" in text_of(
        *stores
    )


def test_windows_that_are_read_otherwise_are_refused(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    other = replace(cells[0], dataset=cells[0].dataset.model_copy(update={"stride": 2}))
    put(stores[0], cells[0], {"context_fid": (0.1, 0.2)})
    put(stores[1], other, {"context_fid": (0.1, 0.2)})
    with pytest.raises(UserError, match=r"the data are read in another way: stride is 1 in A and 2 in B"):
        compare(*stores)


def test_a_generators_version_and_parameters_may_differ_and_are_said(
    stores: tuple[Store, Store], cells: tuple[Cell, ...]
) -> None:
    cell = cells[0]
    changed = replace(cell, version=9, params={**cell.params, "noise": 0.5, "new": [1, 2]}, source="0123")
    put(stores[0], cell, {"context_fid": (0.1, 0.2)})
    put(stores[1], changed, {"context_fid": (0.1, 0.3)})
    record = compared(stores)
    (said,) = record["changed"]
    assert len(record["comparisons"]) == 1
    assert (said["version"], said["source"]) == ([cell.version, 9], True)
    assert said["parameters"] == {"new": ["absent", [1, 2]], "noise": [cell.params["noise"], 0.5]}
    assert f"generator version {cell.version} → 9, another source of the plug-in, new" in text_of(*stores)


def test_variants_are_matched_by_parameters_then_by_title(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    def variant(noise: float, title: str) -> Cell:
        return replace(cells[0], params={**cells[0].params, "noise": noise}, title=title)

    put(stores[0], variant(0.1, "Jitter, x"), {"context_fid": (0.1, 0.2)})
    put(stores[0], variant(0.2, "Jitter, y"), {"context_fid": (0.3, 0.4)})
    put(stores[0], variant(0.3, "Jitter, z"), {"context_fid": (0.5, 0.6)})
    put(stores[1], variant(0.7, "Jitter, y"), {"context_fid": (0.7, 0.8)})
    put(stores[1], variant(0.1, "Jitter, other"), {"context_fid": (0.9, 1.0)})
    record = compared(stores)
    means = {one["title"]: (one["a"], one["b"]) for one in record["comparisons"]}
    assert means == {
        "Jitter, x": (pytest.approx(0.15), pytest.approx(0.95)),
        "Jitter, y": (pytest.approx(0.35), pytest.approx(0.75)),
    }
    assert [one["title"] for one in record["only_in_a"]] == ["Jitter, z"]


def test_what_one_store_alone_has_is_listed(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    put(stores[0], cells[0], {"context_fid": (0.1, 0.2), "predictive": (0.1, 0.2)})
    put(stores[0], cells[1], {"context_fid": (0.1, 0.2)})
    put(stores[1], cells[0], {"context_fid": (0.1, 0.2), "spectral": (0.1, 0.2)})
    put(stores[1], cells[3], {"context_fid": (0.1, 0.2)})
    record = compared(stores)
    assert [(one["title"], one["scores"]) for one in record["only_in_a"]] == [
        ("Jitter", "seed 0: predictive; seed 1: context_fid")
    ]
    assert [(one["title"], one["scores"]) for one in record["only_in_b"]] == [
        ("Gaussian", "seed 0: context_fid"),
        ("Jitter", "seed 0: spectral"),
    ]


def test_altered_records_are_named_and_not_used(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    for store in stores:
        put(store, cells[0], {"context_fid": (0.1, 0.2), "predictive": (0.1, 0.2)})
        put(store, cells[1], {"context_fid": (0.1, 0.2)})
    scores = stores[1].cell(cells[0]).path / "scores.json"
    edited = json.loads(scores.read_text())
    edited["predictive"]["repetitions"] = [0.0, 0.0]
    write_json(scores, edited)
    path = stores[0].cell(cells[1]).path / "cell.json"
    write_json(path, {**read_json(path), "seed": 5})
    record = compared(stores)
    assert [one["score"] for one in record["comparisons"]] == ["context_fid"]
    assert record["altered"] == [
        f"A: {cells[1].slug}: cell.json is missing, damaged or altered",
        f"B: {cells[0].slug}: the record of score predictive was altered",
    ]


def test_the_command_prints_a_table_and_refuses_in_one_sentence(
    command: CommandLine, stores: tuple[Store, Store], cells: tuple[Cell, ...]
) -> None:
    put(stores[0], cells[0], {"context_fid": (0.5, 0.5001, 0.4999)})
    done = command("compare", "a", "b")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "no score in 'a' has a counterpart in 'b'" in done.stderr
    put(stores[1], cells[0], {"context_fid": (0.3, 0.3002, 0.3)})
    done = command("compare", "a", "b", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert "| sines 24 | Jitter | Context-FID ↓ | 0.5000 | 0.3001 | -0.19993 |" in done.stdout
    assert "| **better in B** |" in done.stdout
    assert "run both with --seeds 3 or more" in done.stdout
    record = json.loads((stores[0].root.parent / "out.json").read_text())
    assert record["totals"] == {"better": 1, "worse": 0, "same": 0, "undecided": 0}
    done = command("compare", "a", "nowhere")
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no store 'nowhere'")


def test_context_fid_is_compared_by_ratios(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    """Ratios 8, 10 and 12.5 of values that spread over a factor of four: plain differences say nothing, logarithms do."""
    for seed, base in enumerate((1.0, 2.0, 4.0)):
        put(stores[0], cells[seed], {"context_fid": (base,)})
        put(stores[1], cells[seed], {"context_fid": (base * (8, 10, 12.5)[seed],)})
    (one,) = compared(stores)["comparisons"]
    assert stats.ttest_1samp((7, 18, 46), 0.0).pvalue > 0.1
    expected = stats.ttest_1samp(np.log((8, 10, 12.5)), 0.0)
    assert one["p"] == pytest.approx(expected.pvalue)
    assert one["difference"] == pytest.approx(2 * 10 - 2)
    assert one["low"] == pytest.approx(2 * np.exp(expected.confidence_interval().low) - 2)
    assert one["high"] == pytest.approx(2 * np.exp(expected.confidence_interval().high) - 2)
    assert one["conclusion"] == "worse in B"
