"""Means, intervals, tests, ranks and groups as pure functions of arrays; what they are taken of is chosen elsewhere."""

from benchmark.statistics.intervals import Summary, summarise
from benchmark.statistics.tests import Difference, difference, holm

__all__ = ["Difference", "Summary", "difference", "holm", "summarise"]
