"""What the registry adds to the pages: facts with values from elsewhere, every command, every key."""

from __future__ import annotations

import math
import re
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from tests.conftest import ROOT


def rows(text: str) -> dict[str, list[str]]:
    """The cells of the table rows of a Markdown text, by the first cell."""
    found = {}
    for line in text.splitlines():
        if line.startswith("| "):
            first, *rest = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("| "))]
            found[first] = rest
    return found


def test_a_table_keeps_bars_and_line_breaks_inside_its_cells() -> None:
    from site_pages.markdown import table

    assert table(("a", "b"), [("x|y", "one\n two")]) == "| a | b |\n| --- | --- |\n| x\\|y | one two |\n"


def test_the_page_of_a_model_has_its_sources_size_and_parameters() -> None:
    from site_pages.generators import facts_by_page

    facts = facts_by_page()
    assert len(facts) == 10
    for page in facts:
        assert (ROOT / f"{page}.md").is_file()
    model = facts["baselines/diffusion_ts/README"]
    assert "(https://arxiv.org/abs/2403.01742)" in model.sources
    assert "294,390" in rows(model.details)["Diffusion-TS"]
    assert rows(model.details)["`micro_batches`"] == [
        "whole number ≥ 1",
        "`2`",
        "`1` when budget quick; `1` when budget fast",
    ]
    two = facts["baselines/sdformer/README"].details
    assert "|  | SDformer-ar | SDformer-m |" in two
    assert two.partition("### Parameters of SDformer-m")[2].count("\n| `") == 1  # the objective alone differs


def test_every_shipped_generator_stands_in_the_overview_or_extends_one_that_does() -> None:
    from site_pages.generators import overview

    from benchmark.config.generators import main_generator_names

    text = overview()
    for name in [*main_generator_names(), "sdformer_m"]:
        assert f"`{name}`" in text
    assert "timemar_s_no_coarse" not in text


def test_floors_and_ranges_of_metrics_are_the_formulas() -> None:
    from site_pages.metrics import text

    found = rows(text())
    test_windows = 2 * (3662 - int(0.8 * 3662))
    floor = 0.5 * math.sqrt(2 / math.pi) / math.sqrt(test_windows)
    row = found["[`discriminative`](#discriminative)"]
    assert row[:3] == ["Discriminative score ↓", "0\u00a0… 0.5", "0"]
    assert float(row[3]) == pytest.approx(floor, rel=1e-3)
    assert found["[`context_fid`](#context-fid)"][1:4] == ["0\u00a0… ∞", "0", "by `oracle`"]


def test_window_counts_of_data_sets_are_the_known_ones() -> None:
    from site_pages.datasets import text

    found = rows(text())
    assert found["[`stocks`](#stocks)"][1:7] == ["3,685", "6", "3,662", "3,622", "3,558", "3,430"]
    assert found["[`sines`](#sines)"][1:4] == ["generated", "5", "10,000"]


def test_every_command_and_its_options_are_listed() -> None:
    from site_pages.commands import text

    page = text()
    for command in ("run", "score", "data show", "config show", "ui"):
        assert f"## {command}\n" in page
    options = rows(page.partition("## run\n")[2].partition("\n## ")[0])
    assert options["`--suite`"][1:] == [r"NAME\|FILE", "`quick`"]
    assert options["`--device`"][1] == r"auto\|cpu\|cuda"
    assert options["`--only`"][1] == "text, may repeat"
    assert options["`--download`, `--no-download`"][1:] == ["a flag", "`True`"]
    assert "`TIMEMAR_BUDGET`" in options["`--budget`"][0]


def test_every_key_is_described_with_what_it_allows() -> None:
    from site_pages.keys import text

    found = rows(text())
    assert found["`protocol`"][1:] == ["`paper`, `strict`", "`paper`"]
    assert found["`seeds`"][1:] == ["whole number ≥ 1 and ≤ 1000", "`1`"]
    assert found["`variants`"][1] == "list of [Variant](#variant)"
    assert found["`class`"][2] == "required"
    assert "`origin`" in text().partition("## Data sets")[2]
    assert "`origin`" not in text().partition("## Data sets")[0]  # the reader of the file fills it in


def test_a_key_without_a_description_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    from site_pages import keys

    class Bare(BaseModel):
        """A file."""

        told: Annotated[int, Field(description="A number.")] = 1
        untold: int = 2

    monkeypatch.setattr(keys, "FILES", {"Bare": ("configs/bare/", (Bare,))})
    with pytest.raises(ValueError, match="the key 'untold' of Bare has no description"):
        keys.text()


def test_additions_stand_behind_the_first_paragraph_and_at_the_end() -> None:
    from site_pages.build import Addition, extended

    page = "# Title\n\nIntro,\ntwo lines.\n\n| a |\n\nThe rest.\n"
    added = {"page": Addition("## End", "**Source**")}
    assert (
        extended(page, "page", added) == "# Title\n\nIntro,\ntwo lines.\n\n**Source**\n\n| a |\n\nThe rest.\n\n## End\n"
    )
    assert extended("# Title\n\nIntro.\n", "page", added) == "# Title\n\nIntro.\n\n**Source**\n\n## End\n"
    assert extended(page, "other", added) == page
    kept = extended("**A table**\n\n| **b** |\n", "results/measured/study/table", added)
    assert kept == "---\norphan: true\n---\n\n# A table\n\n| **b** |\n"


def test_every_page_of_the_contents_exists_and_every_page_is_in_them() -> None:
    listed = re.findall(r"^(\w[\w/*]+)$", (ROOT / "docs" / "contents.txt").read_text(), re.MULTILINE)
    found = [path for name in listed for path in ROOT.glob(f"{name}.*") if path.suffix in (".md", ".ipynb")]
    assert len(found) >= len(listed)
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= {path.name for path in found}
