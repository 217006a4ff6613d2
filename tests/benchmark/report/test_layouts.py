from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from benchmark.config.suites import load_suite
from benchmark.report.choose import with_digits, without_controls, without_published
from benchmark.report.efficiency import with_efficiency
from benchmark.report.frame import COLUMNS
from benchmark.report.html import html
from benchmark.report.latex import document, latex
from benchmark.report.layouts import differences, grid, in_order, methods
from benchmark.report.render import markdown
from benchmark.report.table import make_table
from tests.benchmark.report.table_frames import rows, table


def test_an_option_keeps_its_two_hyphens_in_latex() -> None:
    made = table(rows("timemar_s", "stocks", [0.1, 0.1], altered="vocab_size=256", title="TimeMAR-S, vocab_size=256"))
    assert r"Altered by -{}-set" in latex(methods(made))


def test_a_failure_is_a_row_with_its_reason_in_both_formats() -> None:
    broken = rows("alpha", "stocks", [float("nan")], status="failed", reason="ValueError: 50% of_it & more", n=None)
    made = table(broken, rows("beta", "stocks", [0.2, 0.2]))
    assert "| failed |" in markdown(methods(made))
    assert "Alpha on Stocks — failed: ValueError: 50% of_it & more" in markdown(methods(made))
    assert "% Alpha on Stocks — failed" in latex(methods(made))


def test_latex_escapes_and_balances() -> None:
    made = table(rows("a_b&c", "stocks", [0.2, 0.25]))
    text = latex(methods(made))
    assert r"A\_B\&C" in text
    assert text.count("{") == text.count("}")
    assert text.count(r"\begin") == text.count(r"\end") == 2
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.replace(r"\&", "").count("&") for line in body} == {3}


def test_rows_stand_by_size_class_and_controls_last() -> None:
    made = table(
        rows("copy", "stocks", [0.1], size_class="control"),
        rows("free", "stocks", [0.1], size_class="other"),
        rows("little", "stocks", [0.1], size_class="small"),
        rows("big", "stocks", [0.1], size_class="large"),
    )
    assert [row.generator for row in in_order(made.blocks[0])] == ["big", "little", "free", "copy"]
    body = [line.split(" & ")[1:3] for line in latex(methods(made)).splitlines() if line.count(" & ") == 3][1:]
    assert body == [
        [r"Large ($>$40M)", "Big"], [r"Small ($<$6M)", "Little"], ["Other", "Free"], ["Controls", r"\textit{Copy}"],
    ]  # fmt: skip


def test_choices_leave_out_what_they_say_and_keep_marks_and_floors() -> None:
    made = table(
        rows("timemar_s", "stocks", [0.1234, 0.1236]),
        rows("beta", "stocks", [0.5, 0.5]),
        rows("oracle", "stocks", [0.01, 0.01], size_class="control"),
    )
    bare = with_digits(without_controls(without_published(made)), 1)
    text = markdown(methods(bare))
    assert "**0.1 ± 0.0**" in text
    assert "published" not in text
    assert "Oracle" not in text
    assert "| floor | 0.0 |" in text
    assert "published 0.001" in markdown(methods(made))


def test_costs_are_means_over_seeds_without_marks() -> None:
    parts = [rows("alpha", "stocks", [0.1], seed=s, parameters=2_500_000, fit_seconds=10.0 + s) for s in (0, 1)]
    frame = pd.DataFrame([row for part in parts for row in part], columns=list(COLUMNS))
    made = with_efficiency(make_table(frame, title="", dataset_titles={}), frame)
    found = {block.info.name: block.rows[0].entries[0] for block in made.blocks}
    assert found["parameters"].mean == 2.5
    assert found["fit_seconds"].mean == 10.5
    assert found["peak_memory_mib"].mean is None
    assert found["peak_memory_mib"].status == "not known"
    apart = differences(with_efficiency(make_table(frame, title="", dataset_titles={}), frame))
    assert not any("undecided" in cell.text for line in apart.lines for cell in line.texts)
    assert {entry.mark for name, entry in found.items() if name != "context_fid"} == {""}
    assert "Training time (s) |" in markdown(methods(made))


def test_differences_are_from_the_first_generator_and_ties_are_within_the_noise() -> None:
    made = differences(
        table(
            rows("timemar_s", "stocks", [0.010, 0.010]),
            rows("timemar_s_no_coarse", "stocks", [0.012, 0.012]),
            rows("timemar_s_no_multiscale", "stocks", [0.020, 0.020]),
            rows("oracle", "stocks", [0.004, 0.004], size_class="control"),
        )
    )
    assert [line.texts[2].text for line in made.lines] == ["", "+0.0020 (tie)", "+0.0100", ""]
    # Table 3 of the paper.
    assert made.lines[2].texts[1].published == "0.006: worse"
    assert "A difference is the value minus the first generator's" in made.caption


