from __future__ import annotations

import random

import pytest

from benchmark.errors import UserError
from benchmark.plan.bundles import Task, bundles


def task(name: str, minutes: float, *, gpu: bool = False, memory: float = 2048.0) -> Task:
    return Task(name, name, ("fit",), minutes, gpu, memory)


def names(tasks: list[Task], most: int, minutes: float = 60.0) -> list[str]:
    return ["".join(one.key for one in bundle.tasks) for bundle in bundles(tasks, most, minutes)]


def test_short_cells_share_a_bundle_and_a_long_one_has_its_own() -> None:
    tasks = [task("a", 20), task("b", 300), task("c", 30), task("d", 10), task("e", 30)]
    assert names(tasks, 10) == ["b", "ce", "ad"]


def test_bundles_grow_until_there_are_few_enough() -> None:
    tasks = [task(letter, 50) for letter in "abcdef"]
    assert names(tasks, 6) == ["a", "b", "c", "d", "e", "f"]
    assert names(tasks, 3) == ["ab", "cd", "ef"]
    assert names(tasks, 1) == ["abcdef"]


def test_cells_with_and_without_an_accelerator_are_apart_and_the_needs_are_the_largest() -> None:
    tasks = [task("a", 1), task("b", 1, gpu=True, memory=8192), task("c", 1, memory=4096), task("d", 1, gpu=True)]
    found = bundles(tasks, 2)
    assert [(bundle.gpu, bundle.memory_mib, bundle.minutes) for bundle in found] == [(False, 4096, 2), (True, 8192, 2)]
    with pytest.raises(UserError, match="--max-array is 1, but cells with and without an accelerator need 2 jobs"):
        bundles(tasks, 1)


def test_every_cell_is_in_one_bundle_whatever_the_times() -> None:
    rng = random.Random(3)
    tasks = [task(f"{number:03}", rng.expovariate(1 / 40), gpu=rng.random() < 0.3) for number in range(200)]
    for most in (2, 7, 50, 1000):
        found = bundles(tasks, most)
        assert len(found) <= most
        assert sorted(one.key for bundle in found for one in bundle.tasks) == sorted(one.key for one in tasks)
        assert found == bundles(list(reversed(tasks)), most)
