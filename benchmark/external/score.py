"""Scoring anyone's samples from any program: files in, the same scores, floors and controls out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.config.budgets import BUDGETS, BudgetSpec
from benchmark.config.generators import load_class, load_spec
from benchmark.errors import UserError, unknown
from benchmark.external.windows import Pair, load_pair
from benchmark.interface import FitContext, Windows
from benchmark.run.threads import single_thread
from benchmark.seeds import derive_seed
from benchmark.statistics import summarise
from metrics import registry
from metrics.base import NotApplicable, ScoreContext

if TYPE_CHECKING:
    from metrics.base import Metric, Score

REPETITIONS = 5
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Request:
    """What to score and how.

    `ranges` are declared ranges LOW,HIGH: none, one for all features, or one a feature. `repetitions` None leaves them to the
    budget, and `budget` None leaves metrics as they are published.
    """

    real: Path
    fake: Path
    scores: tuple[str, ...]
    repetitions: int | None = None
    seed: int = 0
    backend: str = "torch"
    length: int | None = None
    ranges: tuple[str, ...] = ()
    budget: str | None = None
    controls: bool = True
    device: str = "cpu"


def score_files(request: Request, report: Report) -> dict[str, Any]:
    """Every score of the given samples and of the controls on the same real windows; raises UserError.

    The oracle is one random half of the real windows against the other, so its n is half of theirs.
    """
    single_thread()
    budget = BUDGETS.load(request.budget) if request.budget else None
    metrics = [_metric(name, request.backend, budget) for name in _chosen(request.scores)]
    repetitions = request.repetitions
    if repetitions is None:
        repetitions = budget.repetitions if budget else REPETITIONS
    if repetitions < 1:
        raise UserError(f"--repetitions is {repetitions}, but at least 1 is needed.")
    pair = load_pair(request.real, request.fake, request.length, request.ranges)
    real, fake = (
        _limited(name, array, budget, request.seed) for name, array in (("real", pair.real), ("fake", pair.fake))
    )
    scorer = _Scorer(metrics, replace(request, repetitions=repetitions), report)
    found = {"given": scorer.scores("given", "all", real, fake)}
    if request.controls:
        context = FitContext(seed=request.seed)
        for name in ("copy", "gaussian"):
            control = load_class(load_spec(name))().fit(real, context)
            samples = control.sample(len(real), derive_seed("outside", name, request.seed))
            found[name] = scorer.scores(name, "all", real, samples)
        order = np.random.default_rng(derive_seed("outside", "halves", request.seed)).permutation(len(real))
        half = len(real) // 2
        reference, other = real[np.sort(order[:half])], real[order[half : 2 * half]]
        found["oracle"] = scorer.scores("oracle", "half", reference, other)
    return {
        "real": str(request.real),
        "fake": str(request.fake),
        "n_real": len(real),
        "n_fake": len(fake),
        "length": real.shape[1],
        "features": real.shape[2],
        "budget": request.budget,
        "repetitions": repetitions,
        "scaling": _scaling(pair),
        "scores": found.pop("given"),
        "controls": found,
    }


def _scaling(pair: Pair) -> dict[str, Any]:
    return {
        "by": pair.scaling,
        "low": list(pair.low),
        "high": list(pair.high),
        "clipped": pair.clipped,
        "sentence": pair.sentence(),
    }


def _limited(role: str, windows: Windows, budget: BudgetSpec | None, seed: int) -> Windows:
    """At most as many windows as the budget takes, a random subset in their order."""
    limit = budget.max_windows if budget else None
    if limit is None or len(windows) <= limit:
        return windows
    chosen = np.random.default_rng(derive_seed("outside", role, seed)).choice(len(windows), limit, replace=False)
    return windows[np.sort(chosen)]


def _chosen(names: Sequence[str]) -> list[str]:
    if list(names) == ["all"]:
        return registry.names()
    for name in names:
        if name not in registry.names():
            raise unknown("score", name, registry.names(), owner="--scores")
    return list(names)


def _metric(name: str, backend: str, budget: BudgetSpec | None) -> Metric:
    try:
        return registry.load(name, backend)(**(budget.scores.get(name, {}) if budget else {}))
    except ValueError as error:
        raise UserError(str(error)) from None


class _Scorer:
    """Computes scores and keeps what they prepare from the same real windows, so that an encoder is trained once."""

    def __init__(self, metrics: Sequence[Metric], request: Request, report: Report) -> None:
        self.metrics = metrics
        self.request = request
        self.report = report
        self.prepared: dict[tuple[str, str, int], Mapping[str, NDArray[Any]]] = {}

    def scores(self, who: str, against: str, real: Windows, fake: Windows) -> dict[str, Any]:
        """Every score of `fake` against `real`; one that cannot be computed here says why instead of a value."""
        found: dict[str, Any] = {}
        for metric in self.metrics:
            n = min(len(real), len(fake))
            entry: dict[str, Any] = {
                "floor": metric.floor(n),
                "n": n,
                "mean": None,
                "half_width": None,
                "repetitions": [],
                "details": {},
            }
            try:
                score = self._compute(metric, who, against, real, fake)
            except ValueError as error:
                status = "not applicable" if isinstance(error, NotApplicable) else "failed"
                found[metric.info.name] = {**entry, "status": status, "problem": str(error)}
                continue
            entry |= {"repetitions": list(score.values), "details": score.details, **summarise(score.values)._asdict()}
            found[metric.info.name] = entry
        return found

    def _compute(self, metric: Metric, who: str, against: str, real: Windows, fake: Windows) -> Score:
        name, device = metric.info.name, self.request.device
        owner = metric.encoder_of or name
        seeds = [
            derive_seed("outside", owner, self.request.seed, index)
            for index in range(self.request.repetitions or REPETITIONS)
        ]
        prepared = []
        for index, seed in enumerate(seeds if metric.shared else ()):
            self.report(f"{who}: preparing {name}", index, len(seeds))
            if (owner, against, seed) not in self.prepared:
                self.prepared[owner, against, seed] = metric.prepare(real, seed, device=device)
            prepared.append(self.prepared[owner, against, seed])
        return metric.compute(
            real,
            fake,
            ScoreContext(
                seeds=seeds,
                device=device,
                prepared=prepared,
                training=real,
                progress=lambda done, total: self.report(f"{who}: {name}", done, total),
            ),
        )
