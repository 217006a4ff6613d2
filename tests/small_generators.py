"""Registered generators with trainings of two steps and narrow networks, to be quick."""

from __future__ import annotations

from typing import Any

from benchmark.config.generators import load_spec, resolve

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


def shortened(name: str, **smaller: int) -> dict[str, Any]:
    """The parameters at budget smoke, with narrow networks and the lengths of training that this budget sets cut to two.

    `smaller` bounds further parameters, where the generator has them.
    """
    spec = load_spec(name)
    params = resolve(spec, PLACE, {}).params
    lengths = {
        key: min(value, FEW)
        for source, values in spec.layers(PLACE)
        if "budget=smoke" in source
        for key, value in values.items()
        if key.endswith(LENGTHS_OF_TRAINING) and isinstance(value, int)
    }
    bounds = {**NARROW, **smaller}
    widths = {key: size for key, size in bounds.items() if isinstance(params.get(key), int) and params[key] > size}
    return resolve(spec, PLACE, {**widths, **lengths}).params
