"""A worker process as the runner sees it: events, a time limit, a clean stop, a kill."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark.imports import child_environment, python_module
from benchmark.run.blas import use_avx512_blas
from benchmark.run.events import Event, Kind, read_event
from benchmark.run.job import Job, dump_job
from benchmark.store.records import State
from benchmark.store.store import Store
from metrics.common.threads import LIMITS

ENVIRONMENT = {**dict.fromkeys(LIMITS, "1"), "OMP_WAIT_POLICY": "passive"}
"""One thread: tiny networks run faster so, and sums keep their order, so that equal seeds give equal bytes."""


class WorkerProcess:
    """One worker in a process group of its own; `on_event(worker, event)` is called from a reading thread.

    Its current folder and further variables are those given, else those of the process that starts it.
    """

    def __init__(
        self,
        job: Job,
        on_event: Callable[[WorkerProcess, Event], None],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.job = job
        self.started = time.monotonic()
        self.stage = "starting"
        self.exceeded: tuple[State, str] | None = None
        """How and why it was ended for a limit of its own."""
        cell = Store(job.store).cell(job.cell)
        cell.path.mkdir(parents=True, exist_ok=True)
        variables = child_environment({**(environment or {}), **ENVIRONMENT})
        # A run from Python may not have chosen the kernels, and other kernels round otherwise.
        use_avx512_blas(variables)
        with cell.output.open("ab") as log:
            self.process = subprocess.Popen(
                python_module("benchmark.run.worker"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=variables,
                cwd=folder,
                start_new_session=True,
            )
        self._tell(dump_job(job))
        threading.Thread(target=self._read, args=(on_event,), daemon=True).start()

    def _tell(self, line: str) -> None:
        if self.process.stdin is None:
            raise RuntimeError("the worker was started without standard input")
        # A worker that dies at once closes its end; its exit status tells why.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def _read(self, on_event: Callable[[WorkerProcess, Event], None]) -> None:
        if self.process.stdout is None:
            raise RuntimeError("the worker was started without standard output")
        ended = False
        for line in self.process.stdout:
            event = read_event(line.decode(errors="replace"))
            if event:
                self.stage = event.stage if event.kind == Kind.STAGE else self.stage
                ended = ended or event.kind == Kind.END
                on_event(self, event)
        code = self.process.wait()
        if not ended:
            on_event(self, self._exit_event(code))

    def _exit_event(self, code: int) -> Event:
        """The end of a worker that ended without an event of its own."""
        stage = self.stage
        if self.exceeded is not None:
            state, reason = self.exceeded[0], f"{self.exceeded[1]} in {stage}"
        elif code < 0:
            hint = "; the system does this when memory runs out" if -code == signal.SIGKILL else ""
            state, reason = State.KILLED, f"killed by {signal.Signals(-code).name} in {stage}{hint}"
        else:
            state, reason = State.FAILED, f"the worker ended with status {code} in {stage}; see worker.log"
        exceeded = self.exceeded is not None
        return Event(Kind.END, stage=stage, state=state, reason=reason, crashed=True, exceeded=exceeded)

    def stop(self) -> None:
        """Ask for a clean stop after the next checkpoint."""
        self._signal(signal.SIGTERM)

    def kill(self, exceeded: tuple[State, str] | None = None) -> None:
        """End the worker and whatever it started, at once; `exceeded` says how its cell stands then, and why."""
        self.exceeded = self.exceeded or exceeded
        self._signal(signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Whether the worker has ended, waiting for that at most `seconds`."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)
