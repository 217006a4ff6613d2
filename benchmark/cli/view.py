"""The options that narrow or alter a suite, which every command about one has."""

from __future__ import annotations

from typing import Any

from benchmark.api.view import View
from benchmark.cli.groups import group
from benchmark.cli.options import Budget, Csv, DataDir, Lengths, Only, ProtocolOption, SamplingSeeds, Seeds, Set
from benchmark.cli.own_data import OPTIONS, given_options, own_data

VIEW_OPTIONS: dict[str, Any] = {
    "budget": Budget,
    "protocol": ProtocolOption,
    "lengths": Lengths,
    "seeds": Seeds,
    "sampling_seeds": SamplingSeeds,
    "only": Only,
    "set": Set,
    "csv": Csv,
    **OPTIONS,
    "data_dir": DataDir,
}


def _view(values: dict[str, Any]) -> View:
    csv = own_data(values["csv"], given_options(values))
    whole = {name: value for name, value in values.items() if name not in OPTIONS} | {"csv": csv}
    view: View = {name: value for name, value in whole.items() if value is not None}  # type: ignore[assignment]
    return view


with_view = group("view", VIEW_OPTIONS, _view)
"""A command whose parameter `view` stands for `VIEW_OPTIONS`: those that were given."""
