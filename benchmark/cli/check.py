"""`check`: the conformance suite on a generator."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from benchmark.cli.options import Json
from benchmark.cli.printing import emit
from benchmark.errors import UserError

Params = Annotated[list[str] | None, typer.Option("--set", help="A parameter: name=value.")]


def check(
    generator: Annotated[str, typer.Argument(help="A generator's name, module:Class or YAML file.")],
    assign: Params = None,
    length: Annotated[int, typer.Option(min=2, help="Time steps in a window.")] = 24,
    features: Annotated[int, typer.Option(min=1, help="Features of a window.")] = 5,
    json_target: Json = None,
) -> None:
    """Check that a generator keeps the promises of the interface, on tiny windows and the smallest budget.

    Example: python -m benchmark check my_package:MyGenerator --set width=8
    """
    from benchmark.config.generators import load_spec
    from benchmark.conformance import as_json, as_text, check_spec

    spec = load_spec(generator)
    findings = check_spec(spec, _overrides(spec.name, assign or []), length=length, features=features)
    record = as_json(spec.name, findings)
    emit(as_text(f"{spec.name} ({spec.class_}), T = {length}, D = {features}", findings), record, json_target)
    if not record["passed"]:
        raise typer.Exit(1)


def _overrides(name: str, texts: list[str]) -> dict[str, Any]:
    """`name=value` texts as parameters, values read as YAML; raises UserError."""
    from benchmark.config.suites import parse_assignments

    for text in texts:
        if not text.partition("=")[0].isidentifier() or "=" not in text:
            raise UserError(f"--set '{text}' is not understood; write name=value, such as width=8.")
    return parse_assignments([f"{name}.{text}" for text in texts]).get(name, {})
