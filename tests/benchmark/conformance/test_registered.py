"""Registered generators keep the promises of the interface; new ones are included as soon as they have a YAML file.

Training is cut to two steps and networks are made narrow, to be quick; `python -m benchmark check NAME` has them at full size.
"""

from __future__ import annotations

import pytest

from benchmark.config.generators import generator_names, load_class, load_spec, main_generator_names
from benchmark.conformance import check_generator
from tests.small_generators import shortened


def told_apart() -> list[str]:
    """Every generator's name, but those that take the same part away as another one of their class: once a class is enough."""
    found: dict[object, str] = {}
    for name in generator_names():
        spec = load_spec(name)
        found[name if spec.extends is None else f"{spec.class_} {spec.params}"] = name
    return sorted(found.values())


def test_whole_models_and_every_part_are_among_them() -> None:
    names = told_apart()
    assert {*main_generator_names(), "sdformer_m"} <= set(names)
    dropped = [load_spec(name).params for name in generator_names()]
    assert all(params in [load_spec(name).params for name in names] for params in dropped)


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("name", told_apart())
def test_it_keeps_every_promise(name: str) -> None:
    found = check_generator(load_class(load_spec(name)), shortened(name))
    assert {finding.check: finding.reason for finding in found if finding.state != "passed"} == {}
