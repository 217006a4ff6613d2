"""What every trained generator needs: a loop that resumes, seeded modules and batches, learning rates and averages."""

from benchmark.training.averaging import WeightAverage
from benchmark.training.batches import Batches, count_steps
from benchmark.training.epochs import EpochTask, NetworkTask
from benchmark.training.layers import SeededDropout, build, count_parameters, set_dropout_rng
from benchmark.training.likelihood import likelihood_measurements
from benchmark.training.loop import Task, is_reported, train
from benchmark.training.memory import raise_malloc_threshold
from benchmark.training.network import NetworkGenerator, as_tensor, seeded
from benchmark.training.optim import (
    adamw,
    descend,
    restore_training,
    set_learning_rate,
    training_state,
    warmup_cosine,
    warmup_halving,
)

__all__ = [
    "Batches",
    "EpochTask",
    "NetworkGenerator",
    "NetworkTask",
    "SeededDropout",
    "Task",
    "WeightAverage",
    "adamw",
    "as_tensor",
    "build",
    "count_parameters",
    "count_steps",
    "descend",
    "is_reported",
    "likelihood_measurements",
    "raise_malloc_threshold",
    "restore_training",
    "seeded",
    "set_dropout_rng",
    "set_learning_rate",
    "train",
    "training_state",
    "warmup_cosine",
    "warmup_halving",
]
