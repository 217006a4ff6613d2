"""New processes for the checks of conformance, forked from one that has done nothing but import."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.context import BaseContext
from typing import Any
from unittest import mock

import pytest

from tests.forked import server


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that loads a generator is one of the server's, which saves it the seconds of its imports."""
    context = server()  # started here, since a check has a temporary folder of its own

    class Forked(ProcessPoolExecutor):
        def __init__(self, workers: int, mp_context: BaseContext) -> None:
            del mp_context
            super().__init__(workers, mp_context=context)

        def submit(self, call: Callable[..., Any], *given: Any) -> Future[Any]:  # type: ignore[override]
            return super().submit(_in_environment, dict(os.environ), call, given)

    monkeypatch.setattr("benchmark.conformance.storage.ProcessPoolExecutor", Forked)


def _in_environment(environ: dict[str, str], call: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """Where home and temporary folders lie is the caller's matter; the hash seed is another than the caller's."""
    with mock.patch.dict(os.environ, environ, clear=True):
        return call(*given)
