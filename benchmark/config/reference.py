"""Where a method comes from: its paper, its public code and the page that compares both with ours."""

from __future__ import annotations

from pydantic import Field

from benchmark.validation import Frozen


class Reference(Frozen):
    """The sources of a generator as its YAML file states them; shown on its page, and no part of a cell's identity."""

    paper: str = Field(default="", description="Authors, title, venue and year of the method's publication.")
    url: str | None = Field(default=None, pattern="^https://", description="The address of the paper.")
    code: str | None = Field(
        default=None,
        pattern="^https://",
        description="The address of the public code that the method is compared with.",
    )
    licence: str = Field(
        default="", description="The licence of that code, by its own file; empty where none was read."
    )
    page: str | None = Field(
        default=None,
        pattern=r"\.md$",
        description="The Markdown page, relative to the repository, that sets paper, public code and ours side by side.",
    )
