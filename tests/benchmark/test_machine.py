"""Cores and memory that this process may use."""

import os

import pytest

from benchmark import machine


def test_memory_is_the_machines_within_the_limit_of_the_container(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CONTROL_GROUP", tmp_path / "memory.max")
    everything = machine.usable_memory()
    assert everything == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for stated, expected in (("max\n", everything), ("1048576\n", 2**20), (f"{2**62}\n", everything)):
        (tmp_path / "memory.max").write_text(stated)
        assert machine.usable_memory() == expected


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores of a process are known on Linux alone")
def test_cores_are_those_that_the_process_may_run_on(monkeypatch):
    assert machine.usable_cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    assert machine.usable_cores() == os.cpu_count()
