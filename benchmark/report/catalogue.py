"""What there is, as tables: generators, data sets, scores, suites and budgets with a line each."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.report.text_table import TextTable, text_lines


def catalogue_tables(found: Mapping[str, Mapping[str, str]]) -> list[TextTable]:
    """A table a kind, from the summaries by name; as text the names are aligned in a column."""
    return [
        TextTable(kind, ("name", "summary"), text_lines(entries.items()), lines_of_text=_aligned(kind, entries))
        for kind, entries in found.items()
    ]


def _aligned(kind: str, entries: Mapping[str, str]) -> str:
    width = max(map(len, entries), default=0)
    return "\n".join([f"{kind}:", *(f"  {name:<{width}}  {line}" for name, line in entries.items())])
