"""Score records with values that a test does not care for."""

from __future__ import annotations

from benchmark.store.records import ScoreRecord


def score_record(mean: float, *repetitions: float, half_width: float | None = None) -> ScoreRecord:
    """A score of 9 windows a side with the floor .25."""
    return ScoreRecord(
        key="k",
        version=1,
        n_real=9,
        n_fake=9,
        floor=0.25,
        repetitions=repetitions or (mean,),
        mean=mean,
        half_width=half_width,
    )
