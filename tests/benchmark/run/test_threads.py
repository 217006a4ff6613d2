import os
import subprocess
import sys


def test_every_library_that_multiplies_keeps_to_one_thread() -> None:
    """In a process of its own whose environment allows more: PyTorch, and the BLAS of NumPy and of SciPy."""
    program = (
        "from benchmark.run.threads import single_thread; single_thread()\n"
        "import threadpoolctl, torch, metrics.nets.matmul\n"
        "print(torch.get_num_threads(), *(pool['num_threads'] for pool in threadpoolctl.threadpool_info()))"
    )
    allowed = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**allowed, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.split()) >= 3
    assert set(done.stdout.split()) == {"1"}
