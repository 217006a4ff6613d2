"""How often the two-sample tests reject at 5 %, where generated windows have the real distribution and where they do not.

    python -m tests.studies.two_sample_calibration [--repetitions 1000] [--trees 100] [--lstm 60]

A series of one feature, AR(1) with coefficient φ and variance 1, is cut into overlapping windows in the test blocks that
protocol strict lays over Stocks (17) and ETTh (64). Generated windows of the null *independent* are other draws;
those of the null *validation* are the validation windows of the same series, which the control `oracle` hands out. Alternatives
are independent windows with another standard deviation or another φ. Compared are the Mann-Whitney test of single windows
(`c2st_auc`), the swap of blocks under plain cross-fitting, and the sequential one (`block_c2st`). Most settings use a linear
classifier on the columns of `block_c2st`, which allows 1,000 repetitions; the trees and the LSTM take part in one.
Results: `results/measured/two_sample/calibration.json` and `.md`, the table also in `metrics/README.md`. One process, one thread.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import binomtest, rankdata

from benchmark.data.split import Role, strict_blocks
from benchmark.seeds import derive_seed
from metrics.base import MetricInfo, ScoreContext, Windows
from metrics.block_c2st import BlockC2ST
from metrics.block_c2st_lstm import BlockC2STLSTM
from metrics.c2st_auc import C2STAUC
from metrics.common.block_test import FOLDS, BlockTest, Task, auc_parts, draw_design, measured, swap_p_value
from metrics.common.two_sample import window_features
from tests.studies.record import MEASURED, ROOT, insert, read, table, write

LENGTH = 24
ROWS = {"17 blocks": 3685, "64 blocks": 17420}
LEVEL = 0.05
RIDGE = 10.0
HEADER = (
    "classifier",
    "layout",
    "φ",
    "generated windows",
    "repetitions",
    "windows",
    "blocks, plain",
    "blocks, sequential",
)


class Setting(NamedTuple):
    """One cell of the study. `phi` and `std` are those of generated windows, or `validation` real ones of other blocks."""

    classifier: str
    layout: str
    real_phi: float
    phi: float
    std: float
    validation: bool
    repetitions: int

    @property
    def distribution(self) -> str:
        """The generated windows in words."""
        if self.validation:
            return "null: validation"
        if (self.phi, self.std) == (self.real_phi, 1.0):
            return "null: independent"
        return f"φ {self.phi}" if self.std == 1.0 else f"std {self.std}"


def settings(repetitions: int, trees: int, lstm: int) -> list[Setting]:
    """All settings, the fast ones first."""
    powers = max(repetitions // 5, 1)
    found = []
    for layout, phis in (("17 blocks", (0.95, 0.97, 0.99)), ("64 blocks", (0.97,))):
        found += [Setting("linear", layout, phi, phi, 1.0, v, repetitions) for phi in phis for v in (False, True)]
        found += [Setting("linear", layout, 0.97, phi, 1.0, False, powers) for phi in (0.968, 0.965, 0.96)]
        found += [Setting("linear", layout, 0.97, 0.97, std, False, powers) for std in (1.05, 1.1, 1.2)]
    for classifier, count in (("trees", trees), ("lstm", lstm)):
        found += [Setting(classifier, "17 blocks", 0.97, 0.97, 1.0, v, count) for v in (False, True)]
        found.append(Setting(classifier, "17 blocks", 0.97, 0.95, 1.0, False, count // 2))
    return found


class Linear(BlockTest):
    """A ridge discriminant on `window_features`: what makes 1,000 repetitions affordable."""

    info: ClassVar[MetricInfo] = BlockC2ST.info

    def scores(self, windows: Windows, tasks: Sequence[Task], context: ScoreContext) -> list[NDArray[np.float64]]:
        """See `BlockTest.scores`."""
        del context
        rows = window_features(windows).astype(np.float64)
        labels = [np.repeat([1.0, -1.0], [len(task.real), len(task.fake)]) for task in tasks]
        trains = [rows[np.concatenate([task.real, task.fake])] for task in tasks]
        return [
            ridge(*one, rows[task.tests]) for one, task in zip(zip(trains, labels, strict=True), tasks, strict=True)
        ]


def ridge(rows: NDArray[np.float64], labels: NDArray[np.float64], tests: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores of `tests` (B, F) by ridge regression of labels ±1 (A,) on standardized rows (A, F)."""
    mean, std = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    rows, tests = (rows - mean) / std, (tests - mean) / std
    scores: NDArray[np.float64] = tests @ np.linalg.solve(
        rows.T @ rows + RIDGE * np.eye(rows.shape[1]), rows.T @ labels
    )
    return scores


