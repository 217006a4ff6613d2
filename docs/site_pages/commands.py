"""The command line, from the commands that Typer runs."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import typer

from benchmark.cli.app import app
from site_pages.markdown import literal, table

PROGRAM = "python -m benchmark"
KINDS = {bool: "a flag", str: "text", int: "whole number", float: "number", Path: "path"}


def text() -> str:
    """The command line as Markdown: a section a command, with its arguments and options."""
    root: Any = typer.main.get_command(app)
    parts = [
        table(("command", "does"), [(f"[{literal(path)}](#{_anchor(path)})", _first(c)) for path, c in _walk(root)]),
    ]
    return "\n".join(parts + [_section(path, command) for path, command in _walk(root)])


def _walk(group: Any, before: str = "") -> list[tuple[str, Any]]:
    found = []
    for name, command in group.commands.items():
        path = f"{before} {name}".strip()
        found += _walk(command, path) if hasattr(command, "commands") else [(path, command)]
    return found


def _section(path: str, command: Any) -> str:
    usage = [f"<{p.name}>" for p in command.params if p.param_type_name == "argument"]
    words, _, example = (command.help or "").partition("Example:")
    shown = f"\n```console\n$ {' '.join(example.split())}\n```\n" if example else ""
    heads = ("argument or option", "meaning", "takes", "default")
    hints = get_type_hints(command.callback)
    rows = [
        _parameter(p, hints[p.name]) for p in command.params if p.name != "help" and not getattr(p, "hidden", False)
    ]
    return (
        f"({_anchor(path)})=\n## {path}\n\n`{' '.join([PROGRAM, path, *usage])} [options]`\n\n{words.strip()}\n{shown}\n"
        f"{table(heads, rows) if rows else ''}"
    )


def _parameter(parameter: Any, hint: Any) -> tuple[str, str, str, str]:
    option = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if option else [f"<{parameter.name}>"]
    variables = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or []
    meaning = " ".join(filter(None, [parameter.help, *[f"Variable {literal(name)}." for name in variables]]))
    kinds = {kind for kind in (hint, *get_args(hint)) if kind is not NoneType}
    inner = next(
        (KINDS[kind] for kind in (*kinds, *[i for kind in kinds for i in get_args(kind)]) if kind in KINDS), "text"
    )
    takes = parameter.metavar or inner
    if any(get_origin(kind) is list for kind in kinds):
        takes += ", may repeat"
    return (", ".join(map(literal, names)), meaning, takes, _default(parameter))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if (
        callable(value)
        or value is None
        or value in ((), [], "")
        or (getattr(parameter, "is_flag", False) and not value)
    ):
        return ""
    return literal(value)


def _anchor(path: str) -> str:
    return f"command-{path.replace(' ', '-')}"


def _first(command: Any) -> str:
    return str(command.help or "").strip().partition("\n")[0]
