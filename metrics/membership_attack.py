"""Membership inference: who was trained on, told by the distance to the generated windows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import DEFAULT_CONTEXT, Blocks, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.checks import check_pair, check_shape, check_training
from metrics.common.clusters import Numbers, area_by_block, check_blocks, check_several, rank_shift
from metrics.common.measured import Measured, collect, flat
from metrics.common.neighbours import Points, nearest

MOST_WINDOWS = 1000
"""Windows a side that are attacked at most; each seed draws them."""
MOST_STARTS = 16
"""Steps of a generated window, evenly spread, at which a stretch may start."""


class MembershipAttack(Metric):
    """The area under the ROC curve of an attack that tells training from test windows by their distance to generated ones.

    Members are training windows, non-members the test windows. The distance of a window is the root of the summed squares of
    its two halves' distances, each to the nearest stretch of its length in any generated window: a window that starts at every
    step shares its rows with T − 1 later ones, and a copy of any of these gives them away. The distance of whole windows is in
    the details. Members are as many training windows as there are test windows, those nearest in time to the validation windows:
    between two training blocks a pair of a validation and a test block stands, so that they mirror the test windows, and a
    generator of validation windows tells neither side apart. Independent windows have no time, and any of them are members.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="membership_attack",
        title="Membership attack, AUC",
        symbol="MIA",
        summary="area under the ROC curve of training against test windows by distance to generated ones; ½ gives none away",
        higher_is_better=None,
        range=(0.0, 1.0),
        ideal=0.5,
        cost="light",
        version=1,
        source="Chen et al. 2020 (GAN-Leaks), attack by distance; halves, mirrored members and error by blocks are ours",
        memorisation=True,
    )
    min_steps = 2

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; requires `context.training` and `context.blocks`.

        One value a seed where there are more than `MOST_WINDOWS` windows a side, otherwise one. Details by repetition: the 95 %
        interval `low`, `high`, the one-sided `p_value` of an area above ½ (a test of ranks), all by blocks; `whole`, the area by
        distances of whole windows, with its interval; the numbers of `members` and `others`.
        """
        training, fake = check_training(self, context, fake)
        real, _ = check_pair(real, fake, self.min_windows)
        check_shape(self, real)
        blocks = check_blocks(self, context)
        chosen = mirrored(blocks, len(real))
        members, member_blocks = training[chosen], blocks.training[chosen]
        check_several(self, "matched training", member_blocks)
        most = max(len(members), len(real))
        seeds = context.seeds if most > MOST_WINDOWS else (0,)
        repetitions = []
        for number, seed in enumerate(seeds):
            rng = np.random.default_rng(seed)
            rows, held = (np.sort(rng.permutation(len(side))[:MOST_WINDOWS]) for side in (members, real))
            repetitions.append(_attacked(members[rows], member_blocks[rows], real[held], blocks.real[held], fake))
            context.progress(number + 1, len(seeds))
        return collect(repetitions)


def mirrored(blocks: Blocks, n: int) -> NDArray[np.intp]:
    """The rows of the at most `n` training windows nearest in time to a validation window, counted in windows; sorted.

    Of blocks in the order training, validation, test, training these are as many windows before each validation block as the
    test block after it has, and the reverse where the test block comes first.
    """
    numbers = np.concatenate([blocks.training, blocks.validation, blocks.real])
    places = np.empty(len(numbers))
    places[np.argsort(numbers, kind="stable")] = np.arange(len(numbers))
    own, first = places[: len(blocks.training)], len(blocks.training)
    others = np.concatenate([[-np.inf], np.sort(places[first : first + len(blocks.validation)]), [np.inf]])
    after = np.searchsorted(others, own)
    away = np.minimum(own - others[after - 1], others[after] - own)
    return np.sort(np.argsort(away, kind="stable")[:n])


def half_distances(windows: Windows, fake: Windows) -> Points:
    """The distance (N,) of windows (N, T, D) to the nearest window that two stretches of generated ones (M, T, D) make."""
    T = windows.shape[1]
    middle = T // 2
    return np.hypot(*(_to_stretches(half, fake) for half in (windows[:, :middle], windows[:, middle:])))


def _to_stretches(windows: Windows, fake: Windows) -> Points:
    """The distance (N,) of windows (N, L, D) to the nearest L steps of generated windows (M, T, D)."""
    points, length = flat(windows), windows.shape[1]
    last = fake.shape[1] - length
    starts = np.unique(np.linspace(0, last, min(last + 1, MOST_STARTS)).round().astype(np.intp))
    found: Points = np.min(
        [nearest(points, flat(fake[:, start : start + length])).distances for start in starts], axis=0
    )
    return found


def _attacked(
    members: Windows, member_blocks: Numbers, others: Windows, other_blocks: Numbers, fake: Windows
) -> Measured:
    """The areas of the attacks by halves and by whole windows."""
    generated = flat(fake)
    halves = [-half_distances(windows, fake) for windows in (members, others)]
    whole = [-nearest(flat(windows), generated).distances for windows in (members, others)]
    area, base = (area_by_block(a, member_blocks, b, other_blocks) for a, b in (halves, whole))
    (low, high), (base_low, base_high) = area.interval(0, 1), base.interval(0, 1)
    details = {
        "low": low,
        "high": high,
        "p_value": rank_shift(*halves).estimate(member_blocks, other_blocks).p_value(0, "greater"),
        "whole": base.value,
        "whole_low": base_low,
        "whole_high": base_high,
        "members": len(members),
        "others": len(others),
    }
    return Measured(area.value, details)
