"""The smallest corruption that a score finds with probability 0.8 at the number of windows that protocol strict leaves.

    python -m tests.studies.power --metric block_c2st [...] --dataset stocks etth --data-dir FOLDER [--repetitions 20]

Of each pair of a validation and a test block one, by lot, plays the real windows and the other the generated ones, which are
corrupted: each repetition has other windows in either role, at full number, and at strength 0 a perfect generator. Every second
training block plays the training windows, the others the validation windows, so that all four sets are disjoint.

A score with `p_value` in its details finds a corruption where p ≤ 0.05. Any other, and one whose p-value is of a gain
(higher is better), finds it where the score is farther from its ideal than from as many uncorrupted repetitions 95 % are.
The strengths are searched by bisection, which presumes that a stronger corruption is found no less often; a strength is
given up as soon as too many repetitions have missed it, and passes as soon as enough have found it. Results:
`results/measured/power/<data set>.json` and `.md`, the tables also in `metrics/README.md`, which needs marks for each data
set. One process, one thread.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.data import load_spec, load_windows
from benchmark.data.windows import WindowSet
from benchmark.seeds import derive_seed
from metrics.base import Blocks, Metric, Score, ScoreContext, Windows
from metrics.registry import load
from tests.metrics.corruptions import CORRUPTIONS
from tests.studies.record import MEASURED, ROOT, insert, read, table, write

STRENGTHS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
POWER = 0.8
LEVEL = 0.05

Test = Callable[[Windows, Windows, ScoreContext], bool]
"""Whether real and generated windows are told apart at the level 5 %."""


class Roles(NamedTuple):
    """One repetition: real windows, windows to corrupt, and the context of a score."""

    real: Windows
    fresh: Windows
    context: ScoreContext


def draw_roles(windows: WindowSet, seed: int) -> Roles:
    """Real and fresh windows by lot from each pair of a validation and a test block, training and validation windows in turn.

    Raises SystemExit where validation and test blocks are no pairs.
    """
    held = {role: _by_block(getattr(windows, role), windows.blocks[role]) for role in ("validation", "test")}
    if len(held["validation"]) != len(held["test"]):
        raise SystemExit("this data set has no pairs of a validation and a test block; choose another.")
    lots = np.random.default_rng(seed).random(len(held["test"])) < 0.5
    pairs = list(zip(held["validation"], held["test"], lots, strict=True))
    real, real_blocks = _joined([first if lot else second for first, second, lot in pairs])
    fresh, _ = _joined([second if lot else first for first, second, lot in pairs])
    trains = _by_block(windows.train, windows.blocks["train"])
    (training, training_blocks), (validation, validation_blocks) = _joined(trains[::2]), _joined(trains[1::2])
    blocks = Blocks(real_blocks, training_blocks, validation_blocks)
    return Roles(real, fresh, ScoreContext(seeds=[seed], training=training, validation=validation, blocks=blocks))


Block = tuple[int, Windows]


def _by_block(windows: Windows, numbers: NDArray[np.intp]) -> list[Block]:
    """The windows of each block, in order."""
    order = np.argsort(numbers, kind="stable")
    labels, first = np.unique(numbers[order], return_index=True)
    return list(zip(labels.tolist(), np.split(windows[order], first[1:]), strict=True))


def _joined(blocks: Sequence[Block]) -> tuple[Windows, NDArray[np.intp]]:
    """The windows of some blocks, clipped to [0, 1] as samples are, and the block of each."""
    numbers = np.repeat([number for number, _ in blocks], [len(windows) for _, windows in blocks])
    return np.clip(np.concatenate([windows for _, windows in blocks]), 0, 1), numbers.astype(np.intp)


def by_p_value(metric: Metric) -> Test:
    """A score's own test."""

    def test(real: Windows, fake: Windows, context: ScoreContext) -> bool:
        return _p_values(metric.compute(real, fake, context))[0] <= LEVEL

    return test


def _p_values(score: Score) -> list[float]:
    """The p-values of a score, by repetition or one for all; none where it has no test."""
    found: list[float] = np.ravel(score.details.get("p_value", [])).tolist()
    return found


def by_spread(metric: Metric, clean: Sequence[float]) -> Test:
    """A score against the distances from its ideal that a perfect generator had in so many repetitions.

    With R of them the bound is the ⌈0.95 (R + 1)⌉-th smallest, beyond which a further perfect one falls with at most 5 %. Raises
    SystemExit below the 19 that this needs.
    """
    place = math.ceil((1 - LEVEL) * (len(clean) + 1))
    if place > len(clean):
        raise SystemExit(f"{metric.info.name} has no p-value, so its spread is needed; give --repetitions 19 or more.")
    bound = sorted(clean)[place - 1]

    def test(real: Windows, fake: Windows, context: ScoreContext) -> bool:
        return _distance(metric, metric.compute(real, fake, context)) > bound

    return test


