"""Freed memory that is taken again without asking the system for it."""

import platform
import subprocess
import sys

import pytest

COUNT = """
import resource, torch
from benchmark.training import raise_malloc_threshold
{first}
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        [torch.empty(2 * 2**20, dtype=torch.uint8).fill_(1) for _ in range(10)]  # all at once, then none
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep freed memory by their own rules")
def test_large_blocks_are_not_mapped_again():
    made = subprocess.run(
        [sys.executable, "-c", COUNT.format(first="raise_malloc_threshold()")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(made.stdout) < 100  # one block alone has 512 pages
