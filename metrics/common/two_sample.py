"""The classifier of the two-sample tests: boosted trees on the windows and on what summarises them, cross-validated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.base import Windows
from metrics.common.threads import one_thread

FOLDS = 5
TREES = 60
LEAVES = 15
BINS = 63
SHARE_OF_COLUMNS = 0.3
BANDS = 4
MOST_PAIRS = 64

_TINY = 1e-8
BLOCK = 4_000_000
"""Numbers of an intermediate array: every window's at once would take 23 GB for Energy at length 256."""


class Predictions(NamedTuple):
    """Out-of-fold probabilities of being real (2n,), and which windows are real (2n,)."""

    probabilities: NDArray[np.float64]
    is_real: NDArray[np.bool_]


def window_features(windows: Windows) -> NDArray[np.float32]:
    """Windows (B, T, D) as rows (B, F): every number, then summaries of each feature and of pairs of features.

    Of each feature: mean, standard std, least, greatest, mean and greatest |first difference|, mean |second difference|,
    log power in up to four bands of frequency. Of up to 64 pairs of features: their correlation within the window. The trees see
    order in time and ties between features through these, which raw numbers show only in high interactions.
    """
    _, T, D = windows.shape
    size = max(1, BLOCK // (T * max(D, MOST_PAIRS)))
    blocks = [_features(windows[start : start + size]) for start in range(0, len(windows), size)]
    return np.concatenate(blocks)


def _features(windows: Windows) -> NDArray[np.float32]:
    exact = windows.astype(np.float64)
    B, T, D = exact.shape
    mean, std = exact.mean(axis=1, keepdims=True), exact.std(axis=1, keepdims=True)
    columns = [exact.reshape(B, -1), mean[:, 0], std[:, 0], exact.min(axis=1), exact.max(axis=1)]
    if T > 1:
        first = np.abs(np.diff(exact, axis=1))
        columns += [first.mean(axis=1), first.max(axis=1)]
        power = np.abs(np.fft.rfft(exact - mean, axis=1)[:, 1:]) ** 2 / T
        bands = np.array_split(power, min(BANDS, power.shape[1]), axis=1)
        columns += [np.log(band.mean(axis=1) + _TINY) for band in bands]
    if T > 2:
        columns.append(np.abs(np.diff(exact, n=2, axis=1)).mean(axis=1))
    if T > 1 and D > 1:
        standard = (exact - mean) / (std + _TINY)
        early, late = np.triu_indices(D, 1)
        # Neighbouring features first: with more pairs than are kept, every feature still takes part.
        kept = np.argsort(late - early, kind="stable")[:MOST_PAIRS]
        columns.append((standard[:, :, early[kept]] * standard[:, :, late[kept]]).mean(axis=1))
    return np.concatenate(columns, axis=1).astype(np.float32)


def out_of_fold(real: Windows, fake: Windows, seed: int) -> Predictions:
    """Predictions for each window by a classifier of the other folds, on n = min(N, M) windows per set, drawn by `seed`.

    The capacity is the same for every number of features. Five windows per set are needed.
    """
    rng = np.random.default_rng(seed)
    n = min(len(real), len(fake))
    rows = window_features(np.concatenate([one[np.sort(rng.permutation(len(one))[:n])] for one in (real, fake)]))
    is_real = np.arange(2 * n) < n
    probabilities = np.empty(2 * n)
    state = int(rng.integers(2**31))
    # Both sets are split alike, so that a fold's share of real windows reveals nothing about the test windows.
    folds = np.concatenate([rng.permutation(n) % FOLDS for _ in (real, fake)])
    for fold in range(FOLDS):
        test = folds == fold
        probabilities[test] = tree_probabilities(rows[~test], is_real[~test], rows[test], state)
    return Predictions(probabilities, is_real)


def tree_probabilities(
    rows: NDArray[np.float32], is_real: NDArray[np.bool_], tests: NDArray[np.float32], seed: int
) -> NDArray[np.float64]:
    """The probability of being real of each of `tests` (B, F) by trees boosted on `rows` (A, F) with labels (A,)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        max_bins=BINS,
        max_features=SHARE_OF_COLUMNS,
        early_stopping=False,
        random_state=seed,
    )
    with one_thread():  # scikit-learn may have been loaded just now, with threads of its own
        probabilities: NDArray[np.float64] = trees.fit(rows, is_real).predict_proba(tests)[:, 1]
    return probabilities
