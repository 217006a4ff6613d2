"""Markdown pieces: tables whose cells may hold any text, and literal values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the cells are Markdown, and a line break or a bar in them ends neither row nor column."""
    lines = [_row(heads), "|" + " --- |" * len(heads), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(re.sub(r"[ \t\n]+", " ", cell.strip()).replace("|", "\\|") for cell in cells) + " |"


def literal(value: object) -> str:
    """A value as inline code; an empty text where there is none."""
    text = "" if value is None else str(value)
    return f"`{text}`" if text else ""


def link(text: str, address: str | None) -> str:
    """A link, or the text alone where there is no address."""
    return f"[{text}]({address})" if address else text


def number(value: float) -> str:
    """A number as tables print it: thousands by commas, ∞ for infinity."""
    if abs(value) == float("inf"):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.0f}" if value == int(value) else f"{value:.4g}"
    return text.replace("-", "−")


def yaml_value(value: Any) -> str:
    """A value as a YAML file holds it, as inline code."""
    import yaml

    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(plain, default_flow_style=True, width=10**6).removesuffix("\n").removesuffix("...").strip()
    return literal(text)