def _distance(metric: Metric, score: Score) -> float:
    """How much worse than ideal; for scores with a direction, what is better than ideal is below 0."""
    away = score.mean - metric.info.ideal
    if metric.info.higher_is_better is None:
        return abs(away)
    return -away if metric.info.higher_is_better else away


class Search:
    """The smallest strength of one corruption that a test finds, on one data set."""

    def __init__(self, windows: WindowSet, test: Test, repetitions: int, known: dict[str, list[bool]]) -> None:
        self.windows, self.test, self.repetitions, self.known = windows, test, repetitions, known
        self.needed = math.ceil(POWER * repetitions)

    def found(self, corruption: str, strength: float, repetition: int) -> bool:
        """One repetition."""
        roles = draw_roles(self.windows, derive_seed("power", repetition))
        seed = derive_seed("power", corruption, str(strength), repetition)
        fake = CORRUPTIONS[corruption](roles.fresh, strength, seed, roles.context.training)
        return self.test(roles.real, fake, replace(roles.context, seeds=[seed]))

    def passes(self, corruption: str, strength: float) -> bool:
        """Whether enough repetitions find this strength; no more are computed than that takes."""
        answers = self.known.setdefault(f"{corruption} {strength}", [])
        while sum(answers) < self.needed and len(answers) - sum(answers) <= self.repetitions - self.needed:
            answers.append(self.found(corruption, strength, len(answers)))
        return sum(answers) >= self.needed

    def smallest(self, corruption: str) -> float | None:
        """The smallest strength that passes; None where none does."""
        low, high = 0, len(STRENGTHS)
        while low < high:
            middle = (low + high) // 2
            if self.passes(corruption, STRENGTHS[middle]):
                high = middle
            else:
                low = middle + 1
        return STRENGTHS[low] if low < len(STRENGTHS) else None


def clean_scores(metric: Metric, windows: WindowSet, repetitions: int) -> list[Score]:
    """The scores of a perfect generator, in roles that no corruption is tried in."""
    drawn = [draw_roles(windows, derive_seed("power", "clean", repetition)) for repetition in range(repetitions)]
    return [metric.compute(roles.real, roles.fresh, roles.context) for roles in drawn]


def study(name: str, windows: WindowSet, results: dict[str, Any], repetitions: int, keep: Callable[[], None]) -> None:
    """Fill `results` of one metric: what a perfect generator scores, every answer, and the smallest strengths."""
    metric = load(name)()
    if "clean" not in results:
        scores = clean_scores(metric, windows, repetitions)
        results["clean"] = [score.mean for score in scores]
        results["distances"] = [_distance(metric, score) for score in scores]
        against = () if metric.info.higher_is_better else scores
        results["p_values"] = [p for score in against for p in _p_values(score)[:1]]
        keep()
    test = by_p_value(metric) if results["p_values"] else by_spread(metric, results["distances"])
    search = Search(windows, test, repetitions, results.setdefault("answers", {}))
    smallest = results.setdefault("smallest", {})
    for corruption in CORRUPTIONS:
        if corruption not in smallest:
            smallest[corruption] = search.smallest(corruption)
            keep()
            print(name, corruption, smallest[corruption], flush=True)  # noqa: T201


def row(name: str, found: dict[str, Any]) -> list[str]:
    """A line of the table."""
    kept = len(found["clean"])
    wrong = sum(p <= LEVEL for p in found["p_values"])
    judged = f"p ≤ 0.05 ({wrong} of {kept})" if found["p_values"] else f"spread of {kept}"
    smallest = [found["smallest"].get(corruption, "") for corruption in CORRUPTIONS]
    return [name, judged, *("none" if strength is None else str(strength) for strength in smallest)]


def main() -> None:
    """Measure what is not known yet, and write a table a data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metric", nargs="+", default=["block_c2st"])
    parser.add_argument("--dataset", nargs="+", default=["stocks", "etth"])
    parser.add_argument("--data-dir", type=Path, default=None)
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--repetitions", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for dataset in arguments.dataset:
        windows = load_windows(
            load_spec(dataset), arguments.length, "strict", data_dir=arguments.data_dir, seed_for_split=0
        )
        path = MEASURED / "power" / f"{dataset}.json"
        results = read(path)["results"]
        results["windows"] = len(windows.test)
        results["blocks"] = len(np.unique(windows.blocks["test"]))
        metrics = results.setdefault("metrics", {})
        for name in arguments.metric:
            found = metrics.setdefault(name, {"repetitions": arguments.repetitions})
            study(name, windows, found, found["repetitions"], lambda p=path, r=results: write(p, r))
        header = ["score", "found by", *(corruption.replace("_", " ") for corruption in CORRUPTIONS)]
        rows = [row(name, found) for name, found in metrics.items() if "smallest" in found]
        text = table(header, rows)
        path.with_suffix(".md").write_text(text + "\n", encoding="utf-8")
        insert(ROOT / "metrics" / "README.md", f"power {dataset}", text)


if __name__ == "__main__":
    main()
