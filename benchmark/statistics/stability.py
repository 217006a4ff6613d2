"""Rank stability: how often the order of generators survives other repetitions, training seeds and data sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.ranks import ranks

Level = Literal["repetitions", "training seeds", "settings"]
LEVELS: tuple[Level, ...] = ("repetitions", "training seeds", "settings")
LEAST_UNITS = 3
"""Two units have three resamples; from three on there are ten and more."""
RESAMPLES = 2000


@dataclass(frozen=True)
class Stability:
    """What happens to the ranks when some units are drawn again with replacement.

    Attributes:
        over: What was asked to be resampled, together.
        drawn: What of it was: levels with `LEAST_UNITS` units or more.
        first_stays: The share of resamples in which the first is first again; two who tie for it have half of it each.
        places: The share of resamples (G generators, G places) in which a generator has a place, rows and columns summing to 1.
        reason: What could not be resampled, and why.
    """

    over: tuple[Level, ...]
    drawn: tuple[Level, ...] = ()
    first_stays: float | None = None
    places: tuple[tuple[float, ...], ...] | None = None
    reason: str = ""


def rank_stability(
    values: Sequence[NDArray[np.float64]], ideal: float, over: Collection[Level], seed: int
) -> Stability:
    """Bootstrap the ranks of G generators by their mean rank over settings.

    Args:
        values: One array a setting (G generators, K training seeds, R repetitions).
        ideal: What a perfect generator scores: who is nearer to it ranks before.
        over: What is drawn again: repetitions and settings jointly for all generators, which share them; training seeds for each
            generator by itself. A level with fewer than `LEAST_UNITS` units, in a setting or in all, is kept as it is.
        seed: Of the resamples.
    """
    sizes = {
        "repetitions": max(one.shape[2] for one in values),
        "training seeds": max(one.shape[1] for one in values),
        "settings": len(values),
    }
    asked = tuple(level for level in LEVELS if level in over)
    drawn = tuple(level for level in asked if sizes[level] >= LEAST_UNITS)
    kept = [f"{sizes[one]} {one if sizes[one] > 1 else one[:-1]}" for one in asked if one not in drawn]
    reason = f"too few to draw again (fewer than {LEAST_UNITS}): {', '.join(kept)}" if kept else ""
    if not drawn:
        return Stability(asked, reason=reason)
    rng = np.random.default_rng(seed)
    placed = np.stack([ranks(np.abs(_means(one, drawn, rng) - ideal)) for one in values], axis=2)  # (G, B, S)
    chosen = _counts(len(values), rng, RESAMPLES, drawn="settings" in drawn)  # (B, S)
    total = np.einsum("gbs,bs->gb", placed, chosen)  # halves of integers: equal sums are equal numbers
    first = int(np.argmin(_mean_ranks(values, ideal)))
    places = _places(total)
    return Stability(asked, drawn, float(places[first, 0]), tuple(map(tuple, places.tolist())), reason)


def _means(values: NDArray[np.float64], drawn: Collection[Level], rng: np.random.Generator) -> NDArray[np.float64]:
    """Means over resampled seeds and repetitions: (G, B)."""
    generators, seeds, repetitions = values.shape
    trained = "training seeds" in drawn and seeds >= LEAST_UNITS
    by_seed = _counts(seeds, rng, generators, RESAMPLES, drawn=trained) / seeds
    again = "repetitions" in drawn and repetitions >= LEAST_UNITS
    by_repetition = _counts(repetitions, rng, RESAMPLES, drawn=again) / repetitions
    return np.asarray(np.einsum("gkr,gbk,br->gb", values, by_seed, by_repetition, optimize=True))


def _counts(size: int, rng: np.random.Generator, *times: int, drawn: bool) -> NDArray[np.float64]:
    """How often each of `size` units is drawn, once each where they are not resampled: (*times, size)."""
    if not drawn:
        return np.ones((*times, size))
    return rng.multinomial(size, np.full(size, 1 / size), size=times).astype(np.float64)


def _mean_ranks(values: Sequence[NDArray[np.float64]], ideal: float) -> NDArray[np.float64]:
    losses = np.stack([np.abs(one.mean(axis=(1, 2)) - ideal) for one in values], axis=1)
    return np.asarray(ranks(losses).mean(axis=1))


def _places(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of columns (B) in which each row (G) has each place (G) by its total, smallest first; ties share places."""
    from scipy.stats import rankdata

    low, high = (rankdata(totals, axis=0, method=method) for method in ("min", "max"))
    place = np.arange(1, len(totals) + 1)
    taken = (low[..., None] <= place) & (place <= high[..., None])  # (G, B, places)
    return np.asarray((taken / (high - low + 1)[..., None]).mean(axis=1))
