"""What every trained generator needs: a loop that resumes, seeded building blocks, rates and averages."""

from benchmark.training.layers import SeededDropout, build, count_parameters, set_dropout_rng
from benchmark.training.loop import Task, is_reported, train
from benchmark.training.memory import raise_malloc_threshold
from benchmark.training.network import NetworkGenerator, as_tensor, seeded
from benchmark.training.optim import (
    adamw,
    optimizer_state,
    restore_optimizer,
    set_learning_rate,
    warmup_cosine,
    warmup_halving,
)

__all__ = [
    "NetworkGenerator",
    "SeededDropout",
    "Task",
    "adamw",
    "as_tensor",
    "build",
    "count_parameters",
    "is_reported",
    "optimizer_state",
    "raise_malloc_threshold",
    "restore_optimizer",
    "seeded",
    "set_dropout_rng",
    "set_learning_rate",
    "train",
    "warmup_cosine",
    "warmup_halving",
]
