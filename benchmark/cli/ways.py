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
    given = _given(context)
    way = next((name for name in ways if name in given), None)
    if way is None:
        lacking = [f"{given[name]} needs {option}" for name, option in (needs or {}).items() if name in given]
        if lacking:
            raise UserError(f"{', and '.join(lacking)}; add it, or leave the option out.")
        return
    others = [name for name in given if name != way and name not in ways[way]]
    for name in others:
        if needs and name in needs:
            raise UserError(
                f"{given[way]} takes no {given[name]}, which needs {needs[name]}; leave out one or the other."
            )
    refuse_beside(context, others, given[way])


def refuse_beside(context: typer.Context, names: Iterable[str], chosen: str) -> None:
    """Raise UserError for options, by parameter, that have no effect beside `chosen`."""
    given = _given(context)
    others = [given[name] for name in names if name in given]
    if others:
        raise UserError(f"{chosen} takes no {' and '.join(others)}; leave out one or the other.")


def _given(context: typer.Context) -> dict[str, str]:
    """What the command line gives, by parameter as the help writes it: options, and arguments in capitals."""
    found = {}
    for one in context.command.params:
        source = context.get_parameter_source(one.name or "")
        if one.name and source is not None and source.name == "COMMANDLINE":
            option = one.secondary_opts[0] if one.secondary_opts and not context.params[one.name] else one.opts[0]
            found[one.name] = option if option.startswith("-") else option.upper()
    return found