def test_a_difference_is_called_what_the_letters_say() -> None:
    # Repetitions share their noise: each half-width is ten times the difference, whose own spread is small.
    noise = [0.0, 0.05, 0.1, 0.15]
    shifted = [value + shift for value, shift in zip(noise, (0.0100, 0.0101, 0.0102, 0.0099), strict=True)]
    common: dict[str, Any] = {"metric": "spectral"}
    made = table(
        rows("alpha", "stocks", noise, **common),
        rows("beta", "stocks", shifted, **common),
        rows("oracle", "stocks", [0.001], size_class="control", **common),
    )
    assert [row.entries[0].groups for row in made.blocks[0].rows] == ["a", "b", ""]
    assert made.blocks[0].rows[0].entries[0].half_width > 0.08
    assert [line.texts[2].text for line in differences(made).lines] == ["", "+0.010", ""]


def test_a_difference_from_a_control_or_of_single_values_is_told_and_not_judged() -> None:
    control = rows("oracle", "stocks", [0.1, 0.1], size_class="control")
    model = rows("alpha", "stocks", [0.3, 0.3])
    assert [line.texts[2].text for line in differences(table(control, model)).lines] == ["", "+0.2000"]
    single = table(rows("beta", "stocks", [0.1]), rows("alpha", "stocks", [0.3]))
    assert differences(single).lines[1].texts[2].text == "+0.2000 (undecided)"


def test_a_grid_has_the_papers_rows_and_columns() -> None:
    variants = load_suite("table8").variants
    parts = [rows(f"{v.generator}/{v.label}", "stocks", [0.01 * i, 0.01 * i]) for i, v in enumerate(variants, 1)]
    made = grid(table(*parts), variants)
    assert made.header == ("patch_nums \\ vocab_size", "256: C-FID", "384: C-FID", "512: C-FID")
    assert [line.texts[0].text for line in made.lines] == ["1,2,3,6", "1,2,3,4,5,6"]
    assert [text.text.split()[0] for text in made.lines[1].texts[1:]] == ["0.0400", "0.0500", "0.0600"]
    marks = {text.mark: text.text.split()[0] for line in made.lines for text in line.texts if text.mark}
    assert marks == {"bold": "0.0100", "underlined": "0.0200"}
    assert "textbackslash" in latex(made)


def test_html_is_well_formed_escaped_and_needs_nothing_else() -> None:
    broken = rows("a<b>", "stocks", [float("nan")], status="failed", reason="1 < 2 & <script>", n=None)
    made = table(broken, rows("beta", "stocks", [0.2, 0.2]))
    for text in (html(methods(made)), html(differences(made))):
        root = ElementTree.fromstring(text.removeprefix("<!doctype html>\n").replace('<meta charset="utf-8">', ""))  # noqa: S314
        assert not root.findall(".//script")
        assert "http" not in text
    assert "1 &lt; 2 &amp; &lt;script&gt;" in html(methods(made))
    assert "<strong>0.2000 ± 0.0000</strong>" in html(
        methods(table(rows("beta", "stocks", [0.2, 0.2]), rows("c", "stocks", [0.3, 0.3])))
    )


def test_a_document_compiles_as_is(tmp_path: Path) -> None:
    made = table(rows("a_b&c^~\\", "stocks", [0.2, 0.25]), rows("timemar_s", "stocks", [0.1, 0.1]))
    for number, fragment in enumerate((latex(methods(made)), latex(differences(made)))):
        text = document(fragment, ["cell x: commit y"])
        assert text.startswith("% cell x: commit y\n\\documentclass")
        assert [text.count(rf"\{mark}{{document}}") for mark in ("begin", "end")] == [1, 1]
        # Every character is one that pdflatex sets without more packages.
        visible = "".join(line for line in text.splitlines() if not line.startswith("%"))
        assert visible.isascii()
        if program := shutil.which("pdflatex"):
            (tmp_path / f"{number}.tex").write_text(text)
            options = ["-interaction=nonstopmode", "-halt-on-error", f"{number}.tex"]
            done = subprocess.run([program, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-1000:]
            assert (tmp_path / f"{number}.pdf").is_file()


@pytest.mark.parametrize("layout", [methods, differences])
def test_groups_of_an_entry_stand_in_every_layout_and_format(layout: Any) -> None:
    made = table(rows("alpha", "stocks", [0.2, 0.2]), rows("beta", "stocks", [0.9, 0.9]))
    block = made.blocks[0]
    lettered = [
        replace(row, entries=tuple(replace(one, groups=letters) for one in row.entries))
        for row, letters in zip(block.rows, ("a", "ab"), strict=True)
    ]
    shown = layout(replace(made, blocks=(replace(block, rows=tuple(lettered)),)))
    assert "**0.2000 ± 0.0000**<sup>a</sup> |" in markdown(shown)
    assert r"\underline{0.9000 $\pm$ 0.0000}\textsuperscript{ab} " in latex(shown)
    assert "<u>0.9000 ± 0.0000</u><sup>ab</sup></td>" in html(shown)
