"""Registered generators keep the promises of the interface; new ones are included as soon as they have a YAML file.

Training is cut to two steps and networks are made narrow, to be quick; `python -m benchmark check NAME` has them at full size.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.config.generators import generator_names, load_class, load_spec, main_generator_names, resolve
from benchmark.conformance import check_generator

PLACE = {"dataset": "sines", "features": 5, "length": 24, "budget": "smoke", "protocol": "paper"}
FEW = 2
LENGTHS_OF_TRAINING = ("steps", "iterations", "epochs")
# Widths are powers of two, so that numbers of heads and groups still divide them; a parameter that a model lacks does not matter.
NARROW = {
    "blocks": 1,
    "middle_blocks": 1,
    "attention": 1,
    "iterations": 20,
    "vocab_size": 32,
    "z_channels": 16,
    "ch": 8,
    "embed_dim": 32,
    "width": 32,
    "code_dim": 32,
    "channels": 32,
    "hidden": 16,
    "layers": 2,
}


def shortened(name: str) -> dict[str, Any]:
    """The parameters at budget smoke, with narrow networks and the lengths of training that this budget sets cut to two."""
    spec = load_spec(name)
    params = resolve(spec, PLACE, {}).params
    lengths = {
        key: min(value, FEW)
        for source, values in spec.layers(PLACE)
        if "budget=smoke" in source
        for key, value in values.items()
        if key.endswith(LENGTHS_OF_TRAINING) and isinstance(value, int)
    }
    widths = {key: size for key, size in NARROW.items() if isinstance(params.get(key), int) and params[key] > size}
    return resolve(spec, PLACE, {**widths, **lengths}).params


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
