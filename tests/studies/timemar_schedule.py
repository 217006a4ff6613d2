"""How `timemar_s_early` was chosen: settings of TimeMAR-S compared on validation windows under protocol strict.

    python -m tests.studies.timemar_schedule --dataset etth stocks --fits before all --data-dir FOLDER

Every fit sees the training windows alone. Its samples are compared with the validation windows (Context-FID, two encoders, the
spectral distance) and with the training windows (Context-FID, distance to the closest, in units of theirs). The rule, set
before: the lowest mean log Context-FID against validation windows over the data sets, among the settings whose samples lie at a
distance of at least 0.95. Results go on where they were stopped: fits in `runs/timemar_schedule`, figures in
`results/measured/timemar_schedule`.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import Any

import torch

from benchmark.config.generators import load_spec, resolve
from benchmark.data import load_spec as load_dataset_spec
from benchmark.data import load_windows
from benchmark.interface import FitContext, Progress, Windows
from metrics.base import ScoreContext
from metrics.context_fid import ContextFID
from metrics.dcr_ratio import DCRRatio
from metrics.spectral import Spectral
from tests.studies.record import MEASURED, ROOT, read, table, write
from timemar.architecture import Stages
from timemar.generator import TimeMAR
from timemar.output_noise import NoOutputNoise

LENGTH = 24
BEFORE: dict[str, Any] = {
    "stage2_steps": 8000,
    "patch_nums": (1, 2, 3, 4, 5, 6),
    "mixing": 0.0,
    "holdout": 0.0,
    "temperature": 1.0,
    "fine_temperature": None,
    "output_noise": True,
}
"""The schedule before, for every data set but fMRI, whose ladder stays; the noise is fitted and taken out again below."""
CODES: dict[str, Any] = {"patch_nums": (1, 2, 3, 6), "vocab_size": 32, "stage2_steps": 3000}
EARLY: dict[str, Any] = {"holdout": 0.05, "stage2_learning_rate": 0.0005}
PUBLISHED: dict[str, Any] = {
    "stage2_steps": 1800,
    "stage2_batch": 512,
    "stage2_learning_rate": 0.0001,
    "stage2_decay": "halving",
    "stage2_warmup": 0.0,
    "dropout": 0.1,
}
"""Stage 2 by Table 7; 1,800 steps are its 900 epochs of the training windows of Stocks under protocol strict."""
FITS: dict[str, dict[str, Any]] = {
    "before": {},
    "published stage 2": PUBLISHED,
    "codes, published stage 2": {**CODES, **PUBLISHED},
    "ladder": {"patch_nums": (1, 2, 3, 6), "stage2_steps": 3000},
    "mixing": {"mixing": 0.5},
    "holdout": {"holdout": 0.1, "stage2_steps": 3000},
    "codes": CODES,
    "codes, held out": {**CODES, "holdout": 0.1},
    "early stopping": {**CODES, **EARLY, "dropout": 0.3},
    "early stopping, dropout 0.08": {**CODES, **EARLY},
    "early stopping, dropout 0.5": {**CODES, **EARLY, "dropout": 0.5},
    "all": {"patch_nums": (1, 2, 3, 6), "mixing": 0.5, "holdout": 0.1, "stage2_steps": 3000},
}
SAMPLINGS: dict[str, dict[str, Any]] = {
    f"noise {noisy}, fine temperature {fine}": {"noisy": noisy, "fine_temperature": fine}
    for noisy, fine in product((False, True), (1.0, 0.85, 0.7))
} | {"noise False, temperature 1.1": {"noisy": False, "temperature": 1.1}}
"""How samples are drawn from one fit; the last is that of `timemar_s` on Stocks at `fast`."""
ENCODERS = (0, 1)


def report(progress: Progress) -> None:
    """A line every thousand steps."""
    if progress.step % 1000 == 0 or progress.step == progress.total:
        values = ", ".join(f"{name} {value:.4g}" for name, value in progress.metrics.items())
        print(f"{progress.stage} {progress.step} of {progress.total} {values}", flush=True)  # noqa: T201


def fit(dataset: str, name: str, seed: int, windows: Windows, validation: Windows) -> tuple[TimeMAR, float]:
    """One fit, and the CPU seconds that it took in this process."""
    setting = {
        "dataset": dataset,
        "features": windows.shape[2],
        "length": LENGTH,
        "budget": "fast",
        "protocol": "strict",
    }
    params = {**resolve(load_spec("timemar_s"), setting, {}).params, **BEFORE, **FITS[name]}
    if dataset == "fmri":
        params["patch_nums"] = (
            (1, 2, 3, 4, 6, 8, 10, 12) if name in ("before", "mixing", "holdout") else (1, 2, 3, 6, 12)
        )
    folder = ROOT / "runs" / "timemar_schedule" / f"{dataset}-{name}-s{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    context = FitContext(seed=seed, checkpoint_dir=folder, validation=validation, progress=report)
    return TimeMAR(**params).fit(windows, context), time.process_time() - started


def settings(model: TimeMAR, train: Windows, validation: Windows) -> dict[str, dict[str, float]]:
    """Scores of a fitted model's samples by how they are drawn."""
    metric, spectral, closest = ContextFID(), Spectral(), DCRRatio()
    prepared = {
        role: [metric.prepare(real, seed) for seed in ENCODERS]
        for role, real in (("validation", validation), ("training", train))
    }
    stages = model.network_
    assert isinstance(stages, Stages)
    noise = stages.noise
    found: dict[str, dict[str, float]] = {}
    for name, drawn in SAMPLINGS.items():
        stages.noise = noise if drawn["noisy"] else NoOutputNoise()
        model.temperature = drawn.get("temperature", 1.0)
        model.fine_temperature = drawn.get("fine_temperature")
        samples = model.sample(len(train), 1)
        some = samples[: len(validation)]
        found[name] = {
            "validation": _mean(metric.compute(validation, some, _context(prepared["validation"])).values),
            "training": _mean(metric.compute(train, samples, _context(prepared["training"])).values),
            "spectral": spectral.compute(validation, some).values[0],
            "closest": closest.compute(train, samples, ScoreContext(training=train)).values[0],
        }
    real = metric.compute(validation, train[:: max(1, len(train) // len(validation))], _context(prepared["validation"]))
    found["training windows themselves"] = {"validation": _mean(real.values), "training": 0.0, "closest": 0.0}
    return found


def _context(prepared: list[Any]) -> ScoreContext:
    return ScoreContext(seeds=ENCODERS, prepared=prepared)


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values)


def rows(results: dict[str, Any]) -> list[list[str]]:
    """One row a setting."""
    shown = []
    for name, fitted in results.items():
        nats = f"{fitted['train_nll']:.2f}, {fitted['validation_nll']:.2f}"
        for setting, scores in fitted["settings"].items():
            values = [f"{scores[key]:.4f}" if key in scores else "" for key in ("validation", "training", "spectral")]
            shown.append([name, setting, *values, f"{scores['closest']:.2f}", nats, f"{fitted['cpu_seconds']:.0f}"])
    return shown


def main() -> None:
    """Fit, score, keep and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", nargs="+", default=["etth", "stocks"])
    parser.add_argument("--fits", nargs="+", default=list(FITS), choices=list(FITS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for dataset, name, seed in product(arguments.dataset, arguments.fits, arguments.seeds):
        path = MEASURED / "timemar_schedule" / f"{dataset}.json"
        key = f"{name}, training seed {seed}"
        if key in read(path)["results"]:
            continue
        cache = ROOT / "runs" / "timemar_schedule" / "data"
        found = load_windows(
            load_dataset_spec(dataset), LENGTH, "strict", data_dir=arguments.data_dir, cache_dir=cache, seed_for_split=0
        )
        assert found.validation is not None
        model, seconds = fit(dataset, name, seed, found.train, found.validation)
        measured = {key: value for key, value in model.measurements_.items() if key != "warnings"}
        scores = settings(model, found.train, found.validation)
        write(path, {**read(path)["results"], key: {**measured, "cpu_seconds": seconds, "settings": scores}})
    for dataset in arguments.dataset:
        header = [
            "fit",
            "samples",
            "validation",
            "training",
            "spectral",
            "closest",
            "nats: training, validation",
            "CPU s",
        ]
        path = MEASURED / "timemar_schedule" / f"{dataset}.json"
        print(f"\n{dataset}\n{table(header, rows(read(path)['results']))}")  # noqa: T201


if __name__ == "__main__":
    main()
