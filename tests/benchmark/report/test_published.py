"""Published values by method, from the paper's tables and from other papers."""

from __future__ import annotations

from benchmark.config.generators import generator_names
from benchmark.report.caption import OF_COPY
from benchmark.report.published import Published, published_scores
from tests.benchmark.report.table_frames import rows, table


def test_a_model_that_the_paper_lacks_has_its_own_papers_values() -> None:
    known = published_scores()
    flowts = {key: value for key, value in known.items() if key[3] == "flowts"}
    assert {metric for metric, _, _, _ in flowts} == {"discriminative"}
    assert known["discriminative", "stocks", 24, "flowts"].value == 0.019
    assert known["discriminative", "fmri", 24, "flowts"].value == 0.106
    assert "2411.07506" in known["discriminative", "etth", 24, "flowts"].table
    assert known["discriminative", "stocks", 24, "diffusion_ts"].table == "1"
    assert {key[3] for key in flowts} <= set(generator_names())


def test_real_data_scored_against_itself_stands_beside_the_copier() -> None:
    key = ("predictive", "etth", 24)
    assert published_scores()[*key, "copy"] == published_scores()[*key, "original"] == Published(0.121, 0.005, "9")
    made = table(rows("copy", "sines", [0.093, 0.093], metric="predictive"))
    assert made.beside.endswith(OF_COPY)
    assert OF_COPY not in table(rows("timevae", "sines", [0.1, 0.2])).beside
