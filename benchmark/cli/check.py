"""`check`: the conformance suite on a generator."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.cli.options import Json, SetOfOne
from benchmark.cli.printing import emit


def check(
    generator: Annotated[str, typer.Argument(help="A generator's name, module:Class or YAML file.")],
    assign: SetOfOne = None,
    length: Annotated[int, typer.Option(min=2, help="Time steps in a window.")] = 24,
    features: Annotated[int, typer.Option(min=1, help="Features of a window.")] = 5,
    json_target: Json = None,
) -> None:
    """Check that a generator keeps the promises of the interface, on tiny windows and the smallest budget.

    Example: python -m benchmark check my_package:MyGenerator --set width=8
    """
    from benchmark.config.generators import load_spec
    from benchmark.config.suites import of_one, parse_assignments
    from benchmark.conformance import as_json, as_text, check_spec

    spec = load_spec(generator)
    params = parse_assignments(of_one(spec.name, assign or [])).get(spec.name, {})
    findings = check_spec(spec, params, length=length, features=features)
    record = as_json(spec.name, findings)
    emit(as_text(f"{spec.name} ({spec.class_}), T = {length}, D = {features}", findings), record, json_target)
    if not record["passed"]:
        raise typer.Exit(1)
