"""The training loop: steps with a passed-in random stream, checkpoints, progress, divergence, clean stops."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark import sealed_file
from benchmark.errors import AlteredFileError, DivergedError, Interrupted
from benchmark.files import replacing
from benchmark.interface import FitContext, Progress
from benchmark.training.denormals import flushed_denormals
from benchmark.training.memory import raise_malloc_threshold

REPORT_EVERY = 50
"""Steps between two reports of a training's metrics."""

DAMAGE = (SafetensorError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, OverflowError)
"""What reading a damaged checkpoint raises."""


def is_reported(step: int, steps: int) -> bool:
    """Whether the metrics of step number `step` (from 0) of `steps` are read."""
    return (step + 1) % REPORT_EVERY == 0 or step + 1 == steps


def _never() -> bool:
    return False


class Task(Protocol):
    """Something that is trained step by step and whose whole state is a flat dictionary of tensors."""

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Do step number `step` (from 0); the first metric returned is the loss."""

    def state(self) -> dict[str, Tensor]:
        """Weights, optimizer moments, averages: all that the next step depends on beside the random stream."""

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""


@flushed_denormals()
def train(
    task: Task,
    *,
    name: str,
    steps: int,
    context: FitContext,
    rng: torch.Generator,
    is_over: Callable[[], bool] = _never,
) -> None:
    """Run `steps` steps of `task`, or fewer where `is_over` says so, going on from the last checkpoint of `name` if there is one.

    Metrics are read from the device and reported every `REPORT_EVERY` steps and at the end. Raises DivergedError when the loss is
    not finite, Interrupted (after saving) when the context asks for a stop, AlteredFileError for a checkpoint that was
    truncated or altered after it was written. A resumed run draws the same random numbers as an
    uninterrupted one.
    """
    raise_malloc_threshold()
    path = context.checkpoint_dir / f"{name}.safetensors" if context.checkpoint_dir else None
    step = _restore(task, path, rng)
    saved_at = time.monotonic()
    context.progress(Progress(name, step, steps))
    while step < steps and not is_over():
        metrics = task.step(step, rng)
        reported, step = is_reported(step, steps), step + 1
        if reported:
            values = {key: float(value) for key, value in metrics.items()}
            loss = next(iter(values.values()))
            if not math.isfinite(loss):
                raise DivergedError(f"the loss of {name} is {loss} at step {step} of {steps}")
            context.progress(Progress(name, step, steps, values))
        stopping = context.stop_requested()
        if path and (
            stopping or step == steps or is_over() or time.monotonic() - saved_at > context.checkpoint_seconds
        ):
            _save(task, path, rng, step)
            saved_at = time.monotonic()
        if stopping:
            raise Interrupted(f"stopped in {name} after step {step} of {steps}")
    if step < steps:
        context.progress(Progress(name, step, step))


def _save(task: Task, path: Path, rng: torch.Generator, step: int) -> None:
    """One file holds everything, so a checkpoint exists whole or not at all."""
    tensors = {key: value.detach().to("cpu", copy=True).contiguous() for key, value in task.state().items()}
    tensors["random_state"] = rng.get_state().cpu().clone()
    with replacing(path) as part:
        save_file(tensors, part, metadata={"progress": json.dumps({"step": step}), sealed_file.SEAL: sealed_file.BLANK})
        sealed_file.seal(part)


def _restore(task: Task, path: Path | None, rng: torch.Generator) -> int:
    if path is None or not path.exists():
        return 0
    if sealed_file.is_altered(path):
        raise AlteredFileError(path)
    try:
        tensors, step = load_file(path), _step_of(path)
        rng.set_state(tensors.pop("random_state"))
    except DAMAGE:
        raise AlteredFileError(path) from None
    task.load_state(tensors)
    return step


def _step_of(path: Path) -> int:
    with safe_open(path, framework="pt") as file:
        return int(json.loads(file.metadata()["progress"])["step"])
