"""One form of a table in every format."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.report.html import html
from benchmark.report.latex import escape, latex
from benchmark.report.render import comma_separated, markdown
from benchmark.report.text_table import Line, Text, TextTable, text_lines

BARE = TextTable("A & B", ("x", "y ↓"), text_lines([("1", "a|b"), ("2", Text("50 %", "bold"))]), notes=("note",))
LABELLED = TextTable(
    "T",
    ("generator", "Stocks"),
    (
        Line((Text("A"), Text("1", "bold", groups="a", published="2: tie")), ("Score", "Large")),
        Line((Text("B"), Text("3", "underlined", groups="ab")), ("Score", "Small")),
        Line((Text("C"), Text("4")), ("Score", "Small")),
        Line((Text("O"), Text("5")), ("Score", "Controls"), "control"),
        Line((Text("floor"), Text("6")), ("Score", ""), "floor"),
        Line((Text("A"), Text("7")), ("Other", "Large")),
    ),
    ("score", "size"),
    caption="A caption.",
    notes=("note",),
)


def test_a_table_without_labels() -> None:
    assert markdown(BARE) == "**A & B**\n\n| x | y ↓ |\n|---|---|\n| 1 | a\\|b |\n| 2 | **50 %** |\n\n- note\n"
    assert comma_separated(BARE) == "x,y ↓\n1,a|b\n2,50 %\n"
    assert latex(BARE).splitlines()[6:-5] == [
        r"\begin{tabular}{ll}",
        r"\toprule",
        r"x & y $\downarrow$ \\",
        r"\midrule",
        r"1 & a$|$b \\",
        r"2 & \textbf{50 \%} \\",
        r"\bottomrule",
    ]
    assert latex(BARE).endswith("\\caption{A \\& B}\n\\label{tab:a-b}\n\\end{table*}\n% note\n")
    assert "<tr><td>2</td><td><strong>50 %</strong></td></tr>" in html(BARE)


def test_markdown_shows_the_first_label_once_and_the_published_value_beside() -> None:
    assert markdown(LABELLED).splitlines()[2:] == [
        "| score | generator | Stocks |",
        "|---|---|---|",
        "| Score | A | **1**<sup>a</sup> (published 2: tie) |",
        "|  | B | <u>3</u><sup>ab</sup> |",
        "|  | C | 4 |",
        "|  | *O* | 5 |",
        "|  | floor | 6 |",
        "| Other | A | 7 |",
        "",
        "A caption.",
        "- note",
    ]


def test_latex_rules_stand_where_labels_change() -> None:
    assert latex(LABELLED).splitlines()[8:-6] == [
        r"score & size & generator & Stocks \\",
        r"\midrule",
        r"\smash{\parbox[t]{36mm}{\raggedright Score}} & Large & A & "
        r"\textbf{1}\textsuperscript{a} {\scriptsize (2: tie)} \\",
        r"\cmidrule(l){2-4}",
        r" & Small & B & \underline{3}\textsuperscript{ab} \\",
        r" &  & C & 4 \\",
        r"\cmidrule(l){2-4}",
        r" & Controls & \textit{O} & 5 \\",
        r" &  & floor & 6 \\",
        r"\midrule",
        r"Other & Large & A & 7 \\",
    ]
    assert r"\caption{T. A caption.}" in latex(LABELLED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1e-05", r"$-$1$\times 10^{-5}$"),
        ("+1.50e-04 [-2.00e+12, +3e-10]", r"+1.50$\times 10^{-4}$ [$-$2.00$\times 10^{12}$,~+3$\times 10^{-10}$]"),
        ("-0.5 (-1,234)", r"$-$0.5 ($-$1,234)"),
        # A hyphen is no minus sign, and a letter no power.
        ("TimeMAR-S, 1-2-3-6, 2026-11-26, --seeds 3", r"TimeMAR-S, 1-2-3-6, 2026-11-26, -{}-seeds 3"),
        ("commit 3e4f, ab1e-05", "commit 3e4f, ab1e-05"),
    ],
)
def test_latex_has_minus_signs_and_powers(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_only_a_table_wider_than_the_page_has_broken_columns() -> None:
    texts = ("a", "three words here " * 5, "short")
    narrow = TextTable("T", ("x", "y", "z"), text_lines([texts]))
    assert r"\begin{tabular}{lll}" in latex(narrow)
    wide = TextTable("T", ("x", "y" * 26, "z", "z"), text_lines([(*texts[:2], "s" * 24, "t" * 24)]))
    assert r"\begin{tabular}{l>{\raggedright\arraybackslash}p{42mm}ll}" in latex(wide)


def test_a_float_spans_both_columns_and_has_a_label_of_plain_letters() -> None:
    text = latex(replace(BARE, title="Größe β_1: 50 % (Test)"))
    assert text.splitlines()[1] == r"\begin{table*}"
    assert r"\label{tab:groe-1-50-test}" in text


def test_html_rows_have_the_kind_of_their_line() -> None:
    body = [line for line in html(LABELLED).splitlines() if line.startswith("<tr")]
    assert body == [
        '<tr class="first"><td>Score</td><td>Large</td><td>A</td>'
        "<td><strong>1</strong><sup>a</sup> <small>(published 2: tie)</small></td></tr>",
        "<tr><td></td><td>Small</td><td>B</td><td><u>3</u><sup>ab</sup></td></tr>",
        "<tr><td></td><td></td><td>C</td><td>4</td></tr>",
        '<tr class="control"><td></td><td>Controls</td><td>O</td><td>5</td></tr>',
        '<tr class="floor"><td></td><td></td><td>floor</td><td>6</td></tr>',
        '<tr class="first"><td>Other</td><td>Large</td><td>A</td><td>7</td></tr>',
    ]
    assert "<p>A caption.</p>\n<p>note</p>" in html(LABELLED)


def test_csv_repeats_labels_and_leaves_groups_out() -> None:
    lines = comma_separated(LABELLED).splitlines()
    assert lines[:3] == ["score,size,generator,Stocks", "Score,Large,A,1 (published 2: tie)", "Score,Small,B,3"]


def test_a_second_label_is_shown_again_under_another_first() -> None:
    lines = tuple(Line((Text(name),), (name, "same")) for name in ("one", "two"))
    steps = list(TextTable("", ("x",), lines, ("first", "second")).steps())
    assert [labels for _, labels, _ in steps] == [("one", "same"), ("two", "same")]


def test_a_long_latex_table_is_parted_between_scores_under_one_number() -> None:
    lines = [Line((Text(f"{score}{row}"), Text("1")), (score, "Small")) for score in "PQR" for row in range(30)]
    text = latex(replace(LABELLED, lines=tuple(lines)))
    parts = text.split(r"\begin{table*}")[1:]
    assert [[part.count(score + "0 &") + part.count(score + "29 &") for score in "PQR"] for part in parts] == [
        [2, 0, 0],
        [0, 2, 0],
        [0, 0, 2],
    ]
    assert [part.count(r"\addtocounter{table}{-1}") for part in parts] == [0, 1, 1]
    assert [part.count("(continued)") for part in parts] == [0, 1, 1]
    assert text.count(r"\label{") == 1
    assert text.count("% note") == 1


def test_latex_widths_are_those_of_the_whole_table_in_every_part() -> None:
    rows = [(str(row), "b" * (60 if row == 0 else 5), "c" * 60) for row in range(60)]
    text = latex(replace(BARE, header=("x", "y", "z"), lines=text_lines(rows)))
    heads = [line for line in text.splitlines() if line.startswith(r"\begin{tabular}")]
    assert len(heads) == 2
    assert len(set(heads)) == 1
