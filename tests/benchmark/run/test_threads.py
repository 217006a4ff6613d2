"""A worker computes with one thread, whatever the environment of its runner says."""

import subprocess
import sys

import pytest

from benchmark.imports import child_environment
from benchmark.run.executors.worker_process import ENVIRONMENT
from metrics.common.threads import LIMITS

COUNTS = "print(torch.get_num_threads(), *(pool['num_threads'] for pool in threadpoolctl.threadpool_info()))"


def test_every_library_that_multiplies_keeps_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch, and the BLAS of NumPy and of SciPy."""
    for name in LIMITS:
        monkeypatch.setenv(name, "2")
    program = f"import threadpoolctl, torch, metrics.nets.matmul\n{COUNTS}"
    done = subprocess.run(
        [sys.executable, "-c", program], env=child_environment(ENVIRONMENT), capture_output=True, text=True, check=True
    )
    assert len(done.stdout.split()) >= 3
    assert set(done.stdout.split()) == {"1"}


def test_a_score_without_a_network_does_not_import_pytorch_in_a_worker() -> None:
    program = (
        "import sys, numpy as np\n"
        "from metrics import registry\n"
        "from metrics.base import ScoreContext\n"
        "windows = np.random.default_rng(0).random((40, 8, 2), np.float32)\n"
        "registry.load('duplicates')().compute(windows, windows, ScoreContext(seeds=[0], training=windows))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=child_environment(ENVIRONMENT), capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
