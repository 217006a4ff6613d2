"""The ways of `run`, and the options that each takes; another option is refused, since nothing would come of it."""

from __future__ import annotations

import typer

from benchmark.cli.view import VIEW_OPTIONS
from benchmark.errors import UserError

LIMITS = frozenset({"workers", "memory_limit", "gpu_memory_limit", "stop_after", "executor", "address"})
SUITE = frozenset({"suite", "store", "device", *VIEW_OPTIONS})
TAKES = {
    "planned": LIMITS | {"index", "cell"},
    "cell": SUITE | LIMITS | {"retry", "force"},
    "plan_only": SUITE | {"max_array", "retry", "download", "json_target"},
    "dry_run": SUITE | LIMITS | {"retry", "force", "download", "tracking", "json_target"},
}
"""By the parameter that chooses the way, in the order in which it is chosen; the last way, a whole suite, has none."""
WHOLE = TAKES["dry_run"]
NEEDED = {"index": "--plan", "max_array": "--plan-only"}
"""Options that say more of another one."""


def refuse_others(context: typer.Context) -> None:
    """Raise UserError for options on the command line that the chosen way of `run` does not take."""
    names = {parameter.name: parameter.opts[0] for parameter in context.command.params if parameter.name}
    given = [name for name in names if _is_given(context, name)]
    way = next((name for name in TAKES if name in given), None)
    others = [name for name in given if name != way and name not in (TAKES[way] if way else WHOLE)]
    if not others:
        return
    if way is None:
        needs = ", and ".join(f"{names[name]} needs {NEEDED[name]}" for name in others)
        raise UserError(f"{needs}; add it, or leave the option out.")
    listed = " and ".join(names[name] for name in others)
    raise UserError(f"run {names[way]} takes no {listed}; leave out one or the other.")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
