"""The body of `python -m benchmark ui`: the MLflow page over a store's own database, on localhost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from benchmark.errors import UserError
from benchmark.store.store import Store
from benchmark.tracking.database import anchor, damage_of, newest_experiment
from benchmark.tracking.destination import DATABASE, local

HOST = "127.0.0.1"
TRAINING = "workflowType=machine_learning"
"""What an address asks for the view of trained models with; MLflow's own default is that of language models."""
START_SECONDS = 90.0
STOP_SECONDS = 10.0
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def ui(store: Store, port: int, write: Callable[[str], None]) -> None:
    """Serve the page until an interrupt; raises UserError where there is nothing to show or the port is taken."""
    store.opened()
    if not (store.root / DATABASE).exists():
        raise UserError(
            f"nothing of the store '{store.root}' is tracked in it; upload it with "
            f"'python -m benchmark sync --store {store.root} --tracking local'."
        )
    if damage := damage_of(store.root / DATABASE):
        raise UserError(f"nothing can be shown of the store '{store.root}': {damage}.")
    anchor(store.root / DATABASE, Path(local(store).artefacts or ""))
    if _answers(port):
        raise UserError(f"port {port} is taken by another program; choose another with --port.")
    process = _start(store, port)
    # A terminated page takes its server along, like an interrupted one.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _serve(process, store, port, write)
    except KeyboardInterrupt:
        write("ended")


def _serve(process: subprocess.Popen[bytes], store: Store, port: int, write: Callable[[str], None]) -> None:
    try:
        _wait(process, port, _log(store))
        write(f"MLflow shows the store '{store.root}' on {_page(store, port)} (Ctrl-C ends it)")
        process.wait()
        raise UserError(f"the MLflow server has ended with status {process.returncode}; '{_log(store)}' says why.")
    finally:
        _stop(process)


def _page(store: Store, port: int) -> str:
    """The address of the newest experiment's runs; of the list of experiments where there is none."""
    newest = newest_experiment(store.root / DATABASE)
    place = f"experiments/{newest}/runs" if newest else "experiments"
    return f"http://{HOST}:{port}/#/{place}?{TRAINING}"


def _start(store: Store, port: int) -> subprocess.Popen[bytes]:
    destination = local(store)
    command = [
        sys.executable, "-P", "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1",
        "--backend-store-uri", destination.uri, "--default-artifact-root", destination.artefacts or "",
    ]  # fmt: skip
    _log(store).parent.mkdir(exist_ok=True)
    with _log(store).open("wb") as log:
        # A group of its own, so that an interrupt reaches the server once and in order.
        return subprocess.Popen(
            command, env={**os.environ, **ENVIRONMENT}, stdout=log, stderr=log, start_new_session=True
        )


def _log(store: Store) -> Path:
    """Where the server's own lines go."""
    return store.root / "tracking" / "server.log"


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise UserError(f"the MLflow server did not start on port {port}; '{log}' says why.")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    """Whether a program listens on a port of this machine."""
    with socket.socket() as link:
        link.settimeout(1.0)
        return link.connect_ex((HOST, port)) == 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and the processes that it started; one that has ended already is left alone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
