"""Made pages as files, and what the registry adds to the pages that stand beside the code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from site_pages import commands, datasets, generators, keys, metrics
from site_pages.generators import Facts


def write_pages(folder: Path) -> None:
    """Write the made pages into `folder`; a file that would be the same stays untouched, and Sphinx does not read it again."""
    pages = {
        "generators.md": generators.overview(),
        "metrics.md": metrics.page(),
        "datasets.md": datasets.page(),
        "keys.md": keys.page(),
        "commands.md": commands.page(),
    }
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        file = folder / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def with_facts(text: str, facts: Mapping[str, Facts], name: str) -> str:
    """The Markdown of the page `name` with its generators' sources behind the first paragraph and their facts at the end."""
    if name not in facts:
        return text
    head, intro, rest = re.split(r"\n\s*\n", text, maxsplit=2)
    return "\n\n".join([head, intro, facts[name].sources, rest.rstrip(), facts[name].details])


def kept_table(text: str) -> str:
    """The Markdown of a table that a program printed as a page of its own, with its bold first line as the title."""
    return "---\norphan: true\n---\n\n" + re.sub(r"\A\*\*(.+?)\*\*\s*$", r"# \1", text, count=1, flags=re.MULTILINE)
