"""A command that works in several ways: each takes some of its options; another is refused, since nothing would come of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

import typer

from benchmark.errors import UserError


def refuse_others(context: typer.Context, ways: Mapping[str, Set[str]], needs: Mapping[str, str] | None = None) -> None:
    """Raise UserError for options on the command line that the chosen way does not take.

    Args:
        context: The command's.
        ways: What each way takes beside the parameter that chooses it, by that parameter; the first that is given counts.
        needs: Options that say more of a way, with the option that chooses it.
    """
    names = {one.name: one.opts[0] for one in context.command.params if one.name}
    # An argument is written as the help does.
    names = {name: option if option.startswith("-") else option.upper() for name, option in names.items()}
    given = [name for name in names if _is_given(context, name)]
    way = next((name for name in ways if name in given), None)
    if way is None:
        lacking = [f"{names[name]} needs {option}" for name, option in (needs or {}).items() if name in given]
        if lacking:
            raise UserError(f"{', and '.join(lacking)}; add it, or leave the option out.")
        return
    others = [names[name] for name in given if name != way and name not in ways[way]]
    if others:
        raise UserError(f"{names[way]} takes no {' and '.join(others)}; leave out one or the other.")


def refuse_beside(context: typer.Context, names: Iterable[str], chosen: str) -> None:
    """Raise UserError for options, by parameter, that have no effect beside `chosen`."""
    options = {one.name: one.opts[0] for one in context.command.params if one.name}
    given = [options[name] for name in names if _is_given(context, name)]
    if given:
        raise UserError(f"{chosen} takes no {' and '.join(given)}; leave out one or the other.")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
