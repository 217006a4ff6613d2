"""Errors that a user can cause or should read as one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake of the user's: one sentence naming the thing, the value and what to do (exit status 2)."""


class SkipCell(Exception):  # noqa: N818 - a skip is an outcome with a reason, not an error
    """A cell cannot run here; the message says why and how to make it possible."""


class Interrupted(BaseException):
    """Work was asked to stop; raised after the state needed to resume has been saved."""


class DivergedError(Exception):
    """Training or sampling produced values that are not finite."""


def unknown(kind: str, name: str, known: Iterable[str], *, owner: str = "") -> UserError:
    """The one sentence for a name that does not exist, with the nearest one that does."""
    names = sorted(known)
    near = get_close_matches(name.casefold(), names, n=1, cutoff=0.5)
    where = f" in {owner}" if owner else ""
    hint = f"did you mean '{near[0]}'?" if near else f"choose one of: {', '.join(names)}."
    return UserError(f"unknown {kind} '{name}'{where}; {hint}")
