from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmark.html_report import charts
from benchmark.html_report.charts import Chart, Line, Point, pareto
from benchmark.html_report.content import of_frame
from benchmark.html_report.svg import draw
from metrics import registry
from tests.benchmark.html_report.frames import HOSTILE, frame, mixed, mixed_content, rows


def test_the_pareto_front_is_what_no_other_is_as_low_in_both_and_lower_in_one() -> None:
    assert pareto([(1, 5), (2, 3), (2, 4), (4, 1), (5, 1), (3, 3)]) == [True, True, False, True, False, False]
    assert pareto([(1, 1), (1, 1)]) == [True, True], "equals do not beat each other"


def test_cost_figures_leave_controls_out_and_say_the_front_in_their_table() -> None:
    part = mixed_content().parts[0]
    figure = part.costs[0]
    assert figure.title == "Context-FID, Stocks, length 24"
    fronts = {row[1]: row[3:] for row in figure.rows}
    assert fronts == {
        "Timemar_S": ("100.0 (front)", "2.00 (front)"), HOSTILE: ("300.0", "3.00"), "Timevae": ("50.0 (front)", "0.50 (front)"),
    }  # fmt: skip
    assert figure.charts[0].horizontal[0].value == pytest.approx(0.013 / 3), "the oracle's mean is the floor"
    assert "On the Pareto front: Timemar_S, Timevae." in figure.charts[0].text


def test_which_metrics_are_of_memorisation() -> None:
    found = {name for name in registry.names() if registry.load(name).info.memorisation}
    assert found == {"dcr_ratio", "memorisation", "authenticity", "duplicates", "data_copying", "membership_attack"}


def test_memorisation_stands_against_fidelity_with_the_controls() -> None:
    part = mixed_content().parts[0]
    figure = part.memorisation[0]
    assert figure.title == "DCR ratio against Context-FID, Stocks, length 24"
    copier = next(point for point in figure.charts[0].points if point.title == "Copy")
    assert (copier.x, copier.y) == (pytest.approx(0.001), 0.0)
    assert [line.value for line in figure.charts[0].horizontal] == [1.0]


def test_a_distance_from_an_ideal_between_decides_the_front_and_not_the_value() -> None:
    def one(name: str, value: float, seconds: float) -> list[dict[str, object]]:
        return rows(name, [value, value], metric="c2st_auc", fit_seconds=seconds)

    part = of_frame(frame(one("low", 0.1, 10.0), one("good", 0.52, 20.0)), "A test").parts[0]
    assert {row[1]: row[3] for row in part.costs[0].rows} == {"Low": "10.0 (front)", "Good": "20.0 (front)"}


def test_charts_beyond_the_most_are_left_out_and_their_tables_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "MOST_CHARTS", 2)
    figures = of_frame(mixed(), "A test").parts[0].costs
    assert [len(figure.charts) for figure in figures] == [2, 0]
    assert all(len(figure.rows) == 3 for figure in figures)


CHART = Chart(
    "A chart", "seconds", "score", (Point(1, HOSTILE, 1.0, 0.001, front=True), Point(2, "b", 900.0, 0.3)), join_front=True,
    horizontal=(Line("floor", 0.002),),
)  # fmt: skip


def test_a_chart_is_an_element_with_titles_of_its_points_and_the_pages_own_colors() -> None:
    text = draw(CHART, "x")
    root = ElementTree.XML(text)
    assert root.tag == "svg", "no namespace"
    assert [title.text for title in root.iter("title")] == [HOSTILE, "b"]
    assert root.get("aria-label", "").startswith("A chart: score against seconds, 2 generators.")
    assert "var(--point)" in text
    assert "#0" not in text.replace("url(#", "").replace('href="#', ""), "no fixed color"
    assert "http" not in text
    assert not list(root.iter("style"))


def test_two_charts_of_a_page_share_no_identifier_and_link_to_their_own() -> None:
    found = [ElementTree.XML(draw(CHART, name)) for name in ("x", "y")]
    first, second = ({part.get("id") for part in root.iter()} - {None} for root in found)
    assert first
    assert not first & second
    for root, own in zip(found, (first, second), strict=True):
        links = {part.get("href", "#")[1:] for part in root.iter("use")}
        clips = {part.get("clip-path", "url(#)")[5:-1] for part in root.iter() if part.get("clip-path")}
        assert links | clips <= own


def test_equal_charts_are_equal_bytes() -> None:
    assert draw(CHART, "x") == draw(CHART, "x")
