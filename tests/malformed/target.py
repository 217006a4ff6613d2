"""What the program reads from anybody's files, as functions of bytes: whatever the bytes are, only documented errors come back.

A target takes an input and a folder to work in, and reads it as a command would. `read` runs one and raises `Broken` where
something comes back that is neither a result nor a documented error: another exception, a message too long to read, a file
outside the folder.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import AlteredFileError, SkipCell, UserError

DOCUMENTED = (UserError, SkipCell, AlteredFileError)
LONGEST = 3000
"""Characters of a message that somebody can still read."""
SMALL = {"dataset": "own", "features": 2, "length": 8, "budget": "smoke", "protocol": "paper"}
ROWS = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i % 7) for i in range(30))
SOUND_CSV = [
    ROWS,
    b"date,x,y\n" + b"".join(b"2024-01-%02d,%d,%d\n" % (i + 1, i, i * i % 5) for i in range(20)),
    b"time,x,y\n" + b"".join(b"%d,%d.5,-%de-1\n" % (2 * i, i, i) for i in range(20)),
    b"when,x\n" + b"".join(b"%02d/02/2024 10:00,%d\n" % (i + 1, i % 6) for i in range(20)),
]
DEEP = 1200
"""Levels of nesting, more than Python recurses."""


class Broken(Exception):  # noqa: N818 - named for what it finds
    """The promise was broken; the cause is the exception, where there is one."""


@dataclass(frozen=True)
class Target:
    """One reader: inputs to begin with, and the function that reads an input in a folder."""

    seeds: Callable[[], list[bytes]]
    run: Callable[[bytes, Path], None]


def read(target: Target, data: bytes, sandbox: Path) -> bool:
    """Read an input in `sandbox`/inside; whether it was read without an error. Raises Broken."""
    folder = sandbox / "inside"
    folder.mkdir(exist_ok=True)
    sound = True
    try:
        target.run(data, folder)
    except DOCUMENTED as error:
        sound = False
        if len(str(error)) > LONGEST:
            raise Broken(f"a message of {len(str(error)):,} characters") from None
    except Exception as error:
        raise Broken(f"{type(error).__name__}: {error}"[:300]) from error
    beside = {path.name for path in sandbox.iterdir()} - {"inside"}
    if beside:
        raise Broken(f"{sorted(beside)} was written outside the folder")
    return sound


ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1e300, float("nan"), float("inf"), "", "x", "a/b.yaml", "../own.csv", "own.csv", "gaussian",
    "stocks", "sines", [], [[]], [None], ["a", "a"], [1, 2], {}, {"a": None}, {"a": {"b": [1]}}, {1: 2}, "%Y-%m-%d", "1 GiB",
    "file.py:Class", "2024-02-30", "2024-01-01T00:00:00+25:00", "nan", "1_0", "٣", "0x1p3", '"', "a\nb", -0.0, 1e-320,
)  # fmt: skip
"""Values in the place of others."""
STRUCTURED = b"\x01"
"""With this first byte, an input says which seed is changed and then, three bytes each, what in it is replaced by what."""


def changed(values: Any, choices: bytes) -> Any:
    """Plain values with some inside replaced, removed or added: three bytes each choose where, how and by what."""
    for where, how, what in zip(choices[::3], choices[1::3], choices[2::3], strict=False):
        places = list(_places(values))
        if not places:
            return values
        holder, key = places[where % len(places)]
        new = copy.deepcopy(ODD[what % len(ODD)])
        if how % 8 == 0:
            del holder[key]
        elif how % 8 == 1 and isinstance(holder, dict):
            holder[f"k{what % 5}"] = holder.pop(key)
        elif how % 8 == 2 and isinstance(holder, list):
            holder.insert(key, new)
        else:
            holder[key] = new
    return values


def _places(values: Any) -> Iterator[tuple[Any, Any]]:
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in list(pairs):
        yield values, key
        yield from _places(value)


def structured(data: bytes, seeds: list[bytes], load: Callable[[bytes], Any], dump: Callable[[Any], str]) -> bytes:
    """The bytes of a changed seed; those that are given where they describe none."""
    if data[:1] != STRUCTURED or len(data) < 2:
        return data
    return dump(changed(load(seeds[data[1] % len(seeds)]), data[2:32])).encode("utf-8", "replace")


def odd_choices() -> list[bytes]:
    """Inputs that change one value of one seed."""
    return [
        STRUCTURED + bytes([seed, where, 3, what])
        for seed in range(6)
        for where in (0, 2, 5)
        for what in range(0, 28, 3)
    ]
