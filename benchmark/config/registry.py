"""One registry for everything that has a name: budgets, suites, data sets, generators and scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmark.errors import unknown

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """The named objects of one kind; each is loaded when it is asked for.

    Attributes:
        kind: The kind in messages, such as "budget".
        names: The names, in the order of listings.
        read: The object of a name that exists.
        line: One line on an object.
    """

    kind: str
    names: Callable[[], Sequence[str]]
    read: Callable[[str], T]
    line: Callable[[T], str]

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def load(self, name: str, *, owner: str = "") -> T:
        """The object of that name.

        Raises:
            UserError: There is none; the message names the nearest one, and the `owner` that asked for it.
        """
        if name not in self:
            raise unknown(self.kind, name, self.names(), owner=owner)
        return self.read(name)

    def summaries(self) -> dict[str, str]:
        """One line on each object, by name."""
        return {name: self.line(self.read(name)) for name in self.names()}
