"""Scoring anyone's samples from any program: windows in, the same scores, floors and controls out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.config.budgets import BUDGETS, BudgetSpec
from benchmark.config.generators import load_class, load_spec
from benchmark.errors import UserError, unknown
from benchmark.external.windows import Pair
from benchmark.interface import FitContext, Windows
from benchmark.seeds import derive_seed
from benchmark.statistics import summarise
from metrics import registry
from metrics.base import Blocks, NotApplicable, ScoreContext
from metrics.common.threads import one_thread

if TYPE_CHECKING:
    from metrics.base import Metric, Score

REPETITIONS = 5
ReportScore = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Settings:
    """How to score: `repetitions` None leaves them to the budget, and `budget` None leaves metrics as they are published."""

    scores: tuple[str, ...]
    repetitions: int | None = None
    seed: int = 0
    backend: str = "torch"
    budget: str | None = None
    controls: bool = True
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class Given:
    """Windows (N, T, D) in [0, 1] to score.

    Attributes:
        real: What the scores compare with.
        fake: Generated windows.
        names: What real and generated windows are called.
        scaling: How they came to [0, 1], as the result records it.
        protocol: paper or strict.
        training: What a generator may have been fitted to; None where that is `real`.
        validation: Real windows disjoint from training and real ones.
        blocks: Which windows overlap.
        disjoint: Real windows disjoint from `real`, which the oracle hands out; None where it is one random half of `real`
            against the other.
    """

    real: Windows
    fake: Windows
    names: tuple[str, str]
    scaling: Mapping[str, Any]
    protocol: str = "paper"
    training: Windows | None = None
    validation: Windows | None = None
    blocks: Blocks | None = None
    disjoint: Windows | None = None


def score_windows(given: Given, settings: Settings, report: ReportScore) -> dict[str, Any]:
    """Every score of the given windows and of the controls on the same real windows, as `score --json` writes it.

    Raises:
        UserError: A score, a budget or a back end does not exist, or there is no repetition.
    """
    budget = BUDGETS.load(settings.budget) if settings.budget else None
    metrics = [_metric(name, settings.backend, budget) for name in _chosen(settings.scores)]
    repetitions = settings.repetitions
    if repetitions is None:
        repetitions = budget.repetitions if budget else REPETITIONS
    if repetitions < 1:
        raise UserError(f"the number of repetitions is {repetitions}, but at least 1 is needed.")
    given = _limited(given, budget.max_windows if budget else None, settings.seed)
    oracle = _oracle(given, settings.seed)
    scorer = _Scorer(metrics, settings, repetitions, report)
    with one_thread():
        found = {"given": scorer.scores("given", "all", given)}
        if settings.controls:
            fitted_to = given.real if given.training is None else given.training
            for name in ("copy", "gaussian"):
                control = load_class(load_spec(name))().fit(fitted_to, FitContext(seed=settings.seed))
                samples = control.sample(len(given.real), derive_seed("outside", name, settings.seed))
                found[name] = scorer.scores(name, "all", replace(given, fake=samples))
            found["oracle"] = scorer.scores("oracle", "half" if given.disjoint is None else "all", oracle)
    return {
        "real": given.names[0],
        "fake": given.names[1],
        "n_real": len(given.real),
        "n_fake": len(given.fake),
        "n_oracle": [len(oracle.fake), len(oracle.real)],
        "length": given.real.shape[1],
        "features": given.real.shape[2],
        "protocol": given.protocol,
        "budget": settings.budget,
        "repetitions": repetitions,
        "scaling": given.scaling,
        "scores": found.pop("given"),
        "controls": found,
    }


def scaling(pair: Pair) -> dict[str, Any]:
    """How a pair was scaled, as the result records it."""
    return {
        "by": pair.scaling,
        "low": list(pair.low),
        "high": list(pair.high),
        "clipped": pair.clipped,
        "sentence": pair.sentence(),
    }


def _limited(given: Given, limit: int | None, seed: int) -> Given:
    """At most `limit` windows of each role, a random subset in their order."""

    def chosen(role: str, windows: Sized | None) -> Any:
        count = 0 if windows is None else len(windows)
        if limit is None or count <= limit:
            return slice(None)
        rng = np.random.default_rng(derive_seed("outside", role, seed))
        return np.sort(rng.choice(count, limit, replace=False))

    def some(role: str, windows: Windows | None) -> Windows | None:
        return None if windows is None else windows[chosen(role, windows)]

    blocks = given.blocks
    if blocks is not None:
        blocks = Blocks(
            blocks.real[chosen("real", blocks.real)],
            blocks.training[chosen("training", blocks.training)],
            blocks.validation[chosen("validation", blocks.validation)],
        )
    return replace(
        given,
        real=given.real[chosen("real", given.real)],
        fake=given.fake[chosen("fake", given.fake)],
        training=some("training", given.training),
        validation=some("validation", given.validation),
        # Under protocol strict the validation windows, so that both stay the same windows.
        disjoint=some("validation", given.disjoint),
        blocks=blocks,
    )


def _oracle(given: Given, seed: int) -> Given:
    """What a perfect generator would have given: the disjoint real windows, else one random half against the other."""
    if given.disjoint is not None:
        return replace(given, fake=given.disjoint)
    order = np.random.default_rng(derive_seed("outside", "halves", seed)).permutation(len(given.real))
    half = len(given.real) // 2
    reference, other = given.real[np.sort(order[:half])], given.real[order[half : 2 * half]]
    return replace(given, real=reference, fake=other)


def _chosen(names: Sequence[str]) -> list[str]:
    if list(names) == ["all"]:
        return registry.names()
    for name in names:
        if name not in registry.names():
            raise unknown("score", name, registry.names(), owner="scores")
    return list(names)


def _metric(name: str, backend: str, budget: BudgetSpec | None) -> Metric:
    try:
        return registry.load(name, backend)(**(budget.scores.get(name, {}) if budget else {}))
    except ValueError as error:
        raise UserError(str(error)) from None


class _Scorer:
    """Computes scores and keeps what they prepare from the same real windows, so that an encoder is trained once."""

    def __init__(self, metrics: Sequence[Metric], settings: Settings, repetitions: int, report: ReportScore) -> None:
        self.metrics = metrics
        self.settings = settings
        self.repetitions = repetitions
        self.report = report
        self.prepared: dict[tuple[str, str, int], Mapping[str, NDArray[Any]]] = {}

    def scores(self, who: str, against: str, given: Given) -> dict[str, Any]:
        """Every score of the generated windows; one that cannot be computed here says why instead of a value."""
        found: dict[str, Any] = {}
        for metric in self.metrics:
            n = min(len(given.real), len(given.fake))
            entry: dict[str, Any] = {
                "floor": metric.floor(n),
                "n": n,
                "mean": None,
                "half_width": None,
                "repetitions": [],
                "details": {},
            }
            try:
                score = self._compute(metric, who, against, given)
            except ValueError as error:
                status = "not applicable" if isinstance(error, NotApplicable) else "failed"
                found[metric.info.name] = {**entry, "status": status, "problem": str(error)}
                continue
            entry |= {"repetitions": list(score.values), "details": score.details, **summarise(score.values)._asdict()}
            found[metric.info.name] = entry
        return found

    def _compute(self, metric: Metric, who: str, against: str, given: Given) -> Score:
        name, device = metric.info.name, self.settings.device
        owner = metric.encoder_of or name
        seeds = [derive_seed("outside", owner, self.settings.seed, index) for index in range(self.repetitions)]
        prepared = []
        for index, seed in enumerate(seeds if metric.shared else ()):
            self.report(f"{who}: preparing {name}", index, len(seeds))
            if (owner, against, seed) not in self.prepared:
                self.prepared[owner, against, seed] = metric.prepare(given.real, seed, device=device)
            prepared.append(self.prepared[owner, against, seed])
        return metric.compute(
            given.real,
            given.fake,
            ScoreContext(
                seeds=seeds,
                device=device,
                prepared=prepared,
                training=given.real if given.training is None else given.training,
                validation=given.validation,
                blocks=given.blocks,
                progress=lambda done, total: self.report(f"{who}: {name}", done, total),
            ),
        )
