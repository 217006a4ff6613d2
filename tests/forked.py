"""Processes forked from a server that has done nothing but import, in place of new ones that import for seconds.

A forked process differs from a new one in this alone: the libraries of `IMPORTED` are loaded. Input, output, environment,
folder, path of imports, process group and exit status are its own. `tests/benchmark/run/test_kill.py` starts new processes and
compares the bytes of their results with those of forked ones.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver, process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any
from unittest import mock

from benchmark.imports import ROOT
from benchmark.run.blas import use_avx512_blas
from benchmark.run.executors.worker_process import ENVIRONMENT

IMPORTED = [
    "pytest",
    "torch",
    "torch._dynamo",  # which optimizers import when they first step
    "scipy.linalg",
    "scipy.stats",
    "sklearn.linear_model",
    "statsmodels.tsa.api",
    "benchmark.conformance",
    "benchmark.run.worker",
    "benchmark.run.stages",
    "timemar.generator",
]
"""What takes seconds to import and has no state that a generator or a score could leave there."""
INSTALLED = (sys.prefix, sys.base_prefix)
"""Where a new process finds modules whatever PYTHONPATH says."""


@functools.cache
def server() -> ForkServerContext:
    """The server, started by the first call; its hash seed is another than this process's."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    environ = {**os.environ, **ENVIRONMENT, "PYTHONHASHSEED": hash_seed(), "PYTHONPATH": str(ROOT)}
    use_avx512_blas(environ)
    with mock.patch.dict(os.environ, environ, clear=True):
        first = context.Process(target=_nothing, daemon=True)  # the first process starts the server
        first.start()
        first.join()
    return context


def hash_seed() -> str:
    """The server's."""
    return "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"


def _nothing() -> None:
    """Nothing."""


class Forked:
    """A process that becomes `python -m module arguments` in `folder`; it reads and writes the given descriptors."""

    def __init__(
        self, module: str, arguments: Sequence[str], streams: Sequence[int], environ: Mapping[str, str], folder: Path
    ) -> None:
        handles = [Connection(os.dup(number), writable=i > 0, readable=i == 0) for i, number in enumerate(streams)]
        started, starts = multiprocessing.Pipe(duplex=False)
        given = (module, [*arguments], handles, starts, dict(environ), str(folder))
        self._process = server().Process(target=_run, args=given, daemon=True)
        self._process.start()
        process._children.discard(self._process)  # type: ignore[attr-defined]  # whose ends are asked for beside `poll`
        for handle in (*handles, starts):
            handle.close()
        wait([started])  # it leads its group now, so that the group can be killed
        started.close()
        self._lock = threading.Lock()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        with self._lock:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; the exit status."""
        wait([self._process.sentinel], timeout)
        code = self.poll()
        if code is None:
            raise TimeoutError
        return code


class ForkedWorker(Forked):
    """As much of `subprocess.Popen` as a runner needs of a worker."""

    def __init__(
        self,
        command: list[str],
        stdin: int,
        stdout: int,
        stderr: IO[bytes],
        env: dict[str, str],
        cwd: Path | None,
        *,
        start_new_session: bool,
    ) -> None:
        assert start_new_session
        assert stdin == stdout == subprocess.PIPE
        inner_in, outer_in = os.pipe()
        outer_out, inner_out = os.pipe()
        super().__init__(command[-1], (), (inner_in, inner_out, stderr.fileno()), env, cwd or Path.cwd())
        os.close(inner_in)
        os.close(inner_out)
        self.stdin, self.stdout = os.fdopen(outer_in, "wb"), os.fdopen(outer_out, "rb")


class ForkedCommand(Forked):
    """`python -m benchmark arguments`, whose workers are forked too; what it prints is in `folder`/stdout-N and stderr-N."""

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        number = len(list(folder.glob("stderr-*")))
        self._errors = folder / f"stderr-{number}"
        with (
            Path(os.devnull).open("rb") as none,
            (folder / f"stdout-{number}").open("wb") as out,
            self._errors.open("wb") as err,
        ):
            streams = (none.fileno(), out.fileno(), err.fileno())
            super().__init__("benchmark", arguments, streams, environ, folder)

    @property
    def errors(self) -> str:
        """What it has written to standard error."""
        return self._errors.read_text()


def _run(
    module: str,
    arguments: list[str],
    handles: list[Connection],
    starts: Connection,
    environ: dict[str, str],
    folder: str,
) -> None:
    """In the forked process: become what `python -m module arguments` is in `folder`."""
    os.setsid()
    for descriptor, handle in enumerate(handles):
        os.dup2(handle.fileno(), descriptor)
        handle.close()
    starts.close()
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process.current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # it may have children
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    installed = [entry for entry in sys.path if entry.startswith(INSTALLED)]
    sys.path[:] = [*filter(None, environ.get("PYTHONPATH", "").split(os.pathsep)), *installed]
    sys.argv[:] = [module, *arguments]
    # The server that forked this process forks its children too.
    forkserver._forkserver.ensure_running = _nothing  # type: ignore[attr-defined,method-assign]
    sys.modules.pop(module if module != "benchmark" else "benchmark.__main__", None)
    with forked_workers():
        runpy.run_module(module, run_name="__main__", alter_sys=True)


@contextmanager
def forked_workers() -> Iterator[None]:
    """Runners in this process have their workers forked."""
    import benchmark.run.executors.worker_process as place

    popen: Callable[..., Any] = ForkedWorker
    with mock.patch.object(place, "subprocess", SimpleNamespace(Popen=popen, PIPE=place.subprocess.PIPE)):
        yield
