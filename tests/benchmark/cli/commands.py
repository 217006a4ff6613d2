"""The commands that Typer makes, by the words that call them."""

from __future__ import annotations

from typing import Any

import typer

from benchmark.cli.app import app


def commands() -> dict[str, Any]:
    """Every command by its path, such as `store check`."""
    return _below(typer.main.get_command(app), ())


def _below(group: Any, path: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        here = (*path, name)
        found |= _below(command, here) if hasattr(command, "commands") else {" ".join(here): command}
    return found
