"""Checks on the methods' signatures, the constructor, its parameters and the count of trainable parameters."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from types import MappingProxyType

from benchmark.conformance.probe import Probe, Violation

METHODS = {"fit": ("windows", "context"), "sample": ("n", "seed"), "save": ("folder",)}
"""What the harness passes to each method of a generator, in order."""


def methods_take_what_the_harness_passes(probe: Probe) -> None:
    """`fit`, `sample`, `save` and the class method `load` are there and take the arguments of the interface."""
    for name, given in METHODS.items():
        _takes(probe.cls, f"{name}({', '.join(given)})", ("self", *given))
    _takes(probe.cls, "load(folder, device=device)", ("folder",), {"device": "cpu"})


def _takes(cls: type, call: str, given: tuple[str, ...], named: Mapping[str, str] = MappingProxyType({})) -> None:
    """Raise Violation unless the method of `call` is there and can be called like that."""
    name = call.partition("(")[0]
    method = getattr(cls, name, None)
    if not callable(method) or getattr(method, "__isabstractmethod__", False):
        raise Violation(f"there is no {call}; define it.")
    try:
        signature = inspect.signature(method)
    except ValueError:  # compiled code may have none to show
        return
    try:
        signature.bind(*given, **named)
    except TypeError as error:
        raise Violation(f"{name}{signature} cannot be called as {call}: {error}.") from None


def constructor_only_stores(probe: Probe) -> None:
    """The constructor stores its arguments under their names, and does nothing else."""
    generator = probe.new()
    for name, parameter in inspect.signature(probe.cls).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise Violation(f"the constructor takes '{parameter}'; name every parameter.")
        if not hasattr(generator, name):
            raise Violation(f"the constructor does not store '{name}' as an attribute of that name.")
        if name in probe.params and getattr(generator, name) != probe.params[name]:
            raise Violation(
                f"'{name}' was given as {probe.params[name]!r} and is stored as {getattr(generator, name)!r}."
            )
    extra = sorted(set(getattr(generator, "__dict__", {})) - set(probe.params))
    if extra:
        raise Violation(f"the constructor also makes {', '.join(extra)}; leave that to fit.")


def parameters_round_trip(probe: Probe) -> None:
    """Parameters survive JSON, and a loaded generator has those of the saved one."""
    before = probe.new().parameters()
    unknown = sorted(probe.cls.sampling_parameters - before.keys())
    if unknown:
        raise Violation(f"sampling_parameters names {', '.join(unknown)}, which the constructor does not take.")
    try:
        text = json.dumps(before)
    except TypeError as error:
        raise Violation(f"the parameters cannot be written as JSON ({error}).") from None
    after = probe.cls(**json.loads(text)).parameters()
    if after != before:
        raise Violation(f"parameters {before} came back from JSON as {after}.")
    loaded = probe.cls.load(probe.saved).parameters()
    if loaded != before:
        raise Violation(f"parameters {before} were saved and {loaded} were loaded.")


def parameter_counts_sum_to_the_number_of_parameters(probe: Probe) -> None:
    """`parameter_counts(T, D)` of an unfitted generator sums to `num_parameters` of the fitted and of the loaded one."""
    total = sum(probe.new().parameter_counts(probe.length, probe.features).values())
    counts = {"fitted": probe.fitted.num_parameters, "loaded": probe.cls.load(probe.saved).num_parameters}
    for state, count in counts.items():
        if count != total:
            raise Violation(f"parameter_counts sum to {total}, but the {state} generator has num_parameters {count}.")
