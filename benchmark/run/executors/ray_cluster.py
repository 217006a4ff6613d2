"""The Ray that a run uses: a cluster at an address, or one of this machine that nobody else reaches."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
from typing import Any

from benchmark.errors import UserError, first_line
from benchmark.run.device import accelerator_mib, choose_device

GPU_MEMORY = "gpu_memory_mib"
"""The custom resource of a node: the memory of its accelerators together."""
REACH_SECONDS = 10.0
LOCAL = "127.0.0.1"


def import_ray(address: str | None) -> Any:
    """The package, without its usage statistics; raises UserError where it is not installed.

    A Ray without an address is one of this machine: it listens on the loopback alone, and to a token of its own.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address is None:
        # Ray would put this machine's public address in the place of 127.0.0.1.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        if "RAY_AUTH_MODE" not in os.environ:
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
    try:
        import ray
    except ImportError:
        raise UserError(
            "--executor ray needs the package ray, which is not installed; "
            '`pip install "timemar-benchmark[ray]"`, or leave the option out.'
        ) from None
    return ray


def connect(ray: Any, address: str | None, workers: int | None, device: str) -> None:
    """Join the cluster at an address, or start a Ray that this machine alone can reach; raises UserError."""
    main = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM) if main}
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is not None:
            _reach(address)
            ray.init(address=address, **quiet)
            return
        memory = accelerator_mib(choose_device("cpu" if device == "cpu" else "auto"))
        ray.init(
            address="local",
            num_cpus=workers,
            resources={} if memory is None else {GPU_MEMORY: memory},
            include_dashboard=False,
            _node_ip_address=LOCAL,
            **quiet,
        )
    except (OSError, ValueError, RuntimeError) as error:
        where = f"at '{address}'" if address else "of this machine"
        advice = "check --address, and RAY_AUTH_MODE and RAY_AUTH_TOKEN where the cluster asks for a token"
        raise UserError(f"no Ray {where} answers ({first_line(error)}); {advice}.") from None
    finally:
        # Ray puts its own in their place, which would end the run without a word.
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _reach(address: str) -> None:
    """Raise OSError where nothing listens at `host:port`; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in host:
        with socket.create_connection((host, int(port)), timeout=REACH_SECONDS):
            pass
