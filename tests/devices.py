"""Every program that takes a device, run whole on one: fits that stop and go on, samples, files, metrics."""

from __future__ import annotations

import inspect
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.config.generators import load_class, load_spec
from benchmark.errors import Interrupted
from benchmark.interface import FitContext, Windows
from metrics import registry
from metrics.base import Blocks, ScoreContext
from tests.small_generators import shortened

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
"""The accelerator where there is one, else the CPU."""


def windows(count: int, seed: int = 0, *, length: int = 24) -> Windows:
    """Windows (N=`count`, T=`length`, D=2) of noise."""
    return np.random.default_rng(seed).random((count, length, 2), dtype=np.float32)


@dataclass
class Samples:
    """Windows of one fit, by the generator that was fitted and by what it saved, read on the device and on the CPU."""

    fitted: Windows
    loaded: Windows
    on_cpu: Windows


def fit_and_sample(name: str, device: str) -> Samples:
    """Fit a generator on `device`, stopped once where its training can be, save it and load it."""
    spec = load_spec(name)
    cls, params = load_class(spec), shortened(name)
    if "patch_nums" in params:
        params["patch_nums"] = sorted({params["patch_nums"][0], params["patch_nums"][-1]})
    if spec.extends:  # differs from its base by a part; two steps and a stop are the base's matter
        params |= {key: 1 for key in params if key in ("steps", "stage1_steps", "stage2_steps")}
    data = windows(6)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, model = Path(folder, "checkpoint"), Path(folder, "model")
        checkpoint.mkdir(), model.mkdir()
        given: dict[str, Any] = {
            "seed": 1,
            "device": device,
            "checkpoint_dir": checkpoint,
            "validation": windows(3, 1),
            "real_disjoint": windows(6, 2) if cls.uses_real_disjoint else None,
            "warn": lambda sentence: None,
        }
        try:
            made = cls(**params).fit(data, FitContext(**given, stop_requested=lambda: not spec.extends))
        except Interrupted:
            made = cls(**params).fit(data, FitContext(**given))
        fitted = made.sample(3, 2)
        made.save(model)
        return Samples(fitted, cls.load(model, device).sample(3, 2), cls.load(model).sample(3, 2))


def scores(name: str, device: str) -> tuple[float, ...]:
    """The scores of a metric with two seeds, what it prepares computed first."""
    cls = registry.load(name)
    metric = cls(**({"steps": 2} if "steps" in inspect.signature(cls).parameters else {}))
    real, count = windows(24, length=12), np.arange(24, dtype=np.intp) // 2 * 3
    seeds = (0, 1)
    prepared = [metric.prepare(real, seed, device) for seed in seeds]
    context = ScoreContext(
        seeds=seeds,
        device=device,
        training=windows(24, 1, length=12),
        validation=windows(24, 2, length=12),
        blocks=Blocks(count, count + 1, count + 2),
        prepared=prepared if all(prepared) else (),
    )
    return metric.compute(real, windows(24, 3, length=12), context).values
