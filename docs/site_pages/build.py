"""What the registry adds to the pages of the repository when the site is built."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from site_pages import commands, datasets, generators, keys, metrics


@dataclass(frozen=True)
class Addition:
    """Markdown for a page: behind its first paragraph, and at its end."""

    end: str
    behind_intro: str = ""


def additions(contents: str) -> dict[str, Addition]:
    """By page (a path without suffix), what is added; `contents` are the trees of contents, which the first page carries."""
    return {
        "README": Addition(contents),
        "docs/generators": Addition(generators.overview()),
        "docs/metrics": Addition(metrics.text()),
        "docs/datasets": Addition(datasets.text()),
        "docs/keys": Addition(keys.text()),
        "docs/commands": Addition(commands.text()),
        **{page: Addition(facts.details, facts.sources) for page, facts in generators.facts_by_page().items()},
    }


def extended(text: str, name: str, added: Mapping[str, Addition]) -> str:
    """The Markdown of the page `name` with what is added to it."""
    if re.fullmatch(r"results/measured/[^/]+/[^/]+", name):
        return kept_table(text)
    if name not in added:
        return text
    head, intro, *rest = re.split(r"\n\s*\n", text.rstrip(), maxsplit=2)
    return "\n\n".join(filter(None, [head, intro, added[name].behind_intro, *rest, added[name].end])) + "\n"


def kept_table(text: str) -> str:
    """The Markdown of a table that a program printed, as a page of its own with the bold first line as its title."""
    return "---\norphan: true\n---\n\n" + re.sub(r"\A\*\*(.+?)\*\*$", r"# \1", text, count=1, flags=re.MULTILINE)