def autoregression(rng: np.random.Generator, phi: float, count: int, rows: int) -> NDArray[np.float64]:
    """Stationary AR(1) series (count, rows) of variance 1."""
    scale = math.sqrt(1 - phi**2)
    noise = rng.standard_normal((count, rows)) * scale
    noise[:, 0] /= scale
    series: NDArray[np.float64] = lfilter([1], [1, -phi], noise, axis=1)
    return series


def blocks_of(series: NDArray[np.float64], role: Role) -> tuple[Windows, NDArray[np.intp]]:
    """Windows (N, T, 1) of a role's blocks of a series, and the block of each."""
    laid = enumerate(strict_blocks([len(series)], LENGTH))
    found = [(n, sliding_window_view(series[b.start : b.stop], LENGTH)) for n, b in laid if b.role == role]
    numbers = np.repeat([n for n, _ in found], [len(windows) for _, windows in found])
    return np.concatenate([windows for _, windows in found])[:, :, None].astype(np.float32), numbers


def _by_trees(real: Windows, fake: Windows, rng: np.random.Generator) -> float:
    """The p-value of `c2st_auc`."""
    return float(C2STAUC().measure(real, fake, int(rng.integers(2**31))).details["p_value"])


def _by_ridge(real: Windows, fake: Windows, rng: np.random.Generator) -> float:
    """The p-value of `c2st_auc` with the linear classifier."""
    n = len(real)
    rows = window_features(np.concatenate([real, fake])).astype(np.float64)
    labels = np.repeat([1.0, -1.0], n)
    fold = np.concatenate([rng.permutation(n) % FOLDS for _ in range(2)])
    scores = np.empty(2 * n)
    for k in range(FOLDS):
        test = fold == k
        scores[test] = ridge(rows[~test], labels[~test], rows[test])
    area = (rankdata(scores)[:n].sum() - n * (n + 1) / 2) / n**2
    return 0.5 * math.erfc((area - 0.5) / math.sqrt((2 * n + 1) / 12) * n / math.sqrt(2))


SINGLE = {"linear": _by_ridge, "trees": _by_trees}
"""The tests of single windows; the discriminative score of the LSTM has no p-value."""


def p_values(setting: Setting, repetition: int) -> list[float]:
    """The p-values of one repetition: single windows, blocks under plain and under sequential cross-fitting."""
    rng = np.random.default_rng(derive_seed("two_sample", *map(str, setting[:-1]), repetition))
    series = autoregression(rng, setting.real_phi, 1, ROWS[setting.layout])[0]
    real, blocks = blocks_of(series, "test")
    fake = setting.std * autoregression(rng, setting.phi, len(real), LENGTH)[:, :, None]
    fake = blocks_of(series, "validation")[0] if setting.validation else fake.astype(np.float32)
    metrics = {"linear": Linear(), "trees": BlockC2ST(), "lstm": BlockC2STLSTM()}
    metric = metrics[setting.classifier]
    design = draw_design(blocks, len(fake), rng)
    scores = metric.scores(np.concatenate([real, fake]), design.tasks(rng), ScoreContext())
    plain = swap_p_value(auc_parts(design, range(FOLDS), scores[:FOLDS]), rng)
    sequential = measured(design, scores, rng).details["p_value"]
    single = SINGLE.get(setting.classifier, lambda *_: math.nan)(real, fake, rng)
    return [single, plain, sequential]


def rate(p: Sequence[float]) -> str:
    """The share of rejections with Wilson's 95 % interval."""
    if np.isnan(p).any():
        return "—"
    rejected = int(sum(value <= LEVEL for value in p))
    low, high = binomtest(rejected, len(p)).proportion_ci(method="wilson")
    return f"{rejected / len(p):.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Measure what is not known yet, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000, help="of a null with the linear classifier")
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--lstm", type=int, default=60)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    path = MEASURED / "two_sample" / "calibration.json"
    results: dict[str, Any] = read(path)["results"]
    rows = []
    for setting in settings(arguments.repetitions, arguments.trees, arguments.lstm):
        key = " | ".join(map(str, [*setting[:3], setting.distribution, setting.repetitions]))
        if key not in results:
            found = np.array([p_values(setting, repetition) for repetition in range(setting.repetitions)])
            results[key] = {name: rate(p) for name, p in zip(HEADER[5:], found.T.tolist(), strict=True)}
            write(path, results)
            print(key, *results[key].values(), sep="  ", flush=True)  # noqa: T201
        facts = [
            setting.classifier,
            setting.layout,
            str(setting.real_phi),
            setting.distribution,
            str(setting.repetitions),
        ]
        rows.append([*facts, *results[key].values()])
    text = table(HEADER, rows)
    path.with_suffix(".md").write_text(text + "\n", encoding="utf-8")
    insert(ROOT / "metrics" / "README.md", "two-sample calibration", text)


if __name__ == "__main__":
    main()
