"""One parameter of a command that stands for a group of options."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

Command = Callable[..., None]


def group(
    parameter: str, options: Mapping[str, Any], gather: Callable[[dict[str, Any]], object]
) -> Callable[[Command], Command]:
    """A decorator of commands: `parameter` becomes `options`, by name, and gets what `gather` makes of their values."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def called(**values: Any) -> None:
            given = {name: values.pop(name) for name in options}
            command(**{parameter: gather(given)}, **values)

        hints = {**get_type_hints(command, include_extras=True), **options}
        parameters = []
        for name, one in inspect.signature(command).parameters.items():
            inner = (
                [inspect.Parameter(option, one.kind, default=None) for option in options]
                if name == parameter
                else [one]
            )
            parameters += [
                shown.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[shown.name]) for shown in inner
            ]
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {name: hint for name, hint in hints.items() if name != parameter}
        return called

    return decorate
