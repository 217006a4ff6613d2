from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.plots.critical import can_be_drawn, draw_critical
from benchmark.plots.origin import Origin
from benchmark.plots.style import write
from benchmark.report.statistics import ScoreStatistics
from benchmark.statistics.ranks import RankTest, rank_test, ranks

LOSSES = np.arange(4.0)[:, None] + np.random.default_rng(7).normal(0, 1.0, (4, 12))


def make_score(test: RankTest) -> ScoreStatistics:
    names = ("alpha", "beta", "gamma", "delta")
    mean = tuple(ranks(LOSSES).mean(axis=1).tolist())
    return ScoreStatistics("context_fid", "Context-FID", names, (), (), mean, test, (), (), "", ())


def test_marks_stand_at_the_mean_ranks_and_bars_over_those_that_share_a_letter(tmp_path: Path) -> None:
    score = make_score(rank_test(LOSSES))
    figure = draw_critical([score])
    panel = figure.axes[0]
    marks = sorted(float(collection.get_offsets()[0, 0]) for collection in panel.collections)
    assert np.allclose(marks, sorted(score.mean_ranks))
    bars = {
        tuple(sorted({round(float(x), 6) for x in line.get_xdata()}))
        for line in panel.lines
        if line.get_linewidth() == 2
    }
    letters = sorted({letter for text in score.test.letters for letter in text})
    expected = [
        tuple(
            sorted(
                round(rank, 6)
                for rank, text in zip(score.mean_ranks, score.test.letters, strict=True)
                if letter in text
            )
        )
        for letter in letters
    ]
    assert bars == {group for group in expected if len(group) > 1}
    assert "critical difference 1.35" in panel.get_title()
    assert [path.stat().st_size > 0 for path in write(lambda: figure, tmp_path, "cd", Origin())] == [True, True]


def test_a_score_without_a_pairwise_test_has_no_diagram() -> None:
    assert can_be_drawn(make_score(rank_test(LOSSES)))
    assert not can_be_drawn(make_score(replace(rank_test(LOSSES), p_pairs=None)))
