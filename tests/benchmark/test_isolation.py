from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.isolation import isolated_random_state

DRAWS: dict[str, Callable[[], Any]] = {
    "Python": random.random,
    "NumPy": lambda: np.random.random(),  # noqa: NPY002
    "torch": lambda: torch.rand(1).item(),
}


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    """These tests draw from the global states on purpose; the other tests shall not notice."""
    states = random.getstate(), np.random.get_state(), torch.random.get_rng_state()  # noqa: NPY002
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.random.set_rng_state(states[2])


def draw_all() -> dict[str, float]:
    return {library: draw() for library, draw in DRAWS.items()}


def draw_inside(seed: int) -> dict[str, float]:
    with isolated_random_state(seed):
        return draw_all()


def fail_inside(seed: int) -> None:
    with isolated_random_state(seed):
        draw_all()
        raise KeyError("inside")


def test_draws_inside_are_those_of_the_seed() -> None:
    with isolated_random_state(7):
        found = draw_all()
    expected = {
        "Python": random.Random(7).random(),
        "NumPy": np.random.RandomState(7).random_sample(),
        "torch": torch.rand(1, generator=torch.Generator().manual_seed(7)).item(),
    }
    assert found == expected


@pytest.mark.parametrize("library", DRAWS)
def test_draws_after_the_block_are_those_that_would_have_come_without_it(library: str) -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    first, second = DRAWS[library](), DRAWS[library]()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    assert DRAWS[library]() == first
    draw_inside(5)
    assert DRAWS[library]() == second


@pytest.mark.parametrize("library", DRAWS)
def test_the_states_come_back_after_an_exception(library: str) -> None:
    states = {"Python": random.getstate, "NumPy": lambda: np.random.get_state()[1].tolist(), "torch": _torch_state}  # noqa: NPY002
    before = states[library]()
    with pytest.raises(KeyError, match="inside"):
        fail_inside(3)
    assert states[library]() == before


def test_blocks_may_stand_in_each_other() -> None:
    with isolated_random_state(1):
        first = draw_all()
        draw_inside(2)
        second = draw_all()
    with isolated_random_state(1):
        assert (draw_all(), draw_all()) == (first, second)


def test_seeds_beyond_32_bits_are_taken_and_negative_ones_are_not() -> None:
    assert draw_inside(2**40 + 1)["Python"] == random.Random(2**40 + 1).random()
    with pytest.raises(ValueError, match="the seed is -1"), isolated_random_state(-1):
        pass


def test_the_states_of_cuda_devices_too(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = _cuda_numbers(monkeypatch)
    torch.cuda.manual_seed_all(1)
    first, second = draw(), draw()
    torch.cuda.manual_seed_all(1)
    assert draw() == first
    with isolated_random_state(9):
        inside = draw()
    assert draw() == second
    with isolated_random_state(9):
        assert draw() == inside


def _cuda_numbers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[float]]:
    """A draw from CUDA's global state; where there is no device, from a stream that stands for it."""
    if torch.cuda.is_available():
        return lambda: torch.rand(2, device="cuda").tolist()
    stream = torch.Generator()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", stream.manual_seed)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: [stream.get_state()])
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", lambda states: stream.set_state(states[0]))
    return lambda: torch.rand(2, generator=stream).tolist()


def _torch_state() -> list[int]:
    return torch.random.get_rng_state().tolist()
