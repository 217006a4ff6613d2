"""New processes for the checks of conformance, forked from one that has done nothing but import."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.context import BaseContext
from typing import Any
from unittest import mock

import pytest

from tests.conftest import ROOT

IMPORTED = ["pytest", "torch", "scipy.linalg", "statsmodels.tsa.api", "benchmark.conformance", "timemar.generator"]
"""What takes seconds to import and has no state that a generator could leave there."""


@pytest.fixture(scope="session")
def server() -> Iterator[BaseContext]:
    """A server that forks a process a call, with another hash seed than this process has."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    with mock.patch.dict(os.environ, {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}):
        with ProcessPoolExecutor(1, mp_context=context) as pool:  # the first call starts the server
            assert pool.submit(_hash_seed).result() == seed
        yield context


@pytest.fixture
def forked(server: BaseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that loads a generator is one of the server's, which saves it the seconds of its imports."""

    class Forked(ProcessPoolExecutor):
        def __init__(self, workers: int, mp_context: BaseContext) -> None:
            del mp_context
            super().__init__(workers, mp_context=server)

        def submit(self, call: Callable[..., Any], *given: Any) -> Future[Any]:  # type: ignore[override]
            return super().submit(_in_environment, dict(os.environ), call, given)

    monkeypatch.setattr("benchmark.conformance.storage.ProcessPoolExecutor", Forked)


def _hash_seed() -> str | None:
    return os.environ.get("PYTHONHASHSEED")


def _in_environment(environ: dict[str, str], call: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """Where home and temporary folders lie is the caller's matter."""
    with mock.patch.dict(os.environ, environ, clear=True):
        return call(*given)
