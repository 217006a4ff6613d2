"""Scoring anyone's samples from any program: files in, the same scores, floors and controls out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data import load_series, spec_from_csv
from benchmark.data.scale import cut
from benchmark.errors import UserError, unknown
from benchmark.interface import FitContext, Windows
from benchmark.registry import load_class, load_spec
from benchmark.report.table import Table, make_table
from benchmark.results import COLUMNS
from benchmark.run.threads import single_thread
from benchmark.scoring import score_names
from benchmark.seeds import derive_seed
from benchmark.statistics import summarise
from metrics import registry
from metrics.applicability import NotApplicable

if TYPE_CHECKING:
    from metrics.base import Metric, Score

FEWEST_WINDOWS = 10
RANGE_TOLERANCE = 1e-5
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Request:
    """What to score and how; `low` and `high` are the declared range, which is scaled to [0, 1]."""

    real: Path
    fake: Path
    scores: tuple[str, ...]
    repetitions: int = 5
    seed: int = 0
    backend: str = "torch"
    length: int | None = None
    low: float = 0.0
    high: float = 1.0
    controls: bool = True
    device: str = "cpu"


def score_files(request: Request, report: Report) -> dict[str, Any]:
    """Every score of the given samples and of the controls on the same real windows; raises UserError.

    The oracle is one random half of the real windows against the other, so its n is half of theirs.
    """
    single_thread()
    metrics = [_metric(name, request.backend) for name in _chosen(request.scores)]
    if request.repetitions < 1:
        raise UserError(f"--repetitions is {request.repetitions}, but at least 1 is needed.")
    real, fake = (_windows(path, request) for path in (request.real, request.fake))
    if real.shape[1:] != fake.shape[1:]:
        raise UserError(
            f"'{request.real}' holds windows of {real.shape[1]} steps and {real.shape[2]} features, '{request.fake}' of "
            f"{fake.shape[1]} and {fake.shape[2]}; give windows of one shape."
        )
    scorer = _Scorer(metrics, request, report)
    found = {"given": scorer.scores("given", "all", real, fake)}
    if request.controls:
        context = FitContext(seed=request.seed)
        for name in ("copy", "gaussian"):
            control = load_class(load_spec(name))().fit(real, context)
            samples = control.sample(len(real), derive_seed("outside", name, request.seed))
            found[name] = scorer.scores(name, "all", real, samples)
        order = np.random.default_rng(derive_seed("outside", "halves", request.seed)).permutation(len(real))
        half = len(real) // 2
        reference, fresh = real[np.sort(order[:half])], real[order[half : 2 * half]]
        found["oracle"] = scorer.scores("oracle", "half", reference, fresh)
    return {
        "real": str(request.real),
        "fake": str(request.fake),
        "n_real": len(real),
        "n_fake": len(fake),
        "length": real.shape[1],
        "features": real.shape[2],
        "scores": found.pop("given"),
        "controls": found,
    }


def outside_table(result: dict[str, Any]) -> Table:
    """The result as the table that suites print."""
    import pandas as pd

    rows = []
    for name, scores in {"given": result["scores"], **result["controls"]}.items():
        base = {
            "cell": name,
            "generator": name,
            "title": {"given": Path(result["fake"]).name}.get(name, name.title()),
            "size_class": "other" if name == "given" else "control",
            "dataset": Path(result["real"]).name,
            "length": result["length"],
            "protocol": "paper",
            "budget": "none",
            "seed": 0,
            "status": "done",
            "reason": "",
        }
        for metric, entry in scores.items():
            facts = {"metric": metric, "floor": entry["floor"], "n": entry["n"]}
            if "problem" in entry:
                rows.append({**base, **facts, "status": entry["status"], "reason": entry["problem"]})
            for repetition, value in enumerate(entry["repetitions"]):
                rows.append({**base, **facts, "repetition": repetition, "value": value})
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return make_table(frame, title=f"{result['fake']} against {result['real']}", dataset_titles={})


def _chosen(names: Sequence[str]) -> list[str]:
    if list(names) == ["all"]:
        return score_names()
    for name in names:
        if name not in score_names():
            raise unknown("score", name, score_names(), owner="--scores")
    return list(names)


def _metric(name: str, backend: str) -> Metric:
    try:
        return registry.load(name, backend)()
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
                found[metric.sheet.name] = {**entry, "status": status, "problem": str(error)}
                continue
            entry |= {"repetitions": list(score.values), "details": score.details, **summarise(score.values)._asdict()}
            found[metric.sheet.name] = entry
        return found

    def _compute(self, metric: Metric, who: str, against: str, real: Windows, fake: Windows) -> Score:
        name, device = metric.sheet.name, self.request.device
        owner = metric.encoder_of or name
        seeds = [derive_seed("outside", owner, self.request.seed, index) for index in range(self.request.repetitions)]
        prepared = []
        for index, seed in enumerate(seeds if metric.shared else ()):
            self.report(f"{who}: preparing {name}", index, len(seeds))
            if (owner, against, seed) not in self.prepared:
                self.prepared[owner, against, seed] = metric.prepare(real, seed, device=device)
            prepared.append(self.prepared[owner, against, seed])
        return metric.compute(
            real,
            fake,
            seeds,
            device=device,
            prepared=prepared,
            training=real,
            progress=lambda done, total: self.report(f"{who}: {name}", done, total),
        )


def _windows(path: Path, request: Request) -> Windows:
    """A file's windows, scaled from the declared range to [0, 1]; a table's rows are cut into windows."""
    series = load_series(spec_from_csv(path), None)
    if series.windows:
        stack = np.stack(series.parts)
    elif request.length is None:
        raise UserError(f"'{path}' holds rows, not windows; say how long windows are with --length.")
    else:
        rows = np.concatenate(series.parts)
        if len(rows) < request.length:
            raise UserError(
                f"'{path}' has {len(rows)} rows, but windows of {request.length} need as many; use a shorter --length."
            )
        stack = np.asarray(cut(rows, request.length, 1))
    if len(stack) < FEWEST_WINDOWS:
        raise UserError(f"'{path}' holds {len(stack)} windows, but scores need at least {FEWEST_WINDOWS}; add windows.")
    low, high = float(stack.min()), float(stack.max())
    margin = RANGE_TOLERANCE * (request.high - request.low)
    if low < request.low - margin or high > request.high + margin:
        raise UserError(
            f"'{path}' holds values from {low:g} to {high:g}, outside the declared range {request.low:g},{request.high:g}; "
            "give the range of the real data with --range LOW,HIGH, or correct the file."
        )
    scaled = (stack - request.low) / (request.high - request.low)
    return np.clip(scaled, 0.0, 1.0).astype(np.float32)


def parse_range(text: str) -> tuple[float, float]:
    """The two numbers of `LOW,HIGH`; raises UserError."""
    parts = text.split(",")
    try:
        low, high = (float(part) for part in parts)
    except ValueError:
        raise UserError(f"--range '{text}' is not understood; write two numbers, such as 0,1.") from None
    if not -np.inf < low < high < np.inf:
        raise UserError(f"--range '{text}' is no range; write the lower end first, such as 0,1.")
    return low, high
