"""Memorisation: the share of generated windows nearer to a training than to a hold-out window."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, NotApplicable, Score, ScoreContext, Windows
from metrics.common.checks import check_pair, check_training
from metrics.common.copies import are_among
from metrics.common.measured import Measured, collect, flat
from metrics.common.neighbours import Points, nearest


class Memorisation(Metric):
    """The share of generated windows whose nearest training window is nearer than the nearest hold-out window, ties as halves.

    The real windows are the hold-out ones. Both sides count the same number of windows: where they differ in number, each seed
    draws a subset of the larger; otherwise one value is enough. Distances are Euclidean between flattened windows. Where the
    hold-out windows are themselves training windows the score is not defined and NotApplicable is raised.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="memorisation",
        title="Memorisation",
        symbol="Mem.",
        summary="share of generated windows nearer to a training than to a hold-out window; ½ is clean, 1 is copying",
        higher_is_better=None,
        range=(0.0, 1.0),
        ideal=0.5,
        cost="light",
        version=1,
        source="our own definition, after the three-sample test of Meehan, Chaudhuri and Dasgupta 2020",
        memorisation=True,
    )

    def floor(self, n: int) -> float:
        """½ + E|share − ½| for n independent windows, √(2/π) · ½ / √n; windows with a common neighbour spread it further."""
        return 0.5 + 0.5 * math.sqrt(2 / math.pi / n)

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; `real` are the hold-out windows; requires `context.training`."""
        training, fake = check_training(self, context, fake)
        holdout, _ = check_pair(real, fake, at_least=1)
        known, unknown, generated = flat(training), flat(holdout), flat(fake)
        common = int(are_among(unknown, known).sum())
        if common == len(unknown):
            raise NotApplicable(
                "memorisation compares training with hold-out windows, and all reference windows are training windows here; "
                "use the protocol 'strict', or authenticity."
            )
        n = min(len(known), len(unknown))
        seeds = context.seeds if len(known) != len(unknown) else (0,)
        repetitions = []
        for number, seed in enumerate(seeds):
            rng = np.random.default_rng(seed)
            drawn = [side[np.sort(rng.permutation(len(side))[:n])] for side in (known, unknown)]
            repetitions.append(
                Measured(_share(generated, *drawn), {"windows_a_side": n, "reference_in_training": common})
            )
            context.progress(number + 1, len(seeds))
        return collect(repetitions)


def _share(generated: Points, known: Points, unknown: Points) -> float:
    to_known, to_unknown = nearest(generated, known).distances, nearest(generated, unknown).distances
    return float(np.mean((to_known < to_unknown) + 0.5 * (to_known == to_unknown)))
