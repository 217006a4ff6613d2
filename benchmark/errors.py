"""Errors that a user can cause or should read as one sentence."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
LOCKED = (errno.EROFS, errno.EACCES, errno.EPERM)
REFUSALS = (*FULL, *LOCKED, errno.EIO, errno.EMFILE, errno.ENFILE)
"""Errors of a disk rather than of a program: solved outside the program, after which a retry works."""


LONGEST = 2000
"""Characters of a sentence that somebody can read."""


class UserError(Exception):
    """A mistake of the user's: one sentence naming the thing, the value and what to do (exit status 2).

    The middle of a sentence of more than `LONGEST` characters is left out: what it quotes may be a whole file.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(_cut(sentence, LONGEST))


class SkipCell(Exception):  # noqa: N818 - a skip is an outcome with a reason, not an error
    """A cell cannot run here; the message, a clause without a full stop, says why and how to make it possible."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason.rstrip("."))


class Interrupted(BaseException):
    """Work was asked to stop; raised after the state needed to resume has been saved."""


class AlteredFileError(Exception):
    """A file that an earlier session kept was truncated or altered since; whoever kept it can make it again.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(f"'{path.name}' was altered after it was written")
        self.path = path


class DivergedError(Exception):
    """Training or sampling produced values that are not finite."""


def shown(value: object) -> str:
    """A wrong value as a message quotes it."""
    try:
        return _cut(repr(value), LONGEST // 10)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 4 :]}"


def one_line(error: object) -> str:
    """What somebody else's error says, in one line; its class where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


def kind_and_line(error: BaseException) -> str:
    """The class of somebody else's error and what it says, in one line."""
    kind, said = type(error).__name__, one_line(error)
    return kind if said == kind else f"{kind}: {said}"


def first_line(error: object) -> str:
    """The first line of an error whose other lines are its library's details, without a full stop; its class likewise."""
    lines = map(str.strip, str(error).splitlines())
    return next(filter(None, lines), type(error).__name__).rstrip(".")


def unknown(kind: str, name: object, known: Iterable[str], *, owner: str = "") -> UserError:
    """The one sentence for a name that does not exist, with the nearest one that does."""
    names = sorted(known)
    near = get_close_matches(str(name).casefold(), names, n=1, cutoff=0.5)
    where = f" in {owner}" if owner else ""
    choices = f"choose one of: {', '.join(names)}." if names else "there is none to choose."
    hint = f"did you mean '{near[0]}'?" if near else choices
    return UserError(f"unknown {kind} '{name}'{where}; {hint}")


def refusal(error: BaseException) -> OSError | None:
    """The disk's refusal behind an error, None where there is none; a library in Rust names it in its text only."""
    if isinstance(error, OSError):
        return error if error.errno in REFUSALS else None
    found = re.search(r"\(os error (\d+)\)", str(error))
    number = int(found[1]) if found else 0
    return OSError(number, os.strerror(number)) if number in REFUSALS else None


def refused(error: OSError, path: Path | None = None) -> str:
    """The one sentence for a file that the system refuses; `path` names it where the error does not."""
    name = f"'{error.filename or path}'" if error.filename or path else "a file"
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in FULL:
        advice = "free some space and give the same command again, which goes on from what is finished"
    elif error.errno in LOCKED:
        advice = "make it writable, or choose another path (--store, --output)"
    elif error.errno == errno.EISDIR:
        advice = "it is a folder, so name a file"
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        advice = "a file is where a folder is needed, so name another path"
    else:
        advice = "check it and give the same command again"
    return f"{name} cannot be used ({reason}); {advice}."
