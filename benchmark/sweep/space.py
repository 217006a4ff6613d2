"""The search space of a sweep: choices and ranges of a generator's parameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

from benchmark.config.suites import plain_text
from benchmark.errors import UserError, unknown
from benchmark.validation import parameter_model

if TYPE_CHECKING:
    from optuna import Trial

Label = str | int | float | bool | None
"""A value as Optuna can store it: tuples become text such as 1-2-3-6."""
MOST_SCALES = 12
"""The largest number of scales K that is proposed with every scale from 1 to L."""


@dataclass(frozen=True)
class Choices:
    """A parameter that takes one of some values."""

    name: str
    values: tuple[Any, ...]

    @property
    def labels(self) -> list[Label]:
        """The values as Optuna stores them."""
        return [label(value) for value in self.values]

    def suggest(self, trial: Trial) -> Any:
        """A trial's value."""
        return self.value(trial.suggest_categorical(self.name, self.labels))

    def value(self, chosen: Label) -> Any:
        """The value behind a label."""
        return self.values[self.labels.index(chosen)]

    def probes(self) -> tuple[Any, ...]:
        """Values that the generator must accept."""
        return self.values

    def text(self) -> str:
        """The choices as the command line takes them."""
        return ",".join(str(item) for item in self.labels)


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included: an integer where `whole`, log-uniform where `log`."""

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def suggest(self, trial: Trial) -> Any:
        """A trial's value."""
        if self.whole:
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def value(self, chosen: Label) -> Any:
        """The value itself."""
        return chosen

    def probes(self) -> tuple[Any, ...]:
        """Values that the generator must accept."""
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)

    def text(self) -> str:
        """The range as the command line takes it."""
        return f"{self.low:.15g}..{self.high:.15g}{':log' if self.log else ''}"


Dimension = Choices | Range


@dataclass(frozen=True)
class Space:
    """The parameters that a sweep varies."""

    dimensions: tuple[Dimension, ...]

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """A trial's parameters."""
        return {dimension.name: dimension.suggest(trial) for dimension in self.dimensions}

    def grid(self) -> list[dict[str, Label]]:
        """Every combination of the choices as labels, the last parameter moving fastest.

        Raises:
            UserError: A dimension is a range.
        """
        labels = {}
        for dimension in self.dimensions:
            if isinstance(dimension, Range):
                raise UserError(
                    f"--param {dimension.name}={dimension.text()} is a range, but a grid needs single values; list them "
                    "or use --sampler tpe."
                )
            labels[dimension.name] = dimension.labels
        return [dict(zip(labels, point, strict=True)) for point in itertools.product(*labels.values())]

    def values(self, labels: Mapping[str, Label]) -> dict[str, Any]:
        """The generator's parameters behind stored labels."""
        return {d.name: d.value(labels[d.name]) for d in self.dimensions if d.name in labels}

    def text(self) -> dict[str, str]:
        """The space as the command line takes it, by parameter."""
        return {dimension.name: dimension.text() for dimension in self.dimensions}


def label(value: Any) -> Label:
    """A value as Optuna stores it: sequences joined by dashes, everything plain as it is."""
    if isinstance(value, tuple | list):
        return plain_text(value) or "()"
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def default_scales(latent: int) -> tuple[tuple[int, ...], ...]:
    """Proposed scales (`patch_nums`) that end at L = `latent`: the divisors of L, every one, doublings, and the ends alone.

    At L = 6 the first two are those of the paper's Table 8.
    """
    every = tuple(range(1, latent + 1))
    divisors = tuple(scale for scale in every if latent % scale == 0)
    doublings = (*(2**k for k in range(latent.bit_length()) if 2**k < latent), latent)
    proposed = [divisors, *([every] if latent <= MOST_SCALES else []), doublings, tuple(dict.fromkeys((1, latent)))]
    return tuple(dict.fromkeys(proposed))


def make_space(cls: type, owner: str, params: Mapping[str, Any], base: Mapping[str, Any]) -> Space:
    """The space that `params` describe for a generator's class.

    Args:
        cls: The generator's class, whose annotations tell which parameters are tuples.
        owner: The generator as an error names it.
        params: By parameter its values: a text as of `--param`, a list, a mapping with low, high and log, or None (default:
            proposed scales, for `patch_nums` only).
        base: The generator's parameters in the cell; the last of its `patch_nums` is L.

    Raises:
        UserError: A parameter does not exist, or its values are not understood.
    """
    fields = parameter_model(cls).model_fields
    for name in params:
        if name not in fields:
            raise unknown("parameter", name, fields, owner=owner)
    return Space(tuple(_dimension(name, given, fields[name].annotation, base) for name, given in params.items()))


def _dimension(name: str, given: Any, annotation: Any, base: Mapping[str, Any]) -> Dimension:
    if given is None:
        if name != "patch_nums":
            raise UserError(f"--param {name} has no values; write {name}=value,value or {name}=low..high.")
        return Choices(name, default_scales(base[name][-1]))
    if isinstance(given, str) and ".." in given:
        low, _, rest = given.partition("..")
        high, _, scale = rest.partition(":")
        return _range(name, given, _scalar(low), _scalar(high), scale, annotation)
    if isinstance(given, Mapping):
        scale = "log" if given.get("log") else ""
        return _range(name, dict(given), given.get("low"), given.get("high"), scale, annotation)
    is_tuple = _holds_tuple(annotation)
    items = given.split(",") if isinstance(given, str) else given if isinstance(given, list | tuple) else [given]
    values = tuple(_item(item, is_tuple) for item in items)
    labels = [label(value) for value in values]
    if len(set(labels)) < len(labels):
        raise UserError(f"--param {name} names a value twice ({', '.join(map(str, labels))}); name each once.")
    return Choices(name, values)


def _range(name: str, given: object, low: object, high: object, scale: str, annotation: Any) -> Range:
    numbers = [value for value in (low, high) if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < 2 or not all(map(math.isfinite, numbers)) or scale not in ("", "log"):
        raise UserError(f"--param {name}={given} is not understood; write {name}=low..high or {name}=low..high:log.")
    if not numbers[0] < numbers[1] or (scale and numbers[0] <= 0):
        above = " above 0" if scale else ""
        raise UserError(f"--param {name}={given} is no range; write the smaller number{above} first.")
    whole = all(isinstance(value, int) for value in numbers) and not _takes_float(annotation)
    return Range(name, numbers[0], numbers[1], log=scale == "log", whole=whole)


def _item(item: Any, is_tuple: bool) -> Any:
    if isinstance(item, list | tuple):
        return tuple(item)
    if not isinstance(item, str):
        return (item,) if is_tuple and item is not None else item
    if is_tuple and item not in ("null", "None"):
        return () if item == "()" else tuple(_scalar(part) for part in item.split("-"))
    return _scalar(item)


def _scalar(text: str) -> Label:
    """A Boolean, None or a number where the text is one; else the text."""
    plain = text.strip()
    if plain.lower() in ("true", "false"):
        return plain.lower() == "true"
    if plain in ("null", "None"):
        return None
    for number in (int, float):
        with suppress(ValueError):
            return number(plain)
    return plain


def _takes_float(annotation: Any) -> bool:
    return annotation is float or any(map(_takes_float, get_args(annotation)))


def _holds_tuple(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or any(map(_holds_tuple, get_args(annotation)))
