from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from benchmark.plots.ranks import draw_ranks, ranks
from benchmark.plots.scaling import control_points, draw_scaling, scaling_points


def frame(values: dict[tuple[str, str], float], metric: str = "context_fid", **changes: object) -> pd.DataFrame:
    base = {
        "length": 24,
        "metric": metric,
        "size_class": "small",
        "parameters": 1000.0,
        "protocol": "paper",
        "altered": "",
        "seed": 0,
        "sampling_seed": 0,
        "repetition": 0,
        "floor": np.nan,
        "n": 100,
    }
    rows = [
        {**base, "generator": g, "title": g, "dataset": d, "value": value, **changes}
        for (g, d), value in values.items()
    ]
    return pd.DataFrame(rows)


def test_ranks_are_scipys_by_place_and_controls_are_not_ranked() -> None:
    rng = np.random.default_rng(0)
    means = np.round(rng.random((6, 3)), 1)
    names, places = [f"g{i}" for i in range(6)], ["x", "y", "z"]
    models = frame({(g, d): means[i, j] for i, g in enumerate(names) for j, d in enumerate(places)})
    both = pd.concat([models, frame({("copy", d): 0.0 for d in places}, size_class="control")])
    found = ranks(both, "context_fid")
    assert list(found.index) == names
    assert np.array_equal(found.to_numpy(), rankdata(means, axis=0))


def test_only_generators_that_have_every_place_are_ranked() -> None:
    found = ranks(
        frame({("a", "x"): 1, ("a", "y"): 2, ("b", "x"): 2, ("b", "y"): 1, ("c", "x"): 0, ("c", "y"): np.nan}),
        "context_fid",
    )
    assert sorted(found.index) == ["a", "b"]
    assert found.loc["a"].tolist() == [1, 2]


def test_the_ideal_decides_what_is_near() -> None:
    # The area under the ROC curve is best at one half.
    found = ranks(frame({("a", "x"): 0.9, ("b", "x"): 0.45, ("c", "x"): 0.6}, metric="c2st_auc"), "c2st_auc")
    assert found["x-24"].to_dict() == {"a": 3, "b": 1, "c": 2}


def test_published_values_stand_at_the_published_size_where_there_is_one() -> None:
    data = frame({("timemar_l", "energy"): 0.01, ("sdformer", "energy"): 0.02})
    both = pd.concat([data, frame({("oracle", "energy"): 0.0}, size_class="control")])
    points = scaling_points(both, {"timemar_l": 900, "sdformer": 1000}).set_index("family")
    assert list(points.index) == ["timemar_l", "sdformer"]
    # Table 1 and Table 5 of the paper.
    assert points.loc["timemar_l", ["published", "published_parameters"]].tolist() == pytest.approx([0.002, 61.3e6])
    assert points.loc["sdformer", ["published", "published_parameters"]].tolist() == pytest.approx([0.003, 1000])


@pytest.mark.parametrize("change", [{"protocol": "strict"}, {"altered": "embed_dim=64"}])
def test_no_published_mark_stands_beside_another_protocol_or_altered_parameters(change: dict[str, str]) -> None:
    points = scaling_points(frame({("timemar_s", "energy"): 0.01}, **change), {"timemar_s": 10})
    assert points["value"].tolist() == [0.01]
    assert points["published"].isna().all()


def test_altered_parameters_are_a_point_of_their_own() -> None:
    altered = frame({("timemar_s", "energy"): 0.05}, altered="embed_dim=64", title="timemar_s, embed_dim=64")
    data = pd.concat([frame({("timemar_s", "energy"): 0.01}), altered])
    points = scaling_points(data, {"timemar_s": 1000, "timemar_s, embed_dim=64": 10})
    assert points[["parameters", "value"]].to_numpy().tolist() == [[1000, 0.01], [10, 0.05]]


def test_a_familys_sizes_are_joined_and_hollow_marks_are_published() -> None:
    data = frame({("timemar_s", "energy"): 0.02, ("timemar_s/embed_dim=64", "energy"): 0.05})
    sizes = {"timemar_s": 1000, "timemar_s/embed_dim=64": 10}
    (panel,) = draw_scaling(scaling_points(data, sizes), control_points(data), "Energy").axes
    solid, hollow = panel.lines[0], panel.lines[1]
    assert solid.get_xdata().tolist() == [10.0, 1000.0]
    assert solid.get_ydata().tolist() == [0.05, 0.02]
    assert (hollow.get_fillstyle(), hollow.get_ydata().tolist()) == ("none", [0.004])


