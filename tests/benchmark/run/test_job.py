"""A job is one line of JSON, and the same job when it is read."""

import dataclasses
import math
from pathlib import Path

from benchmark.config.suites import load_suite
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.job import Job, dump_job, parse_job


def test_every_field_survives():
    (cell, *_) = make_plan(load_suite("quick"), Request(budget="smoke")).cells
    params = {"rate": math.inf, "scales": [1, 2], "small": 1e-300, "none": None, "word": "ä\n"}
    job = Job(
        dataclasses.replace(cell, params=params),
        ("spectral",),
        Path("runs"),
        "cuda",
        Path("data"),
        True,
        8.5,
        0.5,
        True,
    )
    line = dump_job(job)
    assert "\n" not in line
    assert parse_job(line) == job
    assert all(getattr(job, field.name) != field.default for field in dataclasses.fields(Job))


def test_a_cell_keeps_its_key_in_the_worker():
    for cell in make_plan(load_suite("quick"), Request()).cells:
        assert parse_job(dump_job(Job(cell, (), Path("runs")))).cell.key == cell.key
