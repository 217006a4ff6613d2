"""A command of which every option with one value is given once."""

from __future__ import annotations

import copy
from typing import Any

from typer.core import TyperCommand

from benchmark.errors import UserError


class OnceCommand(TyperCommand):
    """Refuses an option with one value that the command line gives two values, of which the parser would take the last."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments that are left over; raises UserError."""
        given = list(args)
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            self._refuse_repeated(ctx, given)
        return rest

    def _refuse_repeated(self, ctx: Any, args: list[str]) -> None:
        collecting = copy.copy(self)
        single = [one for one in self.params if one.param_type_name == "option" and not one.multiple]
        collecting.params = [_repeatable(one) if one in single else one for one in self.params]
        values, _, _ = collecting.make_parser(ctx).parse_args(args)
        for option in single:
            written = [_written(option, value) for value in dict.fromkeys(values.get(option.name) or ())]
            if len(written) > 1:
                raise UserError(f"{' and '.join(written)} exclude each other; leave out all but one.")


def _repeatable(option: Any) -> Any:
    found = copy.copy(option)
    found.multiple = True
    return found


def _written(option: Any, value: Any) -> str:
    """The option and its value as the command line gives them."""
    if option.is_flag:
        return str(option.opts[0] if value else option.secondary_opts[0])
    return f"{option.opts[0]} {value}"
