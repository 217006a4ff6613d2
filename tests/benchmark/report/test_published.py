"""Published values by method, from the paper's tables and from other papers."""

from __future__ import annotations

from benchmark.config.generators import generator_names
from benchmark.report.published import published_scores


def test_a_model_that_the_paper_lacks_has_its_own_papers_values() -> None:
    known = published_scores()
    flowts = {key: value for key, value in known.items() if key[3] == "flowts"}
    assert {metric for metric, _, _, _ in flowts} == {"discriminative"}
    assert known["discriminative", "stocks", 24, "flowts"].value == 0.019
    assert known["discriminative", "fmri", 24, "flowts"].value == 0.106
    assert "2411.07506" in known["discriminative", "etth", 24, "flowts"].table
    assert known["discriminative", "stocks", 24, "diffusion_ts"].table == "1"
    assert {key[3] for key in flowts} <= set(generator_names())
