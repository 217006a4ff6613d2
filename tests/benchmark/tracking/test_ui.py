from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from benchmark.store.store import Store
from benchmark.tracking.mlflow_upload import Uploader
from tests.benchmark.tracking.conftest import free_port
from tests.conftest import CommandLine, environment


def test_refusals(command: CommandLine, store: Store, tmp_path: Path) -> None:
    missing = command("ui", "--store", "nowhere")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == "error: there is no store 'nowhere'; run a suite first, or name another with --store.\n"
    empty = command("ui")
    assert empty.returncode == 2
    assert "nothing of the store 'runs' is tracked in it; upload it with 'python -m benchmark sync" in empty.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_taken_port(command: CommandLine, uploader: Uploader) -> None:
    del uploader
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = command("ui", "--port", port)
    assert done.returncode == 2
    assert done.stderr == f"error: port {port} is taken by another program; choose another with --port.\n"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_page_answers_on_localhost_and_ends_cleanly(
    tmp_path: Path, uploader: Uploader, number: signal.Signals
) -> None:
    del uploader
    port = free_port()
    with (tmp_path / "lines").open("wb") as lines:
        page = subprocess.Popen(
            [sys.executable, "-m", "benchmark", "ui", "--port", str(port)],
            cwd=tmp_path,
            env=environment(),
            stderr=lines,
            start_new_session=True,
            # A shell's background jobs ignore SIGINT and hand that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    deadline = time.monotonic() + 90
    while b"(Ctrl-C ends it)" not in (tmp_path / "lines").read_bytes():
        assert page.poll() is None, (tmp_path / "lines").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        assert b"<title>MLflow</title>" in answer.read()
    assert f"http://127.0.0.1:{port}/#/experiments?workflowType=machine_learning " in (tmp_path / "lines").read_text()
    assert _listeners(port) == {"0100007F"}
    page.send_signal(number)
    assert page.wait(timeout=30) == 0
    assert _listeners(port) == set()
    assert (tmp_path / "lines").read_text().endswith("ended\n")


def _listeners(port: int) -> set[str]:
    """The addresses, in the kernel's hexadecimal, on which something listens at a port, IPv6 ones too."""
    rows = [
        row.split()
        for name in ("tcp", "tcp6")
        for row in Path(f"/proc/{os.getpid()}/net/{name}").read_text().splitlines()
    ]
    return {row[1].split(":")[0] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}
