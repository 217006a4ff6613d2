"""`python -m benchmark` in the tests' own process, with the output and exit status of a new one and without its start.

What a new process has to itself is lent to the call and put back after it: the current folder, the environment, the path of
imports, standard output and error down to their descriptors, warnings, log handlers and signals. Modules that the call imports
from elsewhere than the project and the installation (a plug-in in a test's folder) are forgotten.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TextIO
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
KNOWN = (ROOT, Path(sys.prefix), Path(sys.base_prefix))
"""Where modules lie that are the same in every call."""
QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
"""What Python itself keeps quiet about."""


Done = subprocess.CompletedProcess[str]


def in_a_new_process(arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Done:
    """What `python -m benchmark ARGUMENTS`, started in `folder` with the environment `environ`, prints and ends with."""
    command = [sys.executable, "-m", "benchmark", *arguments]
    return subprocess.run(
        command, cwd=folder, env=dict(environ), capture_output=True, text=True, timeout=300, check=False
    )


def in_this_process(arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Done:
    """The same without a new process; `tests/test_command_line.py` compares the two."""
    # The README's own check runs where the project's libraries are not installed.
    from tests.forked import forked_workers

    paths = [str(folder), *filter(None, environ.get("PYTHONPATH", "").split(os.pathsep))]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with (
            _written(1, "stdout", out),
            _written(2, "stderr", err),
            contextlib.chdir(folder),
            mock.patch.dict(os.environ, environ, clear=True),
            mock.patch.object(sys, "argv", ["benchmark", *arguments]),
            _imports(paths),
            _default_warnings(),
            _no_log_handlers(),
            _signals(),
            forked_workers(),
        ):
            _forget_warnings()
            code = _status()
        texts = [_text(out), _text(err)]
    return subprocess.CompletedProcess([sys.executable, "-m", "benchmark", *arguments], code, *texts)


def _forget_warnings() -> None:
    """A plug-in is warned about once a process."""
    from benchmark.config import generators

    generators._warn.cache_clear()


def _status() -> int:
    """Run the package as `python -m` does; its exit status."""
    try:
        runpy.run_module("benchmark", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)  # noqa: T201
            return 1
        return ended.code or 0
    except Exception:
        traceback.print_exc()
        return 1
    return 0


@contextlib.contextmanager
def _written(descriptor: int, name: str, file: IO[bytes]) -> Iterator[None]:
    """A standard stream goes to `file`, for this process and for its children."""
    outer: TextIO = getattr(sys, name)
    outer.flush()
    kept = os.dup(descriptor)
    os.dup2(file.fileno(), descriptor)
    # It stays open: handlers of libraries that were loaded in this call go on writing to it in later ones.
    stream = open(descriptor, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    setattr(sys, name, stream)
    try:
        yield
    finally:
        stream.flush()
        setattr(sys, name, outer)
        os.dup2(kept, descriptor)
        os.close(kept)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@contextlib.contextmanager
def _imports(first: list[str]) -> Iterator[None]:
    """The path of imports begins with `first`, and modules from elsewhere than `KNOWN` are forgotten at the end."""
    path, modules = list(sys.path), set(sys.modules)
    sys.path[:] = [*first, *(entry for entry in path if entry not in first)]
    importlib.invalidate_caches()
    try:
        # A file that is changed within a second and keeps its size would be taken for the compiled one.
        with mock.patch.object(sys, "dont_write_bytecode", True):
            yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file is not None and not any(Path(file).is_relative_to(known) for known in KNOWN):
                del sys.modules[name]


@contextlib.contextmanager
def _default_warnings() -> Iterator[None]:
    """Warnings are printed as in a new process, and a deprecation in the project's own code is an error as in every test."""

    def show(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
        sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))

    with warnings.catch_warnings():
        warnings.resetwarnings()
        for category in QUIET:
            warnings.simplefilter("ignore", category, append=True)
        warnings.filterwarnings("error", "", DeprecationWarning, r"(benchmark|timemar|baselines|metrics)(\.|$)")
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def _no_log_handlers() -> Iterator[None]:
    """Without the handlers of pytest, a logger that nobody has set up writes to standard error."""
    root = logging.getLogger()
    kept = root.handlers[:]
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = kept


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