def test_the_best_generator_stands_on_top() -> None:
    data = frame({("good", "x"): 0.1, ("bad", "x"): 0.3, ("good", "y"): 0.1, ("bad", "y"): 0.2})
    (panel,) = draw_ranks(data, ("context_fid",)).axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["bad", "good"]


def test_intervals_are_over_repetitions_and_controls_and_floor_stand_beside() -> None:
    values = [0.02, 0.03, 0.04]
    parts = [frame({("timemar_s", "energy"): value}, repetition=i) for i, value in enumerate(values)]
    parts += [frame({("oracle", "energy"): 0.004}, size_class="control", repetition=i) for i in range(2)]
    parts += [frame({("gaussian", "energy"): 0.9}, size_class="control")]
    data = pd.concat(parts)
    points, controls = scaling_points(data, {"timemar_s": 1000}), control_points(data)
    # Student's t with 2 degrees of freedom: 4.303 · 0.01 / √3.
    assert points.loc[0, ["value", "half_width"]].tolist() == pytest.approx([0.03, 4.3027 * 0.01 / 3**0.5], rel=1e-4)
    assert controls.set_index("title")["value"].to_dict() == pytest.approx(
        {"oracle": 0.004, "gaussian": 0.9, "floor": 0.004}
    )
    (panel,) = draw_scaling(points, controls, "Energy").axes
    assert [text.get_text() for text in panel.get_legend().get_texts()] == [
        "timemar_s", "oracle (control)", "gaussian (control)", "floor",
        "measured, 95 % interval over\nrepetitions of a score on one trained model",
        "published value, at our size\nwhere no size is published",
    ]  # fmt: skip
    low, high = np.log10(panel.get_xlim())
    # The sizes from 500 to 2,000 have the width that the band of two controls leaves.
    assert high == pytest.approx(np.log10(2000))
    assert (np.log10(500) - low) / (high - low) == pytest.approx(0.02 + 2 * 0.025)
    (bars,) = panel.containers[0].lines[2]
    assert bars.get_segments()[0][:, 1] == pytest.approx([0.03 - 0.024841, 0.03 + 0.024841], rel=1e-3)
    assert panel.get_ylim()[0] > 1e-4


def test_a_generator_of_unknown_size_has_no_place_among_the_sizes() -> None:
    data = frame({("mine", "x"): 0.1, ("other", "x"): 0.2})
    points = scaling_points(data, {"mine": 0, "other": 1000})
    assert points["parameters"].tolist()[1] == 1000
    assert np.isnan(points["parameters"].tolist()[0])


def test_ranks_say_over_how_many_settings_they_are() -> None:
    everywhere = {(name, place): value for value, name in enumerate("ab") for place in "xyz"}
    one = frame({(name, "x"): value for value, name in enumerate("ab")}, metric="discriminative")
    figure = draw_ranks(pd.concat([frame(everywhere), one]), ("context_fid", "discriminative"))
    assert "rank over 1 to 3 settings" in figure.get_supxlabel()


def test_the_legend_says_what_intervals_are_over_and_lists_what_is_drawn() -> None:
    seeds = [frame({("timemar_s", "energy"): 0.02 + 0.01 * seed}, seed=seed) for seed in range(3)]
    repetitions = [frame({("flowts", "energy"): 0.03 + 0.01 * i}, repetition=i) for i in range(3)]
    data = pd.concat([*seeds, *repetitions, frame({("mine", "energy"): 0.1})])
    points = scaling_points(data, {"timemar_s": 1000, "flowts": 2000, "mine": 0})
    assert points["level"].tolist() == ["seed", "repetition", ""]
    (panel,) = draw_scaling(points, control_points(data), "Energy").axes
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert "mine" not in labels
    over = "training seeds or repetitions of a score on one trained model"
    assert f"measured, 95 % interval over\n{over}" in labels
