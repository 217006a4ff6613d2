"""How large a generator may be: sizes that no machine holds are refused by arithmetic, before anything is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.errors import UserError, first_line
from benchmark.interface import Generator
from benchmark.machine import usable_memory

MOST_PARAMETERS = 20_000_000_000
TRAINING_BYTES = 16
"""Bytes a trainable parameter takes: its value, its gradient and Adam's two moments, float32 each."""

_COUNTED: dict[tuple[type[Generator], str, int, int], int] = {}
"""What was counted in this process, by class, arguments, T and D; suites that include others ask for the same networks often."""


def build(cls: type[Generator], params: Mapping[str, Any], owner: str) -> Generator:
    """A generator with these parameters; raises UserError where its constructor refuses them."""
    try:
        return cls(**params)
    except UserError:
        raise
    except Exception as error:  # somebody else's code runs here
        raise UserError(
            f"{owner} cannot be built ({first_line(error)[:200]}); correct its parameters with --set."
        ) from None


def count_parameters(generator: Generator, length: int, features: int, owner: str) -> int:
    """Trainable parameters for windows (T=length, D=features); raises UserError for sizes that do not fit or are too large."""
    model = f"{owner} for windows of T = {length} and D = {features}"
    try:
        # A constructor only stores, so its arguments are all that an unfitted generator holds.
        counted = (type(generator), repr(sorted(vars(generator).items())), length, features)
        if counted not in _COUNTED:
            _COUNTED[counted] = sum(generator.parameter_counts(length, features).values())
        count = _COUNTED[counted]
    except UserError:
        raise
    except Exception as error:  # somebody else's code runs here, and sizes beyond 64 bits overflow anywhere
        raise UserError(
            f"{model} cannot be built ({first_line(error)[:200]}); correct its parameters with --set."
        ) from None
    if count > MOST_PARAMETERS and not generator.is_control:
        raise UserError(
            f"{model} has {count:,} parameters, which take {_gigabytes(count)} to train; make its sizes smaller with --set "
            f"(at most {MOST_PARAMETERS:,})."
        )
    return count


def check_memory(generator: Generator, length: int, features: int, device: str) -> None:
    """Raise MemoryError in one sentence where training on windows (T=length, D=features) takes more than `device` has."""
    if generator.is_control:
        return
    count, there = sum(generator.parameter_counts(length, features).values()), _memory(device)
    if count * TRAINING_BYTES > there:
        where = "this machine" if device == "cpu" else "the accelerator"
        raise MemoryError(
            f"its {count:,} parameters take {_gigabytes(count)} to train, but {where} has {there / 1e9:,.0f} GB"
        )


def _gigabytes(count: int) -> str:
    return f"{count * TRAINING_BYTES / 1e9:,.0f} GB"


def _memory(device: str) -> int:
    """Bytes of memory in all."""
    if device != "cpu":
        import torch

        return int(torch.cuda.mem_get_info()[1])
    return usable_memory()
