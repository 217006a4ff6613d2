"""What `--only` keeps of a suite, known before anything of it is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark.config.generators import short_name
from benchmark.errors import UserError, unknown

KEYS = ("generator", "dataset", "length", "seed")


@dataclass(frozen=True)
class Selection:
    """Admitted values by key, one pair for each `--only`; a key that is not named admits every value."""

    wanted: tuple[tuple[str, frozenset[str]], ...] = ()

    def admits(self, key: str, value: object) -> bool:
        """Whether a cell may have this value."""
        return all(str(value) in values for name, values in self.wanted if name == key)


def parse_only(texts: Iterable[str], choices: Mapping[str, Iterable[object]], owner: str = "this suite") -> Selection:
    """The selection of texts `key=a,b`; raises UserError for a key, or for a value that is none of the owner's `choices`."""
    wanted = []
    for text in texts:
        key, equals, values = text.partition("=")
        if not equals or not values:
            raise UserError(f"--only '{text}' is not understood; write for example generator=copy,oracle.")
        if key not in KEYS:
            raise unknown("key", key, KEYS, owner="--only")
        there = {str(choice) for choice in choices[key]}
        asked = [short_name(value) if key == "generator" else value for value in values.split(",")]
        for value in asked:
            if value not in there:
                raise unknown(key, value, there, owner=owner)
        wanted.append((key, frozenset(asked)))
    return Selection(tuple(wanted))
