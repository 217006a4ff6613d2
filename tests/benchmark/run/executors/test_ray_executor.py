"""When the executor has Ray give a task up, with a Ray of this test's own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.events import Event, Kind
from benchmark.run.executors import ray_executor
from benchmark.run.executors.ray_executor import RayExecutor
from benchmark.run.executors.ray_task import Result
from benchmark.run.job import Job
from benchmark.run.limits import Limits
from benchmark.store.records import State
from benchmark.store.store import Store


class OneTaskRay:
    """A Ray with one task, which ends when `ended` is set."""

    def __init__(self) -> None:
        self.ended = False
        self.cancelled: list[bool] = []
        lost = type("RayError", (Exception,), {})
        names = ("RayError", "OutOfMemoryError", "RayTaskError", "TaskUnschedulableError")
        self.exceptions = SimpleNamespace(**dict.fromkeys(names, lost))

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 1.0}

    def nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True, "Resources": {"CPU": 1.0}}]

    def remote(self, *_: object, **__: object) -> Any:
        def ref(*_: object) -> str:
            return "ref"

        task = SimpleNamespace(remote=ref, options=lambda **_: SimpleNamespace(remote=ref))
        return lambda _: task

    def wait(self, refs: list[str], **_: object) -> tuple[list[str], list[str]]:
        return (refs, []) if self.ended else ([], refs)

    def get(self, ref: str) -> Result:
        return Result(Event(Kind.END, state=State.INTERRUPTED))

    def cancel(self, ref: str, *, force: bool) -> None:
        self.cancelled.append(force)


def test_a_task_that_has_ended_is_not_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = OneTaskRay()
    monkeypatch.setattr(ray_executor, "import_ray", lambda _: ray)
    monkeypatch.setattr(ray_executor, "connect", lambda *_: None)
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    job = Job(make_plan(suite, Request()).cells[0], (), Store(tmp_path / "runs").create().root)
    executor = RayExecutor(None, 1, "cpu", Limits(60.0))
    ends: list[Event] = []
    cell = executor.start(job, lambda _, event: ends.append(event), alone=False)
    assert not cell.wait(0.0)
    cell.kill()
    assert ray.cancelled == [True]
    ray.ended = True
    assert cell.wait(0.0)
    cell.kill()
    assert ray.cancelled == [True], "Ray 2.60 would end the runner"
    assert [event.state for event in ends] == [State.INTERRUPTED]
